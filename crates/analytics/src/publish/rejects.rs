//! Publishing `rejects`: what was refused before the fold, each input once, by the day of its last refusal.

use super::partitions::Partitions;
use super::{Base, Job};
use crate::error::AnalyticsError;
use lake::SegmentKind;
use tables::{REJECT_ROWS, REJECTS, Table};

pub(super) const REJECTED: &str = include_str!("../../sql/publish/rejects.sql");
const REJECTED_DAYS: &str = include_str!("../../sql/publish/rejected_days.sql");

/// The table.
pub(super) fn table() -> &'static Table {
    &REJECTS
}

/// Writes the days of new refusals, and those where the same inputs stood before.
pub(super) fn publish(job: &Job<'_>, base: Option<&Base<'_>>) -> Result<(), AnalyticsError> {
    let since = base.map_or(job.commits, |base| base.since);
    job.segments("reject_rows", &REJECT_ROWS, SegmentKind::Rejects, job.commits)?;
    job.segments("new_reject_rows", &REJECT_ROWS, SegmentKind::Rejects, since)?;
    let write = job.days(REJECTED_DAYS, Vec::new())?;
    job.keep(base, &REJECTS, |day| !write.contains(&day))?;
    if write.is_empty() {
        return Ok(());
    }
    let tables = [table()];
    let mut partitions = Partitions::new(&job.writer, &tables, &write);
    for batch in job.query(REJECTED, Vec::new())? {
        partitions.write(&batch?)?;
    }
    partitions.finish()
}
