//! One rule of a reason, and when it matches: some words of it are found, all its conditions hold, and none
//! of its exclusions is found. The classifier only decides faster which rules need not be tried.

use crate::{Input, Pattern};
use domain::{Channel, ReasonId, RuleId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// One rule. Rules are tried by ascending priority, and the first that matches decides the reason.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id, unique in the taxonomy.
    pub id: RuleId,
    /// The reason it stands for.
    pub reason: ReasonId,
    /// Its place among all rules, unique; the lowest is tried first.
    pub priority: u32,
    /// Folded phrases; any of them in the folded text is enough.
    pub phrases: BTreeSet<String>,
    /// Regular expression over the folded text, as good as a phrase.
    pub pattern: Option<Pattern>,
    /// What must not be found.
    pub none_of: Exclusion,
    /// What must hold besides.
    pub conditions: Conditions,
}

/// Words that keep a rule from matching.
#[derive(Debug, Clone, Default)]
pub struct Exclusion {
    /// Folded phrases; any of them is enough.
    pub phrases: BTreeSet<String>,
    /// Regular expression over the folded text.
    pub pattern: Option<Pattern>,
}

/// What a contact must have besides words. An empty list asks for nothing; what a contact does not say is
/// never in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Channels.
    pub channels: BTreeSet<Channel>,
    /// Primary language subtags, in lower case: `es` holds for `es-CL`.
    pub languages: BTreeSet<String>,
    /// The source's own codes, exactly as it writes them.
    pub source_reasons: BTreeSet<String>,
    /// Attributes of the source and the values that do, exactly as it writes them.
    pub attributes: BTreeMap<String, BTreeSet<String>>,
}

impl Rule {
    /// Whether the rule asks for words. One that does not goes by the source's code or attributes alone.
    pub fn has_words(&self) -> bool {
        !self.phrases.is_empty() || self.pattern.is_some()
    }

    /// Where the rule's words are in the folded text: the first phrase, of phrases at one place the longest;
    /// where there is none, the expression. A rule without words is found in every text, at no place.
    pub(crate) fn find(&self, folded: &str) -> Option<Range<usize>> {
        if !self.has_words() {
            return Some(0..0);
        }
        self.find_phrase(folded).or_else(|| self.find_pattern(folded))
    }

    pub(crate) fn find_pattern(&self, folded: &str) -> Option<Range<usize>> {
        self.pattern.as_ref().and_then(|pattern| pattern.find(folded))
    }

    fn find_phrase(&self, folded: &str) -> Option<Range<usize>> {
        let places = self.phrases.iter().filter_map(|phrase| {
            let from = folded.find(phrase.as_str())?;
            Some(from..from + phrase.len())
        });
        places.min_by_key(|place| (place.start, Reverse(place.end)))
    }
}

impl Exclusion {
    /// Whether it excludes nothing.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty() && self.pattern.is_none()
    }

    pub(crate) fn is_found(&self, folded: &str) -> bool {
        self.phrases.iter().any(|phrase| folded.contains(phrase.as_str()))
            || self.pattern.as_ref().is_some_and(|pattern| pattern.find(folded).is_some())
    }
}

impl Conditions {
    pub(crate) fn hold(&self, input: &Input<'_>) -> bool {
        let among = |list: &BTreeSet<String>, value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.contains(value))
        };
        (self.channels.is_empty() || self.channels.contains(&input.channel))
            && (self.languages.is_empty() || self.is_language(input.language))
            && among(&self.source_reasons, input.source_reason)
            && self
                .attributes
                .iter()
                .all(|(key, values)| among(values, input.attributes.get(key).map(String::as_str)))
    }

    fn is_language(&self, tag: Option<&str>) -> bool {
        let primary = tag.and_then(|tag| tag.split(['-', '_']).next());
        primary.is_some_and(|primary| self.languages.iter().any(|l| l.eq_ignore_ascii_case(primary)))
    }
}
