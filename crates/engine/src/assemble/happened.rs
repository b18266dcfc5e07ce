//! What facts other than contacts say, as far as mechanisms need it.

use crate::asserted::{CustomerFact, Happened, JudgeInput};
use domain::closed::{RecoveryOption, UpstreamKind};
use domain::fact::{NotificationSent, RecoveryOffered, UpstreamEvent};
use domain::{Body, CaseId, ContactId, CustomerKey, Fact, Sequence, Session, Stated, Zone};
use std::sync::Arc;

/// What happened to a customer. Facts that no mechanism reads, and those of nobody known, stay in the log.
pub(super) fn to_customer(fact: &Fact) -> Option<(CustomerKey, Happened)> {
    match &fact.body {
        Body::OrderPlaced(o) => Some((o.customer?, Happened::Ordered { order: o.order.as_str().into() })),
        Body::UpstreamEvent(e) => Some((e.customer?, upstream(e)?)),
        Body::NotificationSent(n) => Some((n.customer?, noticed(n))),
        Body::RecoveryOffered(r) => Some((r.customer?, recovered(fact, r)?)),
        Body::PromiseMade(p) => {
            let case = CaseId::of_case(&fact.origin.system, &fact.origin.instance, &p.promise);
            let promise = p.promise.as_str().into();
            Some((p.customer?, Happened::Promised { promise, case, due_at: p.due_at }))
        }
        Body::PromiseSettled(p) => {
            Some((p.customer?, Happened::Settled { promise: p.promise.as_str().into(), kept: p.kept }))
        }
        Body::SelfServiceEnded(s) => {
            let step = s.step.as_deref().map(Box::from);
            Some((s.customer?, Happened::Session { path: s.path.as_str().into(), step, outcome: s.outcome }))
        }
        _ => None,
    }
}

/// What concerns everybody, or whoever the order belongs to that it names.
pub(super) fn to_everybody(fact: &Fact) -> Option<JudgeInput> {
    let what = match &fact.body {
        Body::UpstreamEvent(e) => upstream(e)?,
        Body::NotificationSent(n) => noticed(n),
        _ => return None,
    };
    Some(company(fact, what))
}

/// What makes good a contact of nobody known: it names the contact, wherever that is judged.
pub(super) fn answer_to_nobody(fact: &Fact) -> Option<JudgeInput> {
    match &fact.body {
        Body::RecoveryOffered(r) if r.customer.is_none() => Some(company(fact, recovered(fact, r)?)),
        _ => None,
    }
}

fn company(fact: &Fact, what: Happened) -> JudgeInput {
    let (id, at) = (fact.id, fact.occurred_at);
    JudgeInput::Company {
        fact: Arc::new(CustomerFact { id, at, everybody: true, merged: Box::default(), what }),
    }
}

/// A session of nobody known: no contact can be told to follow it.
pub(super) fn of_nobody(fact: &Fact, zone: &Zone) -> Option<Session> {
    let Body::SelfServiceEnded(s) = &fact.body else { return None };
    Some(Session {
        fact: fact.id,
        judged: Sequence(0),
        occurred_at: fact.occurred_at,
        day: fact.occurred_at.day(zone),
        customer: None,
        path: s.path.as_str().into(),
        step: s.step.as_deref().map(Box::from),
        outcome: s.outcome,
        contact: None,
        leak: None,
    })
}

/// An event that names neither an order nor a subject is about nothing, unless its kind says what it is about.
fn upstream(event: &UpstreamEvent) -> Option<Happened> {
    let nothing = event.order.is_none() && event.subject.is_none() && event.kind == UpstreamKind::Other;
    (!nothing).then(|| Happened::Upstream {
        kind: event.kind,
        order: event.order.as_deref().map(Box::from),
        subject: event.subject.as_deref().map(Box::from),
        planned_at: event.planned_at,
    })
}

fn noticed(notice: &NotificationSent) -> Happened {
    Happened::Noticed { topic: notice.topic.as_str().into() }
}

/// An excuse or a guarantee gives nothing back: only what does says that there was an error.
fn recovered(fact: &Fact, offered: &RecoveryOffered) -> Option<Happened> {
    let gives =
        matches!(offered.option, RecoveryOption::Reoffer | RecoveryOption::Refund | RecoveryOption::Credit);
    let o = &fact.origin;
    let contact = ContactId::of_record(&o.system, &o.instance, offered.record.as_ref()?);
    gives.then_some(Happened::Recovered { contact })
}

/// The fact as a row for whoever asks what a proof rests on.
pub(super) fn stated(fact: &Fact, zone: &Zone) -> Stated {
    let (word, about, due_at) = match &fact.body {
        Body::OrderPlaced(o) => (None, Some(&o.order), None),
        Body::UpstreamEvent(e) => {
            (Some(e.kind.word()), e.order.as_ref().or(e.subject.as_ref()), e.planned_at)
        }
        Body::NotificationSent(n) => (None, Some(&n.topic), None),
        Body::RecoveryOffered(r) => (Some(r.option.word()), r.record.as_ref(), None),
        Body::PromiseMade(p) => (Some(p.kind.word()), Some(&p.promise), Some(p.due_at)),
        Body::PromiseSettled(p) => (Some(if p.kept { "kept" } else { "broken" }), Some(&p.promise), None),
        Body::SelfServiceEnded(s) => (Some(s.outcome.word()), Some(&s.path), None),
        Body::ContactResolved(c) => (Some(c.resolution.word()), Some(&c.case), None),
        Body::ContactReopened(c) => (None, Some(&c.case), None),
        _ => (None, None, None),
    };
    let mut about = about.cloned();
    if let (Body::SelfServiceEnded(s), Some(path)) = (&fact.body, &mut about)
        && let Some(step) = &s.step
    {
        path.push('/');
        path.push_str(step);
    }
    Stated {
        fact: fact.id,
        occurred_at: fact.occurred_at,
        day: fact.occurred_at.day(zone),
        kind: fact.body.name(),
        word,
        about,
        due_at,
    }
}
