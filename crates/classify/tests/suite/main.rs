//! Tests of `classify` at its boundary. Cases are files: `tests/cases`.
#![allow(clippy::disallowed_methods, reason = "tests read their cases")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bench;
mod cases;
mod folding;
mod limits;
mod lint;
mod meaning;
mod model;
mod reference;
mod retail;
mod work;

use classify::{Classifier, Input, Taxonomy};
use domain::{Channel, ReasonBasis};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The root of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A taxonomy of `deploy/taxonomies`.
fn deployed(file: &str) -> Taxonomy {
    let text = std::fs::read_to_string(repository().join("deploy/taxonomies").join(file)).unwrap();
    Taxonomy::parse(&text, file).unwrap_or_else(|mistakes| panic!("{}", mistakes[0]))
}

/// The reason of a contact of which only the words are known, and the rule that decided; no rule is empty.
fn classified(classifier: &Classifier, text: &str) -> (String, String) {
    let attributes = BTreeMap::new();
    let got = classifier.classify(&Input {
        text,
        channel: Channel::Phone,
        language: None,
        source_reason: None,
        attributes: &attributes,
    });
    let rule = got.evidence.map(|evidence| evidence.rule.to_string()).unwrap_or_default();
    assert_eq!(got.basis == ReasonBasis::Unclassified, rule.is_empty());
    (got.reason.to_string(), rule)
}
