//! Counts of units from CSV files to governance facts. A count that is known already states nothing new; another
//! one is the next revision of its day and replaces it.

use super::keep::{Refused, keep};
use super::{append_facts, fact};
use crate::config::parse_instant;
use crate::instance::Instance;
use crate::pipeline;
use crate::sources::{self, Read};
use anyhow::Result;
use codec::governance::{UNIT_COLUMNS, units_counted};
use codec::records::Refusal;
use domain::fact::UnitsCounted;
use domain::{Body, Day, Fact, Origin, RejectKind, RejectStage};
use report::{FirstRefusal, UnitDays, UnitsSummary};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Name of the source of these facts and of what is refused of their files.
const SYSTEM: &str = "units";

/// Reads all files before it keeps anything of them, then appends facts and rejects durably.
pub fn import_units(instance: &Instance, files: &[PathBuf]) -> Result<UnitsSummary> {
    let mut summary = UnitsSummary { files: files.len() as u64, ..UnitsSummary::default() };
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for file in files {
        let mut rows = Rows::default();
        let columns = Arc::new(UNIT_COLUMNS.into_iter().collect());
        let record_bytes_max = instance.config.record_bytes_max;
        sources::each_csv_row(file, columns, record_bytes_max, |read| rows.take(read))?;
        accepted.extend(rows.accepted);
        refused.extend(rows.refused);
    }
    summary.rows = (accepted.len() + refused.len()) as u64;
    summary.accepted = accepted.len() as u64;
    summary.units = by_unit(&accepted);
    let facts = facts(instance, accepted, &mut summary)?;
    append_facts(instance, facts)?;
    keep_refused(instance, &refused, &mut summary)?;
    Ok(summary)
}

/// The rows of one file.
#[derive(Default)]
struct Rows {
    counts: BTreeMap<(Day, String), i64>,
    accepted: Vec<UnitsCounted>,
    refused: Vec<Refused>,
}

impl Rows {
    fn take(&mut self, read: Read<'_>) {
        let (outcome, place, raw, whole) = match read {
            Read::Record { record, place, raw } => (units_counted(&record), place, raw, true),
            Read::Refused { refusal, place, raw, whole } => (Err(refusal), place, raw, whole),
        };
        match outcome.and_then(|counted| self.agrees(counted)) {
            Ok(counted) => self.accepted.push(counted),
            Err(refusal) => {
                self.refused.push(Refused { refusal, place, raw: raw.bytes().into_owned(), whole })
            }
        }
    }

    /// Of two counts of one day in one file nobody knows which is right; the first stands.
    fn agrees(&mut self, counted: UnitsCounted) -> Result<UnitsCounted, Refusal> {
        let first = *self.counts.entry((counted.day, counted.unit.clone())).or_insert(counted.count);
        if first == counted.count {
            return Ok(counted);
        }
        Err(Refusal {
            stage: RejectStage::Map,
            kind: RejectKind::Inconsistent,
            field: Some("count".to_owned()),
            expected: "one count for a unit and day in a file".to_owned(),
        })
    }
}

/// The facts that say something new, in the order of the files.
fn facts(instance: &Instance, counts: Vec<UnitsCounted>, summary: &mut UnitsSummary) -> Result<Vec<Fact>> {
    let mut known = pipeline::dimensions(instance)?;
    let mut facts = Vec::new();
    for counted in counts {
        let revision = match known.count(counted.day, &counted.unit) {
            Some((count, _)) if count == counted.count => {
                summary.known += 1;
                continue;
            }
            Some((_, revision)) => {
                summary.corrected += 1;
                revision.saturating_add(1)
            }
            None => {
                summary.new += 1;
                0
            }
        };
        let fact = stated(instance, counted, revision);
        known.learn(&fact);
        facts.push(fact);
    }
    Ok(facts)
}

/// Equal counts in equal revisions are equal facts: nothing of the moment of the import is in them.
fn stated(instance: &Instance, counted: UnitsCounted, revision: i64) -> Fact {
    let (unit, day) = (&counted.unit, counted.day.to_string());
    let record = format!("{unit}/{day}");
    let begins = parse_instant(&day, &instance.config.zone);
    let occurred_at = begins.expect("a day of these centuries has a beginning in every zone");
    let origin = Origin { system: SYSTEM.to_owned(), instance: String::new(), record, revision };
    fact(&instance.vault, origin, occurred_at, Body::UnitsCounted(Box::new(counted)))
}

/// Notes what was refused, and makes it durable.
fn keep_refused(instance: &Instance, refused: &[Refused], summary: &mut UnitsSummary) -> Result<()> {
    let today = (instance.clock)().day(&instance.config.zone);
    for Refused { refusal, place, .. } in refused {
        summary.refusals.add(refusal.kind, || FirstRefusal {
            file: place.file.to_string(),
            line: place.line,
            field: refusal.field.clone(),
            expected: refusal.expected.clone(),
        });
    }
    keep(instance, Vec::new(), SYSTEM, today, refused)?;
    Ok(())
}

/// The days of each unit, counted once.
fn by_unit(counts: &[UnitsCounted]) -> Vec<UnitDays> {
    let mut days: BTreeMap<&str, BTreeSet<Day>> = BTreeMap::new();
    for counted in counts {
        days.entry(&counted.unit).or_default().insert(counted.day);
    }
    let of = |(unit, days): (&str, BTreeSet<Day>)| {
        let (first, last) = (*days.first()?, *days.last()?);
        Some(UnitDays { unit: unit.to_owned(), first, last, days: days.len() as u64 })
    };
    days.into_iter().filter_map(of).collect()
}
