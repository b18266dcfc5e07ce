//! Answers to model: everything that is defined is read, and what is not as defined is named.

use crate::{answers, fixture};
use arrow::array::{Array, ArrayRef, Int64Array, StringArray, new_null_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use report::weekly::*;
use std::sync::Arc;

#[test]
fn what_the_queries_answer_is_the_model() {
    for (name, weekly) in fixture::all() {
        let read = Weekly::read(&answers::of(&weekly), weekly.provenance.clone());
        assert_eq!(read.as_ref(), Ok(&weekly), "{name}");
    }
}

#[test]
fn text_may_have_any_of_its_layouts() {
    let weekly = fixture::corner();
    for layout in [DataType::Utf8View, DataType::LargeUtf8] {
        let mut answers = answers::of(&weekly);
        for query in tables::weekly::QUERIES {
            for column in query.columns.iter().filter(|c| c.kind == tables::Kind::Text) {
                let other = |array: &ArrayRef| cast(array, &layout).ok();
                answers = answers::changed(answers, query.name, column.name, other);
            }
        }
        assert_eq!(Weekly::read(&answers, weekly.provenance.clone()).as_ref(), Ok(&weekly), "{layout}");
    }
}

fn error_of(
    answers: &Answers,
    query: &str,
    column: &str,
    change: impl Fn(&ArrayRef) -> Option<ArrayRef>,
) -> String {
    let answers = answers::changed(answers.clone(), query, column, change);
    Weekly::read(&answers, fixture::provenance()).expect_err(column).to_string()
}

#[test]
fn a_column_that_is_missing_or_of_another_type_is_named() {
    let all = answers::of(&fixture::shop());
    for query in tables::weekly::QUERIES {
        for column in query.columns {
            let (query, column) = (query.name, column.name);
            let missing = error_of(&all, query, column, |_| None);
            assert_eq!(missing, format!("report: {query} has no column {column}"));
            let other = error_of(&all, query, column, |a| Some(new_null_array(&DataType::Int8, a.len())));
            assert!(other.starts_with(&format!("report: {query}.{column} is Int8, expected ")), "{other}");
        }
    }
}

/// The array with its last value replaced.
fn last(array: &ArrayRef, value: &dyn Array) -> Option<ArrayRef> {
    if array.is_empty() {
        return Some(Arc::clone(array));
    }
    concat(&[array.slice(0, array.len() - 1).as_ref(), value]).ok()
}

#[test]
fn a_value_that_is_missing_or_means_nothing_is_named_with_its_row() {
    let texts = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let ints = |n: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![n])) };
    let null = |kind: DataType| new_null_array(&kind, 1);
    let cases = [
        ("pareto", "contacts", null(DataType::Int64), "pareto.contacts is null in row 4, expected a value"),
        ("owners", "owner", null(DataType::Utf8), "owners.owner is null in row 3, expected a value"),
        ("owners", "dumb", ints(-1), "owners.dumb in row 3 is not a count of at least 0"),
        ("channels", "channel", texts("fax"), "channels.channel in row 3 is not a channel"),
        ("refused", "kind", texts("ugly"), "refused.kind in row 1 is not a kind of refusal"),
        (
            "trend",
            "iso_week",
            texts("2026-W60"),
            "trend.iso_week in row 6 is not an ISO week such as 2026-W20",
        ),
    ];
    let all = answers::of(&fixture::corner());
    for (query, column, value, expected) in cases {
        let message = error_of(&all, query, column, |array| last(array, value.as_ref()));
        assert_eq!(message, format!("report: {expected}"));
    }
}

#[test]
fn a_week_is_one_row_and_every_query_is_answered() {
    let weekly = fixture::corner();
    let mut twice = answers::of(&weekly);
    let rows = twice.get("headline").cloned().expect("headline");
    twice.entry("headline").or_default().extend(rows);
    let error = Weekly::read(&twice, weekly.provenance.clone());
    assert_eq!(error, Err(ReadError::NotOneRow { query: "headline", found: 2 }));
    for query in tables::weekly::QUERIES {
        let mut answers = answers::of(&weekly);
        answers.remove(query.name);
        let error = Weekly::read(&answers, weekly.provenance.clone());
        assert_eq!(error, Err(ReadError::NoAnswer { query: query.name }));
    }
}
