//! The weekly report of a published cut: asks the tables, hands over what only the shell knows, and closes weeks.
//!
//! A week is closed when the report of the finished week is made for the first time: its figures are noted beside
//! the tables, and the fact `WeekClosed` says under which cut. Whoever later gets other figures for that week is
//! told that it was restated.

mod changes;
mod closed;

use crate::instance::Instance;
use crate::text::hex;
use crate::{pipeline, rules};
use analytics::{Session, WeekAt};
use anyhow::{Context as _, Result};
use domain::{Instant, IsoWeek};
use lake::Cut;
use report::weekly::{Provenance, Weekly};

pub use closed::close;

/// The report of one week at a cut; without a week, of the last one that had ended at the cut's `as_of`, or
/// of the only one there is.
pub fn weekly(instance: &Instance, cut: &Cut, week: Option<IsoWeek>) -> Result<Weekly> {
    let session =
        Session::open(&*instance.store, cut, &pipeline::resources(instance), &instance.config.zone)?;
    let week = week.map_or_else(|| last_finished(instance, cut, &session), Ok)?;
    let answers = session.weekly(&week_at(instance, cut.manifest.parts.as_of, week)?)?;
    let mut weekly = Weekly::read(&answers, provenance(instance, cut)?)?;
    closed::mark_restated(instance, &mut weekly)?;
    changes::mark_changes(instance, &mut weekly)?;
    Ok(weekly)
}

fn week_at(instance: &Instance, as_of: Instant, week: IsoWeek) -> Result<WeekAt> {
    WeekAt::new(week, as_of, &instance.config.zone)
        .with_context(|| format!("the week {week} lies outside the calendar"))
}

fn last_finished(instance: &Instance, cut: &Cut, session: &Session) -> Result<IsoWeek> {
    let weeks = session.weeks()?;
    for week in weeks.iter().rev() {
        if week_at(instance, cut.manifest.parts.as_of, *week)?.complete {
            return Ok(*week);
        }
    }
    weeks
        .last()
        .copied()
        .context("there are no contacts to report on: run `quell import` and `quell rollup` first")
}

/// What the report says about itself.
fn provenance(instance: &Instance, cut: &Cut) -> Result<Provenance> {
    let parts = &cut.manifest.parts;
    // Those of the epoch, whatever is in force by now.
    let rules = rules::of_epoch(instance, parts.epoch)?;
    let (settings, zone) = (*rules.ruleset.settings(), rules.ruleset.zone().clone());
    let taxonomy_sha256 = hex(&rules.taxonomy().meaning());
    let (taxonomy_name, taxonomy_version) = rules.taxonomy.map(|t| (t.name, t.version)).unwrap_or_default();
    Ok(Provenance {
        cut: cut.id,
        epoch: parts.epoch,
        as_of: parts.as_of,
        zone,
        taxonomy_name,
        taxonomy_version,
        taxonomy_sha256,
        manifest_sha256: hex(&cut.manifest_sha256()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        restated: Vec::new(),
        taxonomy_changes: Vec::new(),
        maturity_days: whole_days(settings.maturity),
        chain_window_days: whole_days(settings.chain_window),
        self_service_window_s: settings.self_service_window.seconds().unsigned_abs(),
    })
}

fn whole_days(span: domain::Span) -> u64 {
    span.micros().unsigned_abs() / domain::Span::from_days(1).micros().unsigned_abs()
}
