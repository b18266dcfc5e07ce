//! The columns of the named queries, whose SQL lies in `analytics`. A test there holds the SQL against this.

use crate::column::{Column, Kind};

/// A named query.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it answers.
    pub doc: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

pub(crate) const fn text(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Text, nullable: false, doc }
}

pub(crate) const fn count(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Int, nullable: false, doc }
}

pub(crate) const fn day(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Day, nullable: false, doc }
}

/// The same column where a row may lack it.
pub(crate) const fn or_null(column: Column) -> Column {
    column.or_null()
}

const CONTACTS: Column = count("contacts", "Contacts.");
const DUMB: Column = count("dumb", "Of them avoidable.");
const REPEATS: Column = count("repeats", "Of them members of a chain after its root.");
const CUSTOMERS: Column = count("customers", "Distinct customers; anonymous contacts add none.");
const HANDLED: Column = count("handled", "Contacts with a handle time.");
const HANDLE_MS: Column = or_null(count("handle_ms", "Milliseconds of handling of these, summed."));

/// Every named query, by name.
pub const QUERIES: &[Query] = &[
    Query {
        name: "channels",
        doc: "Contacts by canonical channel and the source's own word for it",
        columns: &[
            text("channel", "Canonical channel."),
            text("channel_raw", "The source's own word for the channel."),
            CONTACTS,
            DUMB,
            REPEATS,
            CUSTOMERS,
        ],
    },
    Query {
        name: "daily",
        doc: "Contacts by day",
        columns: &[day("dt", "Day in the tenant's zone."), CONTACTS, DUMB, REPEATS, CUSTOMERS],
    },
    Query {
        name: "mechanisms",
        doc: "Avoidable contacts by proven mechanism; a contact counts under each of its mechanisms",
        columns: &[text("mechanism", "Why they were avoidable."), CONTACTS],
    },
    Query {
        name: "reasons",
        doc: "Contacts by reason",
        columns: &[text("reason", "Reason."), CONTACTS, DUMB, REPEATS, CUSTOMERS, HANDLED, HANDLE_MS],
    },
    Query {
        name: "repeat_counts",
        doc: "Contacts whose customer had an earlier contact within a window, of any and of the same source reason",
        columns: &[
            count("window_hours", "Longest gap to an earlier contact, inclusive."),
            count(
                "any_reason",
                "Contacts with any earlier contact of the customer in the window; equal times count.",
            ),
            count(
                "same_reason",
                "Of them those with an earlier one of the same `source_reason`; null is no reason.",
            ),
        ],
    },
    Query {
        name: "source_reason_monthly",
        doc: "The source's own reasons by month and the attribute `sector`; a contact with several counts once for each",
        columns: &[
            text("month", "Month of `dt`, such as `2026-05`."),
            or_null(text("sector", "The attribute `sector` of the source.")),
            count("source_reasons", "Reasons given by the source."),
            CONTACTS,
        ],
    },
    Query {
        name: "source_reasons",
        doc: "Contacts by the source's own reason; a contact with several counts under each",
        columns: &[or_null(text("source_reason", "The agent's own code.")), CONTACTS, DUMB, REPEATS],
    },
    Query {
        name: "weekly",
        doc: "Contacts by ISO week",
        columns: &[
            text("iso_week", "ISO 8601 week in the tenant's zone."),
            CONTACTS,
            DUMB,
            REPEATS,
            CUSTOMERS,
        ],
    },
];
