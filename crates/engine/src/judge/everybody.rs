//! What concerns everybody: outages, holidays, notices to all, and events of orders that name no customer.

use crate::asserted::{Asserted, CustomerFact, Happened};
use crate::bytes::{Damaged, Reader, Writer};
use domain::Span;
use std::collections::HashMap;
use std::sync::Arc;

/// Facts that name no customer, each list by (at, id).
#[derive(Default)]
pub(crate) struct Everybody {
    /// Of one order: they concern whoever names it.
    of_orders: HashMap<Box<str>, Vec<Arc<CustomerFact>>>,
    /// Notices, and events planned for a time of their own: they may matter long after they were stated.
    lasting: Vec<Arc<CustomerFact>>,
    /// The others matter to contacts near them.
    passing: Vec<Arc<CustomerFact>>,
}

impl Everybody {
    /// Takes in a fact; false where it was known.
    pub(crate) fn learn(&mut self, fact: &Arc<CustomerFact>) -> bool {
        let list = match &fact.what {
            Happened::Upstream { order: Some(order), .. } => self.of_orders.entry(order.clone()).or_default(),
            Happened::Noticed { .. } | Happened::Upstream { planned_at: Some(_), .. } => &mut self.lasting,
            _ => &mut self.passing,
        };
        match list.binary_search_by_key(&(fact.at, fact.id), |f| (f.at, f.id)) {
            Ok(_) => false,
            Err(place) => {
                list.insert(place, Arc::clone(fact));
                true
            }
        }
    }

    /// What may matter to a contact: of passing things those at most `reach` away, in no order.
    pub(crate) fn near(&self, a: &Asserted, reach: Span) -> impl Iterator<Item = &CustomerFact> {
        let (from, to) = (a.occurred_at.plus(Span::from_micros(-reach.micros())), a.occurred_at.plus(reach));
        let passing = &self.passing[self.passing.partition_point(|f| f.at < from)..];
        let passing = passing.iter().take_while(move |f| f.at <= to);
        let named = if self.of_orders.is_empty() { &[][..] } else { &a.orders };
        let of_orders = named.iter().filter_map(|order| self.of_orders.get(order)).flatten();
        of_orders.chain(&self.lasting).chain(passing).map(AsRef::as_ref)
    }

    /// Facts held, each of which takes about as much as a contact does.
    pub(crate) fn len(&self) -> usize {
        self.of_orders.values().map(Vec::len).sum::<usize>() + self.lasting.len() + self.passing.len()
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        let mut facts: Vec<_> =
            self.of_orders.values().flatten().chain(&self.lasting).chain(&self.passing).collect();
        facts.sort_unstable_by_key(|f| (f.at, f.id));
        w.list(facts.into_iter(), |w, fact| fact.write(w));
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut everybody = Self::default();
        for fact in r.list(CustomerFact::read)? {
            everybody.learn(&Arc::new(fact));
        }
        Ok(everybody)
    }
}
