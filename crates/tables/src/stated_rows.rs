//! Segments of kind `stated_rows`: facts that are no contacts, for whoever asks what a proof rests on.

use crate::cell::{Cell, Get, always, arrays, maybe};
use crate::column::{Place, Table};
use arrow::array::RecordBatch;
use domain::Stated;
use std::sync::LazyLock;

#[rustfmt::skip] // a table: one line a column
static CELLS: &[Cell<Stated>] = &[
    always("fact_id", Get::Id(|s| Some(s.fact.as_bytes())), "The fact."),
    always("dt", Get::Day(|s| s.day), "Day of `occurred_at` in the tenant's zone."),
    always("occurred_at", Get::Instant(|s| Some(s.occurred_at)), "When it happened."),
    always("kind", Get::Text(|s| Some(s.kind)), "Which kind of fact, such as `OrderPlaced`."),
    maybe("word", Get::Text(|s| s.word), "What of that kind: an upstream kind, an outcome, kept or broken."),
    maybe("about", Get::Text(|s| s.about.as_deref()), "What it is about: order, subject, path, promise or case."),
    maybe("due_at", Get::Instant(|s| s.due_at), "When it is due or planned."),
];

/// The table of these segments.
pub static STATED_ROWS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "stated_rows",
    doc: "One fact that is no contact.",
    place: Place::Lake,
    dated: false,
    sorted_by: &["dt", "fact_id"],
    columns: CELLS.iter().map(|c| c.column).collect(),
});

/// One row a fact, ordered by day.
pub fn stated_rows(stated: &[Stated]) -> RecordBatch {
    let mut stated: Vec<&Stated> = stated.iter().collect();
    stated.sort_by_key(|s| (s.day, s.fact));
    let rows: Vec<Option<&Stated>> = stated.into_iter().map(Some).collect();
    crate::batch(&STATED_ROWS, arrays(CELLS, &rows))
}
