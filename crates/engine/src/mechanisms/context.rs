//! What a mechanism may look at.

use super::Proof;
use super::set::{Of, Set};
use crate::asserted::{Asserted, CustomerFact, Replaced};
use crate::judge::{Chains, Customer, Everybody};
use crate::ruleset::Ruleset;
use domain::closed::{Mechanism, UpstreamKind};
use domain::{EngineSettings, ReasonId, Span, UNCLASSIFIED};

/// Confidence of what rests on records alone, in millionths.
pub(super) const CERTAIN: i32 = 1_000_000;

/// What a mechanism may look at.
pub(crate) struct Context<'c> {
    pub(crate) rules: &'c Ruleset,
    pub(crate) customer: &'c Customer,
    pub(crate) everybody: &'c Everybody,
    pub(crate) chains: &'c Chains,
    /// What the taxonomy says of each contact's reason: looked up once.
    pub(crate) reasons: Vec<Reason<'c>>,
}

/// What the taxonomy says of a reason.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reason<'c> {
    /// It is of value to both sides.
    pub(crate) is_protected: bool,
    /// The mechanism that its words make a contact a candidate for.
    pub(crate) candidate: Option<Mechanism>,
    /// What contacts of it are about, besides its own id.
    pub(crate) topics: &'c [String],
}

impl<'c> Context<'c> {
    pub(super) fn asserted(&self, i: usize) -> &'c Asserted {
        &self.customer.contacts()[i].asserted
    }

    /// The mechanism that the words of the contact make it a candidate for.
    fn candidate(&self, i: usize) -> Option<Mechanism> {
        let a = self.asserted(i);
        if a.carried.is_some() { None } else { self.reasons[i].candidate }
    }

    /// The contact's words make it a candidate for the mechanism; after an erasure, they did.
    fn is_candidate(&self, i: usize, mechanism: Mechanism) -> bool {
        let carried = self.asserted(i).carried.as_ref();
        carried.map_or_else(|| self.candidate(i) == Some(mechanism), |carried| carried.contains(&mechanism))
    }

    /// By which reason the contact is a candidate for one of these mechanisms: where it is one without a person's word as
    /// well, the word proves nothing.
    pub(super) fn candidate_for(&self, i: usize, mechanisms: &[Mechanism]) -> Option<Of<'static>> {
        let was = |replaced: &Replaced| match &replaced.carried {
            Some(carried) => mechanisms.iter().any(|mechanism| carried.contains(mechanism)),
            None => self.rules.candidate(&replaced.reason).is_some_and(|m| mechanisms.contains(&m)),
        };
        let before = self.asserted(i).more().replaced.as_ref().is_some_and(was);
        let is_one = mechanisms.iter().any(|mechanism| self.is_candidate(i, *mechanism));
        is_one.then_some(if before { Of::ReasonBefore } else { Of::Reason })
    }

    /// The customer's words are enough.
    pub(super) fn by_words(&self, i: usize, mechanism: Mechanism, rule: &'static str) -> Option<Proof> {
        let by = self.candidate_for(i, &[mechanism])?;
        let a = self.asserted(i);
        Some(Proof {
            mechanism,
            rule: rule.into(),
            confidence_ppm: a.confidence_ppm,
            seconds: None,
            facts: Set::default().contact(a, &[by]).into_facts(a.contact),
        })
    }

    /// What happened to the contact's customer, to everybody near it and to its orders, in order.
    pub(super) fn happened(&self, i: usize) -> Vec<&'c CustomerFact> {
        let everybody = self.everybody.near(self.asserted(i), reach(self.rules.settings()));
        let mut facts: Vec<_> = self.customer.facts().map(AsRef::as_ref).chain(everybody).collect();
        facts.sort_by_key(|f| (f.at, f.id));
        facts
    }

    /// By what of the contact it is about the subject, each of which is enough: one of its products, its reason by one of
    /// its topics.
    pub(super) fn by_subject<'s>(
        &self,
        i: usize,
        subject: &'s str,
    ) -> impl Iterator<Item = Of<'s>> + use<'s> {
        let a = self.asserted(i);
        let is_product = a.more().products.iter().any(|product| product.as_ref() == subject);
        let is_topic = |reason: &ReasonId, topics: &[String]| {
            // Nothing is about what nobody has understood.
            let is_reason = reason.as_str() == subject && subject != UNCLASSIFIED;
            is_reason || topics.iter().any(|topic| topic == subject)
        };
        let before = a
            .more()
            .replaced
            .as_ref()
            .is_some_and(|replaced| is_topic(&replaced.reason, self.rules.topics(&replaced.reason)));
        let by = if before { Of::ReasonBefore } else { Of::Reason };
        let by_reason = is_topic(&a.reason, self.reasons[i].topics).then_some(by);
        is_product.then_some(Of::Product(subject)).into_iter().chain(by_reason)
    }

    /// By what of the contact it is about an event, each of which is enough: the order that the event names, else its
    /// subject.
    pub(super) fn by_event<'s>(
        &self,
        i: usize,
        order: Option<&'s str>,
        subject: Option<&'s str>,
    ) -> Vec<Of<'s>> {
        match (order, subject) {
            (Some(order), _) => {
                self.asserted(i).names(order).then_some(Of::Order(order)).into_iter().collect()
            }
            (None, Some(subject)) => self.by_subject(i, subject).collect(),
            (None, None) => Vec::new(),
        }
    }

    /// Adds of several ways in which the contact is about something, each of which is enough, the one that then makes the
    /// fewest facts, of equals the first.
    pub(super) fn fewest(
        &self,
        i: usize,
        ways: impl Iterator<Item = Of<'c>>,
        set: &Set<'c>,
    ) -> Option<(Of<'c>, Set<'c>)> {
        let a = self.asserted(i);
        let sets = ways.map(|by| (by, set.clone().contact(a, &[by])));
        sets.min_by_key(|(_, set)| set.len(a.contact))
    }

    /// Confidence of a proof that rests on this of the contact: on records alone, or on its reason too.
    pub(super) fn confidence(&self, i: usize, by: &[Of<'_>]) -> i32 {
        if by.iter().any(|of| matches!(of, Of::Reason | Of::ReasonBefore)) {
            self.asserted(i).confidence_ppm
        } else {
            CERTAIN
        }
    }

    /// What the contact's reason waits for: the upstream kinds among its topics that put something right.
    pub(super) fn awaited(&self, i: usize) -> impl Iterator<Item = UpstreamKind> + use<'c> {
        let kinds = self.reasons[i].topics.iter().filter_map(|topic| UpstreamKind::from_word(topic));
        kinds.filter(|kind| kind.corrects_error())
    }
}

/// How far away from a contact something that concerns everybody may matter, unless it lasts.
fn reach(settings: &EngineSettings) -> Span {
    settings.notice_window.max(settings.correction_window).max(settings.document_window)
}
