//! The classifier against a naive reading of the same rules: each rule in turn, each phrase and expression
//! tried on the whole text, each stretch of words gone through, nothing shared with the crate but the folding.

use classify::fold::Folding;
use classify::{Classifier, Input, Scratch, Taxonomy, limits};
use domain::{Channel, Evidence, ReasonBasis};
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
    near: Option<(Vec<&'static str>, usize)>,
    unless_phrases: Vec<String>,
    unless_regex: Option<(String, String)>,
    channel: Option<Channel>,
    language: Option<&'static str>,
    codes: Vec<&'static str>,
    attribute: Option<&'static str>,
}

impl Plain {
    /// Some rules share a reason.
    const fn reason(&self) -> u32 {
        self.priority % 7
    }

    fn toml(&self, out: &mut String) {
        writeln!(out, "[[reason.rule]]\nid = 'u{0}'\npriority = {0}", self.priority).unwrap();
        list(out, "phrases", &self.phrases);
        list(out, "none_of.phrases", &self.unless_phrases);
        list(out, "source_reason", &self.codes);
        list(out, "channels", &self.channel.iter().map(|c| c.word()).collect::<Vec<_>>());
        list(out, "languages", &Vec::from_iter(self.language));
        list(out, "attributes.shop", &Vec::from_iter(self.attribute));
        if let Some((words, within)) = &self.near {
            writeln!(out, "near = {{ words = {words:?}, within = {within} }}").unwrap();
        }
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

    /// The first stretch of so many words that has all of ours; of those that end there, the shortest.
    fn find_near(&self, folded: &str) -> Option<(usize, usize)> {
        let (ours, within) = self.near.as_ref()?;
        let mut words = Vec::new();
        for (at, c) in folded.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
            match words.last_mut() {
                Some((_, end)) if *end == at => *end += c.len_utf8(),
                _ => words.push((at, at + c.len_utf8())),
            }
        }
        let stretches = (1..=words.len())
            .flat_map(|end| (end.saturating_sub(*within)..end).rev().map(move |start| start..end));
        let mut stretches = stretches.map(|stretch| &words[stretch]);
        let has =
            |stretch: &[(usize, usize)], word: &str| stretch.iter().any(|&(a, b)| folded[a..b] == *word);
        let found = stretches.find(|stretch| ours.iter().all(|&word| has(stretch, word)))?;
        Some((found[0].0, found[found.len() - 1].1))
    }

