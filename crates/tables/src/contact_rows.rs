//! Segments of kind `contact_rows`: what assemble says of a contact, and where in the log it stood. A row
//! of a contact that is gone has its id, sequence and day, and null in every other column.

use crate::cell::{Cell, Get, always, arrays, maybe, whole};
use crate::column::{Column, Place, Table};
use arrow::array::RecordBatch;
use domain::contact::ContactChange;
use domain::{Contact, ContactId, Day, Sequence};
use std::sync::LazyLock;

/// The columns that every row has.
#[rustfmt::skip] // a table: one line a column
static KEYS: &[Cell<ContactChange>] = &[
    always("contact_id", Get::Id(|c| Some(id(c).as_bytes())), "Identity of the contact: a UUID derived from its source record."),
    always("sequence", Get::Int(|c| Some(whole(sequence(c).0))), "Order among what was said of the contact; the highest counts."),
    always("gone", Get::Bool(|c| Some(matches!(c, ContactChange::Gone { .. }))), "There is no such contact any more."),
    always("dt", Get::Day(day), "Day of `occurred_at` in the tenant's zone."),
];

/// The columns of a contact that is there.
#[rustfmt::skip] // a table: one line a column
static FIELDS: &[Cell<Contact>] = &[
    always("source", Get::Text(|c| Some(&c.system)), "Source system, such as the name of a mapping."),
    always("instance", Get::Text(|c| Some(&c.instance)), "Account or site of the source; empty where there is one only."),
    always("record_id", Get::Text(|c| Some(&c.record)), "The source's id of the (first) record."),
    always("revision", Get::Int(|c| Some(c.revision)), "Revision of that record; higher replaces lower."),
    always("occurred_at", Get::Instant(|c| Some(c.occurred_at)), "When the contact began, by its source."),
    always("precision", Get::Text(|c| Some(c.precision.word())), "How exact `occurred_at` is: `unknown`, `microsecond` … `day`."),
    always("iso_week", Get::Written(|c, out| write!(out, "{}", c.week)), "ISO 8601 week of `dt`, such as `2026-W20`."),
    always("customer_kind", Get::Text(|c| Some(c.customer_kind.word())), "`external`, `internal` (a colleague) or `unknown`."),
    maybe("case_id", Get::Text(|c| c.case.as_deref()), "The source's id of the case."),
    always("channel", Get::Text(|c| Some(c.channel.word())), "Canonical channel."),
    always("channel_raw", Get::Text(|c| Some(&c.channel_raw)), "The source's own word for the channel."),
    always("direction", Get::Text(|c| Some(c.direction.word())), "Who started it: `inbound`, or `unknown` where the source does not say."),
    maybe("language", Get::Text(|c| c.language.as_deref()), "BCP 47 tag."),
    maybe("country", Get::Text(|c| c.country.as_deref()), "ISO 3166-1 alpha-2."),
    always("products", Get::Texts(|c| &c.products), "Products, sorted, each once."),
    always("orders", Get::Texts(|c| &c.orders), "Orders, shipments or invoices, sorted, each once."),
    maybe("step", Get::Text(|c| c.step.as_deref()), "Step or page that the source gives, such as `checkout/3`."),
    maybe("queue", Get::Text(|c| c.queue.as_deref()), "Queue, group or inbox of the first record."),
    maybe("agent", Get::Text(|c| c.agent.as_deref()), "Pseudonym of the first record's agent."),
    maybe("wait_ms", Get::Int(|c| c.wait_ms), "Milliseconds to the first human answer."),
    maybe("handle_ms", Get::Int(|c| c.handle_ms), "Milliseconds of handling, summed over the contact's records."),
    always("handle_basis", Get::Text(|c| Some(c.handle_basis.word())), "Where `handle_ms` comes from: `measured`, `derived`, `unknown`."),
    maybe("abandoned", Get::Bool(|c| c.abandoned), "The customer left before an answer."),
    maybe("transfers", Get::Int(|c| c.transfers.map(i64::from)), "Hand-offs to another agent or queue."),
    maybe("resolved", Get::Bool(|c| c.resolved), "The source says that it is resolved."),
    always("legs", Get::Int(|c| Some(c.legs.into())), "Records folded as legs; 1 where there were none."),
    always("messages", Get::Int(|c| Some(c.messages.into())), "The customer's messages in this sitting; 1 for other kinds."),
    maybe("source_reason", Get::Text(|c| c.source_reason.as_deref()), "The agent's own code, never overwritten."),
    always("source_reasons", Get::Texts(|c| &c.source_reasons), "All the agent's codes, in the source's order."),
    always("attributes", Get::Attributes(|c| &c.attributes), "Allow-listed attributes of the source, keys sorted."),
    always("flags", Get::Texts(|c| &c.flags), "Data-quality flags, sorted, each once."),
    always("facts", Get::Ids(|c| &c.facts), "The facts that the contact was made from, sorted."),
    always("partition", Get::Int(|c| Some(c.provenance.partition.0.into())), "Partition of the log where the latest of its facts lies."),
    always("offset", Get::Int(|c| Some(whole(c.provenance.offset.0))), "Offset of that fact in its partition."),
    always("recorded_at", Get::Instant(|c| Some(c.provenance.recorded_at)), "When the log appended that fact."),
];

/// The table of these segments.
pub static CONTACT_ROWS: LazyLock<Table> = LazyLock::new(|| {
    let keys = KEYS.iter().map(|c| c.column);
    // Rows of contacts that are gone are null there.
    let fields = FIELDS.iter().map(|c| c.column.or_null());
    Table {
        name: "contact_rows",
        doc: "What assemble says of one contact.",
        place: Place::Lake,
        dated: false,
        sorted_by: &["dt", "contact_id"],
        columns: keys.chain(fields).collect(),
    }
});

/// Every column as it is of a contact that is there.
pub(crate) fn columns() -> impl Iterator<Item = Column> {
    KEYS.iter().map(|c| c.column).chain(FIELDS.iter().map(|c| c.column))
}

/// One row a change. Rows are ordered by day, so that a job that needs certain days can pass over the rest
/// of a segment.
pub fn contact_rows(changes: &[ContactChange]) -> RecordBatch {
    let mut changes: Vec<&ContactChange> = changes.iter().collect();
    changes.sort_by_cached_key(|c| (day(c), *id(c), sequence(c)));
    let keys: Vec<Option<&ContactChange>> = changes.iter().copied().map(Some).collect();
    let contacts: Vec<Option<&Contact>> = changes.iter().map(|c| contact(c)).collect();
    let mut columns = arrays(KEYS, &keys);
    columns.extend(arrays(FIELDS, &contacts));
    crate::batch(&CONTACT_ROWS, columns)
}

fn contact(change: &ContactChange) -> Option<&Contact> {
    match change {
        ContactChange::Is(contact) => Some(contact),
        ContactChange::Gone { .. } => None,
    }
}

fn id(change: &ContactChange) -> &ContactId {
    match change {
        ContactChange::Is(contact) => &contact.id,
        ContactChange::Gone { id, .. } => id,
    }
}

fn sequence(change: &ContactChange) -> Sequence {
    match change {
        ContactChange::Is(contact) => contact.sequence,
        ContactChange::Gone { sequence, .. } => *sequence,
    }
}

fn day(change: &ContactChange) -> Day {
    match change {
        ContactChange::Is(contact) => contact.day,
        ContactChange::Gone { day, .. } => *day,
    }
}
