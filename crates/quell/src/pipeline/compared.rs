//! Two epochs at one cut: equal positions of the log and one instant, so that whatever differs is due to the epochs.

use super::epochs::Epoch;
use super::replay::caught_up;
use super::{cut_taken, resources};
use crate::ingest;
use crate::instance::Instance;
use anyhow::{Context as _, Result};
use domain::{Instant, Positions};
use lake::{Cut, CutParts, Lake, current_cut, cuts};

/// The cuts of both epochs at one place, published where they were not; which cut is shown stays as it is.
///
/// The place is the lakes' common end. Where they end apart, the log is folded to its end by both; where others fold on
/// meanwhile so that they still end apart, it is the newest place at which both have a commit.
pub fn at_one_cut(instance: &Instance, epochs: [&Epoch; 2]) -> Result<[Cut; 2]> {
    let mut lakes = [epochs[0].lake(instance)?, epochs[1].lake(instance)?];
    if ends_apart(&lakes) {
        for (epoch, lake) in epochs.iter().zip(&mut lakes) {
            caught_up(instance, &epoch.rules)?;
            lake.refresh().context("cannot open the lake")?;
        }
    }
    let positions = newest_common(&lakes).context(
        "the epochs have not been folded to any common place yet, because others are folding on: run it again",
    )?;
    let as_of = as_of(instance, &lakes, &positions)?;
    let [a, b] = lakes;
    Ok([
        published_at(instance, epochs[0], &a, &positions, as_of)?,
        published_at(instance, epochs[1], &b, &positions, as_of)?,
    ])
}

/// The newest cut of an epoch, published at its lake's end where there is none there yet; which cut is shown stays as
/// it is.
pub fn newest_cut(instance: &Instance, epoch: &Epoch) -> Result<Cut> {
    let lake = epoch.lake(instance)?;
    let positions = lake.end().positions;
    let as_of = as_of(instance, std::slice::from_ref(&lake), &positions)?;
    published_at(instance, epoch, &lake, &positions, as_of)
}

fn ends_apart([a, b]: &[Lake; 2]) -> bool {
    a.end().positions != b.end().positions || a.commits().is_empty()
}

/// The newest place at which both have a commit.
fn newest_common([a, b]: &[Lake; 2]) -> Option<Positions> {
    let places = a.commits().iter().rev().map(|commit| &commit.to);
    places.into_iter().find(|to| b.newest_within(to).is_some_and(|commit| commit.to == **to)).cloned()
}

/// The instant from which one of the lakes is looked at already at that place, so that its tables need not be made a
/// second time: of the cut that is shown, else of the latest; else now.
fn as_of(instance: &Instance, lakes: &[Lake], positions: &Positions) -> Result<Instant> {
    let store = &*instance.store;
    let is_there = |cut: &&Cut| {
        let parts = &cut.manifest.parts;
        parts.positions == *positions && lakes.iter().any(|lake| lake.epoch() == parts.epoch)
    };
    let shown = current_cut(store).context("cannot read the current cut")?;
    let known = cuts(store).context("cannot read the published tables")?.cuts;
    let found = shown.iter().chain(known.iter().rev()).find(is_there);
    Ok(found.map_or_else(|| (instance.clock)(), |cut| cut.manifest.parts.as_of))
}

/// The cut of an epoch, found or published. What nothing touched is taken over from the latest cut of the same epoch.
fn published_at(
    instance: &Instance,
    epoch: &Epoch,
    lake: &Lake,
    positions: &Positions,
    as_of: Instant,
) -> Result<Cut> {
    let parts = CutParts { epoch: epoch.id, positions: positions.clone(), as_of };
    let mut known = cuts(&*instance.store).context("cannot read the published tables")?.cuts;
    known.retain(|cut| cut.manifest.parts.epoch == epoch.id);
    if known.iter().all(|cut| cut.id != parts.id()) {
        ingest::append_facts(instance, vec![cut_taken(instance, &parts)])?;
    }
    let (zone, earlier) = (epoch.rules.ruleset.zone(), known.last());
    let published = analytics::publish(lake, &parts, zone, earlier, &resources(instance));
    Ok(published.context("cannot publish the tables")?.cut)
}