    /// Span in the folded text and basis, if it matches.
    fn matching(
        &self,
        regexes: &[Option<Regex>; 2],
        fold: impl Fn(&str) -> String,
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
        if self.phrases.is_empty() && self.regex.is_none() && self.near.is_none() {
            let basis = if self.codes.is_empty() { ReasonBasis::Rule } else { ReasonBasis::Source };
            return Some((0, 0, basis));
        }
        let mut places = Vec::new();
        for phrase in self.phrases.iter().map(|phrase| fold(phrase)) {
            places.extend(folded.find(&phrase).map(|at| (at, at + phrase.len())));
        }
        places.sort_by_key(|&(from, to)| (from, usize::MAX - to));
        let found = places.first().copied().or_else(|| find(&regexes[0]));
        let (from, to) = found.or_else(|| self.find_near(folded))?;
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

/// What rules are mostly made of: words, a gap, words. Spelt alike in both spellings but for the boundaries.
fn chain() -> impl Strategy<Value = (String, String)> {
    let words = prop::sample::select(vec![
        "a",
        "(?:a|ab)",
        "(?:ab|a)",
        "(?:b|ba|n)",
        "n?a",
        "(?:ba?|1)",
        "(?:a|1 )b",
        "b[an]",
        "(?:ab){1,2}",
        "a{1,2}?",
        " a",
    ]);
    let boundary = prop::sample::select(vec!["", r"\b"]);
    let gap =
        prop::sample::select(vec![".{0,1}", ".{0,3}", "[^1b]{0,4}", ".{0,30}", ".{0,2}?", ".*", ".{1,2}"]);
    let part = (boundary.clone(), words, boundary)
        .prop_map(|(before, words, after)| format!("{before}{words}{after}"));
    let branch = (part.clone(), prop::collection::vec((gap, part), 0..3))
        .prop_map(|(first, more)| more.iter().fold(first, |all, (gap, part)| all + gap + part));
    let branches = prop::collection::vec(branch, 1..3);
    (branches, prop::sample::select(vec![("", ""), (r"\b(?:", ")"), ("(", ")"), ("(?:", ")1?")])).prop_map(
        |(branches, (before, after))| {
            let ours = format!("{before}{}{after}", branches.join("|"));
            let theirs = ours.replace(r"\b", r"(?-u:\b)");
            (ours, theirs)
        },
    )
}

fn near() -> impl Strategy<Value = (Vec<&'static str>, usize)> {
    let words = prop::sample::subsequence(vec!["a", "ab", "b", "n", "1", "nb", "ß"], 2..4);
    (words, 0usize..4).prop_map(|(words, more)| (words.clone(), words.len() + more))
}

fn rule() -> impl Strategy<Value = Plain> {
    let conditions = (
        prop::option::weighted(0.2, prop::sample::select(vec![Channel::Phone, Channel::Email])),
        prop::option::weighted(0.2, prop::sample::select(vec!["es", "en"])),
        prop_oneof![4 => Just(vec![]), 1 => Just(vec!["A"]), 1 => Just(vec!["A", "B"])],
        prop::option::weighted(0.2, prop::sample::select(vec!["x", "y"])),
    );
    let regex = || prop_oneof![regex(), chain()];
    let words = (phrases(3), prop::option::of(regex()), prop::option::weighted(0.3, near()));
    let unless = (phrases(1), prop::option::weighted(0.2, regex()));
    (0..1_000_000u32, words, unless, conditions)
        .prop_map(|(priority, (phrases, regex, near), unless, conditions)| Plain {
            priority,
            phrases,
            regex,
            near,
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
                || rule.near.is_some()
                || !rule.codes.is_empty()
                || rule.attribute.is_some()
        })
}

/// A rule that matches, where its words are in the text, and the basis.
type Answer = (u32, usize, usize, ReasonBasis);

/// Every rule that matches, by priority.
fn matches_plainly(
    rules: &[(Plain, [Option<Regex>; 2])],
    folding: Folding,
    input: &Input<'_>,
) -> Vec<Answer> {
    let folded = folding.fold(input.text);
    let matches = rules.iter().filter_map(|(rule, regexes)| {
        let (from, to, basis) = rule.matching(regexes, |text| folding.fold(text), &folded, input)?;
        let span = folding.original_span(input.text, from..to);
        Some((rule.priority, span.start, span.end, basis))
    });
    matches.collect()
}

/// The first match, and the first of each other reason.
fn reasons_plainly(matches: &[Answer], reason: impl Fn(u32) -> u32) -> Vec<Answer> {
    let mut firsts: Vec<Answer> = Vec::new();
    for found in matches {
        if firsts.iter().all(|first| reason(first.0) != reason(found.0)) {
            firsts.push(*found);
        }
    }
    firsts
}

/// The priority in the id of the rule, and the span.
fn as_plain(evidence: &Evidence, basis: ReasonBasis) -> Answer {
    (evidence.rule.as_str()[1..].parse().unwrap(), evidence.from as usize, evidence.to as usize, basis)
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
        folding in prop::sample::select(vec![("plain", Folding::Plain), ("loose", Folding::Loose)]),
        texts in prop::collection::vec(
            prop_oneof!["[abnAÁáñß 1٣€\n]{0,24}", "(a|ab|b|n|1|nb|á|bbb| |  ){0,60}", "[ab]{0,40}", "[a ]{200}"],
            12,
        ),
        channel in prop::sample::select(vec![Channel::Phone, Channel::Email, Channel::Unknown]),
        language in prop::sample::select(vec![None, Some("es"), Some("en-GB"), Some("fr")]),
        code in prop::sample::select(vec![None, Some("A"), Some("B"), Some("C")]),
        shop in prop::sample::select(vec!["x", "y", "z"]),
    ) {
        // a map, so by ascending priority
        let rules: Vec<_> =
            rules.into_iter().map(|(priority, rule)| Plain { priority, ..rule }).collect();
        let naive: Vec<_> = rules.iter().map(|rule| (rule.clone(), rule.compiled())).collect();
        let (word, folding) = folding;
        let mut toml = format!("name = 'x'\nversion = '1'\nlanguages = ['en', 'es']\nfolding = '{word}'\n");
        for reason in 0..7 {
            writeln!(toml, "[[reason]]\nid = 'r{reason}'\nlabel = {{ en = 'x', es = 'x' }}").unwrap();
            rules.iter().rev().filter(|rule| rule.reason() == reason).for_each(|rule| rule.toml(&mut toml));
        }
        let taxonomy = match Taxonomy::parse(&toml, "x.toml") {
            Ok(taxonomy) => taxonomy,
            Err(mistakes) => return Err(TestCaseError::fail(format!("{}\n{toml}", mistakes[0]))),
        };
        let classifier = Classifier::new(&taxonomy);
        let attributes = BTreeMap::from([("shop".to_owned(), shop.to_owned())]);
        let mut scratch = Scratch::default();
        for text in &texts {
            let input = Input { text, channel, language, source_reason: code, attributes: &attributes };
            let all = matches_plainly(&naive, folding, &input);
            let got = classifier.classify_with(&mut scratch, &input);
            let first = got.evidence.as_ref().map(|evidence| as_plain(evidence, got.basis));
            prop_assert_eq!(first, all.first().copied(), "{:?}\n{}", text, toml);
            prop_assert_eq!(&got, &classifier.classify(&input));
            if let Some((rule, ..)) = first {
                prop_assert_eq!(got.reason.as_str(), format!("r{}", rule % 7));
            }
            let mut further = reasons_plainly(&all, |rule| rule % 7);
            further.drain(..further.len().min(1));
            further.truncate(limits::FURTHER_REASONS);
            let got = classifier.further_with(&mut scratch, &input);
            for (reason, evidence) in &got {
                let rule = as_plain(evidence, ReasonBasis::Rule).0;
                prop_assert_eq!(reason.as_str(), format!("r{}", rule % 7));
            }
            let got: Vec<_> = got.iter().map(|(_, e)| (e.rule.to_string(), e.from as usize, e.to as usize)).collect();
            let further: Vec<_> = further.iter().map(|(rule, from, to, _)| (format!("u{rule}"), *from, *to)).collect();
            prop_assert_eq!(got, further, "{:?}\n{}", text, toml);
        }
    }
}
