//! `public_info`: the customer asks what should be findable without asking (field.md D7), or what a document that was
//! sent should have said (D2).
//!
//! Settings: `document_window`.

use super::set::{Of, Set};
use super::{Context, Outcome};
use crate::asserted::{CustomerFact, Happened};
use domain::Proof;
use domain::closed::{Mechanism, UpstreamKind};

pub(super) fn prove<'c>(context: &Context<'c>, i: usize, facts: &[&'c CustomerFact]) -> Outcome {
    let asked = context.by_words(i, Mechanism::PublicInfo, "public_info/asked");
    Outcome::from(asked).or_fewer(|| by_document(context, i, facts).into())
}

/// The last document about the same thing that was sent to this customer.
fn by_document<'c>(context: &Context<'c>, i: usize, facts: &[&'c CustomerFact]) -> Option<Proof> {
    let a = context.asserted(i);
    let window = context.rules.settings().document_window;
    let is_recent = |f: &CustomerFact| f.at <= a.occurred_at && a.occurred_at.since(f.at) <= window;
    let sent = facts.iter().rev().filter(|f| !f.everybody && is_recent(f));
    let proven = |fact: &&'c CustomerFact| {
        let set = Set::default().happened(a, fact);
        context.fewest(i, about(context, i, fact).into_iter(), &set).map(|(by, set)| (*fact, by, set))
    };
    let (fact, by, set) = sent.filter_map(proven).next()?;
    Some(Proof {
        mechanism: Mechanism::PublicInfo,
        rule: "public_info/document".into(),
        confidence_ppm: context.confidence(i, &[by]),
        seconds: Some(a.occurred_at.since(fact.at).seconds()),
        facts: set.into_facts(a.contact),
    })
}

/// By what of the contact it is about the document, each of which is enough.
fn about<'c>(context: &Context<'c>, i: usize, fact: &'c CustomerFact) -> Vec<Of<'c>> {
    match &fact.what {
        Happened::Upstream { kind: UpstreamKind::DocumentSent, order, subject, .. } => {
            context.by_event(i, order.as_deref(), subject.as_deref())
        }
        _ => Vec::new(),
    }
}
