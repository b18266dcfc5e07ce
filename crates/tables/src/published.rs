//! The published tables. A published column is the column of a segment under the same name, with ids as
//! text; the lists below only choose columns and their order.

use crate::cell::{Cell, Get, always, arrays, maybe};
use crate::column::{Column, Place, Table};
use crate::text::ids_as_text;
use crate::{contact_rows, verdict_rows};
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use domain::{Day, Reject};
use std::sync::LazyLock;

/// One row a contact that counts, no text.
pub static CONTACTS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "contacts",
    doc: "One contact: one customer-initiated touch, one channel, one sitting; with its verdict. No text.",
    place: Place::Published,
    sorted_by: &["occurred_at", "contact_id"],
    columns: chosen(&[
        "contact_id",
        "source",
        "instance",
        "record_id",
        "revision",
        "occurred_at",
        "precision",
        "iso_week",
        "customer_key",
        "customer_strength",
        "customer_kind",
        "case_id",
        "channel",
        "channel_raw",
        "direction",
        "language",
        "country",
        "products",
        "orders",
        "step",
        "queue",
        "agent",
        "wait_ms",
        "handle_ms",
        "handle_basis",
        "abandoned",
        "transfers",
        "resolved",
        "legs",
        "messages",
        "source_reason",
        "source_reasons",
        "attributes",
        "flags",
        "reason",
        "reason_basis",
        "confidence_ppm",
        "rule_id",
        "span_from",
        "span_to",
        "mechanisms",
        "proofs",
        "dumb",
        "repeat",
        "previous_contact_id",
        "chain_root",
        "chain_position",
        "melts_at",
        "mature_at",
        "due_at",
    ]),
});

/// Where each contact comes from. Apart from `contacts`, because places in the log differ between two runs
/// over the same facts.
pub static PROVENANCE: LazyLock<Table> = LazyLock::new(|| Table {
    name: "provenance",
    doc: "Where one contact comes from: its facts and the place of the latest of them in the log.",
    place: Place::Published,
    // The order of `contacts`, so that one pass over the lake writes both.
    sorted_by: &[],
    columns: chosen(&[
        "contact_id",
        "facts",
        "source",
        "instance",
        "record_id",
        "revision",
        "partition",
        "offset",
        "recorded_at",
        "sequence",
    ]),
});

/// A refused input as it is listed: its bytes stay sealed in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectRow {
    /// Its id, by which `quell rejects` shows it.
    pub id: String,
    /// What is known of it.
    pub reject: Reject,
    /// Day on which it was refused, which is also the day of the key that seals it.
    pub on: Day,
}

#[rustfmt::skip] // a table: one line a column
static REJECT_CELLS: &[Cell<RejectRow>] = &[
    always("reject_id", Get::Text(|r| Some(&r.id)), "Id of the refused input, by which `quell rejects show` finds its sealed bytes."),
    always("stage", Get::Text(|r| Some(r.reject.stage.word())), "Where it was refused: `read`, `map`, `decode`, `fold`."),
    always("kind", Get::Text(|r| Some(r.reject.kind.word())), "Why it was refused."),
    always("position", Get::Text(|r| Some(&r.reject.position)), "Where it stood: file and line, or topic, partition and offset."),
    maybe("field", Get::Text(|r| r.reject.field.as_deref()), "The field at fault."),
    always("expected", Get::Text(|r| Some(&r.reject.expected)), "What was expected."),
    always("rejected_on", Get::Day(|r| r.on), "Day on which it was refused."),
];

/// Refused inputs, without their bytes.
pub static REJECTS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "rejects",
    doc: "One refused input, without its bytes.",
    place: Place::Published,
    sorted_by: &["reject_id"],
    columns: REJECT_CELLS.iter().map(|c| c.column).collect(),
});

/// One row a refused input, ordered by id.
pub fn reject_rows(rejects: &[RejectRow]) -> RecordBatch {
    let mut rows: Vec<&RejectRow> = rejects.iter().collect();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let rows: Vec<Option<&RejectRow>> = rows.into_iter().map(Some).collect();
    crate::batch(&REJECTS, arrays(REJECT_CELLS, &rows))
}

/// Every published table.
pub fn published() -> [&'static Table; 3] {
    [&CONTACTS, &PROVENANCE, &REJECTS]
}

/// The rows of a published table from rows of the lake that have its columns, whatever else they have.
///
/// Fails where a column is missing, has another type, or is null where the table promises that it is not.
pub fn publish(table: &Table, joined: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = table.columns.iter().map(|column| {
        let found = joined.column_by_name(column.name);
        let found = found.ok_or_else(|| ArrowError::SchemaError(format!("no column {}", column.name)))?;
        ids_as_text(found, &column.kind.arrow(Place::Published))
    });
    RecordBatch::try_new(table.schema(), columns.collect::<Result<_, _>>()?)
}

/// The columns of the segments under these names.
fn chosen(names: &[&str]) -> Vec<Column> {
    let of_segments: Vec<Column> = contact_rows::columns().chain(verdict_rows::columns()).collect();
    let find = |name: &&str| of_segments.iter().find(|c| c.name == *name).copied();
    names.iter().map(|name| find(name).expect("a published column is a column of a segment")).collect()
}
