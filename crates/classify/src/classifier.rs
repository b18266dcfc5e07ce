//! The classifier: one pass over the folded text says which rules may match and where their words are; those
//! are tried by ascending priority and the first that matches decides. Most need no second look at the text.

use crate::fold::{Folded, Folding};
use crate::sieve::{Builder, Found, Sieve};
use crate::{Pattern, Rule, Taxonomy, limits};
use domain::{Channel, Evidence, ReasonBasis, ReasonId, UNCLASSIFIED};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Confidence of a rule, in millionths.
const CERTAIN_PPM: i32 = 1_000_000;

/// What is known of a contact.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The customer's words.
    pub text: &'a str,
    /// The channel.
    pub channel: Channel,
    /// BCP 47 tag of the language.
    pub language: Option<&'a str>,
    /// The source's own reason.
    pub source_reason: Option<&'a str>,
    /// Attributes of the source.
    pub attributes: &'a BTreeMap<String, String>,
}

/// Which reason a contact has, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// The reason; `unclassified` is one.
    pub reason: ReasonId,
    /// A rule's words, the source's code, or nothing.
    pub basis: ReasonBasis,
    /// Confidence in millionths: of a rule 1,000,000, of `unclassified` 0.
    pub confidence_ppm: i32,
    /// The rule, and where its words are in the text as given; an empty span where the rule asks for none.
    pub evidence: Option<Evidence>,
    /// Further reasons besides it, by priority, each once; only where they were asked for.
    pub further: Vec<ReasonId>,
}

/// The rules of one taxonomy, ready to run. Shared by threads without locks.
pub struct Classifier {
    rules: Vec<Rule>,
    /// What each rule looks for in the sieve.
    plans: Vec<Plan>,
    sieve: Sieve,
    folding: Folding,
    /// Rules that ask for a code of the source and for no words.
    by_code: HashMap<String, Vec<usize>>,
    /// Rules that ask for neither.
    always: Vec<usize>,
    unclassified: ReasonId,
}

/// Memory that classifying needs, to be used for one contact after the other. It holds the words of the last.
#[derive(Default)]
pub struct Scratch {
    folded: Folded,
    found: Found,
}

/// The clauses of one rule.
struct Plan {
    phrases: Option<usize>,
    pattern: Option<Search>,
    near: Option<usize>,
    barred_phrases: Option<usize>,
    barred_pattern: Option<Search>,
}

/// How an expression is found.
enum Search {
    /// As a chain; these clauses are its branches.
    Chain(Range<usize>),
    /// By running it where this clause is met.
    Run(usize),
}

impl std::fmt::Debug for Classifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Classifier({} rules)", self.rules.len())
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch")
    }
}

impl Scratch {
    /// Work done on the last text besides one step a byte: words found, rules told of them, places looked at. For
    /// tests of what no text may exceed.
    pub const fn steps(&self) -> usize {
        self.found.steps()
    }
}

impl Classifier {
    /// Compiles the taxonomy's rules.
    pub fn new(taxonomy: &Taxonomy) -> Self {
        let rules = taxonomy.rules().to_vec();
        let mut entry = Entry { builder: Builder::default(), room: limits::NEEDLE_BYTES };
        let plans = rules.iter().enumerate().map(|(at, rule)| entry.plan(at, rule)).collect();
        let (mut by_code, mut always) = (HashMap::<String, Vec<usize>>::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.has_words()) {
            if rule.conditions.source_reasons.is_empty() {
                always.push(at);
            }
            for code in &rule.conditions.source_reasons {
                by_code.entry(code.clone()).or_default().push(at);
            }
        }
        let (sieve, folding) = (entry.builder.build(), taxonomy.folding());
        Self { rules, plans, sieve, folding, by_code, always, unclassified: ReasonId::new(UNCLASSIFIED) }
    }

    /// The reason of a contact.
    pub fn classify(&self, input: &Input<'_>) -> Classified {
        self.classify_with(&mut Scratch::default(), input)
    }

    /// [`Self::classify`], the faster the more contacts are classified with one scratch: only the first ones take
    /// memory.
    pub fn classify_with(&self, scratch: &mut Scratch, input: &Input<'_>) -> Classified {
        self.read(scratch, input);
        match self.next_match(scratch, input, 0) {
            Some((at, evidence)) => decided(&self.rules[at], evidence),
            None => self.nothing(),
        }
    }

