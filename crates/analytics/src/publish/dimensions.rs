//! Publishing the dimensions: of each the newest segment, as one file. The trend tables are joined with the same
//! segments.

use super::partitions::{file_options, unfit};
use super::{Base, Job};
use crate::error::AnalyticsError;
use crate::files::FileTable;
use lake::{SegmentKind, SegmentRef};
use tables::{COSTS, OWNERS, REASONS, Table, UNITS};

/// Each dimension with the kind of its segments.
fn all() -> [(&'static Table, SegmentKind); 4] {
    [
        (&REASONS, SegmentKind::Reasons),
        (&OWNERS, SegmentKind::Owners),
        (&UNITS, SegmentKind::Units),
        (&COSTS, SegmentKind::Costs),
    ]
}

/// The dimensions.
pub(super) fn tables() -> [&'static Table; 4] {
    all().map(|(table, _)| table)
}

/// Whether a dimension may have other rows than in an earlier cut.
pub(super) fn changed(base: &Base<'_>) -> bool {
    base.has_new(&all().map(|(_, kind)| kind))
}

/// Names the dimensions as tables, and writes those that are new since `base`.
pub(super) fn publish(job: &Job<'_>, base: Option<&Base<'_>>) -> Result<(), AnalyticsError> {
    for (table, kind) in all() {
        job.replace(table.name, FileTable::of_segments(table, newest(job, kind)))?;
        match base {
            Some(base) if !base.has_new(&[kind]) => job.keep(Some(base), table, |_| true)?,
            _ => write(job, table, kind)?,
        }
    }
    Ok(())
}

/// The segment that counts.
fn newest<'j>(job: &Job<'j>, kind: SegmentKind) -> Option<&'j SegmentRef> {
    job.commits.iter().rev().flat_map(|c| &c.segments).find(|s| s.kind == kind)
}

fn write(job: &Job<'_>, table: &'static Table, kind: SegmentKind) -> Result<(), AnalyticsError> {
    if newest(job, kind).is_none() {
        return Ok(());
    }
    // The rows of one segment in its order, which is that of the table.
    let by: Vec<String> = table.sorted_by.iter().map(|c| format!("\"{c}\"")).collect();
    let text = format!("SELECT * FROM {} ORDER BY {}", table.name, by.join(", "));
    let mut file = job.writer.partition(table.name, None, &table.schema(), &file_options(table))?;
    for batch in job.query(&text, Vec::new())? {
        file.write(&tables::publish(table, &batch?).map_err(unfit)?)?;
    }
    file.finish()?;
    Ok(())
}
