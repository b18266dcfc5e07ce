//! The trend tables: what publishing counts from `contacts` and the dimensions of the same cut. The SQL lies in
//! `analytics`; a test there counts every column anew.

use crate::column::{Column, Kind, Place, Table};
use crate::named::{count, text};
use std::sync::LazyLock;

const fn flag(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Bool, nullable: false, doc }
}

const fn instant(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Instant, nullable: false, doc }
}

const fn id(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Id, nullable: false, doc }
}

const fn ratio(name: &'static str, doc: &'static str) -> Column {
    Column { name, kind: Kind::Ratio, nullable: true, doc }
}

const REASON: Column = text("reason", "Why customers came: a leaf of the taxonomy, or `unclassified`.");
const CHANNEL: Column = text("channel", "Canonical channel.");
const ISO_WEEK: Column = text("iso_week", "ISO 8601 week that begins on `dt`, such as `2026-W20`.");
const COMPLETE: Column = flag(
    "complete",
    "The week had ended at the cut's `as_of`, in the tenant's zone; if not, it still grows.",
);
const CONTACTS: Column = count("contacts", "Contacts.");
const DUMB: Column = count("dumb", "Of them avoidable: wanted by neither side.");
const REPEATS: Column = count("repeats", "Of them members of a chain after its root.");
const CUSTOMERS: Column = count("customers", "Distinct customers; anonymous contacts add none.");
const HANDLED: Column = count("handled", "Contacts with a handle time.");
const HANDLE_MS: Column =
    count("handle_ms", "Milliseconds of handling of these, summed; null where `handled` is 0.").or_null();
const COSTED: Column = count("costed", "Contacts whose channel had a cost rate on their day.");
const COST: Column = count(
    "cost_micros",
    "What these cost, in micro-units of the currency of `costs`; null where `costed` is 0.",
)
.or_null();
const DUMB_COST: Column = count(
    "dumb_cost_micros",
    "What the avoidable ones of these cost, in micro-units; null where `costed` is 0.",
)
.or_null();
const PROVISIONAL: Column = count(
    "provisional",
    "Contacts whose first-contact resolution was not final at the cut: `mature_at` lies after its `as_of`.",
);
const NET: Column =
    count("net", "Distinct customers, plus the anonymous contacts: each customer counts once.");
const UNITS: Column = count("units", "Units of the week; null where none were counted.").or_null();
const UNIT_DAYS: Column = count("unit_days", "Days of the week with a count of units, 0 to 7.");
const CPX: Column = ratio("cpx", "Contacts per 100 units: 100 · `contacts` / `units`; null without units.");

/// The measures that tables by reason, channel and owner have alike.
const MEASURES: [Column; 10] =
    [CONTACTS, DUMB, REPEATS, CUSTOMERS, HANDLED, HANDLE_MS, COSTED, COST, DUMB_COST, PROVISIONAL];

/// Columns before the measures, the measures, and columns after them.
fn around_measures(before: &[Column], after: &[Column]) -> Vec<Column> {
    [before, &MEASURES, after].concat()
}

/// A table of days or weeks.
const fn trend(
    name: &'static str,
    doc: &'static str,
    sorted_by: &'static [&'static str],
    columns: Vec<Column>,
) -> Table {
    Table { name, doc, place: Place::Published, dated: true, sorted_by, columns }
}

/// Contacts by day and reason.
pub static REASON_DAILY: LazyLock<Table> = LazyLock::new(|| {
    let columns = around_measures(&[REASON], &[]);
    trend("reason_daily", "The contacts of one reason on one day.", &["reason"], columns)
});

/// Contacts by day and channel.
pub static CHANNEL_DAILY: LazyLock<Table> = LazyLock::new(|| {
    let after = [
        count("abandoned", "Contacts that the customer left before an answer; null where no contact tells.")
            .or_null(),
        count("transfers", "Hand-offs to another agent or queue, summed; null where no contact tells.")
            .or_null(),
    ];
    let columns = around_measures(&[CHANNEL], &after);
    trend("channel_daily", "The contacts of one channel on one day.", &["channel"], columns)
});