    /// [`Self::classify_with`], with the further reasons beside the first.
    pub fn classify_fully_with(&self, scratch: &mut Scratch, input: &Input<'_>) -> Classified {
        let mut told = self.told(scratch, input).into_iter();
        let Some((at, evidence)) = told.next() else { return self.nothing() };
        let further = told.map(|(at, _)| self.rules[at].reason.clone()).collect();
        Classified { further, ..decided(&self.rules[at], evidence) }
    }

    fn nothing(&self) -> Classified {
        Classified {
            reason: self.unclassified.clone(),
            basis: ReasonBasis::Unclassified,
            confidence_ppm: 0,
            evidence: None,
            further: Vec::new(),
        }
    }

    /// Further reasons of a contact besides the one that [`Self::classify`] gives: each with its first rule that
    /// matches, by ascending priority, at most [`limits::FURTHER_REASONS`].
    pub fn further(&self, input: &Input<'_>) -> Vec<(ReasonId, Evidence)> {
        self.further_with(&mut Scratch::default(), input)
    }

    /// [`Self::further`] with memory used before.
    pub fn further_with(&self, scratch: &mut Scratch, input: &Input<'_>) -> Vec<(ReasonId, Evidence)> {
        let told = self.told(scratch, input).into_iter().skip(1);
        told.map(|(at, evidence)| (self.rules[at].reason.clone(), evidence)).collect()
    }

    /// The first rule of each reason that matches, by ascending priority: the one that decides, and further ones.
    fn told(&self, scratch: &mut Scratch, input: &Input<'_>) -> Vec<(usize, Evidence)> {
        self.read(scratch, input);
        let mut told: Vec<(usize, Evidence)> = Vec::new();
        let mut from = 0;
        while let Some(at) = scratch.found.next_rule(from).filter(|_| told.len() <= limits::FURTHER_REASONS) {
            let reason = &self.rules[at].reason;
            if told.iter().all(|(known, _)| self.rules[*known].reason != *reason)
                && let Some(evidence) = self.matching(at, scratch, input)
            {
                told.push((at, evidence));
            }
            from = at + 1;
        }
        told
    }

    /// The first rule from this one on that matches.
    fn next_match(
        &self,
        scratch: &mut Scratch,
        input: &Input<'_>,
        mut from: usize,
    ) -> Option<(usize, Evidence)> {
        while let Some(at) = scratch.found.next_rule(from) {
            if let Some(evidence) = self.matching(at, scratch, input) {
                return Some((at, evidence));
            }
            from = at + 1;
        }
        None
    }

    /// Folds the text and finds what rules may match.
    fn read(&self, scratch: &mut Scratch, input: &Input<'_>) {
        scratch.folded.fill(self.folding, input.text);
        self.sieve.read(scratch.folded.bytes(), self.rules.len(), &mut scratch.found);
        let by_code = input.source_reason.and_then(|code| self.by_code.get(code)).into_iter().flatten();
        self.always.iter().chain(by_code).for_each(|&rule| scratch.found.add_rule(rule));
    }

    /// The rule and where its words are in the text as given, if it matches.
    fn matching(&self, at: usize, scratch: &mut Scratch, input: &Input<'_>) -> Option<Evidence> {
        let rule = &self.rules[at];
        if !rule.conditions.hold(input) {
            return None;
        }
        let words = if rule.has_words() { self.words(at, scratch)? } else { 0..0 };
        if self.is_barred(at, scratch) {
            return None;
        }
        let words = scratch.folded.original_span(words);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Some(Evidence { rule: rule.id.clone(), from: place(words.start), to: place(words.end) })
    }

    /// Where the rule's words are in the folded text.
    fn words(&self, at: usize, scratch: &mut Scratch) -> Option<Range<usize>> {
        let (rule, plan) = (&self.rules[at], &self.plans[at]);
        let Scratch { folded, found } = scratch;
        let phrase = plan.phrases.filter(|&clause| found.is_met(&self.sieve, clause));
        phrase
            .and_then(|clause| self.sieve.find(clause, folded.bytes(), found))
            .or_else(|| self.search(plan.pattern.as_ref(), rule.pattern.as_ref(), folded.bytes(), found))
            .or_else(|| {
                plan.near.filter(|&clause| found.is_met(&self.sieve, clause))?;
                rule.near.as_ref()?.find(folded.bytes())
            })
    }

