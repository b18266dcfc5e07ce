//! The classifier against a naive reading of the same rules: each rule in turn, each phrase and expression
//! tried on the whole text, nothing shared with the crate but the folding.

use classify::fold::fold;
use classify::{Classified, Classifier, Input, Taxonomy};
use domain::{Channel, ReasonBasis};
use proptest::prelude::*;
use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A rule as generated. Expressions come in two spellings: the file's, and the one that says outright that
/// word boundaries and Perl classes are ASCII.
#[derive(Debug, Clone)]
struct Plain {
    priority: u32,
    phrases: Vec<String>,
    regex: Option<(String, String)>,
    unless_phrases: Vec<String>,
    unless_regex: Option<(String, String)>,
    channel: Option<Channel>,
    language: Option<&'static str>,
    codes: Vec<&'static str>,
    attribute: Option<&'static str>,
}

impl Plain {
    fn toml(&self, out: &mut String) {
        writeln!(
            out,
            "[[reason]]\nid = 'r{0}'\nlabel = {{ en = 'x', es = 'x' }}\n[[reason.rule]]\nid = 'u{0}'",
            self.priority
        )
        .unwrap();
        writeln!(out, "priority = {}", self.priority).unwrap();
        list(out, "phrases", &self.phrases);
        list(out, "none_of.phrases", &self.unless_phrases);
        list(out, "source_reason", &self.codes);
        list(out, "channels", &self.channel.iter().map(|c| c.word()).collect::<Vec<_>>());
        list(out, "languages", &Vec::from_iter(self.language));
        list(out, "attributes.shop", &Vec::from_iter(self.attribute));
        for (key, regex) in [("regex", &self.regex), ("none_of.regex", &self.unless_regex)] {
            if let Some((ours, _)) = regex {
                writeln!(out, "{key} = '{ours}'").unwrap();
            }
        }
    }

    /// Its expression, and the one that excludes.
    fn compiled(&self) -> [Option<Regex>; 2] {
        [&self.regex, &self.unless_regex]
            .map(|regex| regex.as_ref().map(|(_, theirs)| Regex::new(theirs).unwrap()))
    }

    /// Span in the folded text and basis, if it matches.
    fn matching(
        &self,
        regexes: &[Option<Regex>; 2],
        folded: &str,
        input: &Input<'_>,
    ) -> Option<(usize, usize, ReasonBasis)> {
        let find = |regex: &Option<Regex>| {
            let found = regex.as_ref()?.find(folded.as_bytes())?;
            Some((found.start(), found.end()))
        };
        let holds = self.channel.is_none_or(|c| c == input.channel)
            && self
                .language
                .is_none_or(|l| input.language.is_some_and(|tag| tag.split('-').next() == Some(l)))
            && (self.codes.is_empty() || input.source_reason.is_some_and(|code| self.codes.contains(&code)))
            && self.attribute.is_none_or(|a| input.attributes.get("shop").is_some_and(|value| value == a));
        let excluded = self.unless_phrases.iter().any(|phrase| folded.contains(&fold(phrase)))
            || find(&regexes[1]).is_some();
        if !holds || excluded {
            return None;
        }
        if self.phrases.is_empty() && self.regex.is_none() {
            let basis = if self.codes.is_empty() { ReasonBasis::Rule } else { ReasonBasis::Source };
            return Some((0, 0, basis));
        }
        let mut places = Vec::new();
        for phrase in self.phrases.iter().map(|phrase| fold(phrase)) {
            places.extend(folded.find(&phrase).map(|at| (at, at + phrase.len())));
        }
        places.sort_by_key(|&(from, to)| (from, usize::MAX - to));
        let (from, to) = places.first().copied().or_else(|| find(&regexes[0]))?;
        Some((from, to, ReasonBasis::Rule))
    }
}

fn list<T: AsRef<str>>(out: &mut String, key: &str, values: &[T]) {
    if !values.is_empty() {
        let values: Vec<_> = values.iter().map(|value| format!("'{}'", value.as_ref())).collect();
        writeln!(out, "{key} = [{}]", values.join(", ")).unwrap();
    }
}

fn phrases(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[abAáñ 1]{0,3}[abÁñ1]", 0..=most)
}

/// An expression that takes at least one character, in both spellings.
fn regex() -> impl Strategy<Value = (String, String)> {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    let part = |ours: &str, theirs: &str| (ours.to_owned(), theirs.to_owned());
    let leaf = prop::sample::select(vec![
        same("a"),
        same("b"),
        same("n"),
        same("ab"),
        same("ba1"),
        same(" "),
        same("€"),
        same("."),
        same("[ab]"),
        same("[^a]"),
        same("(?s:.)"),
        same("(?i:a)"),
        same("^"),
        same("$"),
        part(r"\b", r"(?-u:\b)"),
        part(r"\B", r"(?-u:\B)"),
        part(r"\d", "[0-9]"),
        part(r"\D", "[^0-9]"),
        part(r"\w", "[0-9A-Za-z_]"),
        part(r"[\W1]", "[^0-9A-Za-z_]|1"),
        part(r"\s", r"[ \t\n\x0b\x0c\r]"),
    ]);
    let group = |(a, b): (String, String), tail: &str| (format!("(?:{a}){tail}"), format!("(?:{b}){tail}"));
    let whole = leaf.prop_recursive(4, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(move |parts| join(&parts, "")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(move |parts| join(&parts, "|")),
            (inner, prop::sample::select(vec!["*", "+", "?", "{2}", "{0,3}", "{1,2}?"]))
                .prop_map(move |(part, times)| group(part, times)),
        ]
    });
    let must = prop::sample::select(vec!["a", "b", "1", "n", "(?:a|b)", "(?:ba|1 |€)"]);
    (whole.clone(), must, whole)
        .prop_map(|(before, must, after)| join(&[before, (must.to_owned(), must.to_owned()), after], ""))
}

