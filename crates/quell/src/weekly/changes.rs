//! Whether the company's contacts were counted otherwise within the weeks that a report compares.

use crate::instance::Instance;
use crate::pipeline::{each_fact, names_of, taxonomy_of};
use anyhow::{Context as _, Result};
use domain::fact::EpochServed;
use domain::{Body, EpochId, Instant, Partition, Topic};
use report::weekly::{TaxonomyChange, Weekly};

/// Notes on the report when another epoch came to be served, from its first week to its cut. Every epoch counts every
/// week, so the figures have no gap; but they are not those that a reader of an earlier report remembers.
pub(super) fn mark_changes(instance: &Instance, weekly: &mut Weekly) -> Result<()> {
    let Some(first) = weekly.trend.first() else { return Ok(()) };
    let (zone, here) = (weekly.provenance.zone.clone(), weekly.provenance.epoch);
    let begins = first.monday.begins(&zone).context("a week outside the calendar")?;
    let mut served: Vec<(Instant, EpochServed)> = Vec::new();
    each_fact(instance, Topic::Governance, Partition(0), |fact| {
        if let Body::EpochServed(change) = fact.body
            && begins <= fact.occurred_at
            && fact.occurred_at <= weekly.provenance.as_of
        {
            served.push((fact.occurred_at, *change));
        }
    })?;
    let changes = served.iter().map(|(at, change)| described(instance, *at, change, here));
    weekly.provenance.taxonomy_changes = changes.collect::<Result<_>>()?;
    Ok(())
}

/// The change, as a report of the epoch `here` tells it.
fn described(
    instance: &Instance,
    at: Instant,
    change: &EpochServed,
    here: EpochId,
) -> Result<TaxonomyChange> {
    let to = format!("{} {}", change.taxonomy, change.version).trim().to_owned();
    let held = lake::epochs(&*instance.store).context("cannot list the epochs")?;
    let is_held = |id: &EpochId| held.contains(id);
    let before = change.before.as_deref().and_then(EpochId::parse).filter(is_held);
    let from = before.map(|before| taxonomy_of(instance, before)).transpose()?.flatten().unwrap_or_default();
    let after = EpochId::parse(&change.epoch).filter(is_held);
    let other = if before == Some(here) { after } else { before };
    let called = |id: EpochId| {
        let names = names_of(&*instance.store, id)?;
        Ok::<_, anyhow::Error>(names.into_iter().next().unwrap_or_else(|| id.to_string()))
    };
    Ok(TaxonomyChange { at, to, from, other_epoch: other.map(called).transpose()? })
}
