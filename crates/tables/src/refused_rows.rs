//! Segments of kind `refused_rows`: facts that the fold refused, and where in the log they stand. Their bytes
//! stay in the log and are never copied.

use crate::cell::{Cell, Get, always, arrays, whole};
use crate::column::{Place, Table};
use arrow::array::RecordBatch;
use domain::reject::Refused;
use domain::{Offset, Partition, Topic};
use std::sync::LazyLock;

/// A refused fact and its place.
pub type PlacedRefusal = (Refused, Topic, Partition, Offset);

#[rustfmt::skip] // a table: one line a column
static CELLS: &[Cell<PlacedRefusal>] = &[
    always("fact_id", Get::Id(|r| Some(r.0.fact.as_bytes())), "The fact."),
    always("kind", Get::Text(|r| Some(r.0.kind.word())), "Why it was refused."),
    always("topic", Get::Text(|r| Some(r.1.name())), "Topic of the log where it stands."),
    always("partition", Get::Int(|r| Some(r.2.0.into())), "Its partition."),
    always("offset", Get::Int(|r| Some(whole(r.3.0))), "Its offset there."),
];

/// The table of these segments.
pub static REFUSED_ROWS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "refused_rows",
    doc: "One fact that the fold refused.",
    place: Place::Lake,
    dated: false,
    sorted_by: &["topic", "partition", "offset"],
    columns: CELLS.iter().map(|c| c.column).collect(),
});

/// One row a refused fact, in the order of the log.
pub fn refused_rows(refused: &[PlacedRefusal]) -> RecordBatch {
    let mut rows: Vec<&PlacedRefusal> = refused.iter().collect();
    rows.sort_by_key(|r| (r.1.name(), r.2, r.3));
    let rows: Vec<Option<&PlacedRefusal>> = rows.into_iter().map(Some).collect();
    crate::batch(&REFUSED_ROWS, arrays(CELLS, &rows))
}
