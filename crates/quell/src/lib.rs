//! The shell around the engine: configuration, command line, files, wiring. It is a library so that the
//! simulator can drive the real pipeline; the program in `main.rs` is a table of contents.
//!
//! Nothing here is a rule of the business.

pub mod archive;
pub mod bug;
pub mod cli;
pub mod commands;
pub mod compared;
pub mod config;
pub mod demo;
pub mod explained;
pub mod failure;
mod gold;
pub mod home;
pub mod ingest;
pub mod instance;
mod labels;
mod learned;
pub mod output;
pub mod parallel;
pub mod pipeline;
pub mod progress;
pub mod rejects;
pub mod rules;
pub mod serve;
pub mod sources;
pub mod text;
pub mod weekly;

use clap::Parser as _;
use std::process::ExitCode;

/// The program: parse, validate, run, and say once how it ended.
pub fn program() -> ExitCode {
    bug::report_panics();
    let cli = cli::Cli::parse();
    match commands::run(cli, environment()) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if let Some(message) = failure.message() {
                output::say(&format!("error: {message}"));
            }
            failure.exit().into()
        }
    }
}

/// The environment. What is not UTF-8 in it can be no setting of ours, and is a mistake if it claims to be one.
fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}
