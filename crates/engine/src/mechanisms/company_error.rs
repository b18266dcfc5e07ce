//! `company_error`: the company's own error had to be corrected (field.md D4). The words prove it, or a
//! credit, correction, confirmed defect or redelivery that follows the contact within the correction window.

use super::{Context, by_words, proof};
use crate::asserted::{Asserted, CustomerFact, Happened};
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    by_words(context, i, Mechanism::CompanyError, "company_error/told").or_else(|| by_correction(context, i))
}

/// The earliest correction that follows is the proof.
fn by_correction(context: &Context<'_>, i: usize) -> Option<Proof> {
    let asserted = context.asserted(i);
    let window = context.rules.settings().correction_window;
    let follows =
        |f: &CustomerFact| f.at >= asserted.occurred_at && f.at.since(asserted.occurred_at) <= window;
    let fact = context.customer.facts().iter().find(|f| follows(f) && corrects(f, asserted))?;
    Some(proof(Mechanism::CompanyError, "company_error/corrected", vec![asserted.fact, fact.id]))
}

/// Only what is tied to this contact counts: the contact itself, or one of its orders. A refund of something
/// else proves nothing.
fn corrects(fact: &CustomerFact, asserted: &Asserted) -> bool {
    match &fact.what {
        Happened::ErrorCorrected { order } => asserted.orders.contains(order),
        Happened::Recovered { contact } => *contact == asserted.contact,
        _ => false,
    }
}
