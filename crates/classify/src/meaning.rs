//! The hash of what a taxonomy means. Two files that no contact and no dimension row can tell apart have one
//! hash: it names the epoch, and a new one costs a fold of the whole log.

use crate::fold::Folding;
use crate::{Conditions, Pattern, Rule, Taxonomy};
use domain::{Channel, Disposition, Mechanism};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Raised when folding or matching changes: the same file then means something else.
const SEMANTICS: &[u8] = b"quell taxonomy 2\0";
/// What plain folding means, and a file whose rules ask for no words: what it meant before there was another
/// folding, so that its epochs stay.
const SEMANTICS_PLAIN: &[u8] = b"quell taxonomy 1\0";

pub(crate) fn of(taxonomy: &Taxonomy) -> [u8; 32] {
    let mut hash = Canon(Sha256::new_with_prefix(semantics(taxonomy)));
    let mut languages: Vec<_> = taxonomy.languages.iter().collect();
    languages.sort();
    hash.texts(languages);
    hash.count(taxonomy.owners.len());
    for owner in taxonomy.owners() {
        hash.text(owner.id.as_str());
        hash.map(&owner.labels);
    }
    hash.count(taxonomy.leaves.len());
    for leaf in taxonomy.leaves() {
        hash.text(leaf.id.as_str());
        hash.map(&leaf.labels);
        hash.option(leaf.owner.as_ref().map(|o| o.as_str()));
        hash.option(leaf.votes.map(|v| v.customer.word()));
        hash.option(leaf.votes.map(|v| v.company.word()));
        hash.option(leaf.disposition.map(Disposition::word));
        hash.option(leaf.mechanism.map(Mechanism::word));
        hash.option(leaf.group.as_deref());
        hash.map(&leaf.meta);
    }
    hash.count(taxonomy.rules.len());
    for rule in &taxonomy.rules {
        hash.rule(rule);
    }
    hash.units(taxonomy);
    hash.near(taxonomy);
    hash.topics(taxonomy);
    hash.0.finalize().into()
}

fn semantics(taxonomy: &Taxonomy) -> &'static [u8] {
    let asks_for_words = |rule: &Rule| rule.has_words() || !rule.none_of.is_empty();
    match taxonomy.folding {
        Folding::Loose if taxonomy.rules.iter().any(asks_for_words) => SEMANTICS,
        _ => SEMANTICS_PLAIN,
    }
}

/// Writes values so that no two different sequences give the same bytes: lengths come first.
struct Canon(Sha256);

impl Canon {
    fn count(&mut self, n: usize) {
        self.0.update((n as u64).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }

    fn option(&mut self, text: Option<&str>) {
        self.0.update([u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }

    /// The unit of every reason; that of `unclassified` is the taxonomy's. A taxonomy without units ends
    /// before, as it did when there were none, so that its epochs stay; what is before tells its own length,
    /// so that nothing can be taken for it.
    fn units(&mut self, taxonomy: &Taxonomy) {
        if taxonomy.leaves().any(|leaf| leaf.unit.is_some()) {
            taxonomy.leaves().for_each(|leaf| self.option(leaf.unit.as_deref()));
        }
    }

    /// Which rules ask for words near each other. As with units, a taxonomy where none does ends before; a
    /// marker that no unit begins with tells the two apart.
    fn near(&mut self, taxonomy: &Taxonomy) {
        for (at, rule) in taxonomy.rules.iter().enumerate() {
            if let Some(near) = &rule.near {
                self.0.update(b"near");
                self.count(at);
                self.texts(&near.words);
                self.count(near.within as usize);
            }
        }
    }

    /// What reasons are about. As with `near`: a taxonomy without topics ends before.
    fn topics(&mut self, taxonomy: &Taxonomy) {
        for (at, leaf) in taxonomy.leaves().enumerate() {
            if !leaf.topics.is_empty() {
                let mut topics: Vec<_> = leaf.topics.iter().collect();
                topics.sort();
                self.0.update(b"about");
                self.count(at);
                self.texts(topics);
            }
        }
    }

    fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a String, IntoIter: ExactSizeIterator>) {
        let texts = texts.into_iter();
        self.count(texts.len());
        texts.for_each(|text| self.text(text));
    }

    fn map(&mut self, map: &BTreeMap<String, String>) {
        self.count(map.len());
        for (key, value) in map {
            self.text(key);
            self.text(value);
        }
    }

    fn rule(&mut self, rule: &Rule) {
        self.text(rule.id.as_str());
        self.text(rule.reason.as_str());
        self.texts(&rule.phrases);
        self.option(rule.pattern.as_ref().map(Pattern::as_str));
        self.texts(&rule.none_of.phrases);
        self.option(rule.none_of.pattern.as_ref().map(Pattern::as_str));
        self.conditions(&rule.conditions);
    }

    fn conditions(&mut self, conditions: &Conditions) {
        self.count(conditions.channels.len());
        conditions.channels.iter().copied().map(Channel::word).for_each(|word| self.text(word));
        self.texts(&conditions.languages);
        self.texts(&conditions.source_reasons);
        self.count(conditions.attributes.len());
        for (key, values) in &conditions.attributes {
            self.text(key);
            self.texts(values);
        }
    }
}
