//! What each command does, one file each. A command reads and writes through the crates below and prints its
//! answer through [`Out`]; talk goes through [`say`](crate::output::say).

mod classify;
mod config;
mod costs;
mod demo;
mod diff;
mod doctor;
mod epochs;
mod erase;
mod explain;
mod forms;
mod freshness;
mod gold;
mod import;
mod overrides;
mod path;
mod rejects;
mod replay;
pub(crate) mod report_weekly;
mod rollup;
mod run;
mod sql;
mod taxonomy;
mod taxonomy_lint;
mod topics;
mod train;
mod units;

use crate::cli::{Cli, Command};
use crate::config::{Flags, Loaded, LogBackend};
use crate::failure::{Exit, Failure};
use crate::home::Home;
use crate::instance::Instance;
use crate::output::Out;
use crate::serve::Role;
use anyhow::{Result, ensure};
use report::Lang;
use std::io::Write as _;
use tracing_subscriber::EnvFilter;

/// What every command works with.
struct Shell {
    home: Home,
    loaded: Loaded,
    out: Out,
    json: bool,
}

impl Shell {
    /// The language of texts for people.
    fn lang(&self) -> Lang {
        self.loaded.config.language
    }

    /// Opens vault, log and lake, with the machine's clock.
    fn instance(&self) -> Result<Instance> {
        Instance::open(self.home.clone(), self.loaded.config.clone(), log::system_clock())
    }

    /// A command that only reads the log does not make one.
    fn ensure_imported(&self) -> Result<()> {
        let embedded = matches!(self.loaded.config.log, LogBackend::Embedded);
        ensure!(!embedded || self.home.log().is_dir(), "nothing is imported yet: run `quell import` first");
        Ok(())
    }

    /// Prints a summary: text for people, or JSON.
    fn summary(&mut self, text: &str, json: &serde_json::Value) -> Result<()> {
        if self.json { self.out.json(json) } else { self.out.text(text) }
    }
}

/// Validates the configuration and runs the command.
pub fn run(cli: Cli, environment: impl IntoIterator<Item = (String, String)>) -> Result<Exit, Failure> {
    let home = Home::open(cli.data())?;
    if let Command::Demo(args) = &cli.command {
        crate::demo::claim(&home, args.seed)?;
    }
    let file = cli.global.config.as_deref();
    let flags = Flags { threads: cli.global.threads, listen: cli.command.listen() };
    let loaded = crate::config::load(&home, file, flags, environment)?;
    start_tracing(&loaded.config.trace);
    let mut shell = Shell { home, loaded, out: Out::stdout(), json: cli.global.json };
    let exit = dispatch(&mut shell, cli.command)?;
    shell.out.flush().map_err(anyhow::Error::from)?;
    Ok(exit)
}

fn dispatch(shell: &mut Shell, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Demo(args) => demo::run(shell, &args),
        Command::Import(args) => import::run(shell, &args),
        Command::Run(_) => run::run(shell, Role::Run),
        Command::Ingest(_) => run::run(shell, Role::Ingest),
        Command::Assemble(_) => run::run(shell, Role::Assemble),
        Command::Judge(_) => run::run(shell, Role::Judge),
        Command::Lake(_) => run::run(shell, Role::Lake),
        Command::Serve(_) => run::run(shell, Role::Serve),
        Command::Topics(args) => topics::run(shell, &args),
        Command::Rollup(args) => rollup::run(shell, &args),
        Command::Replay(args) => replay::run(shell, &args),
        Command::Diff(args) => diff::run(shell, &args),
        Command::Promote(args) => epochs::promote(shell, &args),
        Command::Rollback(args) => epochs::rollback(shell, &args),
        Command::Epochs(args) => epochs::run(shell, &args),
        Command::Path(args) => path::run(shell, &args),
        Command::Sql(args) => sql::run(shell, &args),
        Command::Report(args) => report_weekly::run(shell, &args),
        Command::Rejects(args) => rejects::run(shell, &args),
        Command::Explain(args) => explain::run(shell, &args),
        Command::Override(args) => overrides::run(shell, &args),
        Command::Erase(args) => erase::run(shell, &args),
        Command::Doctor => doctor::run(shell),
        Command::Taxonomy(args) => taxonomy::run(shell, &args),
        Command::Units(args) => units::run(shell, &args),
        Command::Costs(args) => costs::run(shell, &args),
        Command::Train(args) => train::run(shell, &args),
        Command::Eval(args) => match &args.gold {
            Some(gold) => gold::run(shell, gold, &args),
            None => train::eval(shell, &args),
        },
        Command::Classify(args) => classify::run(shell, &args),
        Command::Config(args) => config::run(shell, args),
    }
}

fn start_tracing(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("warn"));
    let started = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    // Only a second start in one process fails, and then the first one goes on.
    drop(started);
}
