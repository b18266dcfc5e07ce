//! The rows that the weekly report reads. Each query has one parameter, `$week` (such as `2026-W20`); its SQL
//! lies in `analytics`, and a test there holds it against this. Comparisons arrive counted: "before" is the week
//! before `$week`, "mean4" the up to four weeks before it that have data, handed over as a sum and a number of
//! weeks, because a mean is rounded once, where it is shown.

use crate::column::{Column, Kind};
use crate::named::{Query, count, day, or_null, text};

pub(crate) const fn flag(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Bool, nullable: false, doc }
}

const fn ratio(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Ratio, nullable: false, doc }
}

/// A count that a row may lack.
pub(crate) const fn maybe(name: &'static str, doc: &'static str) -> Column {
    or_null(count(name, doc))
}

/// A text that a row may lack.
pub(crate) const fn maybe_text(name: &'static str, doc: &'static str) -> Column {
    or_null(text(name, doc))
}

const ISO_WEEK: Column = text("iso_week", "ISO 8601 week in the tenant's zone.");
const MONDAY: Column = day("monday", "Its Monday.");
const COMPLETE: Column = flag("complete", "The week had ended at the cut's `as_of`.");
const CONTACTS: Column = count("contacts", "Contacts.");
const CONTACTS_BEFORE: Column = count("contacts_before", "Contacts of the week before; 0 where it had none.");
const DUMB: Column = count("dumb", "Of the contacts the avoidable ones.");
const REPEATS: Column = count("repeats", "Of the contacts the members of a chain after its root.");
const COSTED: Column = count("costed", "Of the contacts those with a cost.");
const COST: Column =
    maybe("cost_micros", "Cost of the costed contacts in micro-units of the currency; null where none is.");
const UNITS: Column = maybe("units", "Units of the week; null where none was imported.");
const UNIT: Column =
    maybe_text("unit", "What the contacts are divided by; null where the taxonomy names none.");
const REASON: Column = text("reason", "Reason.");
const LABEL_ES: Column = maybe_text("label_es", "Its Spanish label, where the taxonomy has one.");
const LABEL_EN: Column = maybe_text("label_en", "Its English label, where the taxonomy has one.");
const OWNER: Column = text("owner", "The area that can remove the cause; `unowned` where none.");
const OWNER_LABEL_ES: Column = maybe_text("owner_label_es", "Spanish label of the owner.");
const OWNER_LABEL_EN: Column = maybe_text("owner_label_en", "English label of the owner.");

const HEADLINE: &[Column] = &[
    ISO_WEEK,
    MONDAY,
    COMPLETE,
    CONTACTS,
    DUMB,
    REPEATS,
    count("customers", "Distinct customers; anonymous contacts add none."),
    count("provisional", "Contacts that were not yet mature at the cut's `as_of`."),
    count("unclassified", "Contacts without a reason."),
    count("handled", "Contacts with a handle time."),
    maybe("handle_ms", "Milliseconds of handling of these, summed; null where there is none."),
    COSTED,
    COST,
    maybe("dumb_cost_micros", "Cost of the avoidable ones among them; null where no contact has a cost."),
    maybe_text("currency", "ISO 4217 code of the costs; null where there are none."),
    UNIT,
    UNITS,
    count("unit_days", "Days of the week that have a count of units."),
    maybe("contacts_before", "Contacts of the week before; null where there is no week before."),
    maybe(
        "contacts_mean4_sum",
        "Contacts of the up to four weeks before, summed; null where there are none.",
    ),
    maybe("dumb_before", "Avoidable contacts of the week before."),
    maybe("dumb_mean4_sum", "Avoidable contacts of the up to four weeks before, summed."),
    maybe("repeats_before", "Repeats of the week before."),
    maybe("repeats_mean4_sum", "Repeats of the up to four weeks before, summed."),
    maybe("units_before", "Units of the week before; null where none was imported."),
    maybe("units_mean4_sum", "Units of those of the four weeks before that have them, summed."),
    maybe("costed_before", "Costed contacts of the week before."),
    maybe("costed_mean4_sum", "Costed contacts of the up to four weeks before, summed."),
    maybe("cost_micros_before", "Cost of the week before in micro-units; null where none was costed."),
    maybe("cost_micros_mean4_sum", "Cost of those of the four weeks before that have one, summed."),
    count("mean4_weeks", "How many of the four weeks before have contacts."),
    count("mean4_unit_weeks", "How many of these have units."),
    count("mean4_cost_weeks", "How many of these have a cost."),
];

