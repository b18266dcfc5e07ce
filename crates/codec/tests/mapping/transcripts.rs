//! Transcripts that were made to break readers: each is mapped or refused, and nothing panics.

use crate::hostile::json;
use crate::run::{Outcome, run};
use codec::mapping::{Format, Mapping};
use codec::records::Refusal;
use domain::{Body, Turn, Words};
use proptest::prelude::*;
use std::sync::LazyLock;

/// A mapping that reads transcripts and refuses what it does not understand.
static TRANSCRIPTS: LazyLock<Mapping> = LazyLock::new(|| {
    let text = r#"
        source = { system = "hostile" }
        [fields]
        record = { constant = "r" }
        occurred_at = { constant = "2026-03-05" }
        channel = { constant = "chat" }
        turns = { from = "t", speaker = { from = "who", map = { c = "customer" } }, text = "a", at_ms = "ms" }
    "#;
    Mapping::parse(text, "transcripts.toml").unwrap_or_else(|m| panic!("{m:?}"))
});

/// What becomes of a transcript: its turns, or the refusal, which is always one of the field `turns`.
fn turns_of(transcript: &serde_json::Value) -> Result<Vec<Turn>, Refusal> {
    let line = serde_json::to_vec(&serde_json::json!({ "t": transcript })).expect("JSON");
    let mut outcomes = run(&TRANSCRIPTS, Format::Ndjson, &line, 1 << 16).expect("one record");
    assert_eq!(outcomes.len(), 1);
    match outcomes.remove(0) {
        Outcome::Draft { draft, .. } => match draft.body {
            Body::ContactRecorded(contact) => match contact.words {
                Words::Open(spoken) => Ok(spoken.turns),
                _ => Ok(Vec::new()),
            },
            other => panic!("a contact, not {}", other.name()),
        },
        Outcome::Refused { refusal, .. } => {
            assert_eq!(refusal.field.as_deref(), Some("turns"), "{refusal}");
            Err(refusal)
        }
    }
}

#[test]
fn a_transcript_of_10_000_turns_is_mapped_or_refused() {
    let turn =
        |n: usize| serde_json::json!({ "who": "c", "a": format!("turn {n}"), "ms": n, "x": { "y": [null] } });
    let mut turns: Vec<serde_json::Value> = (1..=10_000).map(turn).collect();
    let mapped = turns_of(&turns.clone().into()).expect("turns");
    assert_eq!(
        (mapped.len(), mapped[9_999].text.as_str(), mapped[9_999].at_ms),
        (10_000, "turn 10000", Some(10_000))
    );
    let as_text = serde_json::to_string(&turns).expect("JSON");
    assert_eq!(turns_of(&as_text.into()), Ok(mapped));
    turns[9_998] = serde_json::json!({ "a": { "deep": [] } });
    let refusal = turns_of(&turns.into()).expect_err("an object is no text");
    assert_eq!(
        refusal.to_string(),
        "wrong_type: field turns: expected text in column `a` of turn 9999 in column `t`"
    );
}

#[test]
fn brackets_in_a_text_are_counted_before_anything_recurses() {
    for levels in [31, 33, 100_000] {
        let text = "[".repeat(levels) + &"]".repeat(levels);
        let refusal = turns_of(&text.into()).expect_err("lists in lists");
        assert_eq!(refusal.kind.word(), "wrong_type", "{levels}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_transcript_is_mapped_or_refused(transcript in transcript()) {
        let mapped = turns_of(&transcript);
        prop_assert_eq!(&mapped, &turns_of(&transcript), "the same again");
        if let (Ok(turns), serde_json::Value::Array(given)) = (&mapped, &transcript) {
            prop_assert!(turns.len() <= given.len());
            prop_assert!(turns.iter().all(|turn| !turn.text.is_empty()));
        }
        // As the text of a column of CSV or Parquet it is the same.
        if transcript.as_array().is_some_and(|turns| !turns.is_empty()) {
            prop_assert_eq!(mapped.ok(), turns_of(&transcript.to_string().into()).ok());
        }
    }
}

/// Lists of objects that are mostly turns, and anything else.
fn transcript() -> impl Strategy<Value = serde_json::Value> {
    let who = prop_oneof![Just("c".into()), Just(serde_json::Value::Null), json()];
    let said = prop_oneof![any::<String>().prop_map(serde_json::Value::from), json()];
    let at = prop_oneof![(0..9_000_000_i64).prop_map(serde_json::Value::from), json()];
    let turn = (who, said, at).prop_map(|(who, a, ms)| serde_json::json!({ "who": who, "a": a, "ms": ms }));
    let turns = proptest::collection::vec(prop_oneof![6 => turn, 1 => json()], 0..6);
    prop_oneof![4 => turns.prop_map(serde_json::Value::from), 1 => json()]
}
