//! Replay: another fold of the same log, under another taxonomy or model, beside the epoch that is being served.
//!
//! It is the fold of every day, from zero: its commits and snapshots are what it goes on from after a crash, and an
//! epoch has files of its own, so that whoever folds, publishes or reads another epoch meanwhile is not disturbed.

use super::at::caught_up;
use crate::instance::{Instance, topic_name};
use crate::rules::Rules;
use anyhow::{Context as _, Result, bail};
use domain::{Positions, Topic};
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
    let begun = Lake::open(Arc::clone(&instance.store), epoch).context("cannot open the lake")?;
    let before = begun.end().counts;
    let shown = current_cut(&*instance.store).context("cannot read the current cut")?;
    if let Some(shown) = shown {
        // A commit then ends at the cut that is shown, so that both epochs can be compared there.
        caught_up(instance, rules, Some(&shown.manifest.parts.positions))?;
    }
    let fold = caught_up(instance, rules, None)?;
    let counts = fold.lake().end().counts;
    let folded = counts.minus(before).accepted;
    let erased = fold.assemble().iter().map(Assemble::erased_contacts).sum();
    Ok(ReplaySummary { name: name.to_owned(), epoch, folded, counts, erased })
}

/// Records of the log that lie behind these positions.
pub(super) fn behind(instance: &Instance, positions: &Positions) -> Result<u64> {
    let mut behind = 0;
    for topic in [Topic::Facts, Topic::Company] {
        let ends = instance.log.ends(&topic_name(topic)).context("cannot read the log's end")?;
        behind += ends.iter().map(|(p, end)| end.0.saturating_sub(positions.get(topic, *p).0)).sum::<u64>();
    }
    Ok(behind)
}
