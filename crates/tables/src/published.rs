//! The published tables of contacts: a published column is the column of a segment under the same name, with ids
//! as text; the lists below only choose columns and their order. And the list of every published table.

use crate::column::{Column, Place, Table};
use crate::dimensions::{COSTS, OWNERS, REASONS, UNITS};
use crate::reject_rows::REJECTS;
use crate::text::ids_as_text;
use crate::trends::{
    CHAINS, CHANNEL_DAILY, CODE_AGREEMENT, KNOWN_FIRST, MECHANISM_DAILY, MOVERS_WEEKLY, OWNERS_WEEKLY,
    REASON_DAILY, REASON_WEEKLY, SELF_SERVICE,
};
use crate::{contact_rows, verdict_rows};
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use std::sync::LazyLock;

/// One row a contact that counts, no text.
pub static CONTACTS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "contacts",
    doc: "One contact: one customer-initiated touch, one channel, one sitting; with its verdict. No text.",
    place: Place::Published,
    dated: true,
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
        "further_reasons",
        "rule_id",
        "span_from",
        "span_to",
        "mechanisms",
        "proofs",
        "cleared",
        "dumb",
        "said_fact",
        "repeat",
        "previous_contact_id",
        "chain_root",
        "chain_position",
        "repeat_7d",
        "repeat_14d",
        "repeat_30d",
        "again_7d",
        "again_14d",
        "again_30d",
        "answered_once",
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
    dated: true,
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

/// Every published table.
pub fn published() -> [&'static Table; 17] {
    [
        &CONTACTS,
        &REASON_DAILY,
        &CHANNEL_DAILY,
        &MECHANISM_DAILY,
        &SELF_SERVICE,
        &KNOWN_FIRST,
        &CODE_AGREEMENT,
        &REASON_WEEKLY,
        &OWNERS_WEEKLY,
        &MOVERS_WEEKLY,
        &CHAINS,
        &REASONS,
        &OWNERS,
        &UNITS,
        &COSTS,
        &REJECTS,
        &PROVENANCE,
    ]
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
    // Of two columns of one name the verdict's is published.
    let of_segments: Vec<Column> = verdict_rows::columns().chain(contact_rows::columns()).collect();
    let find = |name: &&str| of_segments.iter().find(|c| c.name == *name).copied();
    names.iter().map(|name| find(name).expect("a published column is a column of a segment")).collect()
}
