//! The byte form of judge's state.

use super::customer::{Customer, Held, HeldFact};
use super::{Everybody, Judge};
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
            w.list(customer.contacts().iter(), write_held);
            w.list(customer.held_facts().iter(), |w, held| {
                w.option(held.said, |w, said| w.raw(&said.to_le_bytes()));
                held.fact.write(w);
            });
        });
        let mut nobody: Vec<_> = self.nobody.values().collect();
        nobody.sort_unstable_by_key(|held| held.asserted.contact);
        w.list(nobody.into_iter(), write_held);
        self.everybody.write(&mut w);
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
            customer.hold(r.list(|r| read_held(r, &known))?, r.list(read_fact)?);
            customer.settle();
            customers.insert(key, customer);
            Ok(())
        })?;
        let nobody = r.list(|r| read_held(r, &known))?;
        let nobody = nobody.into_iter().map(|held| (held.asserted.contact, held)).collect();
        let everybody = Everybody::read(&mut r)?;
        r.end()?;
        Ok(Self { rules, customers, nobody, everybody })
    }
}

fn write_held(w: &mut Writer, held: &Held) {
    w.u64(held.sequence.0);
    w.option(held.said, |w, said| w.raw(&said.to_le_bytes()));
    held.asserted.write(w);
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

fn read_fact(r: &mut Reader<'_>) -> Result<HeldFact, Damaged> {
    let said = r.option(Reader::fixed_u64)?;
    Ok(HeldFact { said, fact: Arc::new(CustomerFact::read(r)?) })
}
