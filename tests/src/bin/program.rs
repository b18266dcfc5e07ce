//! The program itself, built with this package so that its tests can start and kill it as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    quell::program()
}
