//! `quell replay`: fold the whole log by another taxonomy or model, beside what is served.

use super::Shell;
use super::taxonomy::read;
use crate::archive::ArchivedLog;
use crate::cli::{Replay, ReplayFrom};
use crate::failure::{Exit, Failure};
use crate::instance::{Instance, open_store, open_vault};
use crate::pipeline;
use crate::rules::Rules;
use anyhow::{Context as _, Result, ensure};
use domain::Topic;
use lake::archived_partitions;
use report::ReplaySummary;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn run(shell: &mut Shell, args: &Replay) -> Result<Exit, Failure> {
    let instance = match args.from {
        ReplayFrom::Log => {
            shell.ensure_imported()?;
            shell.instance()?
        }
        ReplayFrom::Archive => archived(shell)?,
    };
    let summary = pipeline::replay(&instance, &rules(&instance, args)?, &args.epoch)?;
    shell.summary(&summary.render(shell.lang()), &json(&summary))?;
    Ok(Exit::Done)
}

/// The instance with the archive in the place of its log.
fn archived(shell: &Shell) -> Result<Instance> {
    let (home, config) = (shell.home.clone(), shell.loaded.config.clone());
    let store = open_store(&home)?;
    let records = archived_partitions(&*store, Topic::Facts).context("cannot read the archive")?;
    ensure!(records > 0, "there is no archive: set [archive] enabled = true and run `quell rollup`");
    let vault = open_vault(&home, &config)?;
    let log = Box::new(ArchivedLog::new(Arc::clone(&store)));
    Instance::from_parts(home, config, vault, log, store, log::system_clock())
}

fn rules(instance: &Instance, args: &Replay) -> Result<Rules> {
    let (toml, _) = read(&args.taxonomy)?;
    let draft = pipeline::parse_taxonomy(toml, args.taxonomy.display().to_string())?;
    let configured = instance.config.model.as_deref().filter(|_| !args.no_model);
    Rules::draft(instance, draft, args.model.as_deref().or(configured))
}

fn json(summary: &ReplaySummary) -> Value {
    let ReplaySummary { name, epoch, folded, counts, erased } = summary;
    json!({
        "name": name,
        "epoch": epoch.to_string(),
        "folded": folded,
        "accepted": counts.accepted,
        "stored": counts.stored,
        "duplicate": counts.duplicate,
        "rejected": counts.rejected,
        "erased": erased,
    })
}
