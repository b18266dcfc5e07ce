//! The diff of two epochs at its boundary: answers in, page, text and JSON out. `UPDATE_GOLDEN=1 cargo test -p report`
//! rewrites the expected files in `tests/golden/diff/`.
#![allow(clippy::disallowed_methods, reason = "a test reads and rewrites its own expectations")]

mod fixture;

use report::Lang;
use report::diff::{Diff, Pair};
use report::weekly::{ReadError, WIDTH};
use serde_json::Value;

fn check(name: &str, actual: &str) {
    let path = format!("{}/tests/golden/diff/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(actual == expected, "{path} differs; UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn every_form_is_as_expected() {
    for (name, diff) in fixture::all() {
        for lang in Lang::ALL {
            check(&format!("{name}.{}.txt", lang.tag()), &diff.text(*lang));
        }
    }
    for (name, diff) in fixture::all().into_iter().take(2) {
        check(&format!("{name}.json"), &format!("{:#}\n", diff.json()));
    }
    for lang in Lang::ALL {
        check(&format!("shop.{}.html", lang.tag()), &fixture::shop().html(*lang));
    }
}

#[test]
fn the_text_fits_a_terminal_and_steers_nothing() {
    for (name, diff) in fixture::all() {
        for lang in Lang::ALL {
            let text = diff.text(*lang);
            // Marks that isolate a direction take no column.
            let columns = |line: &str| line.chars().filter(|c| !matches!(c, '\u{2068}' | '\u{2069}')).count();
            let longest = text.lines().map(columns).max().unwrap_or(0);
            assert!(longest <= WIDTH, "{name}: {longest}");
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{name}");
            let page = diff.html(*lang);
            assert!(
                !page.contains("<script") && !page.contains("src="),
                "{name}: the page loads or runs something"
            );
        }
    }
}

/// The margins, added up here in another way: reason by reason instead of cell by cell.
#[test]
fn the_margins_of_the_matrix_are_both_totals() {
    for (name, diff) in fixture::all() {
        let (totals, changes) = (diff.totals(), diff.reason_changes());
        let sum = |of: fn(&report::diff::ReasonChange<'_>) -> u64| changes.iter().map(of).sum::<u64>();
        assert_eq!(totals.contacts, Pair { a: sum(|c| c.contacts.a), b: sum(|c| c.contacts.b) }, "{name}");
        assert_eq!(totals.dumb, Pair { a: sum(|c| c.dumb.a), b: sum(|c| c.dumb.b) }, "{name}");
        assert_eq!(totals.contacts.a, sum(|c| c.kept + c.lost()), "{name}");
        assert_eq!(totals.contacts.b, sum(|c| c.kept + c.gained()), "{name}");
        assert_eq!(totals.both - totals.moved, sum(|c| c.kept), "{name}");
    }
}

#[test]
fn a_shop_is_counted_by_hand() {
    let diff = fixture::shop();
    let t = diff.totals();
    assert_eq!(t.contacts, Pair { a: 2_062, b: 2_061 });
    assert_eq!((t.both, t.moved), (2_060, 1_210));
    assert_eq!(t.unclassified, Pair { a: 200, b: 110 });
    assert_eq!((t.classified_now, t.unclassified_now), (120, 30));
    assert_eq!((t.erased, t.unknown_to_b), (4, 4));
    let renamed: Vec<_> = diff.renamed().iter().map(|r| (r.from, r.to)).collect();
    assert_eq!(renamed, [("invoice", "bill")], "a split and a merged reason are not renamed");
    let largest = diff.moves()[0];
    assert_eq!(
        (largest.from.as_deref(), largest.to.as_deref(), largest.contacts),
        (Some("delivery"), Some("late"), 500)
    );
    let ended: Vec<&str> = diff.ended().map(|r| r.id.as_str()).collect();
    assert_eq!(ended, ["delivery", "invoice", "login", "password"]);
}

/// Nothing known is no sum: 0 would say that the contacts were free.
#[test]
fn without_costs_there_is_no_money_anywhere() {
    let diff = fixture::no_costs();
    assert_eq!(diff.totals().cost_micros, Pair { a: None, b: None });
    let json = diff.json();
    assert_eq!(json["totals"]["moved_cost_micros"], Value::Null);
    for lang in Lang::ALL {
        assert!(!diff.text(*lang).contains('€'));
        assert!(diff.text(*lang).contains("quell costs set"));
    }
}

#[test]
fn what_is_not_as_defined_is_named() {
    let mut answers = fixture::shop_answers();
    answers.remove("summary");
    let provenance = fixture::shop().provenance;
    assert_eq!(Diff::read(&answers, provenance.clone()), Err(ReadError::NoAnswer { query: "summary" }));
    let mut answers = fixture::shop_answers();
    let cells = answers["cells"][0].clone();
    let without = cells.schema().index_of("dumb_lost").expect("a column");
    let mut fewer = cells;
    fewer.remove_column(without);
    answers.insert("cells", vec![fewer]);
    let missing = ReadError::NoColumn { query: "cells", column: "dumb_lost" };
    assert_eq!(Diff::read(&answers, provenance), Err(missing));
}

/// Every figure of the summary stands in both forms for people.
#[test]
fn the_forms_agree() {
    for (name, diff) in fixture::all() {
        let t = diff.totals();
        for lang in Lang::ALL {
            let (html, text) = (diff.html(*lang), diff.text(*lang));
            for figure in
                [t.both, t.moved, t.unclassified.a, t.unclassified.b, t.dumb.a, t.dumb.b, t.chains_changed]
            {
                let figure = fixture::grouped(*lang, figure);
                assert!(html.contains(&figure) && text.contains(&figure), "{name}: {figure}");
            }
        }
    }
}
