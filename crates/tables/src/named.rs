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

const fn ratio(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Ratio, nullable: false, doc }
}

/// The same column where a row may lack it.
pub(crate) const fn or_null(column: Column) -> Column {
    column.or_null()
}

const ISO_WEEK: Column = text("iso_week", "ISO 8601 week in the tenant's zone.");
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
        name: "first_contact",
        doc: "First-contact resolution by ISO week and by what counts as resolved",
        columns: &[
            ISO_WEEK,
            text(
                "variant",
                "`7d`, `14d`, `30d`: no later contact of any channel belongs to its chain with that window; `no_reply`: \
                 no later contact of the customer belongs to its case.",
            ),
            count(
                "first_contacts",
                "Contacts that are the first of their chain with that window; of `no_reply` those with a case and a customer.",
            ),
            count(
                "provisional",
                "Of them those that were younger than the window at the cut's `as_of`; of `no_reply` those with \
                 `mature_at` after it.",
            ),
            count("resolved", "Of the others, which are mature, those that nothing followed."),
            or_null(ratio(
                "rate",
                "`resolved` / (`first_contacts` − `provisional`); null where none is mature.",
            )),
        ],
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
        name: "sensitivity",
        doc: "Repeats by ISO week with windows of 7, 14 and 30 days, whatever the setting",
        columns: &[
            ISO_WEEK,
            CONTACTS,
            count("repeats_7d", "Of them members of a chain after its root, with a window of 7 days."),
            count("repeats_14d", "The same with 14 days."),
            count("repeats_30d", "The same with 30 days."),
            ratio("share_7d", "`repeats_7d` / `contacts`."),
            ratio("share_14d", "`repeats_14d` / `contacts`."),
            ratio("share_30d", "`repeats_30d` / `contacts`."),
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
        columns: &[ISO_WEEK, CONTACTS, DUMB, REPEATS, CUSTOMERS],
    },
];