fn join(parts: &[(String, String)], by: &str) -> (String, String) {
    let one = |of: fn(&(String, String)) -> &String| {
        parts.iter().map(|part| format!("(?:{})", of(part))).collect::<Vec<_>>().join(by)
    };
    (one(|part| &part.0), one(|part| &part.1))
}

fn rule() -> impl Strategy<Value = Plain> {
    let conditions = (
        prop::option::weighted(0.2, prop::sample::select(vec![Channel::Phone, Channel::Email])),
        prop::option::weighted(0.2, prop::sample::select(vec!["es", "en"])),
        prop_oneof![4 => Just(vec![]), 1 => Just(vec!["A"]), 1 => Just(vec!["A", "B"])],
        prop::option::weighted(0.2, prop::sample::select(vec!["x", "y"])),
    );
    let unless = (phrases(1), prop::option::weighted(0.2, regex()));
    (0..1_000_000u32, phrases(3), prop::option::of(regex()), unless, conditions)
        .prop_map(|(priority, phrases, regex, unless, conditions)| Plain {
            priority,
            phrases,
            regex,
            unless_phrases: unless.0,
            unless_regex: unless.1,
            channel: conditions.0,
            language: conditions.1,
            codes: conditions.2,
            attribute: conditions.3,
        })
        .prop_filter("matches every contact", |rule| {
            !rule.phrases.is_empty()
                || rule.regex.is_some()
                || !rule.codes.is_empty()
                || rule.attribute.is_some()
        })
}

fn classify_plainly(
    rules: &[(Plain, [Option<Regex>; 2])],
    input: &Input<'_>,
) -> Option<(u32, usize, usize, ReasonBasis)> {
    let folded = fold(input.text);
    rules.iter().find_map(|(rule, regexes)| {
        let (from, to, basis) = rule.matching(regexes, &folded, input)?;
        Some((rule.priority, from, to, basis))
    })
}

fn as_plain(text: &str, got: &Classified) -> Option<(u32, usize, usize, ReasonBasis)> {
    let evidence = got.evidence.as_ref()?;
    assert_eq!(evidence.rule.as_str()[1..], got.reason.as_str()[1..]);
    let folded_to = |at: u32| fold(&text[..at as usize]).len();
    Some((
        got.reason.as_str()[1..].parse().unwrap(),
        folded_to(evidence.from),
        folded_to(evidence.to),
        got.basis,
    ))
}

/// By priority. Sometimes more than fit in one machine word.
fn rules() -> impl Strategy<Value = BTreeMap<u32, Plain>> {
    let of = |sizes: std::ops::Range<usize>| prop::collection::btree_map(0..1_000_000u32, rule(), sizes);
    prop_oneof![4 => of(1..12), 1 => of(65..80)]
}

/// Compiling expressions is slow without optimisation: few cases by default, PROPTEST_CASES for more.
fn cases() -> u32 {
    ProptestConfig::default().cases / 4
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equals_the_naive_reading(
        rules in rules(),
        texts in prop::collection::vec("[abnAÁáñß 1٣€\n]{0,24}", 12),
        channel in prop::sample::select(vec![Channel::Phone, Channel::Email, Channel::Unknown]),
        language in prop::sample::select(vec![None, Some("es"), Some("en-GB"), Some("fr")]),
        code in prop::sample::select(vec![None, Some("A"), Some("B"), Some("C")]),
        shop in prop::sample::select(vec!["x", "y", "z"]),
    ) {
        // a map, so by ascending priority
        let rules: Vec<_> =
            rules.into_iter().map(|(priority, rule)| Plain { priority, ..rule }).collect();
        let naive: Vec<_> = rules.iter().map(|rule| (rule.clone(), rule.compiled())).collect();
        let mut toml = "name = 'x'\nversion = '1'\nlanguages = ['en', 'es']\n".to_owned();
        rules.iter().rev().for_each(|rule| rule.toml(&mut toml));
        let taxonomy = match Taxonomy::parse(&toml, "x.toml") {
            Ok(taxonomy) => taxonomy,
            Err(mistakes) => return Err(TestCaseError::fail(format!("{}\n{toml}", mistakes[0]))),
        };
        let classifier = Classifier::new(&taxonomy);
        let attributes = BTreeMap::from([("shop".to_owned(), shop.to_owned())]);
        for text in &texts {
            let input = Input { text, channel, language, source_reason: code, attributes: &attributes };
            let got = classifier.classify(&input);
            prop_assert_eq!(as_plain(text, &got), classify_plainly(&naive, &input), "{:?}\n{}", text, toml);
        }
    }
}
