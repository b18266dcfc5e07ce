//! The facts of a proof, put together from what it rests on.

use crate::asserted::{Asserted, CustomerFact, Source};
use domain::{ContactId, FactId};

/// What of a contact a proof rests on, besides that it took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of<'o> {
    /// Its reason.
    Reason,
    /// The reason that it has also without a person's word, because what matters is true of both.
    ReasonBefore,
    /// Who its customer is.
    Customer,
    /// Its case.
    Case,
    /// That it names this order.
    Order(&'o str),
    /// That it names this product.
    Product(&'o str),
    /// The step that its source gives.
    Step,
}

/// What a proof rests on.
#[derive(Debug, Clone, Default)]
pub(super) struct Set<'a> {
    facts: Vec<FactId>,
    contacts: Vec<(&'a Asserted, Vec<Of<'a>>)>,
}

impl<'a> Set<'a> {
    pub(super) fn fact(mut self, fact: FactId) -> Self {
        self.facts.push(fact);
        self
    }

    pub(super) fn facts(mut self, facts: impl IntoIterator<Item = FactId>) -> Self {
        self.facts.extend(facts);
        self
    }

    /// That the contact took place, and has this.
    pub(super) fn contact(mut self, a: &'a Asserted, has: &[Of<'a>]) -> Self {
        let at = self.contacts.iter().position(|(other, _)| other.contact == a.contact);
        match at {
            Some(at) => self.contacts[at].1.extend_from_slice(has),
            None => self.contacts.push((a, has.to_vec())),
        }
        self
    }

    /// Something that happened, and, unless it concerns everybody, that it was to the customer of this contact.
    pub(super) fn happened(self, a: &'a Asserted, fact: &CustomerFact) -> Self {
        let set = self.fact(fact.id);
        if fact.everybody {
            set
        } else {
            set.contact(a, &[Of::Customer]).merged(&a.more().merged, &fact.merged)
        }
    }

    /// That two keys are one customer, by the ways that lead from each to the key that stands for both: what both
    /// ways have in common lies beyond the key where they meet.
    pub(super) fn merged(mut self, one: &[FactId], other: &[FactId]) -> Self {
        self.facts.extend(one.iter().filter(|fact| !other.contains(fact)));
        self.facts.extend(other.iter().filter(|fact| !one.contains(fact)));
        self
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.facts.extend(other.facts);
        other.contacts.into_iter().fold(self, |set, (a, has)| set.contact(a, &has))
    }

    /// How many facts it comes to for the proof of this contact.
    pub(super) fn len(&self, proven: ContactId) -> usize {
        self.clone().into_facts(proven).len()
    }

    /// These facts without those that all the others share: what stands against them only needs what they do not need
    /// themselves, because without that they do not stand.
    pub(super) fn against(self, others: &[Self], proven: ContactId) -> Self {
        let others: Vec<Vec<FactId>> = others.iter().map(|set| set.clone().into_facts(proven)).collect();
        let shared = |fact: &FactId| !others.is_empty() && others.iter().all(|facts| facts.contains(fact));
        let facts = self.into_facts(proven).into_iter().filter(|fact| !shared(fact));
        Self::default().facts(facts)
    }

    /// The facts that prove something of this contact, sorted, each once. Of a contact of several records the fewest
    /// that give what is needed.
    pub(super) fn into_facts(self, proven: ContactId) -> Vec<FactId> {
        let mut facts = self.facts;
        for (a, has) in &self.contacts {
            if a.more().sources.is_empty() {
                facts.push(a.fact);
                facts.extend(has.iter().filter_map(|of| reason_fact(a, of)));
            } else {
                cover(a, has, a.contact == proven, &mut facts);
            }
        }
        facts.sort_unstable();
        facts.dedup();
        facts
    }
}

/// Adds the records that give what is needed and is not given by what is there: one alone where one is enough, else
/// for each need the first that gives it.
fn cover(a: &Asserted, has: &[Of<'_>], is_proven: bool, facts: &mut Vec<FactId>) {
    let sources = &a.more().sources;
    // A sitting takes its identity from its first message, which matters to what is said of itself; a call of legs takes
    // place whichever of them is known.
    if is_proven && !a.of_legs {
        facts.push(a.fact);
    }
    let mut needs = Vec::new();
    for of in has {
        let given = sources.iter().any(|source| facts.contains(&source.fact) && gives(a, source, of));
        let elsewhere = reason_fact(a, of).filter(|fact| sources.iter().all(|source| source.fact != *fact));
        if let Some(fact) = elsewhere {
            facts.push(fact);
        } else if !given {
            needs.push(*of);
        }
    }
    let took_place = sources.iter().any(|source| facts.contains(&source.fact));
    if needs.is_empty() {
        if !took_place {
            facts.push(a.fact);
        }
    } else if let Some(one) = sources.iter().find(|source| needs.iter().all(|of| gives(a, source, of))) {
        facts.push(one.fact);
    } else {
        for of in needs {
            let first = sources.iter().find(|source| gives(a, source, &of));
            facts.push(first.map_or(a.fact, |source| source.fact));
        }
    }
}

/// The fact that gives the reason, where that is asked for.
fn reason_fact(a: &Asserted, of: &Of<'_>) -> Option<FactId> {
    match of {
        Of::Reason => Some(a.reason_fact),
        Of::ReasonBefore => Some(a.more().replaced.as_ref().map_or(a.reason_fact, |replaced| replaced.fact)),
        Of::Customer | Of::Case | Of::Order(_) | Of::Product(_) | Of::Step => None,
    }
}

fn gives(a: &Asserted, source: &Source, of: &Of<'_>) -> bool {
    match of {
        Of::Reason | Of::ReasonBefore => source.reason,
        Of::Customer => source.customer,
        Of::Case => source.case,
        Of::Step => source.step,
        Of::Product(product) => {
            source.products.iter().any(|at| a.more().products[*at as usize].as_ref() == *product)
        }
        Of::Order(order) => source.orders.iter().any(|at| a.orders[*at as usize].as_ref() == *order),
    }
}
