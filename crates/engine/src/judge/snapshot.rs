//! The byte form of judge's state.

use super::Judge;
use super::customer::{Customer, Held};
use crate::asserted::{Asserted, CustomerFact};
use crate::bytes::{Damaged, Reader, Writer};
use crate::idmap::IdMap;
use crate::ruleset::Ruleset;
use domain::{ContactId, CustomerKey, Sequence};
use std::sync::Arc;

impl Judge {
    /// The state as bytes. Call it between batches.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut w = Writer::default();
        let mut customers: Vec<_> = self.customers.iter().collect();
        customers.sort_unstable_by_key(|(key, _)| **key);
        w.list(customers.into_iter(), |w, (key, customer)| {
            w.raw(key.as_bytes());
            w.list(customer.contacts().iter(), |w, held| {
                w.u64(held.sequence.0);
                w.option(held.said, |w, said| w.raw(&said.to_le_bytes()));
                held.asserted.write(w);
            });
            w.list(customer.facts().iter(), |w, f| f.write(w));
        });
        w.into_bytes()
    }

    /// The state that `bytes` were made from, under the same ruleset. `known` gives the assertion that
    /// assemble already holds of a contact, so that both share it again.
    pub fn restore(
        rules: Arc<Ruleset>,
        bytes: &[u8],
        known: impl Fn(ContactId) -> Option<Arc<Asserted>>,
    ) -> Result<Self, Damaged> {
        let mut r = Reader::new(bytes);
        let mut customers: IdMap<CustomerKey, Customer> = IdMap::default();
        r.list(|r| {
            let key = CustomerKey::from_bytes(r.id()?);
            let mut customer = Customer::default();
            for held in r.list(|r| read_held(r, &known))? {
                customer.hold(held);
            }
            r.list(CustomerFact::read)?.into_iter().for_each(|f| customer.learn(Arc::new(f)));
            customer.settle();
            customers.insert(key, customer);
            Ok(())
        })?;
        r.end()?;
        Ok(Self { rules, customers })
    }
}

fn read_held(
    r: &mut Reader<'_>,
    known: &impl Fn(ContactId) -> Option<Arc<Asserted>>,
) -> Result<Held, Damaged> {
    let sequence = Sequence(r.u64()?);
    let said = r.option(Reader::fixed_u64)?;
    let read = Asserted::read(r)?;
    let shared = known(read.contact).filter(|a| **a == read);
    Ok(Held { sequence, said, asserted: shared.unwrap_or_else(|| Arc::new(read)) })
}
