//! Publishing `contacts` and `provenance`: of every contact the newest row and its newest verdict. A table that
//! contradicts the lake is never published: then it fails and names the contact.

use super::partitions::Partitions;
use super::spans::{Limits, Span, spans};
use super::{Base, Job, column, days_of, failure};
use crate::error::{AnalyticsError, Wrong};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use domain::{ContactId, Day};
use lake::{Commit, SegmentKind};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use tables::{CONTACT_ROWS, CONTACTS, PROVENANCE, Table, VERDICT_ROWS};

const DAYS: &str = include_str!("../../sql/publish/days.sql");
const TOUCHED: &str = include_str!("../../sql/publish/touched.sql");
pub(super) const LIVE: &str = include_str!("../../sql/publish/live.sql");
pub(super) const GATHER: &str = include_str!("../../sql/publish/gather.sql");

/// The tables, which one pass over the lake writes side by side.
pub(super) const TABLES: fn() -> [&'static Table; 2] = || [&CONTACTS, &PROVENANCE];

/// Writes the days that were touched since `base`, or all, and takes over the others. Gives the days written.
pub(super) fn publish(job: &Job<'_>, base: Option<&Base<'_>>) -> Result<BTreeSet<Day>, AnalyticsError> {
    job.segments("contact_rows", &CONTACT_ROWS, SegmentKind::Contacts, job.commits)?;
    job.segments("verdict_rows", &VERDICT_ROWS, SegmentKind::Verdicts, job.commits)?;
    let days = days(job)?;
    let write = match base {
        Some(base) => touched(job, base.since)?,
        None => days.iter().map(|(day, _)| *day).collect(),
    };
    for table in TABLES() {
        job.keep(base, table, |day| !write.contains(&day))?;
    }
    for span in spans(&days, &write, Limits::default()) {
        write_span(job, span, &write)?;
    }
    Ok(write)
}

/// Every day with its rows of contacts.
fn days(job: &Job<'_>) -> Result<Vec<(Day, u64)>, AnalyticsError> {
    let mut out = Vec::new();
    for batch in job.query(DAYS, Vec::new())? {
        let batch = batch?;
        let rows = column(&batch, "rows").as_primitive::<Int64Type>();
        out.extend(days_of(&batch).zip(rows.values().iter().map(|rows| rows.unsigned_abs())));
    }
    Ok(out)
}

/// The days that these commits may have changed. The commits say so themselves; what can be seen from their rows
/// is added, so that no slip there leaves a stale day.
fn touched(job: &Job<'_>, since: &[Commit]) -> Result<BTreeSet<Day>, AnalyticsError> {
    let mut out: BTreeSet<Day> = since.iter().flat_map(|c| c.touched.iter().copied()).collect();
    job.segments("new_contact_rows", &CONTACT_ROWS, SegmentKind::Contacts, since)?;
    job.segments("new_verdict_rows", &VERDICT_ROWS, SegmentKind::Verdicts, since)?;
    out.extend(job.days(TOUCHED, Vec::new())?);
    Ok(out)
}

/// First the ids of the contacts to publish, which are few bytes each; then their rows, each of which must be one
/// of these, once.
fn write_span(job: &Job<'_>, span: Span, write: &BTreeSet<Day>) -> Result<(), AnalyticsError> {
    let live = job.query(LIVE, bounds(span))?;
    // Of the query, not of its first batch: where every contact of a span is gone there is none.
    let columns = Arc::clone(live.schema());
    let live = live.collect_all()?;
    let mut expected = Expected::of(&live)?;
    let held = MemTable::try_new(columns, vec![live]).map_err(|e| failure(&e))?;
    job.engine.replace("live", Arc::new(held)).map_err(|e| failure(&e))?;
    let tables = TABLES();
    let mut partitions = Partitions::new(&job.writer, &tables, write);
    for batch in job.query(GATHER, bounds(span))? {
        let batch = batch?;
        expected.meet(&batch)?;
        partitions.write(&batch)?;
    }
    partitions.finish()?;
    expected.all_met()
}

/// The ids that a span publishes and that have not been met yet.
struct Expected(HashSet<[u8; 16]>);

impl Expected {
    fn of(live: &[RecordBatch]) -> Result<Self, AnalyticsError> {
        let mut ids = HashSet::with_capacity(live.iter().map(RecordBatch::num_rows).sum());
        for batch in live {
            let twice = column(batch, "twice").as_boolean();
            for (row, id) in ids_of(batch).enumerate() {
                if twice.value(row) || !ids.insert(id) {
                    return Err(contradiction(id, Wrong::Twice));
                }
            }
        }
        Ok(Self(ids))
    }

    /// Each row's id is one that is expected, for the first time, and the row has a verdict.
    fn meet(&mut self, batch: &RecordBatch) -> Result<(), AnalyticsError> {
        let judged = column(batch, "judged");
        for (row, id) in ids_of(batch).enumerate() {
            if !self.0.remove(&id) {
                return Err(contradiction(id, Wrong::Twice));
            }
            if judged.is_null(row) {
                return Err(contradiction(id, Wrong::Unjudged));
            }
        }
        Ok(())
    }

    fn all_met(self) -> Result<(), AnalyticsError> {
        // The least, so that the message does not depend on chance.
        self.0.into_iter().min().map_or(Ok(()), |id| Err(contradiction(id, Wrong::Lost)))
    }
}

fn contradiction(id: [u8; 16], wrong: Wrong) -> AnalyticsError {
    AnalyticsError::Contact { contact: ContactId::from_bytes(id), wrong }
}

fn bounds(span: Span) -> Vec<(&'static str, ScalarValue)> {
    let day = |day: Day| ScalarValue::Date32(Some(day.epoch_days()));
    vec![("from", day(span.from)), ("to", day(span.to))]
}

fn ids_of(batch: &RecordBatch) -> impl Iterator<Item = [u8; 16]> + '_ {
    let ids = column(batch, "contact_id").as_fixed_size_binary();
    (0..batch.num_rows()).map(|row| ids.value(row).try_into().expect("an id has sixteen bytes"))
}
