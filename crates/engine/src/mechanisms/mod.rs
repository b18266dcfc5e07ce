//! Why a contact was avoidable (docs/mechanisms.md). Each mechanism has a file with its evidence rules and what
//! clears it; each proof names the rule and a minimal set of facts that is enough for it.
//!
//! A proof is minimal: without any one of its facts it does not stand. So a rule that needs less comes before one that
//! needs more, and never is a fact listed that only makes the proof more likely.

mod broken_promise;
mod company_error;
mod context;
mod policy_made;
mod preventable_by_notice;
mod public_info;
mod reasked_data;
mod repeat;
mod self_service_failed;
mod set;
mod site_blocked;
mod site_howto;
mod status_chase;
mod way;
mod wrong_route;

use crate::asserted::{Asserted, CustomerFact};
use crate::ruleset::Ruleset;
pub(crate) use context::{Context, Reason};
use domain::closed::Mechanism;
use domain::{Instant, Proof, UNCLASSIFIED};
use set::Set;

/// What is found of one contact.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Proven mechanisms, in the order of [`Mechanism::ALL`].
    pub(crate) proofs: Vec<Proof>,
    /// Mechanisms that something on record speaks against, in the same order.
    pub(crate) cleared: Vec<Proof>,
}

/// What one mechanism says of a contact.
enum Outcome {
    /// It does not look like it.
    Nothing,
    /// It is proven.
    Proven(Proof),
    /// It looks like it, and something on record speaks against it.
    Cleared(Proof),
}

impl Outcome {
    /// What `other` says where this is no proof; a clearance stands unless the other one is a proof.
    fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Proven(_) => self,
            Self::Nothing => other(),
            Self::Cleared(_) => match other() {
                proven @ Self::Proven(_) => proven,
                Self::Nothing | Self::Cleared(_) => self,
            },
        }
    }
}

impl Outcome {
    /// Of two proofs the one that needs fewer facts, of equals this one: a proof that another one needs only a part of is
    /// not minimal. Else as [`Self::or_else`].
    fn or_fewer(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Proven(proof) if proof.facts.len() > 1 => match other() {
                Self::Proven(fewer) if fewer.facts.len() < proof.facts.len() => Self::Proven(fewer),
                _ => Self::Proven(proof),
            },
            _ => self.or_else(other),
        }
    }
}

impl From<Option<Proof>> for Outcome {
    fn from(proof: Option<Proof>) -> Self {
        proof.map_or(Self::Nothing, Self::Proven)
    }
}

/// The mechanisms that only the customer's words can prove: those of the reason, or, after an erasure, those
/// carried forward.
pub(crate) fn from_words(rules: &Ruleset, asserted: &Asserted) -> Vec<Mechanism> {
    match &asserted.carried {
        Some(carried) => carried.to_vec(),
        None => {
            let reasked = reasked_data::within(asserted).is_some().then_some(Mechanism::ReaskedData);
            rules.candidate(&asserted.reason).into_iter().chain(reasked).collect()
        }
    }
}

/// Everything that is found of one contact.
pub(crate) fn find_all(context: &Context<'_>, i: usize) -> Found {
    let a = context.asserted(i);
    let is_protected = context.reasons[i].is_protected;
    let mut found = if is_protected { Found::default() } else { find(context, i) };
    match a.dumb {
        Some((false, fact)) => found.clear_all(fact),
        Some((true, fact)) => found.add_said(said(context, i, fact)),
        None => {}
    }
    found
}

fn find(context: &Context<'_>, i: usize) -> Found {
    let mut found = Found::default();
    let facts = context.happened(i);
    for mechanism in Mechanism::ALL {
        match prove(*mechanism, context, i, &facts) {
            Outcome::Nothing => {}
            Outcome::Proven(proof) => found.proofs.push(proof),
            Outcome::Cleared(clearance) => found.cleared.push(clearance),
        }
    }
    found
}

fn prove<'c>(mechanism: Mechanism, context: &Context<'c>, i: usize, facts: &[&'c CustomerFact]) -> Outcome {
    match mechanism {
        Mechanism::StatusChase => status_chase::prove(context, i, facts),
        Mechanism::PublicInfo => public_info::prove(context, i, facts),
        Mechanism::Repeat => repeat::prove(context, i).into(),
        Mechanism::SiteHowto => site_howto::prove(context, i).into(),
        Mechanism::SiteBlocked => site_blocked::prove(context, i).into(),
        Mechanism::CompanyError => company_error::prove(context, i, facts),
        Mechanism::ReaskedData => reasked_data::prove(context, i).into(),
        Mechanism::PreventableByNotice => preventable_by_notice::prove(context, i, facts),
        Mechanism::WrongRoute => wrong_route::prove(context, i),
        Mechanism::BrokenPromise => broken_promise::prove(context, i),
        Mechanism::SelfServiceFailed => self_service_failed::prove(context, i),
        Mechanism::PolicyMade => policy_made::prove(context, i).into(),
    }
}

impl Found {
    /// A person said that it was avoidable, which proves the mechanism whatever else is on record; what is proven with no
    /// more facts stays.
    fn add_said(&mut self, said: Option<Proof>) {
        let Some(said) = said else { return };
        match self.proofs.binary_search_by_key(&said.mechanism, |proof| proof.mechanism) {
            Ok(same) if said.facts.len() < self.proofs[same].facts.len() => self.proofs[same] = said,
            Ok(_) => {}
            Err(place) => self.proofs.insert(place, said),
        }
    }

    /// A person said that it was not avoidable.
    fn clear_all(&mut self, fact: domain::FactId) {
        let cleared = std::mem::take(&mut self.proofs).into_iter().map(|mut proof| {
            proof.rule = format!("{}/said", proof.mechanism.word()).into();
            proof.facts.push(fact);
            proof.facts.sort_unstable();
            proof.facts.dedup();
            proof
        });
        self.cleared.extend(cleared);
        self.cleared.sort_by_key(|proof| proof.mechanism);
    }
}

/// A person said that it was avoidable. The mechanism is the one that the taxonomy names for the reason; without one
/// the flag stands alone.
fn said(context: &Context<'_>, i: usize, fact: domain::FactId) -> Option<Proof> {
    let mechanism = context.rules.named_mechanism(&context.asserted(i).reason)?;
    let rule = format!("{}/said", mechanism.word()).into();
    let facts =
        Set::default().contact(context.asserted(i), &[]).fact(fact).into_facts(context.asserted(i).contact);
    Some(Proof { mechanism, rule, confidence_ppm: context::CERTAIN, seconds: None, facts })
}

/// Whether something that concerns everybody may concern this contact.
pub(crate) fn may_be_concerned(rules: &Ruleset, asserted: &Asserted) -> bool {
    let names_nothing = asserted.orders.is_empty() && asserted.more().products.is_empty();
    let says_nothing = asserted.reason.as_str() == UNCLASSIFIED && names_nothing;
    !says_nothing && !rules.is_protected(&asserted.reason)
}

/// Between which instants contacts lie that something which concerns everybody may concern.
pub(crate) fn concerned(rules: &Ruleset, fact: &CustomerFact) -> (Instant, Instant) {
    preventable_by_notice::concerned(rules, fact)
}
