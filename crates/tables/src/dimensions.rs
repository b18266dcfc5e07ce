//! The dimensions: what trend tables are joined with. The lake keeps the rows as they are published, each time
//! whole: of a dimension the newest segment counts.

use crate::cell::{Cell, Get, always, arrays, maybe};
use crate::column::{Place, Table};
use arrow::array::RecordBatch;
use domain::fact::UnitsCounted;
use domain::governance::CostRow;
use domain::{Disposition, Mechanism};
use std::sync::LazyLock;

/// A reason of the epoch's taxonomy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonRow {
    /// Its id.
    pub reason: String,
    /// In the customer's words, Spanish; its id where the taxonomy has no Spanish.
    pub label_es: String,
    /// The same in English.
    pub label_en: String,
    /// Who can remove its cause; [`domain::UNOWNED`] where nobody does.
    pub owner: String,
    /// Free label that groups reasons.
    pub grouping: Option<String>,
    /// What contacts of it are to the customer: `value` or `irritant`.
    pub customer_vote: Option<&'static str>,
    /// What they are to the company.
    pub company_vote: Option<&'static str>,
    /// What to do.
    pub disposition: Option<Disposition>,
    /// Why a contact of it would be avoidable.
    pub mechanism: Option<Mechanism>,
    /// What contacts of it are divided by.
    pub unit: Option<String>,
}

/// An owner of the epoch's taxonomy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerRow {
    /// Its id.
    pub owner: String,
    /// Its name in Spanish; its id where the taxonomy has no Spanish.
    pub label_es: String,
    /// Its name in English.
    pub label_en: String,
}

#[rustfmt::skip] // a table: one line a column
static REASON_CELLS: &[Cell<ReasonRow>] = &[
    always("reason", Get::Text(|r| Some(&r.reason)), "Id of the reason; `unclassified` is one."),
    always("label_es", Get::Text(|r| Some(&r.label_es)), "The reason in the customer's words, Spanish; its id where there are none."),
    always("label_en", Get::Text(|r| Some(&r.label_en)), "The reason in the customer's words, English; its id where there are none."),
    always("owner", Get::Text(|r| Some(&r.owner)), "The area where the cause lies; `unowned` where nobody owns it."),
    maybe("grouping", Get::Text(|r| r.grouping.as_deref()), "Free label that groups reasons."),
    maybe("customer_vote", Get::Text(|r| r.customer_vote), "What contacts of it are to the customer: `value` or `irritant`."),
    maybe("company_vote", Get::Text(|r| r.company_vote), "What they are to the company: `value` or `irritant`."),
    maybe("disposition", Get::Text(|r| r.disposition.map(Disposition::word)), "What to do: `eliminate`, `automate`, `simplify`, `leverage`."),
    maybe("mechanism", Get::Text(|r| r.mechanism.map(Mechanism::word)), "Why a contact of it would be avoidable; whether one was is proven contact by contact."),
    maybe("unit", Get::Text(|r| r.unit.as_deref()), "What contacts of it are divided by, such as `orders`: its own unit, else the taxonomy's."),
];

#[rustfmt::skip] // a table: one line a column
static OWNER_CELLS: &[Cell<OwnerRow>] = &[
    always("owner", Get::Text(|o| Some(&o.owner)), "Id of the owner; `unowned` stands for nobody."),
    always("label_es", Get::Text(|o| Some(&o.label_es)), "Its name in Spanish; its id where there is none."),
    always("label_en", Get::Text(|o| Some(&o.label_en)), "Its name in English; its id where there is none."),
];

#[rustfmt::skip] // a table: one line a column
static UNIT_CELLS: &[Cell<UnitsCounted>] = &[
    always("day", Get::Day(|u| u.day), "Day in the tenant's zone."),
    always("unit", Get::Text(|u| Some(&u.unit)), "What was counted, such as `orders`."),
    always("count", Get::Int(|u| Some(u.count)), "How many; a missing day is unknown, not 0."),
];

#[rustfmt::skip] // a table: one line a column
static COST_CELLS: &[Cell<CostRow>] = &[
    always("valid_from", Get::Day(|c| c.valid_from), "First day in the tenant's zone; valid until a later rate of the channel."),
    always("channel", Get::Text(|c| Some(c.channel.word())), "Canonical channel."),
    always("currency", Get::Text(|c| Some(&c.currency)), "ISO 4217."),
    always("per_contact_micros", Get::Int(|c| Some(c.per_contact_micros)), "Cost of a contact, in micro-units of the currency."),
    always("per_second_micros", Get::Int(|c| Some(c.per_second_micros)), "Cost of a second of handling, in micro-units; a contact's cost is rounded half up to one."),
];

fn dimension<R>(
    name: &'static str,
    doc: &'static str,
    sorted_by: &'static [&'static str],
    cells: &[Cell<R>],
) -> Table {
    let columns = cells.iter().map(|c| c.column).collect();
    Table { name, doc, place: Place::Published, dated: false, sorted_by, columns }
}

/// The reasons of the epoch's taxonomy.
pub static REASONS: LazyLock<Table> = LazyLock::new(|| {
    dimension("reasons", "One reason of the taxonomy, `unclassified` included.", &["reason"], REASON_CELLS)
});

/// Who owns reasons.
pub static OWNERS: LazyLock<Table> = LazyLock::new(|| {
    dimension("owners", "One owner of reasons, `unowned` included.", &["owner"], OWNER_CELLS)
});

/// What contacts are divided by.
pub static UNITS: LazyLock<Table> = LazyLock::new(|| {
    dimension("units", "How many units one day had: the newest count.", &["day", "unit"], UNIT_CELLS)
});

/// What contacts cost.
pub static COSTS: LazyLock<Table> = LazyLock::new(|| {
    let doc = "What contacts of one channel cost from a day on.";
    dimension("costs", doc, &["valid_from", "channel"], COST_CELLS)
});

/// One row a reason, ordered by id.
pub fn reason_rows(reasons: &[ReasonRow]) -> RecordBatch {
    sorted(&REASONS, REASON_CELLS, reasons, |r| r.reason.clone())
}

/// One row an owner, ordered by id.
pub fn owner_rows(owners: &[OwnerRow]) -> RecordBatch {
    sorted(&OWNERS, OWNER_CELLS, owners, |o| o.owner.clone())
}

/// One row a day and unit, in that order.
pub fn unit_rows(units: &[UnitsCounted]) -> RecordBatch {
    sorted(&UNITS, UNIT_CELLS, units, |u| (u.day, u.unit.clone()))
}

/// One row a day and channel, by day and the channel's word.
pub fn cost_rows(costs: &[CostRow]) -> RecordBatch {
    sorted(&COSTS, COST_CELLS, costs, |c| (c.valid_from, c.channel.word()))
}

fn sorted<R, K: Ord>(table: &Table, cells: &[Cell<R>], rows: &[R], key: impl Fn(&R) -> K) -> RecordBatch {
    let mut rows: Vec<&R> = rows.iter().collect();
    rows.sort_by_cached_key(|row| key(row));
    let rows: Vec<Option<&R>> = rows.into_iter().map(Some).collect();
    crate::batch(table, arrays(cells, &rows))
}
