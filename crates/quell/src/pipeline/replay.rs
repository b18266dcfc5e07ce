//! Replay: another fold of the same log, under another taxonomy or model, beside the epoch that is being served.
//!
//! It is the fold of every day, from zero: its commits and snapshots are what it goes on from after a crash, and an
//! epoch has files of its own, so that whoever folds, publishes or reads another epoch meanwhile is not disturbed.

use super::fold::Fold;
use super::{OVERTAKEN_MOST, is_fenced};
use crate::instance::{Instance, topic_name};
use crate::progress::Meter;
use crate::rules::Rules;
use anyhow::{Context as _, Result, bail};
use domain::{Positions, Topic};
use engine::Assemble;
use lake::LakeError;
use report::ReplaySummary;

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
    let (fold, folded) = caught_up(instance, rules)?;
    let counts = fold.lake().end().counts;
    let erased = fold.assemble().iter().map(Assemble::erased_contacts).sum();
    Ok(ReplaySummary { name: name.to_owned(), epoch, folded, counts, erased })
}

/// The fold of these rules at the log's end, and the records that this took.
pub(super) fn caught_up<'i>(instance: &'i Instance, rules: &Rules) -> Result<(Fold<'i>, u64)> {
    for _ in 0..OVERTAKEN_MOST {
        let mut fold = Fold::open(instance, std::sync::Arc::clone(&rules.ruleset))?;
        let meter = Meter::of_records(behind(instance, &fold.lake().end().positions)?);
        match fold.catch_up(&meter) {
            Ok(records) => return Ok((fold, records)),
            Err(error) if is_fenced(&error) => {
                tracing::info!("another process folds the same epoch: starting from where it is")
            }
            Err(error) => return Err(error),
        }
    }
    bail!("other processes kept folding the same epoch; nothing is lost, run again")
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
