//! Every size has a limit, and a file beyond it is refused with its line, quickly.

use classify::{Classifier, Input, Taxonomy, limits};
use domain::{Channel, ReasonBasis, UNCLASSIFIED};
use std::collections::BTreeMap;

const HEAD: &str = "name = 'x'\nversion = '1'\nlanguages = ['en']\n";

fn mistakes(text: &str) -> Vec<String> {
    let found = Taxonomy::parse(text, "x.toml").map(|_| ()).unwrap_err();
    found.iter().map(|m| format!("{}: {}", m.line, m.message)).collect()
}

fn reason(n: usize, rules: &str) -> String {
    format!("[[reason]]\nid = 'r{n}'\nlabel.en = 'r'\n{rules}")
}

fn rule(n: usize, words: &str) -> String {
    format!("[[reason.rule]]\nid = 'u{n}'\npriority = {n}\n{words}\n")
}

#[test]
fn counts() {
    let reasons = |n: usize| HEAD.to_owned() + &(0..n).map(|n| reason(n, "")).collect::<String>();
    assert!(Taxonomy::parse(&reasons(limits::REASONS), "x").is_ok());
    assert_eq!(
        mistakes(&reasons(limits::REASONS + 1)),
        ["3004: too many entries: 1001, expected at most 1000"]
    );

    let rules =
        |n| HEAD.to_owned() + &reason(0, &(0..n).map(|n| rule(n, "phrases = ['a']")).collect::<String>());
    assert!(Taxonomy::parse(&rules(limits::RULES), "x").is_ok());
    assert_eq!(mistakes(&rules(limits::RULES + 1)).len(), 1);

    let split = format!("{}{}", rules(limits::RULES), reason(1, &rule(99_999, "phrases = ['a']")));
    assert_eq!(mistakes(&split), ["40010: too many rules, expected at most 10000 in all"]);
}

#[test]
fn sizes() {
    let with = |words: &str| HEAD.to_owned() + &reason(0, &rule(1, words));
    let cases = [
        (format!("phrases = ['{}']", "a".repeat(200)), None),
        (format!("phrases = ['{}']", "a".repeat(201)), Some("10: text of 201 bytes, expected at most 200")),
        (format!("regex = '{}'", "a".repeat(1_000)), None),
        (format!("regex = '{}'", "a".repeat(1_001)), Some("10: text of 1001 bytes, expected at most 1000")),
        ("regex = 'a.{0,1000}b'".into(), None),
        (
            "regex = 'a{100000}'".into(),
            Some("10: regex: too large when compiled, expected at most 1048576 bytes: repeat less"),
        ),
        (
            "regex = '(?:(?:(?:a{1000}){1000}){1000}){1000000}'".into(),
            Some("10: regex: weighs 1000000000000000, expected at most 1000000: what others have left"),
        ),
    ];
    for (words, expected) in cases {
        match expected {
            Some(expected) => assert_eq!(mistakes(&with(&words)), [expected]),
            None => assert!(Taxonomy::parse(&with(&words), "x").is_ok(), "{words}"),
        }
    }
    let long = "#".repeat(limits::FILE_BYTES);
    assert_eq!(mistakes(&format!("{HEAD}{long}")), ["1: file of 4194348 bytes, expected at most 4194304"]);
}

#[test]
fn expressions_together() {
    let rules =
        rule(1, "regex = 'ab'") + &rule(2, "none_of.regex = '(?:(?:a{100}){100}){100}'\nphrases = ['a']");
    let found = mistakes(&(HEAD.to_owned() + &reason(0, &rules)));
    assert_eq!(found, ["14: regex: weighs 1000000, expected at most 999998: what others have left"]);
}

#[test]
fn mistakes_themselves() {
    let lines = "[[reason]]\nid = 'no id'\nlabel.en = ''\n".repeat(limits::REASONS);
    let found = mistakes(&(HEAD.to_owned() + &lines));
    assert_eq!(found.len(), limits::MISTAKES);
    assert_eq!(found[limits::MISTAKES - 1], "3004: 1001 more mistakes are not told");
}

/// The file is what people send us: no bytes may make reading panic.
#[test]
fn any_cut_of_a_file_is_read_without_panic() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/format.toml");
    let whole = std::fs::read_to_string(path).unwrap();
    assert!(Taxonomy::parse(&whole, "x").is_ok());
    for at in (0..whole.len()).filter(|&at| whole.is_char_boundary(at)) {
        let (head, tail) = whole.split_at(at);
        let text = match at % 3 {
            0 => head.to_owned(),
            1 => tail.to_owned(),
            _ => format!("{head}\"{tail}"),
        };
        if let Err(found) = Taxonomy::parse(&text, "x") {
            assert!(found.iter().all(|mistake| !mistake.to_string().is_empty()));
        }
    }
}

#[test]
fn the_empty_taxonomy_knows_nothing() {
    let empty = Taxonomy::empty();
    let attributes = BTreeMap::new();
    let got = Classifier::new(&empty).classify(&Input {
        text: "¿dónde está mi pedido?",
        channel: Channel::Phone,
        language: None,
        source_reason: Some("WISMO"),
        attributes: &attributes,
    });
    assert_eq!(
        (got.reason.as_str(), got.basis, got.confidence_ppm),
        (UNCLASSIFIED, ReasonBasis::Unclassified, 0)
    );
    assert_eq!(got.evidence, None);
    assert_eq!(empty.leaves().map(|leaf| leaf.id.as_str()).collect::<Vec<_>>(), [UNCLASSIFIED]);
    assert_eq!(empty.leaf(UNCLASSIFIED).unwrap().label("es"), "Sin clasificar");
}

/// Shared by threads as it is.
#[test]
fn is_shared_between_threads() {
    const fn shared<T: Send + Sync>() {}
    shared::<Classifier>();
    shared::<Taxonomy>();
}
