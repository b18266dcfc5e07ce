//! Why a contact was avoidable. Each mechanism has a file with its evidence rule; each proof names the rule
//! and a minimal set of facts that is enough for it.

mod company_error;
mod public_info;
mod repeat;
mod site_blocked;
mod site_howto;
mod status_chase;

use crate::asserted::Asserted;
use crate::judge::{Chains, Customer};
use crate::ruleset::Ruleset;
use domain::closed::Mechanism;
use domain::{FactId, Proof};
use std::borrow::Cow;

/// What a mechanism may look at.
pub(crate) struct Context<'c> {
    pub(crate) rules: &'c Ruleset,
    pub(crate) customer: &'c Customer,
    pub(crate) chains: &'c Chains,
}

impl Context<'_> {
    fn asserted(&self, i: usize) -> &Asserted {
        &self.customer.contacts()[i].asserted
    }

    /// The contact's reason makes it a candidate for the mechanism.
    fn is_candidate(&self, i: usize, mechanism: Mechanism) -> bool {
        from_words(self.rules, self.asserted(i)).contains(&mechanism)
    }
}

/// The mechanisms that only the customer's words can prove: those of the reason, or, after an erasure, those
/// carried forward.
pub(crate) fn from_words(rules: &Ruleset, asserted: &Asserted) -> Vec<Mechanism> {
    match &asserted.carried {
        Some(carried) => carried.to_vec(),
        None => rules.candidate(&asserted.reason).into_iter().collect(),
    }
}

/// Every proof of one contact, in the order of the mechanisms. A contact of value to both sides has none.
pub(crate) fn prove_all(context: &Context<'_>, i: usize) -> Vec<Proof> {
    if context.rules.is_protected(&context.asserted(i).reason) {
        return Vec::new();
    }
    let proofs = [
        status_chase::prove(context, i),
        public_info::prove(context, i),
        repeat::prove(context, i),
        site_howto::prove(context, i),
        site_blocked::prove(context, i),
        company_error::prove(context, i),
    ];
    proofs.into_iter().flatten().collect()
}

/// The customer's words are enough: the fact that holds them.
fn by_words(context: &Context<'_>, i: usize, mechanism: Mechanism, rule: &'static str) -> Option<Proof> {
    let facts = vec![context.asserted(i).reason_fact];
    context.is_candidate(i, mechanism).then_some(Proof { mechanism, rule: Cow::Borrowed(rule), facts })
}

fn proof(mechanism: Mechanism, rule: &'static str, mut facts: Vec<FactId>) -> Proof {
    facts.sort_unstable();
    facts.dedup();
    Proof { mechanism, rule: Cow::Borrowed(rule), facts }
}