const TREND: &[Column] = &[ISO_WEEK, MONDAY, COMPLETE, CONTACTS, DUMB, UNITS, COST];

const MOVERS: &[Column] = &[
    REASON,
    LABEL_ES,
    LABEL_EN,
    OWNER_LABEL_ES,
    OWNER_LABEL_EN,
    UNIT,
    CONTACTS,
    CONTACTS_BEFORE,
    count("change", "`contacts - contacts_before`."),
    maybe(
        "growth_effect",
        "Part of the change that the units explain; null where a count of units is missing.",
    ),
    maybe(
        "rate_effect",
        "The rest: each unit causes more or fewer contacts. Growth and rate sum to the change.",
    ),
];

const PARETO: &[Column] = &[
    REASON,
    LABEL_ES,
    LABEL_EN,
    OWNER,
    OWNER_LABEL_ES,
    OWNER_LABEL_EN,
    maybe_text("disposition", "What the votes say to do with the reason; null where nobody voted."),
    CONTACTS,
    count("cumulative", "Contacts of this reason and of all rows before it."),
    count("total", "Contacts of all reasons; the same in every row."),
    flag("vital", "Belongs to the fewest reasons that together reach 80 % of the contacts."),
    DUMB,
    REPEATS,
    UNIT,
    or_null(ratio("cpx", "Contacts per 100 units; null where the units are missing.")),
    COST,
    CONTACTS_BEFORE,
];

const SNOWBALL_REASONS: &[Column] = &[
    text("reason", "Reason of the chain's root."),
    LABEL_ES,
    LABEL_EN,
    count("repeats", "Repeats of the week in chains with that root."),
    count("chains", "Chains they belong to."),
    maybe("cost_micros", "Cost of these repeats in micro-units; null where none was costed."),
];

const SNOWBALL_CHAINS: &[Column] = &[
    text("chain_root", "Contact id of the root."),
    text("reason", "Reason of the root."),
    LABEL_ES,
    LABEL_EN,
    count("contacts", "Contacts of the chain, in any week."),
    count("channels", "Distinct channels they came by."),
    day("started_on", "Day of the first contact."),
    day("last_on", "Day of the last contact so far."),
    flag("melted", "The window passed without a further contact."),
    maybe("cost_micros", "Cost of the chain in micro-units; null where none of it was costed."),
];

const KNOWN_FIRST: &[Column] = &[
    count(
        "contacts",
        "Contacts that a word from the company could have spared, as in the table `known_first`.",
    ),
    count("known", "Of them those whose cause the company had on record before."),
    count(
        "noticed",
        "Contacts about an event that customers had been told of, whatever else is proven of them.",
    ),
    maybe(
        "lead_p50_s",
        "Median over the week's contacts of the seconds that the company knew before: nearest rank; null where `known` is 0.",
    ),
    maybe("lead_max_s", "The most of them."),
];

const KNOWN_FIRST_REASONS: &[Column] = &[
    REASON,
    LABEL_ES,
    LABEL_EN,
    count("contacts", "Contacts that a word from the company could have spared."),
    count("known", "Of them those whose cause the company had on record before."),
];

const SESSIONS: Column = count("sessions", "Sessions of self-service that ended in the week.");
const KNOWN: Column = count("known", "Of them those of a known customer.");
const CONTACTED: Column = count("contacted", "Of these those that a contact of the customer followed.");
const LEAKED: Column = count("leaked", "Of these those whose failure led to a contact about the same thing.");

