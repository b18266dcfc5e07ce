//! Epochs that are not served but kept: those with a name, until they are dropped, and the one that a rollback leads to.
//! Others stay as they are. So whoever publishes a taxonomy every week, and never names an epoch, folds two and not
//! fifty.

use super::at::caught_up;
use super::epochs::names_of;
use super::parted;
use super::serving::read_served;
use crate::instance::Instance;
use crate::rules::Rules;
use anyhow::{Context as _, Result};
use domain::{EpochId, Positions};
use lake::Lake;
use report::OtherEpoch;
use std::sync::Arc;

/// Folds them to these positions, one after the other: a state is in memory no longer than its fold. One that cannot be
/// folded is told of and stops nobody.
pub(super) fn fold_others(
    instance: &Instance,
    served: EpochId,
    until: &Positions,
) -> Result<Vec<OtherEpoch>> {
    let mut folded = Vec::new();
    for epoch in kept(instance)?.into_iter().filter(|epoch| *epoch != served) {
        match fold_one(instance, epoch, until) {
            Ok(Some(other)) => folded.push(other),
            Ok(None) => {}
            Err(error) => tracing::warn!(%epoch, error = format!("{error:#}"), "an epoch is not folded on"),
        }
    }
    Ok(folded)
}

/// The epochs that are folded on, besides the one that is served.
pub(super) fn kept(instance: &Instance) -> Result<Vec<EpochId>> {
    let before = read_served(instance)?.and_then(|live| live.before);
    let store = &*instance.store;
    let mut kept = Vec::new();
    for epoch in lake::epochs(store).context("cannot list the epochs")? {
        if Some(epoch) == before || !names_of(store, epoch)?.is_empty() {
            kept.push(epoch);
        }
    }
    Ok(kept)
}

fn fold_one(instance: &Instance, epoch: EpochId, until: &Positions) -> Result<Option<OtherEpoch>> {
    let lake = Lake::open(Arc::clone(&instance.store), epoch).context("cannot open the lake")?;
    let before = lake.end();
    // Whoever replays it goes on alone.
    if before.positions.covers(until) || parted::is_under_way(instance, epoch) {
        return Ok(None);
    }
    let Some(rules) = Rules::kept(instance, epoch)? else { return Ok(None) };
    let lake = caught_up(instance, &rules, Some(until))?;
    let records = lake.end().counts.minus(before.counts).accepted;
    let name = names_of(&*instance.store, epoch)?.into_iter().next();
    Ok(Some(OtherEpoch { name, epoch, records }))
}
