//! `broken_promise`: something promised was past due (field.md D3; S-24): the words tell of it, or a promise to the
//! customer was due before the contact and not kept by then, and the contact is about it: it is named after the
//! contact's case or order, or the contact chases a status.
//!
//! Cleared, of what the words tell: the customer's promises are known, and each was kept before or not yet due.
//!
//! Settings: `promise_window`.

use super::set::{Of, Set};
use super::{Context, Outcome};
use crate::asserted::{CustomerFact, Happened};
use domain::closed::Mechanism;
use domain::{CaseId, Instant, Proof};

/// A promise to the customer.
struct Promise<'f> {
    fact: &'f CustomerFact,
    name: &'f str,
    case: CaseId,
    due_at: Instant,
}

pub(super) fn prove<'c>(context: &Context<'c>, i: usize) -> Outcome {
    by_words(context, i).or_fewer(|| overdue(context, i))
}

fn by_words<'c>(context: &Context<'c>, i: usize) -> Outcome {
    let Some(told) = context.by_words(i, Mechanism::BrokenPromise, "broken_promise/told") else {
        return Outcome::Nothing;
    };
    let a = context.asserted(i);
    let with = |set: Set<'_>, rule: &'static str| {
        let facts = set.facts(told.facts.iter().copied()).into_facts(a.contact);
        Proof { rule: rule.into(), facts, ..told.clone() }
    };
    let (mut fine, mut broken) = (Vec::new(), None);
    for promise in promises(context, i) {
        let set = Set::default().happened(a, promise.fact);
        match context.customer.kept_by(promise.name, a.occurred_at) {
            Some(kept) => fine.push(set.happened(a, kept)),
            None if promise.due_at >= a.occurred_at => fine.push(set),
            None => {
                broken.get_or_insert(set);
            }
        }
    }
    match broken {
        _ if fine.is_empty() => Outcome::Proven(told),
        None => {
            Outcome::Cleared(with(fine.into_iter().fold(Set::default(), Set::and), "broken_promise/kept"))
        }
        // Among promises that were kept it is the one that was not which makes the words true.
        Some(set) => Outcome::Proven(with(set.against(&fine, a.contact), "broken_promise/told")),
    }
}

/// The promise that has been due for longest and was not kept; else the first that was.
fn overdue<'c>(context: &Context<'c>, i: usize) -> Outcome {
    let a = context.asserted(i);
    let window = context.rules.settings().promise_window;
    let is_late = |p: &Promise<'c>| p.due_at < a.occurred_at && a.occurred_at.since(p.due_at) <= window;
    let mut late: Vec<_> = promises(context, i).filter(is_late).collect();
    late.sort_by_key(|promise| (promise.due_at, promise.fact.id));
    late.iter().fold(Outcome::Nothing, |so_far, promise| so_far.or_else(|| by_promise(context, i, promise)))
}

fn by_promise<'c>(context: &Context<'c>, i: usize, promise: &Promise<'c>) -> Outcome {
    let a = context.asserted(i);
    let set = Set::default().happened(a, promise.fact);
    let Some((by, set)) = context.fewest(i, about(context, i, promise), &set) else {
        return Outcome::Nothing;
    };
    let proof = |rule: &'static str, set: Set<'c>| Proof {
        mechanism: Mechanism::BrokenPromise,
        rule: rule.into(),
        confidence_ppm: context.confidence(i, &[by]),
        seconds: Some(a.occurred_at.since(promise.due_at).seconds()),
        facts: set.into_facts(a.contact),
    };
    match context.customer.kept_by(promise.name, a.occurred_at) {
        Some(kept) => Outcome::Cleared(proof("broken_promise/kept", set.happened(a, kept))),
        None => Outcome::Proven(proof("broken_promise/overdue", set)),
    }
}

/// By what of the contact it is about the promise, each of which is enough.
fn about<'c>(
    context: &Context<'c>,
    i: usize,
    promise: &Promise<'c>,
) -> impl Iterator<Item = Of<'c>> + use<'c> {
    let a = context.asserted(i);
    let chases = context.candidate_for(i, &[Mechanism::StatusChase, Mechanism::BrokenPromise]);
    let order = a.names(promise.name).then_some(Of::Order(promise.name));
    let case = (a.case == Some(promise.case)).then_some(Of::Case);
    [order, case, chases].into_iter().flatten()
}

/// The promises made up to the contact, in order.
fn promises<'c>(context: &Context<'c>, i: usize) -> impl Iterator<Item = Promise<'c>> + use<'c> {
    context.customer.facts_in(Instant::MIN..=context.asserted(i).occurred_at).filter_map(|fact| {
        match &fact.what {
            Happened::Promised { promise, case, due_at } => {
                Some(Promise { fact, name: promise, case: *case, due_at: *due_at })
            }
            _ => None,
        }
    })
}