    /// Whether the rule's exclusion is in the folded text.
    fn is_barred(&self, at: usize, scratch: &mut Scratch) -> bool {
        let (rule, plan) = (&self.rules[at], &self.plans[at]);
        let Scratch { folded, found } = scratch;
        let pattern = rule.none_of.pattern.as_ref();
        plan.barred_phrases.is_some_and(|clause| found.is_met(&self.sieve, clause))
            || self.search(plan.barred_pattern.as_ref(), pattern, folded.bytes(), found).is_some()
    }

    fn search(
        &self,
        search: Option<&Search>,
        pattern: Option<&Pattern>,
        folded: &[u8],
        found: &mut Found,
    ) -> Option<Range<usize>> {
        let clauses = match search? {
            Search::Run(clause) => *clause..*clause + 1,
            Search::Chain(branches) => branches.clone(),
        };
        let must_run = matches!(search?, Search::Run(_)) || !found.has_chains();
        let mut first: Option<Range<usize>> = None;
        for clause in clauses {
            if !found.is_met(&self.sieve, clause) {
                continue;
            }
            if must_run {
                return pattern?.find(folded);
            }
            let place = self.sieve.find(clause, folded, found);
            // of branches at one place the first
            first = match (first, place) {
                (Some(first), Some(place)) if place.start >= first.start => Some(first),
                (first, place) => place.or(first),
            };
        }
        first
    }
}

fn decided(rule: &Rule, evidence: Evidence) -> Classified {
    let by_code = !rule.has_words() && !rule.conditions.source_reasons.is_empty();
    Classified {
        reason: rule.reason.clone(),
        basis: if by_code { ReasonBasis::Source } else { ReasonBasis::Rule },
        confidence_ppm: CERTAIN_PPM,
        evidence: Some(evidence),
        further: Vec::new(),
    }
}

/// Rules being entered in the sieve.
struct Entry {
    builder: Builder,
    /// Bytes that the pieces of expressions may still take.
    room: usize,
}

impl Entry {
    fn plan(&mut self, at: usize, rule: &Rule) -> Plan {
        let near = rule.near.as_ref().map(|near| {
            let word = |word: &String| vec![word.clone().into_bytes()];
            self.builder.literals(Some(at), near.words.iter().map(word).collect())
        });
        Plan {
            phrases: self.phrases(Some(at), rule.phrases.iter()),
            pattern: rule.pattern.as_ref().map(|pattern| self.pattern(Some(at), pattern)),
            near,
            barred_phrases: self.phrases(None, rule.none_of.phrases.iter()),
            barred_pattern: rule.none_of.pattern.as_ref().map(|pattern| self.pattern(None, pattern)),
        }
    }

    /// Of phrases at one place the longest is preferred.
    fn phrases<'r>(
        &mut self,
        rule: Option<usize>,
        phrases: impl Iterator<Item = &'r String>,
    ) -> Option<usize> {
        let mut phrases: Vec<_> = phrases.map(|phrase| phrase.clone().into_bytes()).collect();
        phrases.sort_by_key(|phrase| Reverse(phrase.len()));
        (!phrases.is_empty()).then(|| self.builder.literals(rule, vec![phrases]))
    }

    fn pattern(&mut self, rule: Option<usize>, pattern: &Pattern) -> Search {
        if let Some(chain) = pattern.chain.as_ref().filter(|chain| self.take(chain.bytes())) {
            let clauses: Vec<_> = chain.branches.iter().map(|b| self.builder.branch(rule, b)).collect();
            return Search::Chain(clauses[0]..clauses[clauses.len() - 1] + 1);
        }
        let needles = pattern.needles.as_ref().filter(|n| self.take(n.iter().map(Vec::len).sum()));
        Search::Run(match needles {
            Some(needles) => self.builder.literals(rule, vec![needles.clone()]),
            None => self.builder.unknown(rule),
        })
    }

    /// Takes room for so many bytes, if there is.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.room.checked_sub(bytes);
        self.room = left.unwrap_or(self.room);
        left.is_some()
    }
}
