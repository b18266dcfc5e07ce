//! What `docs/mappings.md` says of facts, fields and words is what mapping files can say.

use crate::run::repository;
use codec::mapping::Mapping;
use domain::closed;
use std::collections::BTreeSet;

/// The rows of the documentation's tables, a list of cells each.
fn rows() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(repository().join("docs/mappings.md")).expect("the documentation");
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    text.lines().filter(|line| line.starts_with('|')).map(cells).collect()
}

/// The words in backticks.
fn words(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// What a mapping of a fact that names no field but an unknown one is told: the fields it needs, and those there are.
fn fields_of(fact: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let text = format!("fact = \"{fact}\"\nsource = {{ system = \"s\" }}\n[fields]\nnone = 1\n");
    let mistakes = Mapping::parse(&text, "fact.toml").expect_err("nothing is mapped");
    let missing = mistakes.iter().filter(|m| m.message.starts_with("missing"));
    let needed = missing.map(|m| m.key.strip_prefix("fields.").expect("a field").to_owned()).collect();
    let unknown = mistakes.iter().find_map(|m| m.message.strip_prefix("unknown key, expected one of "));
    let known = unknown.expect("the fields there are").split(", ").map(str::to_owned).collect();
    (needed, known)
}

#[test]
fn every_fact_is_documented_with_its_fields() {
    let mistakes = Mapping::parse("fact = \"?\"", "fact.toml").expect_err("no fact");
    let facts = mistakes.iter().find(|m| m.key == "fact").expect("the facts there are").message.clone();
    let facts =
        facts.strip_prefix("expected one of ").and_then(|m| m.split_once(", found")).expect("a list").0;
    let rows = rows();
    for fact in facts.split(", ") {
        let row = rows.iter().find(|row| words(&row[0]) == [fact]).unwrap_or_else(|| panic!("{fact}"));
        let all = |cells: &[String], always: &[&str]| -> BTreeSet<String> {
            cells
                .iter()
                .flat_map(|cell| words(cell))
                .chain(always.iter().copied())
                .map(str::to_owned)
                .collect()
        };
        let documented = (
            all(&row[2..3], &["record", "occurred_at"]),
            all(&row[2..], &["record", "occurred_at", "revision"]),
        );
        assert_eq!(documented, fields_of(fact), "{fact}");
    }
}

#[test]
fn every_word_is_documented() {
    let lists = [
        closed::Channel::WORDS,
        closed::RecordKind::WORDS,
        closed::UpstreamKind::WORDS,
        closed::PromiseKind::WORDS,
        closed::SelfServiceOutcome::WORDS,
        closed::RecoveryOption::WORDS,
        closed::Resolution::WORDS,
        closed::Speaker::WORDS,
        closed::Direction::WORDS,
        closed::CustomerKind::WORDS,
        closed::SourceState::WORDS,
        closed::HandleBasis::WORDS,
    ];
    let rows = rows();
    for list in lists {
        assert!(rows.iter().any(|row| row.len() == 2 && words(&row[1]) == list), "{list:?}");
    }
}
