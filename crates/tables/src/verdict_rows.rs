//! Segments of kind `verdict_rows`: what judge says of a contact.

use crate::cell::{Cell, Get, always, arrays, maybe, whole};
use crate::column::{Column, Place, Table};
use arrow::array::RecordBatch;
use domain::{ContactId, CustomerKey, FactId, Verdict};
use std::sync::LazyLock;

#[rustfmt::skip] // a table: one line a column
static CELLS: &[Cell<Verdict>] = &[
    always("contact_id", Get::Id(|v| Some(v.contact.as_bytes())), "Identity of the contact."),
    always("sequence", Get::Int(|v| Some(whole(v.sequence.0))), "Sequence of the contact that it judges."),
    always("judged", Get::Int(|v| Some(whole(v.judged.0))), "Order among the verdicts of one sequence; the highest counts."),
    always("dt", Get::Day(|v| v.day), "Day of `occurred_at` in the tenant's zone."),
    maybe("customer_key", Get::Id(|v| v.customer.as_ref().map(CustomerKey::as_bytes)), "Random surrogate of the customer, after merges; null = anonymous."),
    always("customer_strength", Get::Text(|v| Some(v.strength.word())), "How far joins on `customer_key` can be trusted: `none`, `name`, `device`, `phone` … `verified`."),
    always("reason", Get::Text(|v| Some(v.reason.as_str())), "Why the customer came: a leaf of the taxonomy, or `unclassified`."),
    always("reason_basis", Get::Text(|v| Some(v.basis.word())), "What decided the reason: `rule`, `model`, `source`, `override`, `erased`, `unclassified`."),
    always("confidence_ppm", Get::Int(|v| Some(v.confidence_ppm.into())), "Confidence in the reason in millionths; of a rule 1,000,000, of `unclassified` 0."),
    maybe("rule_id", Get::Text(|v| v.evidence.as_ref().map(|e| e.rule.as_str())), "The rule that decided."),
    maybe("span_from", Get::Int(|v| v.evidence.as_ref().map(|e| e.from.into())), "First byte of what the rule matched in the customer's words (UTF-8)."),
    maybe("span_to", Get::Int(|v| v.evidence.as_ref().map(|e| e.to.into())), "One past the last byte of it."),
    always("further_reasons", Get::Reasons(|v| &v.further), "Further reasons besides `reason`, by priority, each once. `reason` alone counts, so that sums are totals."),
    maybe("step", Get::Text(|v| v.step.as_deref()), "Step or page, such as `checkout/3`: as the source gives it, else as the customer named it."),
    always("mechanisms", Get::Mechanisms(|v| &v.proofs), "Why the contact was avoidable, each proven; none = not known to be."),
    always("proofs", Get::Proofs(|v| &v.proofs), "For each mechanism the rule that found it and a minimal set of facts that proves it."),
    always("cleared", Get::Proofs(|v| &v.cleared), "Mechanisms that the contact looks like and that something on record, or a person, speaks against: the rule and the facts."),
    always("dumb", Get::Bool(|v| Some(v.dumb)), "Avoidable: wanted by neither side."),
    maybe("said_fact", Get::Id(|v| v.said.as_ref().map(FactId::as_bytes)), "The fact by which a person said whether it was avoidable; null = nobody did."),
    always("repeat", Get::Bool(|v| Some(v.repeat)), "Member of a chain after its root."),
    maybe("previous_contact_id", Get::Id(|v| v.previous.as_ref().map(ContactId::as_bytes)), "The nearest earlier contact that this one is directly linked to."),
    always("chain_root", Get::Id(|v| Some(v.chain_root.as_bytes())), "First contact of the chain: the contact itself where it is alone."),
    always("chain_position", Get::Int(|v| Some(v.chain_position.into())), "Place in the chain, from 1, by `occurred_at` and `contact_id`."),
    always("repeat_7d", Get::Bool(|v| Some(v.at_windows[0].repeat)), "What `repeat` is with a window of 7 days, whatever the setting."),
    always("repeat_14d", Get::Bool(|v| Some(v.at_windows[1].repeat)), "The same with 14 days."),
    always("repeat_30d", Get::Bool(|v| Some(v.at_windows[2].repeat)), "The same with 30 days."),
    always("again_7d", Get::Bool(|v| Some(v.at_windows[0].again)), "With a window of 7 days, a later contact belongs to its chain."),
    always("again_14d", Get::Bool(|v| Some(v.at_windows[1].again)), "The same with 14 days."),
    always("again_30d", Get::Bool(|v| Some(v.at_windows[2].again)), "The same with 30 days."),
    maybe("answered_once", Get::Bool(|v| v.answered_once), "No later contact of the customer belongs to its case; null without a case or a customer."),
    always("melts_at", Get::Instant(|v| Some(v.melts_at)), "Without a further contact, the chain has melted at this instant."),
    always("mature_at", Get::Instant(|v| Some(v.mature_at)), "Without a further contact, first-contact resolution is final at this instant."),
    maybe("due_at", Get::Instant(|v| v.due_at), "When the earliest promise that was open at the contact is due."),
];

/// The table of these segments.
pub static VERDICT_ROWS: LazyLock<Table> = LazyLock::new(|| Table {
    name: "verdict_rows",
    doc: "What judge says of one contact.",
    place: Place::Lake,
    dated: false,
    sorted_by: &["dt", "contact_id"],
    columns: columns().collect(),
});

/// Every column.
pub(crate) fn columns() -> impl Iterator<Item = Column> {
    CELLS.iter().map(|c| c.column)
}

/// One row a verdict, ordered by day as the rows of contacts are.
pub fn verdict_rows(verdicts: &[Verdict]) -> RecordBatch {
    let mut verdicts: Vec<&Verdict> = verdicts.iter().collect();
    verdicts.sort_by_cached_key(|v| (v.day, v.contact, v.sequence, v.judged));
    let rows: Vec<Option<&Verdict>> = verdicts.into_iter().map(Some).collect();
    crate::batch(&VERDICT_ROWS, arrays(CELLS, &rows))
}
