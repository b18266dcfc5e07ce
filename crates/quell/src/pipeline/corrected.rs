//! The words of contacts that persons gave a reason, for learning from them.
//!
//! A person's word is about a contact, and nobody said which of its records held the reason: so a contact of several
//! records (legs, messages of a sitting) gives one text, the customer's words of all of them in their order. Which
//! records those are is asked of the engine, as it would make the contact of them now.

use super::decode::decode;
use super::keyed::each_keyed_batch;
use super::overrides::histories;
use crate::instance::Instance;
use anyhow::Result;
use classify::Taxonomy;
use domain::contact::ContactChange;
use domain::{
    Body, ContactId, Fact, FactId, Instant, Offset, Placed, ReasonId, Sequence, Spoken, Topic, Words,
};
use engine::{Assemble, Ruleset};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A contact's words with the reason that a person gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectedText {
    /// The reason.
    pub reason: ReasonId,
    /// The customer's words, a line each record.
    pub text: String,
    /// BCP 47 tag of the language, where a source gave one.
    pub language: Option<String>,
}

/// What persons' corrections give to learn from.
#[derive(Debug, Default)]
pub struct CorrectedTexts {
    /// In order of contact id, which no order of the log changes.
    pub texts: Vec<CorrectedText>,
    /// Contacts left out because some of their words were erased.
    pub erased: u64,
    /// Contacts left out because their source gave no words, or because they are no contacts any more.
    pub without_words: u64,
}

/// The words of every contact whose newest override gives a reason.
pub fn corrected_texts(instance: &Instance) -> Result<CorrectedTexts> {
    let mut reasons: BTreeMap<ContactId, ReasonId> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for (contact, history) in histories(instance)? {
        let newest = history.newest().map(|newest| &newest.said);
        if let Some(said) = newest
            && let Some(reason) = &said.reason
        {
            reasons.insert(contact, reason.clone());
            keys.insert(said.facts_key.clone());
        }
    }
    let contacts = Contacts::read(instance, &keys)?;
    let mut out = CorrectedTexts::default();
    for (contact, reason) in reasons {
        let records = contacts.records(contact);
        let text = join(&records);
        if records.iter().any(|record| record.is_gone) {
            out.erased += 1;
        } else if text.trim().is_empty() {
            out.without_words += 1;
        } else {
            let language = records.iter().find_map(|record| record.language.clone());
            out.texts.push(CorrectedText { reason, text, language });
        }
    }
    Ok(out)
}

fn join(records: &[&Record]) -> String {
    let words: Vec<&str> =
        records.iter().map(|r| r.words.as_str()).filter(|words| !words.is_empty()).collect();
    words.join("\n")
}

/// A record that a contact may be made of.
struct Record {
    id: ContactId,
    occurred_at: Instant,
    words: String,
    language: Option<String>,
    /// It had words, and they were erased.
    is_gone: bool,
}

/// The contacts of some facts keys.
#[derive(Default)]
struct Contacts {
    records: BTreeMap<FactId, Record>,
    /// The facts that each contact is made from.
    made_of: BTreeMap<ContactId, Vec<FactId>>,
}

impl Contacts {
    fn read(instance: &Instance, keys: &BTreeSet<String>) -> Result<Self> {
        let keys = keys.iter().map(String::as_str).collect();
        // Which records make a contact does not depend on what they mean, so any taxonomy will do.
        let config = &instance.config;
        let rules = Arc::new(Ruleset::new(Taxonomy::empty(), None, config.engine, config.zone.clone()));
        let mut contacts = Self::default();
        for partition in instance.fact_partitions() {
            let (mut assemble, mut sequence) = (Assemble::new(Arc::clone(&rules)), Sequence(0));
            each_keyed_batch(instance, partition, &keys, Offset(u64::MAX), |batch| {
                let facts = decode(&instance.vault, Topic::Facts, batch)?.facts;
                facts.iter().for_each(|placed| contacts.keep(&placed.value));
                contacts.make(&mut assemble, facts, sequence);
                sequence = Sequence(sequence.0 + 1);
                Ok(())
            })?;
        }
        Ok(contacts)
    }

    fn keep(&mut self, fact: &Fact) {
        let Body::ContactRecorded(recorded) = &fact.body else { return };
        let record = Record {
            id: fact.contact_id(),
            occurred_at: fact.occurred_at,
            words: recorded.words.open().map(Spoken::customer_words).unwrap_or_default(),
            language: recorded.language.clone(),
            is_gone: matches!(recorded.words, Words::Gone | Words::Sealed(_)),
        };
        self.records.insert(fact.id, record);
    }

    fn make(&mut self, assemble: &mut Assemble, facts: Vec<Placed<Fact>>, sequence: Sequence) {
        for change in assemble.apply(facts, &[], sequence).contacts {
            match change {
                ContactChange::Is(contact) => self.made_of.insert(contact.id, contact.facts),
                ContactChange::Gone { id, .. } => self.made_of.remove(&id),
            };
        }
    }

    /// The records of a contact in the order in which the engine reads them: the one that it is named after, which
    /// is the root of legs and the first message of a sitting, then by time.
    fn records(&self, contact: ContactId) -> Vec<&Record> {
        let facts = self.made_of.get(&contact).into_iter().flatten();
        let mut records: Vec<&Record> = facts.filter_map(|fact| self.records.get(fact)).collect();
        records.sort_by_key(|record| (record.id != contact, record.occurred_at, record.id));
        records
    }
}
