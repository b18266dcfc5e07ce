//! `quell replay`: fold the whole log by another taxonomy or model, beside what is served.

use super::Shell;
use super::freshness::ensure_imported;
use super::taxonomy::read;
use crate::cli::Replay;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::pipeline;
use crate::rules::Rules;
use anyhow::Result;
use report::ReplaySummary;
use serde_json::{Value, json};

pub(super) fn run(shell: &mut Shell, args: &Replay) -> Result<Exit, Failure> {
    ensure_imported(shell)?;
    let instance = shell.instance()?;
    let summary = pipeline::replay(&instance, &rules(&instance, args)?, &args.epoch)?;
    shell.summary(&summary.render(shell.lang()), &json(&summary))?;
    Ok(Exit::Done)
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
