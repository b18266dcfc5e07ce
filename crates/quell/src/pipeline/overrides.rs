//! What persons said of contacts, as the log has it and the engine counts it.

use super::keyed::each_keyed_batch;
use super::taxonomy::each_fact;
use crate::instance::Instance;
use anyhow::Result;
use domain::fact::VerdictOverridden;
use domain::{Body, ContactId, Fact, FactId, Instant, Offset, Partition, Topic};
use std::collections::{BTreeMap, BTreeSet};

/// What persons said of one contact. The newest counts, and counts as a whole.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// By (time, fact id), whatever their order in the log.
    said: BTreeMap<(Instant, FactId), Said>,
}

/// An override in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When it was said.
    pub at: Instant,
    /// What, by whom and why.
    pub said: VerdictOverridden,
}

impl History {
    /// What counts.
    pub fn newest(&self) -> Option<&Said> {
        self.said.last_key_value().map(|(_, said)| said)
    }

    /// Who first gave the reason that counts; nothing where what was found counts.
    pub fn on_reason(&self) -> Option<&Said> {
        self.first_of_newest(|said| said.reason.as_ref())
    }

    /// Who first said whether it was avoidable, as it counts; nothing where what was found counts.
    pub fn on_dumb(&self) -> Option<&Said> {
        self.first_of_newest(|said| said.dumb)
    }

    /// An override repeats what it does not change, so whoever said a part is found before it.
    fn first_of_newest<'s, T: PartialEq>(
        &'s self,
        part: impl Fn(&'s VerdictOverridden) -> Option<T>,
    ) -> Option<&'s Said> {
        let counts = part(&self.newest()?.said)?;
        self.said.values().rev().take_while(|said| part(&said.said).as_ref() == Some(&counts)).last()
    }

    pub(super) fn learn(&mut self, fact: &Fact) {
        if let Body::VerdictOverridden(said) = &fact.body {
            let said = Said { at: fact.occurred_at, said: (**said).clone() };
            self.said.insert((fact.occurred_at, fact.id), said);
        }
    }
}

/// What persons said of a contact, in what lies before `to`.
pub(crate) fn history_of(
    instance: &Instance,
    partition: Partition,
    facts_key: &str,
    contact: ContactId,
    to: Offset,
) -> Result<History> {
    let mut history = History::default();
    each_keyed_batch(instance, partition, &BTreeSet::from([facts_key]), to, |batch| {
        let facts = batch.records.iter().filter_map(|r| codec::decode_fact(&r.value).ok());
        facts.filter(|fact| contact_of(fact) == Some(contact)).for_each(|fact| history.learn(&fact));
        Ok(())
    })?;
    Ok(history)
}

/// What persons said of contacts.
pub(super) fn histories(instance: &Instance) -> Result<BTreeMap<ContactId, History>> {
    let mut histories: BTreeMap<ContactId, History> = BTreeMap::new();
    for partition in instance.fact_partitions() {
        each_fact(instance, Topic::Facts, partition, |fact| {
            if let Some(contact) = contact_of(&fact) {
                histories.entry(contact).or_default().learn(&fact);
            }
        })?;
    }
    Ok(histories)
}

/// The contact that an override is about.
fn contact_of(fact: &Fact) -> Option<ContactId> {
    match &fact.body {
        Body::VerdictOverridden(said) => Some(said.contact),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Origin, Precision, ReasonId};

    /// An override of second `at` by `by`: the reason and whether it was avoidable.
    fn fact(at: i64, by: &str, reason: Option<&str>, dumb: Option<bool>) -> Fact {
        let said = VerdictOverridden {
            contact: ContactId::from_bytes([1; 16]),
            facts_key: "record/crm//1".to_owned(),
            reason: reason.map(ReasonId::new),
            dumb,
            by: by.to_owned(),
            why: "because".to_owned(),
        };
        Fact {
            id: FactId::from_bytes([u8::try_from(at).expect("a small second"); 16]),
            origin: Origin::default(),
            occurred_at: Instant::from_micros(at * 1_000_000).expect("a time"),
            precision: Precision::Second,
            body: Body::VerdictOverridden(Box::new(said)),
        }
    }

    #[test]
    fn whoever_said_what_counts_is_named_and_not_whoever_repeats_it() {
        let facts = [
            fact(1, "a", Some("invoice"), None),
            fact(2, "b", Some("parcel"), None),
            fact(3, "c", Some("invoice"), None),
            fact(4, "d", Some("invoice"), Some(false)),
            fact(5, "e", Some("invoice"), Some(true)),
        ];
        let by = |said: Option<&Said>| said.map(|said| said.said.by.clone());
        let named = |facts: &[&Fact]| {
            let mut history = History::default();
            facts.iter().for_each(|fact| history.learn(fact));
            (by(history.newest()), by(history.on_reason()), by(history.on_dumb()))
        };
        let expect = |newest: &str, reason: &str, dumb: &str| {
            let who = |name: &str| (!name.is_empty()).then(|| name.to_owned());
            (who(newest), who(reason), who(dumb))
        };
        let [a, b, c, d, e] = &facts;
        assert_eq!(named(&[]), expect("", "", ""));
        assert_eq!(named(&[a]), expect("a", "a", ""));
        assert_eq!(named(&[a, b, c]), expect("c", "c", ""));
        assert_eq!(named(&[a, b, c, d]), expect("d", "c", "d"));
        assert_eq!(named(&[a, b, c, d, e]), expect("e", "c", "e"));
        // Whatever their order in the log, and however often.
        assert_eq!(named(&[e, c, a, d, b, c, e]), expect("e", "c", "e"));
        let back = fact(6, "f", None, None);
        assert_eq!(named(&[a, d, &back]), expect("f", "", ""));
    }
}
