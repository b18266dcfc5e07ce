//! What is known of one customer.

use crate::asserted::{Asserted, CustomerFact, Happened};
use domain::{ContactId, FactId, Instant, Sequence};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// One contact of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) sequence: Sequence,
    pub(crate) asserted: Arc<Asserted>,
    /// Digest of the verdict last said.
    pub(crate) said: Option<u64>,
}

/// Something that happened to a customer.
#[derive(Debug, Clone)]
pub(crate) struct HeldFact {
    pub(crate) fact: Arc<CustomerFact>,
    /// Digest of what was last said of it: of sessions only.
    pub(crate) said: Option<u64>,
}

/// The contacts of one customer, by (occurred_at, contact_id), and what else happened to them.
#[derive(Debug, Default)]
pub(crate) struct Customer {
    contacts: Vec<Held>,
    facts: Vec<HeldFact>,
    /// Out of order since the last `settle`.
    unsorted: bool,
}

impl Customer {
    pub(crate) fn contacts(&self) -> &[Held] {
        &self.contacts
    }

    pub(crate) fn contacts_mut(&mut self) -> &mut [Held] {
        &mut self.contacts
    }

    pub(crate) fn held_facts(&self) -> &[HeldFact] {
        &self.facts
    }

    pub(crate) fn held_facts_mut(&mut self) -> &mut [HeldFact] {
        &mut self.facts
    }

    /// What happened, in order.
    pub(crate) fn facts(&self) -> impl DoubleEndedIterator<Item = &Arc<CustomerFact>> {
        self.facts.iter().map(|held| &held.fact)
    }

    /// What happened within a span of time, in order.
    pub(crate) fn facts_in(
        &self,
        span: RangeInclusive<Instant>,
    ) -> impl DoubleEndedIterator<Item = &Arc<CustomerFact>> {
        let from = self.facts.partition_point(|held| held.fact.at < *span.start());
        let to = self.facts.partition_point(|held| held.fact.at <= *span.end());
        self.facts.get(from..to).unwrap_or_default().iter().map(|held| &held.fact)
    }

    pub(crate) fn assert(&mut self, sequence: Sequence, asserted: Arc<Asserted>) {
        self.unsorted = true;
        match self.contacts.iter_mut().find(|h| h.asserted.contact == asserted.contact) {
            Some(held) if held.sequence <= sequence => {
                held.sequence = sequence;
                held.asserted = asserted;
            }
            Some(_) => {}
            None => self.contacts.push(Held { sequence, asserted, said: None }),
        }
    }

    /// Puts back what a snapshot held.
    pub(crate) fn hold(&mut self, contacts: Vec<Held>, facts: Vec<HeldFact>) {
        self.unsorted = true;
        self.contacts.extend(contacts);
        self.facts.extend(facts);
    }

    pub(crate) fn retract(&mut self, sequence: Sequence, contact: ContactId) {
        self.contacts.retain(|h| h.asserted.contact != contact || h.sequence > sequence);
    }

    pub(crate) fn learn(&mut self, fact: Arc<CustomerFact>) {
        match self.facts.iter_mut().find(|held| held.fact.id == fact.id) {
            Some(held) => held.fact = fact,
            None => {
                self.facts.push(HeldFact { fact, said: None });
                self.unsorted = true;
            }
        }
    }

    pub(crate) fn unlearn(&mut self, fact: FactId) {
        self.facts.retain(|held| held.fact.id != fact);
    }

    /// Puts everything in its order, which is what verdicts are made from.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.unsorted) {
            self.contacts.sort_by_key(|h| (h.asserted.occurred_at, h.asserted.contact));
            self.facts.sort_by_key(|held| (held.fact.at, held.fact.id));
        }
    }

    /// When the earliest promise that was open at this instant is due.
    pub(crate) fn due_at(&self, at: Instant) -> Option<Instant> {
        let promised = self.facts_in(Instant::MIN..=at).filter_map(|f| match &f.what {
            Happened::Promised { promise, due_at, .. } => Some((promise, *due_at)),
            _ => None,
        });
        promised.filter(|(promise, _)| !self.is_settled(promise, at)).map(|(_, due)| due).min()
    }

    /// Kept or broken, by an instant.
    fn is_settled(&self, promise: &str, at: Instant) -> bool {
        let settles = |f: &Arc<CustomerFact>| matches!(&f.what, Happened::Settled { promise: p, .. } if p.as_ref() == promise);
        self.facts_in(Instant::MIN..=at).any(settles)
    }

    /// The first fact up to an instant that says that a promise was kept.
    pub(crate) fn kept_by(&self, promise: &str, at: Instant) -> Option<&Arc<CustomerFact>> {
        let keeps = |f: &&Arc<CustomerFact>| matches!(&f.what, Happened::Settled { promise: p, kept: true } if p.as_ref() == promise);
        self.facts_in(Instant::MIN..=at).find(keeps)
    }
}
