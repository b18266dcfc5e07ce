//! Closed weeks: the figures that were reported when a week was closed, and whether they still hold.

use crate::ingest;
use crate::instance::Instance;
use anyhow::{Context as _, Result};
use domain::fact::WeekClosed;
use domain::{Body, IsoWeek, Origin};
use lake::{Entry, StoreError};
use report::weekly::{Restated, WeekFigures, Weekly};
use serde::{Deserialize, Serialize};

/// Where the figures of closed weeks lie in the store.
const FOLDER: &str = "reports/closed";

/// What a week was closed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Closed {
    /// The cut, in hexadecimal digits.
    cut: String,
    /// Weeks closed by a program that did not note it lack it.
    #[serde(default)]
    epoch: Option<String>,
    contacts: u64,
    dumb: u64,
    units: Option<u64>,
    cost_micros: Option<u64>,
}

impl Closed {
    const fn figures(&self) -> WeekFigures {
        let Self { contacts, dumb, units, cost_micros, .. } = *self;
        WeekFigures { contacts, dumb, units, cost_micros }
    }
}

/// Closes the week of a report, if it has ended and is not closed yet; says whether it did. The figures are
/// durable before the fact says so: a crash in between leaves a week that the next report closes with them.
pub fn close(instance: &Instance, weekly: &Weekly) -> Result<bool> {
    let headline = &weekly.headline;
    let Some(now) = weekly.trend.last().filter(|_| headline.complete) else { return Ok(false) };
    let closed = Closed {
        cut: weekly.provenance.cut.to_string(),
        epoch: Some(weekly.provenance.epoch.to_string()),
        contacts: now.contacts,
        dumb: now.dumb,
        units: now.units,
        cost_micros: now.cost_micros,
    };
    let week = headline.iso_week;
    let bytes = serde_json::to_vec(&closed).context("cannot write the figures of a week")?;
    let (closed, new) = match instance.store.put_new(&path(week), &bytes) {
        Ok(()) => (closed, true),
        Err(StoreError::Exists { .. }) => (read(instance, week)?, false),
        Err(error) => return Err(error).with_context(|| format!("cannot close the week {week}")),
    };
    state(instance, weekly, week, closed.cut)?;
    Ok(new)
}

/// Equal facts have equal ids, so stating it again changes nothing.
fn state(instance: &Instance, weekly: &Weekly, week: IsoWeek, cut: String) -> Result<()> {
    let origin = Origin { system: "quell".to_owned(), record: format!("week/{week}"), ..Origin::default() };
    let ended = super::week_at(instance, weekly.provenance.as_of, week)?.ends;
    ingest::state(instance, Body::WeekClosed(Box::new(WeekClosed { week, cut })), ended, origin)?;
    Ok(())
}

/// Notes on the report which weeks were closed with other figures, and what changed since.
pub(super) fn mark_restated(instance: &Instance, weekly: &mut Weekly) -> Result<()> {
    let epoch = weekly.provenance.epoch.to_string();
    let mut restated = Vec::new();
    for week in closed_weeks(instance)? {
        let Some(now) = weekly.trend.iter().find(|t| t.iso_week == week).map(WeekFigures::from) else {
            continue;
        };
        let closed = read(instance, week)?;
        if closed.figures() != now {
            let other_epoch = closed.epoch.as_ref().is_some_and(|closed| *closed != epoch);
            restated.push(Restated { iso_week: week, was: closed.figures(), now, other_epoch });
        }
    }
    weekly.provenance.restated = restated;
    Ok(())
}

/// Every closed week, oldest first.
fn closed_weeks(instance: &Instance) -> Result<Vec<IsoWeek>> {
    let entries = instance.store.list(FOLDER).context("cannot list the closed weeks")?;
    let week = |entry: &Entry| match entry {
        Entry::Object(name) => name.strip_suffix(".json").and_then(IsoWeek::parse),
        Entry::Folder(_) => None,
    };
    Ok(entries.iter().filter_map(week).collect())
}

fn read(instance: &Instance, week: IsoWeek) -> Result<Closed> {
    let path = path(week);
    let bytes = instance.store.get(&path).with_context(|| format!("cannot read {path}"))?;
    serde_json::from_slice(&bytes)
        .with_context(|| format!("{path} is damaged: expected the figures of a closed week"))
}

fn path(week: IsoWeek) -> String {
    format!("{FOLDER}/{week}.json")
}
