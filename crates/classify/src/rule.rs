//! One rule of a reason, and when it matches: some words of it are found, all its conditions hold, and none
//! of its exclusions is found. Of its words the phrases count first (the leftmost, of phrases at one place the
//! longest), then the expression, then the words near each other. A rule without words is found in every text,
//! at no place. The classifier only decides faster which rules need not be tried.

use crate::{Input, Near, Pattern};
use domain::{Channel, ReasonId, RuleId};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Words near each other, as good as a phrase.
    pub near: Option<Near>,
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
        !self.phrases.is_empty() || self.pattern.is_some() || self.near.is_some()
    }
}

impl Exclusion {
    /// Whether it excludes nothing.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty() && self.pattern.is_none()
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
