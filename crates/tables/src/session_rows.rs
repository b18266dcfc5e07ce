//! Segments of kind `session_rows`: what judge says of one session of self-service.

use crate::cell::{Cell, Get, always, arrays, maybe, whole};
use crate::column::{Place, Table};
use arrow::array::RecordBatch;
use domain::{ContactId, CustomerKey, Session};
use std::sync::LazyLock;

#[rustfmt::skip] // a table: one line a column
static CELLS: &[Cell<Session>] = &[
    always("fact_id", Get::Id(|s| Some(s.fact.as_bytes())), "The fact that states it."),
    always("judged", Get::Int(|s| Some(whole(s.judged.0))), "Order among what is said of it; the highest counts."),
    always("dt", Get::Day(|s| s.day), "Day of `occurred_at` in the tenant's zone."),
    always("occurred_at", Get::Instant(|s| Some(s.occurred_at)), "When it ended."),
    maybe("customer_key", Get::Id(|s| s.customer.as_ref().map(CustomerKey::as_bytes)), "Random surrogate of the customer, after merges; null = anonymous."),
    always("path", Get::Text(|s| Some(&s.path)), "Journey or article."),
    maybe("step", Get::Text(|s| s.step.as_deref()), "Step at which it ended."),
    always("outcome", Get::Text(|s| Some(s.outcome.word())), "How: `completed`, `abandoned`, `failed`, `handed_over`, `unknown`."),
    maybe("contact_id", Get::Id(|s| s.contact.as_ref().map(ContactId::as_bytes)), "The customer's first contact after it within the window."),
    maybe("leak_contact_id", Get::Id(|s| s.leak.as_ref().map(ContactId::as_bytes)), "The contact that its failure led to."),
];

/// The table of these segments.
pub static SESSION_ROWS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "session_rows",
    doc: "What judge says of one session of self-service.",
    place: Place::Lake,
    dated: false,
    sorted_by: &["dt", "fact_id"],
    columns: CELLS.iter().map(|c| c.column).collect(),
});

/// One row a session, ordered by day.
pub fn session_rows(sessions: &[Session]) -> RecordBatch {
    let mut sessions: Vec<&Session> = sessions.iter().collect();
    sessions.sort_by_key(|s| (s.day, s.fact, s.judged));
    let rows: Vec<Option<&Session>> = sessions.into_iter().map(Some).collect();
    crate::batch(&SESSION_ROWS, arrays(CELLS, &rows))
}
