//! What is known of one customer.

use crate::asserted::{Asserted, CustomerFact, Happened};
use domain::{ContactId, Instant, Sequence};
use std::sync::Arc;

/// One contact of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) sequence: Sequence,
    pub(crate) asserted: Arc<Asserted>,
    /// Digest of the verdict last said.
    pub(crate) said: Option<u64>,
}

/// The contacts of one customer, by (occurred_at, contact_id), and what else happened to them.
#[derive(Debug, Default)]
pub(crate) struct Customer {
    contacts: Vec<Held>,
    facts: Vec<Arc<CustomerFact>>,
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

    pub(crate) fn facts(&self) -> &[Arc<CustomerFact>] {
        &self.facts
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
    pub(crate) fn hold(&mut self, held: Held) {
        self.unsorted = true;
        self.contacts.push(held);
    }

    pub(crate) fn retract(&mut self, sequence: Sequence, contact: ContactId) {
        self.contacts.retain(|h| h.asserted.contact != contact || h.sequence > sequence);
    }

    pub(crate) fn learn(&mut self, fact: Arc<CustomerFact>) {
        if !self.facts.iter().any(|f| f.id == fact.id) {
            self.facts.push(fact);
            self.unsorted = true;
        }
    }

    /// Puts everything in its order, which is what verdicts are made from.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.unsorted) {
            self.contacts.sort_by_key(|h| (h.asserted.occurred_at, h.asserted.contact));
            self.facts.sort_by_key(|f| (f.at, f.id));
        }
    }

    /// When the earliest promise that was open at this instant is due.
    pub(crate) fn due_at(&self, at: Instant) -> Option<Instant> {
        let promised = self.facts.iter().filter(|f| f.at <= at).filter_map(|f| match &f.what {
            Happened::Promised { promise, due_at } => Some((promise, *due_at)),
            _ => None,
        });
        promised.filter(|(promise, _)| !self.settled_by(promise, at)).map(|(_, due)| due).min()
    }

    fn settled_by(&self, promise: &str, at: Instant) -> bool {
        self.facts.iter().any(|f| {
            f.at <= at && matches!(&f.what, Happened::Settled { promise: p } if p.as_ref() == promise)
        })
    }
}
