//! The bench's taxonomy, `deploy/taxonomies/bench.toml`: good in itself, equal to the rules.json it is made
//! from, and classifying as a naive reading of rules.json does.

use crate::{classified, deployed, repository};
use classify::{Classifier, Taxonomy};
use domain::{Disposition, UNCLASSIFIED};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn taxonomy() -> Taxonomy {
    deployed("bench.toml")
}

/// The shared bench, where this checkout has it beside it.
fn rules_json() -> Option<Value> {
    let path = repository().join("../shared/bench/rules.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            println!("SKIPPED: no ../shared ({} is not there)", path.display());
            None
        }
    }
}

#[test]
fn every_example_has_its_reason() {
    let taxonomy = taxonomy();
    let classifier = Classifier::new(&taxonomy);
    let leaves = || taxonomy.leaves().filter(|leaf| leaf.id.as_str() != UNCLASSIFIED);
    assert_eq!((leaves().count(), taxonomy.rules().len()), (40, 120));
    for leaf in leaves() {
        assert!(leaf.examples.positive.len() >= 2 && !leaf.examples.negative.is_empty(), "{}", leaf.id);
        for text in &leaf.examples.positive {
            assert_eq!(classified(&classifier, text).0, leaf.id.as_str(), "{text}");
        }
        for text in &leaf.examples.negative {
            assert_ne!(classified(&classifier, text).0, leaf.id.as_str(), "{text}");
        }
        assert!(leaf.owner.is_some());
        assert_eq!(leaf.mechanism.is_some(), leaf.meta["bench_dumb"] == "true", "{}", leaf.id);
        assert_eq!(leaf.mechanism.is_some(), leaf.disposition == Some(Disposition::Eliminate), "{}", leaf.id);
    }
    let owned: BTreeSet<_> = leaves().filter_map(|leaf| leaf.owner.as_ref()).collect();
    assert_eq!(owned, taxonomy.owners().map(|owner| &owner.id).collect(), "an owner of nothing");
}

#[test]
fn is_made_from_the_rules_file() {
    let Some(file) = rules_json() else { return };
    let taxonomy = taxonomy();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<BTreeSet<_>>();
    let theirs: Vec<_> = file["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            (
                r["priority"].as_u64().unwrap(),
                text(&r["rule_id"]),
                text(&r["reason"]),
                text(&r["regex"]),
                texts(&r["phrases"]),
            )
        })
        .collect();
    let ours: Vec<_> = taxonomy
        .rules()
        .iter()
        .map(|r| {
            let regex = r.pattern.as_ref().map(|p| p.as_str().to_owned()).unwrap_or_default();
            (u64::from(r.priority), r.id.to_string(), r.reason.to_string(), regex, r.phrases.clone())
        })
        .collect();
    assert_eq!(ours, theirs);
    for reason in file["reasons"].as_array().unwrap() {
        let leaf = taxonomy.leaf(&text(&reason["id"])).unwrap();
        if leaf.id.as_str() != UNCLASSIFIED {
            assert_eq!(leaf.group.as_deref(), reason["group"].as_str());
            assert_eq!(leaf.meta["bench_dumb"], reason["dumb"].as_bool().unwrap().to_string());
        }
    }
}

#[test]
fn classifies_as_the_rules_file_says() {
    let Some(file) = rules_json() else { return };
    let naive = Naive::of(&file);
    let classifier = Classifier::new(&taxonomy());
    let pieces = naive.pieces();
    let mut random = Random(20_250_106);
    let mut matched = 0;
    for _ in 0..3_000 {
        let text = random.text(&pieces);
        let expected = naive.classify(&text);
        assert_eq!(classified(&classifier, &text), expected, "{text:?}");
        matched += usize::from(expected.0 != UNCLASSIFIED);
    }
    assert!((1_000..2_900).contains(&matched), "{matched} of 3,000 texts matched: they say little");
}

/// rules.json as WORK.md reads it.
struct Naive {
    fold: BTreeMap<char, char>,
    rules: Vec<(String, String, Matcher)>,
}

enum Matcher {
    Regex(regex::Regex),
    Phrases(Vec<String>),
}

impl Naive {
    fn of(file: &Value) -> Self {
        let first = |text: &str| text.chars().next().unwrap();
        let fold = file["fold"]["map"].as_object().unwrap();
        let fold = fold.iter().map(|(from, to)| (first(from), first(to.as_str().unwrap()))).collect();
        let mut rules: Vec<_> = file["rules"].as_array().unwrap().iter().collect();
        rules.sort_by_key(|rule| rule["priority"].as_u64());
        let rules = rules.into_iter().map(|rule| {
            let matcher = match rule["regex"].as_str() {
                // ASCII word boundaries and digits; everything else is by code point
                Some(regex) => Matcher::Regex(
                    regex::Regex::new(&regex.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]")).unwrap(),
                ),
                None => Matcher::Phrases(
                    rule["phrases"].as_array().unwrap().iter().map(|p| p.as_str().unwrap().into()).collect(),
                ),
            };
            (rule["reason"].as_str().unwrap().into(), rule["rule_id"].as_str().unwrap().into(), matcher)
        });
        Self { fold, rules: rules.collect() }
    }

    fn classify(&self, text: &str) -> (String, String) {
        let folded: String =
            text.to_lowercase().chars().map(|c| self.fold.get(&c).copied().unwrap_or(c)).collect();
        let found = self.rules.iter().find(|(_, _, matcher)| match matcher {
            Matcher::Regex(regex) => regex.is_match(&folded),
            Matcher::Phrases(phrases) => phrases.iter().any(|phrase| folded.contains(phrase)),
        });
        found.map_or((UNCLASSIFIED.into(), String::new()), |(reason, rule, _)| (reason.clone(), rule.clone()))
    }

    /// Words and runs of words that rules are made of, by rule.
    fn pieces(&self) -> Vec<Vec<String>> {
        let words = |text: &str| {
            let parts = text.replace("(?-u:\\b)", "|").replace(".{0,", "|");
            let parts = parts.split(|c: char| !(c.is_ascii_alphabetic() || c == ' '));
            parts.filter(|part| part.trim().len() > 1).map(str::to_owned).collect::<Vec<_>>()
        };
        let pieces = self.rules.iter().map(|(_, _, matcher)| match matcher {
            Matcher::Regex(regex) => words(regex.as_str()),
            Matcher::Phrases(phrases) => phrases.clone(),
        });
        pieces.filter(|pieces| !pieces.is_empty()).collect()
    }
}

/// xorshift64*: the same texts on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    /// A few pieces, mostly of one rule, with what people put between and around them.
    fn text(&mut self, pieces: &[Vec<String>]) -> String {
        let between =
            [" ", " ", " ", ", ", "", " 3 ", " de mi ", " y ¿", "\n", " 12 megas ", " 😡 ", " ñ€", ". My "];
        let rule = self.below(pieces.len());
        let mut text = String::new();
        for _ in 0..1 + self.below(5) {
            let from = if self.below(4) == 0 { self.below(pieces.len()) } else { rule };
            let piece = &pieces[from][self.below(pieces[from].len())];
            text.push_str(piece);
            for _ in 0..1 + self.below(6) / 5 * self.below(12) {
                text.push_str(between[self.below(between.len())]);
            }
        }
        match self.below(6) {
            0 => text.to_uppercase(),
            1 => text.replace('a', "á").replace('n', "ñ").replace('u', "ü"),
            2 => text.replace('o', "Ó"),
            _ => text,
        }
    }
}
