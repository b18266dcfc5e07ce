//! What the log holds of chosen contacts. Finding their facts key costs a look at every fact; from there on a
//! record's key says whose it is, and the others need not be decoded.

use super::taxonomy::each_fact;
use crate::instance::{Instance, topic_name};
use anyhow::{Context as _, Result};
use domain::{Body, ContactId, Fact, Offset, Partition, Topic};
use log::{Batch, Limits, Record};
use std::collections::{BTreeMap, BTreeSet};

/// The facts key of each contact, from the records that it was made of. The log is read once: erasures and
/// overrides are rare, and keeping the keys in the state would cost every contact.
pub(super) fn facts_keys(
    instance: &Instance,
    partitions: impl IntoIterator<Item = Partition>,
    contacts: &BTreeSet<ContactId>,
) -> Result<BTreeMap<ContactId, String>> {
    let mut keys = BTreeMap::new();
    for partition in partitions {
        each_fact(instance, Topic::Facts, partition, |fact| {
            if let Some(contact) = contact_of(&fact).filter(|contact| contacts.contains(contact)) {
                keys.insert(contact, fact.key());
            }
        })?;
    }
    Ok(keys)
}

/// The contact that a record makes, or that a leg belongs to.
fn contact_of(fact: &Fact) -> Option<ContactId> {
    matches!(fact.body, Body::ContactRecorded(_)).then(|| fact.root_contact_id())
}

/// The records of these facts keys that lie before `to` in a partition of `facts`, batch after batch.
pub(super) fn each_keyed_batch(
    instance: &Instance,
    partition: Partition,
    keys: &BTreeSet<&str>,
    to: Offset,
    mut see: impl FnMut(Batch) -> Result<()>,
) -> Result<()> {
    let is_wanted = |record: &Record| {
        record.offset < to && std::str::from_utf8(&record.key).is_ok_and(|key| keys.contains(key))
    };
    let mut from = Offset(0);
    while from < to {
        let mut batch = instance
            .log
            .read(&topic_name(Topic::Facts), partition, from, Limits::default())
            .context("cannot read the topic facts")?;
        if batch.is_empty() {
            break;
        }
        from = batch.next;
        batch.records.retain(is_wanted);
        if !batch.is_empty() {
            see(batch)?;
        }
    }
    Ok(())
}
