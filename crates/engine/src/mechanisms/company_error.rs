//! `company_error`: the company's own error had to be corrected (field.md D4). The words tell of it; or a
//! correction, refund, redelivery or confirmed defect about the same thing follows, or something that gives back and
//! answers this very contact.
//!
//! Cleared: the order was cancelled before the refund, so the money had to go back anyway.
//!
//! Settings: `correction_window`.

use super::set::{Of, Set};
use super::{Context, Outcome};
use crate::asserted::{CustomerFact, Happened};
use domain::Proof;
use domain::closed::{Mechanism, UpstreamKind};

pub(super) fn prove<'c>(context: &Context<'c>, i: usize, facts: &[&'c CustomerFact]) -> Outcome {
    Outcome::from(context.by_words(i, Mechanism::CompanyError, "company_error/told"))
        .or_fewer(|| by_what_follows(context, i, facts))
}

/// The earliest that proves it; else the first that would, had it not been cleared.
fn by_what_follows<'c>(context: &Context<'c>, i: usize, facts: &[&'c CustomerFact]) -> Outcome {
    let at = context.asserted(i).occurred_at;
    let window = context.rules.settings().correction_window;
    let follow = facts.iter().filter(|f| f.at >= at && f.at.since(at) <= window);
    let outcomes = follow.map(|fact| answers(context, i, fact).or_else(|| corrects(context, i, fact, facts)));
    outcomes.fold(Outcome::Nothing, |so_far, next| so_far.or_else(|| next))
}

fn answers<'c>(context: &Context<'c>, i: usize, fact: &'c CustomerFact) -> Outcome {
    match &fact.what {
        Happened::Recovered { contact } if *contact == context.asserted(i).contact => {
            let a = context.asserted(i);
            let set = Set::default().contact(a, &[]).happened(a, fact);
            Outcome::Proven(proof(context, i, "company_error/recovered", fact, (&[], set)))
        }
        _ => Outcome::Nothing,
    }
}

/// Only what is about the same thing counts: a refund of something else proves nothing. Nor does what the contact
/// itself waits for: that a refund comes at last is no error.
fn corrects<'c>(
    context: &Context<'c>,
    i: usize,
    fact: &'c CustomerFact,
    facts: &[&'c CustomerFact],
) -> Outcome {
    let Happened::Upstream { kind, order, subject, .. } = &fact.what else { return Outcome::Nothing };
    if !kind.corrects_error() || context.awaited(i).any(|awaited| awaited == *kind) {
        return Outcome::Nothing;
    }
    let a = context.asserted(i);
    let about = context.by_event(i, order.as_deref(), subject.as_deref());
    let set = Set::default().happened(a, fact);
    let Some((by, set)) = context.fewest(i, about.into_iter(), &set) else { return Outcome::Nothing };
    let proof = proof(context, i, "company_error/corrected", fact, (&[by], set));
    match order.as_deref().and_then(|order| cancelled_before(order, fact, facts)) {
        Some(cancelled) if *kind == UpstreamKind::RefundIssued => {
            let facts = Set::default().facts(proof.facts).happened(a, cancelled).into_facts(a.contact);
            Outcome::Cleared(Proof { rule: "company_error/cancelled".into(), facts, ..proof })
        }
        _ => Outcome::Proven(proof),
    }
}

fn cancelled_before<'c>(
    order: &str,
    refund: &CustomerFact,
    facts: &[&'c CustomerFact],
) -> Option<&'c CustomerFact> {
    let is_cancelled = |what: &Happened| matches!(what, Happened::Upstream { kind: UpstreamKind::OrderCancelled, order: Some(o), .. } if o.as_ref() == order);
    facts.iter().find(|f| f.at <= refund.at && is_cancelled(&f.what)).copied()
}

fn proof<'c>(
    context: &Context<'c>,
    i: usize,
    rule: &'static str,
    fact: &'c CustomerFact,
    (by, set): (&[Of<'c>], Set<'c>),
) -> Proof {
    let a = context.asserted(i);
    Proof {
        mechanism: Mechanism::CompanyError,
        rule: rule.into(),
        confidence_ppm: context.confidence(i, by),
        seconds: Some(fact.at.since(a.occurred_at).seconds()),
        facts: set.into_facts(a.contact),
    }
}