const SELF_SERVICE: &[Column] = &[SESSIONS, KNOWN, CONTACTED, LEAKED];

const SELF_SERVICE_STEPS: &[Column] = &[
    text("path", "Journey or article."),
    maybe_text("step", "Step at which the sessions ended; null where the source does not say."),
    SESSIONS,
    KNOWN,
    CONTACTED,
    LEAKED,
];

const OWNERS: &[Column] = &[
    OWNER,
    maybe_text("label_es", "Spanish label of the owner."),
    maybe_text("label_en", "English label of the owner."),
    count("reasons", "Reasons of the owner that have contacts in the week."),
    CONTACTS,
    CONTACTS_BEFORE,
    DUMB,
    REPEATS,
    COSTED,
    COST,
    maybe("cost_micros_before", "Cost of the week before in micro-units; null where none was costed."),
];

const MECHANISMS: &[Column] = &[
    text("mechanism", "Why they were avoidable. A contact counts under each of its mechanisms."),
    CONTACTS,
    CONTACTS_BEFORE,
    COST,
];

const CHANNELS: &[Column] = &[text("channel", "Canonical channel."), CONTACTS, CONTACTS_BEFORE, DUMB, COST];

const QUALITY: &[Column] = &[
    CONTACTS,
    count("unclassified", "Contacts without a reason."),
    count("anonymous", "Contacts without a customer: they cannot be part of a chain."),
    count("not_costed", "Contacts without a cost: no rate was set for their channel and day."),
    count("late", "Contacts recorded more than seven days after the end of their week."),
    count("unowned", "Contacts whose reason has no owner, unclassified ones included."),
];

const REFUSED: &[Column] = &[
    text("kind", "Why inputs were refused."),
    count("inputs", "Refused inputs of the whole instance up to the cut."),
];

/// Every query of the weekly report, by name.
pub const QUERIES: &[Query] = &[
    Query { name: "channels", doc: "The week's contacts by channel, most first", columns: CHANNELS },
    Query { name: "headline", doc: "The week in one row, with what it is compared with", columns: HEADLINE },
    Query {
        name: "known_first",
        doc: "What the company knew before its customers asked, in one row",
        columns: KNOWN_FIRST,
    },
    Query {
        name: "known_first_reasons",
        doc: "The up to three reasons with most contacts that a word could have spared, most first",
        columns: KNOWN_FIRST_REASONS,
    },
    Query {
        name: "mechanisms",
        doc: "The week's avoidable contacts by mechanism, most first",
        columns: MECHANISMS,
    },
    Query {
        name: "movers",
        doc: "The reasons with the largest and the most negative rate effect, up to five of each; where effects \
              are null, by change",
        columns: MOVERS,
    },
    Query { name: "owners", doc: "What the week cost each owner, dearest first", columns: OWNERS },
    Query { name: "pareto", doc: "Every reason of the week, most contacts first", columns: PARETO },
    Query { name: "quality", doc: "How far the week's figures can be trusted, in one row", columns: QUALITY },
    Query { name: "refused", doc: "Refused inputs by kind, most first", columns: REFUSED },
    Query {
        name: "self_service",
        doc: "The week's sessions of self-service and what followed them, in one row",
        columns: SELF_SERVICE,
    },
    Query {
        name: "self_service_steps",
        doc: "The up to five steps of self-service at which most contacts leaked, most first",
        columns: SELF_SERVICE_STEPS,
    },
    Query {
        name: "snowball_chains",
        doc: "The up to five longest chains with a contact in the week, longest first",
        columns: SNOWBALL_CHAINS,
    },
    Query {
        name: "snowball_reasons",
        doc: "The week's repeats by the reason of their chain's root, up to eight, most first",
        columns: SNOWBALL_REASONS,
    },
    Query {
        name: "trend",
        doc: "Up to thirteen weeks that end with the asked one, oldest first",
        columns: TREND,
    },
];

/// The query of that name.
pub fn query(name: &str) -> Option<&'static Query> {
    QUERIES.iter().find(|q| q.name == name)
}
