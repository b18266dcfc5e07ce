//! No text makes a classifier work out of proportion to its length: steps are counted, not timed.

use crate::deployed;
use classify::{Classifier, Input, Scratch, Taxonomy};
use domain::Channel;
use std::collections::BTreeMap;

/// Bytes of each text.
const BYTES: usize = 20_000;

/// Steps besides those from byte to byte, for each byte of the text, the most of these texts.
fn steps_a_byte(taxonomy: &Taxonomy, texts: &[String]) -> f64 {
    let classifier = Classifier::new(taxonomy);
    let mut scratch = Scratch::default();
    let attributes = BTreeMap::new();
    let steps = texts.iter().map(|text| {
        let text = text.repeat(BYTES / text.len() + 1);
        let (channel, language, source_reason) = (Channel::Phone, None, None);
        let input = Input { text: &text, channel, language, source_reason, attributes: &attributes };
        classifier.further_with(&mut scratch, &input);
        scratch.steps() as f64 / text.len() as f64
    });
    steps.fold(0.0, f64::max)
}

fn of(rules: &[String]) -> Taxonomy {
    let mut file = "name = 'x'\nversion = '1'\nlanguages = ['en']\n".to_owned();
    for (n, rule) in rules.iter().enumerate() {
        file += &format!(
            "[[reason]]\nid = 'r{n}'\nlabel.en = 'r'\n[[reason.rule]]\nid = 'u{n}'\npriority = {n}\n{rule}\n"
        );
    }
    Taxonomy::parse(&file, "x.toml").unwrap_or_else(|mistakes| panic!("{}", mistakes[0]))
}

/// 200 phrases each within the next, and each a rule of its own besides: at every place all of them end.
#[test]
fn phrases_within_phrases() {
    let nested: Vec<_> = (1..=100).map(|n| format!("'{}'", "ab".repeat(n))).collect();
    let mut rules: Vec<_> = nested.iter().map(|phrase| format!("phrases = [{phrase}]")).collect();
    rules.push(format!("phrases = [{}, 'x']", nested.join(", ")));
    let texts = ["ab", "ba", "abab c", "abababababababx"].map(str::to_owned);
    let most = steps_a_byte(&of(&rules), &texts);
    assert!(most < 5.0, "{most} steps a byte");
}

/// Words of chains at every place, at boundaries or not.
#[test]
fn words_of_chains_without_an_end() {
    let rules = [
        r"regex = '\ba.{0,200}\bb\b'",
        r"regex = '\ba\b.{0,200}\ba\b.{0,200}\bc'",
        r"regex = 'a.{0,200}a.{0,200}a.{0,200}d'",
        r"regex = '\baa.{0,50}\bb\b|\bb\b.{0,50}\ba'",
    ];
    let texts = ["a", "a ", "a b ", "aa ab ", "a á ", "c a "].map(str::to_owned);
    let most = steps_a_byte(&of(&rules.map(str::to_owned)), &texts);
    assert!(most < 15.0, "{most} steps a byte");
}

/// The words of the rules in use, over and over and in every order.
#[test]
fn words_of_the_bench() {
    let taxonomy = deployed("bench.toml");
    let words = |rule: &classify::Rule| {
        let pattern = rule.pattern.iter().map(|pattern| pattern.as_str().to_owned());
        let all = rule.phrases.iter().cloned().chain(pattern).collect::<Vec<_>>().join(" ");
        let words = all.split(|c: char| !c.is_ascii_lowercase()).filter(|word| word.len() > 1);
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let all: Vec<_> = taxonomy.rules().iter().map(words).collect();
    let mut texts: Vec<_> = all.iter().map(|words| words.join(" ")).collect();
    texts.extend(all.iter().map(|words| words.iter().rev().cloned().collect::<Vec<_>>().join(" ")));
    texts.push(all.concat().join(" "));
    let most = steps_a_byte(&taxonomy, &texts);
    assert!(most < 60.0, "{most} steps a byte");
}
