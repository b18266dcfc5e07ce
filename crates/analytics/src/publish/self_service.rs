//! Publishing `self_service`: sessions by day, path and step, with what followed them. The contacts of a day are
//! counted from `reason_daily` of the same cut.

use super::partitions::Partitions;
use super::{Base, Job};
use crate::error::AnalyticsError;
use domain::Day;
use lake::SegmentKind;
use std::collections::BTreeSet;
use tables::{REASON_DAILY, SELF_SERVICE, SESSION_ROWS, Table};

pub(super) const COUNTED: &str = include_str!("../../sql/publish/self_service.sql");
const DAYS: &str = include_str!("../../sql/publish/session_days.sql");

/// The table.
pub(super) fn table() -> &'static Table {
    &SELF_SERVICE
}

/// Writes the days of new words on sessions, and those whose contacts were `touched`; all of them without a base.
pub(super) fn publish(
    job: &Job<'_>,
    base: Option<&Base<'_>>,
    touched: &BTreeSet<Day>,
) -> Result<(), AnalyticsError> {
    let since = base.map_or(job.commits, |base| base.since);
    job.segments("session_rows", &SESSION_ROWS, SegmentKind::Sessions, job.commits)?;
    job.segments("new_session_rows", &SESSION_ROWS, SegmentKind::Sessions, since)?;
    let mut write = job.days(DAYS, Vec::new())?;
    if base.is_some() {
        write.extend(touched);
    }
    job.keep(base, table(), |day| !write.contains(&day))?;
    if write.is_empty() {
        return Ok(());
    }
    let files = job.writer.files(REASON_DAILY.name);
    let files = files.iter().filter(|f| f.day.is_some_and(|day| write.contains(&day)));
    job.files("contacts_by_day", &REASON_DAILY, files)?;
    let tables = [table()];
    let mut partitions = Partitions::new(&job.writer, &tables, &write);
    for batch in job.query(COUNTED, Vec::new())? {
        partitions.write(&batch?)?;
    }
    partitions.finish()
}