/// Avoidable contacts by day and mechanism.
pub static MECHANISM_DAILY: LazyLock<Table> = LazyLock::new(|| {
    let mechanism = text("mechanism", "Why these contacts were avoidable, proven.");
    let doc = "The contacts of one mechanism on one day. A contact counts under each of its mechanisms.";
    let columns = vec![mechanism, CONTACTS, REPEATS, CUSTOMERS, COSTED, COST];
    trend("mechanism_daily", doc, &["mechanism"], columns)
});

/// Sessions of self-service by day, path and step.
pub static SELF_SERVICE: LazyLock<Table> = LazyLock::new(|| {
    let columns = vec![
        text("path", "Journey or article, such as `checkout`."),
        text("step", "Step at which the sessions ended; null where the source does not say.").or_null(),
        count("sessions", "Sessions that ended there."),
        count("completed", "Of them those in which the customer got what they came for."),
        count(
            "failed",
            "Of them those that failed, were abandoned or were handed over; the others ended unknown.",
        ),
        count("known", "Sessions of a known customer: only of these can be told what followed."),
        count(
            "contacted",
            "Of these those that a contact of the customer followed within `engine.self_service_window`.",
        ),
        count(
            "leaked",
            "Of these those whose failure led to a contact about the same thing: `self_service_failed`.",
        ),
        count("contacts", "All contacts of the day, the other denominator of `leaked`."),
        ratio(
            "containment",
            "Known sessions that no contact followed, of all known: 1 − `contacted` / `known`.",
        ),
        ratio("leak_rate", "`leaked` / `known`."),
        ratio("leak_share", "`leaked` / `contacts`; null without contacts."),
    ];
    let doc =
        "The sessions of self-service that ended at one step of one path on one day, and what followed them.";
    trend("self_service", doc, &["path", "step"], columns)
});

/// What the company knew before customers asked, by day and reason.
pub static KNOWN_FIRST: LazyLock<Table> = LazyLock::new(|| {
    let columns = vec![
        REASON,
        count(
            "contacts",
            "Contacts that a word from the company could have spared: proven `status_chase`, `preventable_by_notice` or \
             `broken_promise`, or a question about a document that was sent.",
        ),
        count(
            "known",
            "Of them those whose cause the company had on record before: an event without notice, a promise past due, the \
             document.",
        ),
        count("noticed", "Contacts about an event that customers had been told of, whatever else is proven of them."),
        count("lead_p50_s", "Median of the seconds that the company knew before: nearest rank, exact; null where `known` is 0.")
            .or_null(),
        count("lead_max_s", "The most of them.").or_null(),
        ratio("known_rate", "\"We knew first\": `known` / `contacts`; null without contacts."),
    ];
    let doc = "What the company knew before its customers asked, of one reason on one day.";
    trend("known_first", doc, &["reason"], columns)
});

/// The agents' own codes against ours, by week.
pub static CODE_AGREEMENT: LazyLock<Table> = LazyLock::new(|| {
    let columns = vec![
        ISO_WEEK,
        COMPLETE,
        text("source_reason", "The agent's own code."),
        count("contacts", "Contacts with this code."),
        count(
            "judged",
            "Of them those whose reason was found from the customer's words, by a rule or the model.",
        ),
        text(
            "reason",
            "The reason that most of these have, of equals the first by name; null where none is judged.",
        )
        .or_null(),
        count("agreed", "Judged contacts with this code and this reason."),
        count("with_reason", "Judged contacts of the week with any code and this reason."),
        count("all_judged", "Judged contacts of the week with any code."),
        ratio(
            "kappa",
            "Cohen's kappa of having this code and having this reason, over `all_judged`: 1 = always together, 0 = as by \
             chance; null where chance alone would always agree.",
        ),
    ];
    let doc =
        "How far an agent's code and the reason found from the customer's words go together, in one week.";
    trend("code_agreement", doc, &["source_reason"], columns)
});

