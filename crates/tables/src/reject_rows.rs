//! Refused inputs as they are listed: segments of kind `reject_rows`, and the published table `rejects`. Their
//! bytes stay sealed in the log and are never copied.

use crate::cell::{Cell, Get, always, arrays, maybe, whole};
use crate::column::{Column, Place, Table};
use arrow::array::RecordBatch;
use domain::{Day, Offset, Reject};
use std::sync::LazyLock;

/// A refused input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectRow {
    /// Its id, by which `quell rejects` shows it. The same input refused again has the same.
    pub id: String,
    /// What is known of it.
    pub reject: Reject,
    /// Day on which it was refused, which is also the day of the key that seals it.
    pub on: Day,
    /// Its place in the topic `rejects`: of one id the highest counts.
    pub offset: Offset,
}

#[rustfmt::skip] // a table: one line a column
static CELLS: &[Cell<RejectRow>] = &[
    always("reject_id", Get::Text(|r| Some(&r.id)), "Id of the refused input, by which `quell rejects show` finds its sealed bytes."),
    always("stage", Get::Text(|r| Some(r.reject.stage.word())), "Where it was refused: `read`, `map`, `decode`, `fold`."),
    always("kind", Get::Text(|r| Some(r.reject.kind.word())), "Why it was refused."),
    always("position", Get::Text(|r| Some(&r.reject.position)), "Where it stood: file and line, or topic, partition and offset."),
    maybe("field", Get::Text(|r| r.reject.field.as_deref()), "The field at fault."),
    always("expected", Get::Text(|r| Some(&r.reject.expected)), "What was expected."),
    always("rejected_on", Get::Day(|r| r.on), "Day on which it was refused, in the tenant's zone; the `dt` of the published table."),
    // Not published: a place in the log differs between two runs.
    always("offset", Get::Int(|r| Some(whole(r.offset.0))), "Its place in the log; of one id the highest counts."),
];

/// The table of these segments.
pub static REJECT_ROWS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "reject_rows",
    doc: "One refusal of an input.",
    place: Place::Lake,
    dated: false,
    sorted_by: &["offset"],
    columns: columns().collect(),
});

/// Refused inputs, without their bytes.
pub static REJECTS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "rejects",
    doc: "One refused input, without its bytes, as it was refused last. `dt` is the day of its refusal.",
    place: Place::Published,
    dated: true,
    sorted_by: &["reject_id"],
    columns: columns().filter(|c| c.name != "offset").collect(),
});

fn columns() -> impl Iterator<Item = Column> {
    CELLS.iter().map(|c| c.column)
}

/// One row a refusal, in the order of the log.
pub fn reject_rows(rejects: &[RejectRow]) -> RecordBatch {
    let mut rows: Vec<&RejectRow> = rejects.iter().collect();
    rows.sort_by_key(|r| r.offset);
    let rows: Vec<Option<&RejectRow>> = rows.into_iter().map(Some).collect();
    crate::batch(&REJECT_ROWS, arrays(CELLS, &rows))
}
