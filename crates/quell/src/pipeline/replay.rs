//! Replay: another fold of the same log, under another taxonomy or model, beside the epoch that is being served.
//!
//! Where the lake has nothing of it yet the history is folded part by part ([`super::parted`]); what was folded already
//! goes on as every day. An epoch has files of its own, so that whoever folds, publishes or reads another epoch meanwhile
//! is not disturbed.

use super::at::{caught_up, folded};
use super::{is_fenced, parted};
use crate::instance::Instance;
use crate::rules::Rules;
use anyhow::{Context as _, Result, bail};
use domain::Positions;
use engine::Assemble;
use lake::{Lake, LakeError, current_cut};
use report::ReplaySummary;
use std::sync::Arc;

/// Folds the log to its end by these rules and gives the epoch that name.
pub fn replay(instance: &Instance, rules: &Rules, name: &str) -> Result<ReplaySummary> {
    let epoch = rules.epoch();
    rules.keep(&*instance.store)?;
    // Before the first record: after a crash the name says what the rest belongs to.
    match lake::name_epoch(&*instance.store, name, epoch) {
        Ok(()) => {}
        Err(LakeError::NameTaken { epoch: other, .. }) => bail!(
            "the name {name} stands for the epoch {other}, which other rules have folded; give another name, or first `quell epochs drop {name}`"
        ),
        Err(error) => return Err(error).context("cannot name the epoch"),
    }
    let open = || Lake::open(Arc::clone(&instance.store), epoch).context("cannot open the lake");
    let before = open()?.end().counts;
    let shown = current_cut(&*instance.store).context("cannot read the current cut")?;
    // A commit then ends at the cut that is shown, so that both epochs can be compared there.
    let stop = shown.map(|cut| cut.manifest.parts.positions);
    let erased = match parted::fold(instance, &rules.ruleset, stop.as_ref()) {
        Ok(Some(erased)) => erased,
        Ok(None) => go_on(instance, rules, stop.as_ref())?,
        Err(error) if is_fenced(&error) => {
            tracing::info!("another process folds the same epoch: going on from where it is");
            go_on(instance, rules, stop.as_ref())?
        }
        Err(error) => return Err(error),
    };
    let counts = open()?.end().counts;
    let folded = counts.minus(before).accepted;
    Ok(ReplaySummary { name: name.to_owned(), epoch, folded, counts, erased })
}

/// The fold of every day, from where the lake is; gives the contacts whose words were erased.
fn go_on(instance: &Instance, rules: &Rules, stop: Option<&Positions>) -> Result<u64> {
    if let Some(stop) = stop {
        caught_up(instance, rules, Some(stop))?;
    }
    let fold = folded(instance, rules, None)?;
    Ok(fold.assemble().iter().map(Assemble::erased_contacts).sum())
}
