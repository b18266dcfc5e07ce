//! `preventable_by_notice`: the company knew of an outage, a delay, a holiday or another event before the contact, and
//! did not say (S-10). How long before it knew is the proof's time: the "we knew first" rate rests on it.
//!
//! Cleared: a notice about it went to this customer or to all between the event and the contact; or the event was
//! over before: the outage had ended, the order was delivered.
//!
//! Settings: `notice_lead`, `notice_window`.

use super::set::{Of, Set};
use super::{Context, Outcome};
use crate::asserted::{CustomerFact, Happened};
use crate::ruleset::Ruleset;
use domain::closed::{Mechanism, UpstreamKind};
use domain::{Instant, Proof, Span};

/// A planned event, such as a holiday, is asked about until this long after what it was planned for.
const AFTER_PLANNED: Span = Span::from_days(1);

/// Something the company knew.
#[derive(Clone, Copy)]
struct Event<'f> {
    fact: &'f CustomerFact,
    kind: UpstreamKind,
    order: Option<&'f str>,
    subject: Option<&'f str>,
    planned_at: Option<Instant>,
}

pub(super) fn prove<'c>(context: &Context<'c>, i: usize, facts: &[&'c CustomerFact]) -> Outcome {
    let a = context.asserted(i);
    // A planned event may have been known for as long as anybody likes.
    let known_by = a.occurred_at.plus(Span::from_micros(-context.rules.settings().notice_lead.micros()));
    let known = facts[..facts.partition_point(|f| f.at <= known_by)].iter();
    let current =
        known.filter_map(|f| event(f)).filter(|event| is_current(context.rules, event, a.occurred_at));
    current.fold(Outcome::Nothing, |so_far, event| so_far.or_else(|| by_event(context, i, &event, facts)))
}

fn by_event<'c>(context: &Context<'c>, i: usize, event: &Event<'c>, facts: &[&'c CustomerFact]) -> Outcome {
    let Some((by, set)) = about(context, i, event) else { return Outcome::Nothing };
    let proof = proof(context, i, event.fact, by, set);
    match cleared_by(context, i, event, facts) {
        None => Outcome::Proven(proof),
        Some((rule, by)) => {
            let facts = Set::default()
                .facts(proof.facts)
                .happened(context.asserted(i), by)
                .into_facts(context.asserted(i).contact);
            Outcome::Cleared(Proof { rule: rule.into(), facts, ..proof })
        }
    }
}

/// What a notice could have been about. A shipment that leaves, a delivery or a document is itself what customers want
/// to know.
fn event(fact: &CustomerFact) -> Option<Event<'_>> {
    let Happened::Upstream { kind, order, subject, planned_at } = &fact.what else { return None };
    let may_be_told = matches!(
        kind,
        UpstreamKind::ShipmentDelayed
            | UpstreamKind::DeliveryFailed
            | UpstreamKind::OrderCancelled
            | UpstreamKind::DefectConfirmed
            | UpstreamKind::OutageStarted
            | UpstreamKind::CalendarDay
            | UpstreamKind::Campaign
            | UpstreamKind::Released
            | UpstreamKind::Other
    );
    may_be_told.then_some(Event {
        fact,
        kind: *kind,
        order: order.as_deref(),
        subject: subject.as_deref(),
        planned_at: *planned_at,
    })
}

/// Whether a contact at this instant may be about the event.
fn is_current(rules: &Ruleset, event: &Event<'_>, at: Instant) -> bool {
    let window = rules.settings().notice_window;
    match event.planned_at {
        Some(planned) => planned.since(at) <= window && at.since(planned) <= AFTER_PLANNED,
        None => at.since(event.fact.at) <= window,
    }
}

/// By what of the contact it is about the event, with what the proof then rests on.
fn about<'c>(context: &Context<'c>, i: usize, event: &Event<'c>) -> Option<(Of<'c>, Set<'c>)> {
    let a = context.asserted(i);
    let set = Set::default().happened(a, event.fact);
    if let Some(order) = event.order {
        let chases = context.candidate_for(i, &[Mechanism::StatusChase, Mechanism::PreventableByNotice])?;
        return a.names(order).then(|| (chases, set.contact(a, &[Of::Order(order), chases])));
    }
    let by_subject = event.subject.into_iter().flat_map(|subject| context.by_subject(i, subject));
    context.fewest(i, by_subject.chain(context.by_subject(i, event.kind.word())), &set)
}

/// What was told or had ended before the contact.
fn cleared_by<'c>(
    context: &Context<'c>,
    i: usize,
    event: &Event<'c>,
    facts: &[&'c CustomerFact],
) -> Option<(&'static str, &'c CustomerFact)> {
    let at = context.asserted(i).occurred_at;
    let between = facts.iter().filter(|f| event.fact.at <= f.at && f.at <= at);
    between.copied().find_map(|fact| match &fact.what {
        Happened::Noticed { topic } if tells(context, i, event, topic) => {
            Some(("preventable_by_notice/noticed", fact))
        }
        Happened::Upstream { kind, order, subject, .. }
            if ends(event, *kind, order.as_deref(), subject.as_deref()) =>
        {
            Some(("preventable_by_notice/over", fact))
        }
        _ => None,
    })
}

fn tells<'c>(context: &Context<'c>, i: usize, event: &Event<'c>, topic: &str) -> bool {
    let of_event = event.order == Some(topic) || event.subject == Some(topic);
    of_event || context.by_subject(i, topic).next().is_some()
}

fn ends(event: &Event<'_>, kind: UpstreamKind, order: Option<&str>, subject: Option<&str>) -> bool {
    match event.kind {
        UpstreamKind::OutageStarted => kind == UpstreamKind::OutageEnded && subject == event.subject,
        UpstreamKind::ShipmentDelayed | UpstreamKind::DeliveryFailed => {
            kind.closes_order() && order.is_some() && order == event.order
        }
        _ => false,
    }
}

fn proof<'c>(context: &Context<'c>, i: usize, fact: &'c CustomerFact, by: Of<'c>, set: Set<'c>) -> Proof {
    let a = context.asserted(i);
    Proof {
        mechanism: Mechanism::PreventableByNotice,
        rule: "preventable_by_notice/known".into(),
        confidence_ppm: context.confidence(i, &[by]),
        seconds: Some(a.occurred_at.since(fact.at).seconds()),
        facts: set.into_facts(a.contact),
    }
}

/// Between which instants contacts lie that a fact which names no customer may concern.
pub(super) fn concerned(rules: &Ruleset, fact: &CustomerFact) -> (Instant, Instant) {
    let settings = rules.settings();
    match &fact.what {
        // A notice may be about something planned for any time, and an order stays closed.
        Happened::Noticed { .. } => (fact.at, Instant::MAX),
        Happened::Upstream { order: Some(_), .. } => {
            (before(fact.at, settings.correction_window), Instant::MAX)
        }
        // A correction says something of contacts before it, an event of contacts after it.
        Happened::Upstream { planned_at, .. } => {
            let to = fact.at.plus(settings.notice_window);
            let planned = planned_at.map_or(to, |planned| planned.plus(AFTER_PLANNED));
            (before(fact.at, settings.correction_window), to.max(planned))
        }
        _ => (before(fact.at, settings.correction_window), fact.at),
    }
}

fn before(at: Instant, span: Span) -> Instant {
    at.plus(Span::from_micros(-span.micros()))
}
