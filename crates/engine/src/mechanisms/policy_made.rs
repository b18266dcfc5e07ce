//! `policy_made`: only a rule of the company makes the contact necessary (field.md D10). The words prove it.

use super::Context;
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    context.by_words(i, Mechanism::PolicyMade, "policy_made/asked")
}
