//! `status_chase`: the customer asks how something pending stands (field.md D1). The words prove it: what is asked
//! after counts as open unless the record says otherwise.
//!
//! Cleared, because nothing was left to chase: every order that the contact names was closed before; where it names
//! none, its case was resolved before and not opened again; where it has none either, the customer's orders are known
//! and all were closed before. What closes an order is its delivery or cancellation, unless the reason waits for
//! something else and names it among its topics: a refund is waited for until it is issued.

use super::set::{Of, Set};
use super::{Context, Outcome};
use crate::asserted::{Asserted, CustomerFact, Happened};
use domain::Proof;
use domain::closed::{Mechanism, UpstreamKind};
use std::collections::BTreeMap;

pub(super) fn prove<'c>(context: &Context<'c>, i: usize, facts: &[&'c CustomerFact]) -> Outcome {
    let Some(asked) = context.by_words(i, Mechanism::StatusChase, "status_chase/asked") else {
        return Outcome::Nothing;
    };
    let a = context.asserted(i);
    let with = |rule: &'static str, set: Set<'_>| Proof {
        rule: rule.into(),
        facts: set.facts(asked.facts.iter().copied()).into_facts(a.contact),
        ..asked.clone()
    };
    match pending(context, i, facts) {
        Pending::Presumed => Outcome::Proven(asked),
        Pending::Open(rule, set) => Outcome::Proven(with(rule, set)),
        Pending::Nothing(rule, set) => Outcome::Cleared(with(rule, set)),
    }
}

/// What was open at the contact, and the facts that say so.
enum Pending<'c> {
    /// Nothing on record speaks against what the words say.
    Presumed,
    /// Something was, although other things that it could be about were closed.
    Open(&'static str, Set<'c>),
    /// Nothing was.
    Nothing(&'static str, Set<'c>),
}

fn pending<'c>(context: &Context<'c>, i: usize, facts: &[&'c CustomerFact]) -> Pending<'c> {
    let a = context.asserted(i);
    let before = &facts[..facts.partition_point(|f| f.at <= a.occurred_at)];
    if !a.orders.is_empty() {
        let closed = named_orders_closed(context, i, before);
        closed.map_or(Pending::Presumed, |set| Pending::Nothing("status_chase/order_closed", set))
    } else if a.case.is_some() {
        case_pending(a)
    } else if context.awaited(i).next().is_none() {
        any_order_pending(context, i, before)
    } else {
        Pending::Presumed
    }
}

/// The case counts as open until it is resolved, and again when it is opened again.
fn case_pending(a: &Asserted) -> Pending<'_> {
    let mut changes = a.more().case_changes.iter().filter(|change| change.at <= a.occurred_at);
    let was_resolved = changes.clone().any(|change| !change.open);
    let Some(last) = changes.next_back().filter(|_| was_resolved) else { return Pending::Presumed };
    let set = Set::default().contact(a, &[Of::Case]).fact(last.fact);
    if last.open {
        Pending::Open("status_chase/reopened", set)
    } else {
        Pending::Nothing("status_chase/case_resolved", set)
    }
}

/// The first closing of each order that the contact names; `None` where one of them is open.
fn named_orders_closed<'c>(context: &Context<'c>, i: usize, before: &[&'c CustomerFact]) -> Option<Set<'c>> {
    let a = context.asserted(i);
    let closings = closings(context, i, before);
    a.orders.iter().try_fold(Set::default(), |set, order| {
        let closing = closings.get(order.as_ref())?;
        Some(set.contact(a, &[Of::Order(order)]).happened(a, closing))
    })
}

/// Where some of the customer's orders are known to be closed, one that is not makes the difference.
fn any_order_pending<'c>(context: &Context<'c>, i: usize, before: &[&'c CustomerFact]) -> Pending<'c> {
    let a = context.asserted(i);
    let closings = closings(context, i, before);
    if closings.is_empty() {
        return Pending::Presumed;
    }
    let closed: Vec<Set<'c>> = closings.values().map(|closing| Set::default().happened(a, closing)).collect();
    let mut set = Set::default();
    for fact in before {
        let Happened::Ordered { order } = &fact.what else { continue };
        if !closings.contains_key(order.as_ref()) {
            let open = Set::default().happened(a, fact).against(&closed, a.contact);
            return Pending::Open("status_chase/open_order", open);
        }
        set = set.happened(a, fact);
    }
    Pending::Nothing("status_chase/nothing_open", closed.into_iter().fold(set, Set::and))
}

/// The first closing of each order, up to the contact.
fn closings<'c>(
    context: &Context<'c>,
    i: usize,
    before: &[&'c CustomerFact],
) -> BTreeMap<&'c str, &'c CustomerFact> {
    let mut closings = BTreeMap::new();
    let awaited: Vec<UpstreamKind> = context.awaited(i).collect();
    let closes =
        |kind: UpstreamKind| if awaited.is_empty() { kind.closes_order() } else { awaited.contains(&kind) };
    for fact in before {
        if let Happened::Upstream { kind, order: Some(order), .. } = &fact.what
            && closes(*kind)
        {
            closings.entry(order.as_ref()).or_insert(*fact);
        }
    }
    closings
}
