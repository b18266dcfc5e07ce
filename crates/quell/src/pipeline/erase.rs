//! Erasure: what the words had been found to mean is carried forward as facts, then the key is destroyed.
//! In this order: a crash in between leaves the words readable and the erasure to be repeated, never a
//! contact whose reason is lost.

use super::fold::Fold;
use super::keyed::facts_keys;
use crate::ingest;
use crate::instance::Instance;
use crate::progress::Meter;
use anyhow::{Context as _, Result};
use domain::fact::TextErased;
use domain::{Body, CustomerKey, Fact, Identifier, Mechanism, Origin};
use engine::Assemble;
use report::EraseSummary;
use std::collections::{BTreeMap, BTreeSet};

/// Erases the customer whom any of these readings of one identifier names, with every key merged into it.
/// Unknown identifiers are suppressed all the same.
pub fn erase(instance: &Instance, identifiers: &[Identifier]) -> Result<EraseSummary> {
    let mut fold = super::open_fold(instance)?;
    let mut summary = EraseSummary { known: false, contacts: 0 };
    loop {
        fold.catch_up(&Meter::silent())?;
        let keys = known_keys(instance, &fold, identifiers)?;
        let erasures = erasures(instance, &fold, &keys)?;
        summary.known |= !keys.is_empty();
        summary.contacts += erasures.len() as u64;
        ingest::append_facts(instance, erasures)?;
        for key in &keys {
            instance.vault.erase_customer(*key).context("cannot destroy a customer's key")?;
        }
        for identifier in identifiers {
            instance.vault.suppress(identifier).context("cannot suppress an identifier")?;
        }
        // Between the look-up and the suppression another process may have met the customer for the first time.
        if known_keys(instance, &fold, identifiers)?.is_empty() {
            break;
        }
    }
    fold.catch_up(&Meter::silent())?;
    Ok(summary)
}

fn known_keys(
    instance: &Instance,
    fold: &Fold<'_>,
    identifiers: &[Identifier],
) -> Result<BTreeSet<CustomerKey>> {
    let mut keys = BTreeSet::new();
    for identifier in identifiers {
        if let Some(key) = instance.vault.lookup(identifier).context("cannot look up an identifier")? {
            let merged = fold.assemble().first().map_or_else(|| vec![key], |a| a.keys_of(key));
            keys.extend(merged);
        }
    }
    Ok(keys)
}

/// One `TextErased` a contact of these customers.
fn erasures(instance: &Instance, fold: &Fold<'_>, keys: &BTreeSet<CustomerKey>) -> Result<Vec<Fact>> {
    let mut found = BTreeMap::new();
    for key in keys {
        let all = fold.assemble().iter().flat_map(|a: &Assemble| a.contacts_of(*key));
        found.extend(all.map(|(asserted, mechanisms)| (asserted.contact, (asserted, mechanisms))));
        let reasked = fold.judges().iter().flat_map(|judge| judge.reasked(*key));
        for contact in reasked {
            if let Some((_, mechanisms)) = found.get_mut(&contact)
                && !mechanisms.contains(&Mechanism::ReaskedData)
            {
                mechanisms.push(Mechanism::ReaskedData);
            }
        }
    }
    let facts_keys = facts_keys(instance, instance.fact_partitions(), &found.keys().copied().collect())?;
    let (now, epoch) = ((instance.clock)(), fold.epoch().to_string());
    let facts = found.into_values().filter_map(|(asserted, mechanisms)| {
        let contact = asserted.contact;
        let facts_key = facts_keys.get(&contact)?.clone();
        let erased = TextErased {
            contact,
            facts_key,
            reason: asserted.reason.clone(),
            mechanisms,
            epoch: epoch.clone(),
        };
        let origin = Origin { system: "quell".into(), record: contact.to_string(), ..Origin::default() };
        Some(ingest::fact(&instance.vault, origin, now, Body::TextErased(Box::new(erased))))
    });
    Ok(facts.collect())
}
