//! What was refused before the fold, on its way to the lake: what is known in clear of each input. Its bytes stay
//! sealed in the log.

use crate::instance::{Instance, topic_name};
use crate::rejects::StoredReject;
use anyhow::{Context as _, Result};
use domain::{Offset, Partition, Reject, Topic};
use log::{Limits, Record};
use tables::RejectRow;

/// Refused inputs that the lake does not have yet.
pub(crate) struct Rejected {
    pub(crate) rows: Vec<RejectRow>,
    /// Where to go on.
    pub(crate) next: Offset,
    /// Whether anything was read, be it that all of it was unreadable.
    pub(crate) any: bool,
}

/// Reads some of the topic `rejects` before `until`, at most so many records.
pub(crate) fn read(instance: &Instance, from: Offset, until: Offset, records: usize) -> Result<Rejected> {
    let left = usize::try_from(until.0.saturating_sub(from.0)).unwrap_or(usize::MAX);
    if left == 0 {
        return Ok(Rejected { rows: Vec::new(), next: from, any: false });
    }
    // Of bytes no more than usual: these records hold whole inputs.
    let records = records.min(left);
    let limits = Limits { records, ..Limits::default() };
    let batch = instance
        .log
        .read(&topic_name(Topic::Rejects), Partition(0), from, limits)
        .context("cannot read the topic rejects")?;
    let rows = batch.records.iter().filter_map(row).collect();
    Ok(Rejected { rows, next: batch.next, any: !batch.is_empty() })
}

/// Reads all of the topic `rejects` before `until`.
pub(crate) fn read_all(instance: &Instance, from: Offset, until: Offset) -> Result<Rejected> {
    let mut all = Rejected { rows: Vec::new(), next: from, any: false };
    loop {
        let some = read(instance, all.next, until, usize::MAX)?;
        if !some.any {
            return Ok(all);
        }
        all.rows.extend(some.rows);
        (all.next, all.any) = (some.next, true);
    }
}

/// `None` for a record that cannot be read, which stays in the log.
fn row(record: &Record) -> Option<RejectRow> {
    match StoredReject::decode(record) {
        Ok(stored) => Some(RejectRow {
            id: stored.id.to_string(),
            on: stored.day,
            offset: record.offset,
            reject: Reject {
                position: stored.position(),
                stage: stored.stage,
                kind: stored.kind,
                field: stored.field,
                expected: stored.expected,
            },
        }),
        Err(error) => {
            tracing::warn!(topic = "rejects", offset = record.offset.0, %error, "record passed over");
            None
        }
    }
}