/// Contacts by week and reason, with what they are divided by.
pub static REASON_WEEKLY: LazyLock<Table> = LazyLock::new(|| {
    let after = [
        NET,
        count(
            "handle_p50_ms",
            "Median handle time in milliseconds: nearest rank, exact; null where `handled` is 0.",
        )
        .or_null(),
        count("handle_p95_ms", "95th percentile of handle time in milliseconds: nearest rank, exact.")
            .or_null(),
        text("unit", "What contacts of the reason are divided by, such as `orders`; null where nothing.")
            .or_null(),
        UNITS,
        UNIT_DAYS,
        CPX,
        ratio("cpx_net", "The same of `net`: 100 · `net` / `units`; null without units."),
    ];
    let columns = around_measures(&[ISO_WEEK, COMPLETE, REASON], &after);
    trend("reason_weekly", "The contacts of one reason in one week.", &["reason"], columns)
});

/// Contacts by week and owner of the reason.
pub static OWNERS_WEEKLY: LazyLock<Table> = LazyLock::new(|| {
    let owner =
        text("owner", "The area where the cause lies; `unowned` where none does, `unclassified` included.");
    let before = [ISO_WEEK, COMPLETE, owner, count("reasons", "Reasons of the owner that had contacts.")];
    let after = [
        NET,
        text("unit", "What contacts are divided by: the taxonomy's unit; null where it has none.").or_null(),
        UNITS,
        UNIT_DAYS,
        CPX,
    ];
    let columns = around_measures(&before, &after);
    trend("owners_weekly", "The contacts of one owner's reasons in one week.", &["owner"], columns)
});

/// What changed against the week before, by reason.
pub static MOVERS_WEEKLY: LazyLock<Table> = LazyLock::new(|| {
    let columns = vec![
        ISO_WEEK,
        COMPLETE,
        REASON,
        count("contacts", "Contacts of the week; 0 where only the week before had some."),
        count("contacts_before", "Contacts of the week before; 0 where it had none."),
        count("change", "`contacts` − `contacts_before`."),
        text("unit", "What contacts of the reason are divided by; null where nothing.").or_null(),
        UNITS,
        count("units_before", "Units of the week before; null where none were counted.").or_null(),
        count(
            "growth_effect",
            "What the change of units alone explains: `contacts_before` · (`units` − `units_before`) / \
             `units_before`, rounded half away from 0; null where either is missing or `units_before` is 0.",
        )
        .or_null(),
        count("rate_effect", "The rest: `change` − `growth_effect`, contacts per unit have risen or fallen.")
            .or_null(),
    ];
    let doc = "How the contacts of one reason changed against the week before. The first week that has contacts \
               has no rows.";
    trend("movers_weekly", doc, &["reason"], columns)
});

/// Chains of two contacts or more.
pub static CHAINS: LazyLock<Table> = LazyLock::new(|| {
    let columns = vec![
        id("chain_root", "First contact of the chain; `dt` is its day."),
        text("reason", "Reason of the root."),
        text("channel", "Canonical channel of the root."),
        text("owner", "Owner of the root's reason; `unowned` where it has none."),
        id("customer_key", "Random surrogate of the customer, after merges.").or_null(),
        count("contacts", "Contacts of the chain, at least 2."),
        count("repeats", "Of them those after the root."),
        count("channels", "Distinct channels of the chain."),
        instant("started_at", "When its first contact began."),
        instant("last_at", "When its last contact began."),
        instant("melts_at", "Without a further contact, the chain has melted at this instant."),
        flag("melted", "It had melted at the cut: `melts_at` does not lie after its `as_of`."),
        DUMB,
        HANDLED,
        HANDLE_MS,
        COSTED,
        COST,
    ];
    let doc = "One chain (snowball) of two contacts or more. A contact alone is no chain and is not listed.";
    trend("chains", doc, &["started_at", "chain_root"], columns)
});
