//! The classifier: one automaton over all phrases and over the literal pieces of all expressions says which
//! rules may match; those are tried by ascending priority and the first that matches decides.

use crate::{Rule, Taxonomy, fold, limits};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use domain::{Channel, Evidence, ReasonBasis, ReasonId, UNCLASSIFIED};
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
}

/// The rules of one taxonomy, ready to run. Shared by threads without locks.
pub struct Classifier {
    rules: Vec<Rule>,
    automaton: Option<AhoCorasick>,
    /// Which rules the piece with this number speaks for.
    hits: Vec<Vec<Hit>>,
    /// Rules that ask for a code of the source and for no words.
    by_code: HashMap<String, Vec<usize>>,
    /// Rules of which nothing is known beforehand.
    always: Vec<usize>,
    unclassified: ReasonId,
}

/// A piece that was found speaks for a rule.
#[derive(Clone, Copy)]
struct Hit {
    rule: usize,
    /// The piece is a phrase of the rule, not only a part of its expression.
    phrase: bool,
}

impl std::fmt::Debug for Classifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Classifier({} rules)", self.rules.len())
    }
}

impl Classifier {
    /// Compiles the taxonomy's rules.
    pub fn new(taxonomy: &Taxonomy) -> Self {
        let mut made = Self {
            rules: taxonomy.rules().to_vec(),
            automaton: None,
            hits: Vec::new(),
            by_code: HashMap::new(),
            always: Vec::new(),
            unclassified: ReasonId::new(UNCLASSIFIED),
        };
        let mut pieces = BTreeMap::<Vec<u8>, Vec<Hit>>::new();
        let mut room = limits::NEEDLE_BYTES;
        for at in 0..made.rules.len() {
            made.enter(at, &mut pieces, &mut room);
        }
        if !pieces.is_empty() {
            made.automaton = Some(automaton(&pieces));
            made.hits = pieces.into_values().collect();
        }
        made
    }

    /// The reason of a contact.
    pub fn classify(&self, input: &Input<'_>) -> Classified {
        let folded = fold::fold(input.text);
        let candidates = self.candidates(&folded, input.source_reason);
        let matched = candidates.ascending().find_map(|(at, phrase)| {
            let rule = &self.rules[at];
            Some((rule, matching(rule, phrase, &folded, input)?))
        });
        match matched {
            Some((rule, words)) => decided(rule, fold::original_span(input.text, words)),
            None => Classified {
                reason: self.unclassified.clone(),
                basis: ReasonBasis::Unclassified,
                confidence_ppm: 0,
                evidence: None,
            },
        }
    }

    /// Files a rule under what must be there for it to match.
    fn enter(&mut self, at: usize, pieces: &mut BTreeMap<Vec<u8>, Vec<Hit>>, room: &mut usize) {
        let rule = &self.rules[at];
        for phrase in &rule.phrases {
            pieces.entry(phrase.clone().into_bytes()).or_default().push(Hit { rule: at, phrase: true });
        }
        if let Some(pattern) = &rule.pattern {
            let needles = pattern.needles.as_deref().unwrap_or_default();
            let bytes = needles.iter().map(Vec::len).sum::<usize>();
            if needles.is_empty() || bytes > *room {
                self.always.push(at);
            } else {
                *room -= bytes;
                for needle in needles {
                    pieces.entry(needle.clone()).or_default().push(Hit { rule: at, phrase: false });
                }
            }
        } else if rule.phrases.is_empty() && rule.conditions.source_reasons.is_empty() {
            self.always.push(at);
        } else if rule.phrases.is_empty() {
            for code in &rule.conditions.source_reasons {
                self.by_code.entry(code.clone()).or_default().push(at);
            }
        }
    }

    fn candidates(&self, folded: &str, code: Option<&str>) -> Candidates {
        let mut found = Candidates::none_of(self.rules.len());
        let by_code = code.and_then(|code| self.by_code.get(code)).into_iter().flatten();
        self.always.iter().chain(by_code).for_each(|&rule| found.add(Hit { rule, phrase: false }));
        if let Some(automaton) = &self.automaton {
            // a piece speaks once: what it repeats costs no more than reading it
            let mut heard = vec![0u64; self.hits.len().div_ceil(64)];
            for piece in automaton.find_overlapping_iter(folded) {
                let piece = piece.pattern().as_usize();
                let bit = 1 << (piece % 64);
                if heard[piece / 64] & bit == 0 {
                    heard[piece / 64] |= bit;
                    self.hits[piece].iter().for_each(|&hit| found.add(hit));
                }
            }
        }
        found
    }
}

/// Where the rule's words are in the folded text, if it matches. `phrase`: one of its phrases is there.
fn matching(rule: &Rule, phrase: bool, folded: &str, input: &Input<'_>) -> Option<Range<usize>> {
    if !rule.conditions.hold(input) {
        return None;
    }
    let words = if phrase || !rule.has_words() { rule.find(folded) } else { rule.find_pattern(folded) }?;
    (!rule.none_of.is_found(folded)).then_some(words)
}

fn decided(rule: &Rule, words: Range<usize>) -> Classified {
    let by_code = !rule.has_words() && !rule.conditions.source_reasons.is_empty();
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Classified {
        reason: rule.reason.clone(),
        basis: if by_code { ReasonBasis::Source } else { ReasonBasis::Rule },
        confidence_ppm: CERTAIN_PPM,
        evidence: Some(Evidence { rule: rule.id.clone(), from: place(words.start), to: place(words.end) }),
    }
}

fn automaton(pieces: &BTreeMap<Vec<u8>, Vec<Hit>>) -> AhoCorasick {
    let bytes = pieces.keys().map(Vec::len).sum::<usize>();
    let dense = bytes <= limits::DENSE_NEEDLE_BYTES;
    AhoCorasick::builder()
        .kind(Some(if dense { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA }))
        .build(pieces.keys())
        .expect("invariant: the limits on file and needles keep the automaton within 2^31 states")
}

/// Sets of rules, two bits a rule: it may match; one of its phrases is there.
struct Candidates {
    words: Vec<[u64; 2]>,
}

impl Candidates {
    fn none_of(rules: usize) -> Self {
        Self { words: vec![[0; 2]; rules.div_ceil(64)] }
    }

    fn add(&mut self, hit: Hit) {
        let bit = 1 << (hit.rule % 64);
        let word = &mut self.words[hit.rule / 64];
        word[0] |= bit;
        word[1] |= if hit.phrase { bit } else { 0 };
    }

    /// The rules by ascending priority, and whether one of their phrases is there.
    fn ascending(&self) -> impl Iterator<Item = (usize, bool)> {
        self.words.iter().enumerate().flat_map(|(at, &[mut rules, phrases])| {
            std::iter::from_fn(move || {
                let bit = (rules != 0).then(|| rules.trailing_zeros())?;
                rules &= rules - 1;
                Some((at * 64 + bit as usize, phrases >> bit & 1 == 1))
            })
        })
    }
}
