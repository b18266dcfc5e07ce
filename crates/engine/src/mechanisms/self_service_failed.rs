//! `self_service_failed`: a session on the same topic ended without success shortly before (field.md D6; S-09). The last
//! such session counts, so that a failed step followed by a call is one leak at that step.
//!
//! Cleared: a later session on the same path was completed before the contact.
//!
//! Settings: `self_service_window`.

use super::set::{Of, Set};
use super::{Context, Outcome};
use crate::asserted::{CustomerFact, Happened};
use domain::closed::{Mechanism, SelfServiceOutcome};
use domain::{Proof, Span};

pub(super) fn prove<'c>(context: &Context<'c>, i: usize) -> Outcome {
    let a = context.asserted(i);
    let from = a.occurred_at.plus(Span::from_micros(-context.rules.settings().self_service_window.micros()));
    let sessions = context.customer.facts_in(from..=a.occurred_at).rev();
    sessions.fold(Outcome::Nothing, |so_far, fact| so_far.or_else(|| by_session(context, i, fact)))
}

fn by_session<'c>(context: &Context<'c>, i: usize, fact: &'c CustomerFact) -> Outcome {
    let Some(path) = failed(fact) else { return Outcome::Nothing };
    let Some(proof) = proof(context, i, fact, path) else { return Outcome::Nothing };
    match completed_since(context, i, fact, path) {
        None => Outcome::Proven(proof),
        Some(completed) => {
            let facts = Set::default()
                .facts(proof.facts)
                .happened(context.asserted(i), completed)
                .into_facts(context.asserted(i).contact);
            Outcome::Cleared(Proof { rule: "self_service_failed/completed".into(), facts, ..proof })
        }
    }
}

/// The path of a session that ended without success.
fn failed(fact: &CustomerFact) -> Option<&str> {
    match &fact.what {
        Happened::Session {
            path,
            outcome:
                SelfServiceOutcome::Failed | SelfServiceOutcome::Abandoned | SelfServiceOutcome::HandedOver,
            ..
        } => Some(path),
        _ => None,
    }
}

/// By what of the contact it is about the path, each of which is enough: the step that the source names, its products, its
/// reason's topics.
fn about<'c>(context: &Context<'c>, i: usize, path: &'c str) -> impl Iterator<Item = Of<'c>> + use<'c> {
    let more = context.asserted(i).more();
    let of_step =
        |step: &str| step == path || step.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    let by_step = !more.step_heard && more.step.as_deref().is_some_and(of_step);
    by_step.then_some(Of::Step).into_iter().chain(context.by_subject(i, path))
}

fn completed_since<'c>(
    context: &Context<'c>,
    i: usize,
    failed: &CustomerFact,
    path: &str,
) -> Option<&'c CustomerFact> {
    let is_completed = |f: &CustomerFact| matches!(&f.what, Happened::Session { path: p, outcome: SelfServiceOutcome::Completed, .. } if p.as_ref() == path);
    let mut later = context.customer.facts_in(failed.at..=context.asserted(i).occurred_at);
    later.find(|f| (f.at, f.id) > (failed.at, failed.id) && is_completed(f)).map(AsRef::as_ref)
}

fn proof<'c>(context: &Context<'c>, i: usize, fact: &'c CustomerFact, path: &'c str) -> Option<Proof> {
    let a = context.asserted(i);
    let (by, set) = context.fewest(i, about(context, i, path), &Set::default().happened(a, fact))?;
    Some(Proof {
        mechanism: Mechanism::SelfServiceFailed,
        rule: "self_service_failed/session".into(),
        confidence_ppm: context.confidence(i, &[by]),
        seconds: Some(a.occurred_at.since(fact.at).seconds()),
        facts: set.into_facts(a.contact),
    })
}
