//! What the shell does with mappings beside reading text: rows of Parquet, limits, names.

use crate::run::deployed;
use codec::mapping::{Collected, CollectorFull, Format, Mapping};
use codec::records::{Record, Value};
use domain::{Body, Fact, FactId, Instant, Precision, Speaker};
use proptest::prelude::*;
use std::borrow::Cow;

fn mapping(text: &str) -> Mapping {
    Mapping::parse(text, "api.toml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

#[test]
fn rows_of_typed_columns_are_mapped() {
    let mapping = mapping(
        r#"
        source = { system = "lakehouse" }
        [fields]
        record = "id"
        occurred_at = "at"
        channel = { constant = "chat" }
        products = "skus"
        handle_ms = { from = "secs", scale = 1000 }
        "#,
    );
    let at = Instant::parse_rfc3339("2026-03-05T14:07:00Z").expect("a time");
    let skus = Value::List(vec![Value::Text(Cow::Borrowed("a")), Value::Null, Value::Int(7)]);
    let row = vec![Value::Float(12.0), Value::Time(at), skus, Value::Float(1.5)];
    assert_eq!(mapping.columns().names(), ["id", "at", "skus", "secs"]);
    let draft = mapping.map(&Record::from_values(mapping.columns(), row)).expect("a draft");
    assert_eq!(
        (draft.origin.record.as_str(), draft.occurred_at, draft.precision),
        ("12", at, Precision::Microsecond)
    );
    let Body::ContactRecorded(contact) = draft.body else { panic!("a contact") };
    assert_eq!((contact.products, contact.handle_ms), (vec!["a".to_owned(), "7".to_owned()], Some(1_500)));
}

#[test]
fn transcripts_of_typed_columns_are_mapped_and_redacted_like_the_rest() {
    let mapping = mapping(
        r#"
        source = { system = "lakehouse" }
        [fields]
        record = "id"
        occurred_at = "at"
        channel = { constant = "phone" }
        turns = { from = "log", speaker = "by", text = "said", at_ms = "ms" }
        "#,
    );
    assert_eq!(mapping.columns().names(), ["id", "at", "log"], "the keys of turns are no columns");
    let text = |text: &'static str| Value::Text(Cow::Borrowed(text));
    let turn = |by, said, ms| {
        let entries = [("by", text(by)), ("said", text(said)), ("ms", ms)];
        Value::Map(entries.map(|(key, value)| (Cow::Borrowed(key), value)).into())
    };
    let log = Value::List(vec![
        turn("agent", "¿Su correo?", Value::Float(0.0)),
        Value::Null,
        turn("customer", "ana@example.org, o llame al 600 111 222", Value::Null),
    ]);
    let row = vec![Value::Int(7), text("2026-03-05"), log];
    let draft = mapping.map(&Record::from_values(mapping.columns(), row)).expect("a draft");
    assert!(!format!("{draft:?}").contains("ana"));
    let codec::mapping::Draft { origin, occurred_at, precision, body, .. } = draft;
    let mut fact = Fact { id: FactId::from_bytes([0; 16]), origin, occurred_at, precision, body };
    codec::redact::redact_fact(&mut fact);
    let Body::ContactRecorded(contact) = fact.body else { panic!("a contact") };
    let turns = &contact.words.open().expect("open").turns;
    let turns: Vec<_> = turns.iter().map(|t| (t.speaker, t.at_ms, t.text.as_str())).collect();
    let expect =
        [(Speaker::Agent, Some(0), "¿Su correo?"), (Speaker::Customer, None, "<EMAIL>, o llame al <PHONE>")];
    assert_eq!(turns, expect);
}

#[test]
fn collecting_stops_at_its_budget() {
    let mapping = deployed("es_ba_consumer_complaints.toml");
    let mut collector = mapping.collector(4_000).expect("a mapping that collects");
    let draft = |id: &str| {
        let text = |text: &str| Value::Cell(Cow::Owned(text.to_owned()));
        let mut record = Record::empty(mapping.columns());
        for (column, value) in [("contact_id", id), ("ts", "2019-01-02"), ("reason", "late")] {
            record.set(mapping.columns().slot(column).expect("a column"), text(value));
        }
        mapping.map(&record).expect("a draft")
    };
    for (id, line) in [("1", 2), ("2", 3), ("1", 4), ("3", 5)] {
        collector.push(draft(id), line, b"raw").expect("within the budget");
    }
    assert_eq!(collector.push(draft("4"), 6, b"raw"), Err(CollectorFull { line: 6, budget_bytes: 4_000 }));
    let lines = |collected| match collected {
        Collected::Draft { lines, .. } => lines,
        Collected::Refused { .. } => panic!("nothing contradicts"),
    };
    assert_eq!(collector.finish().map(lines).collect::<Vec<_>>(), [vec![2, 4], vec![3], vec![5]]);
    assert!(deployed("work.toml").collector(4_000).is_none());
}

#[test]
fn formats_are_known_by_name_and_by_file() {
    let cases = [
        ("a/b.CSV", Some(Format::Csv)),
        ("b.tsv", Some(Format::Csv)),
        ("c.jsonl", Some(Format::Ndjson)),
        ("d.tar.ndjson", Some(Format::Ndjson)),
        ("e.parquet", Some(Format::Parquet)),
        ("f.json", None),
        ("csv", None),
    ];
    for (file, format) in cases {
        assert_eq!(Format::of_file(file), format, "{file}");
        if let Some(format) = format {
            assert_eq!(Format::from_word(format.word()), Some(format));
        }
    }
}

#[test]
fn a_mapping_serves_every_thread() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&deployed("work.toml"));
}

#[test]
fn what_is_shown_for_debugging_holds_no_personal_data() {
    let mapping = deployed("work.toml");
    let line = br#"{"contact_id":"7","occurred_at":"2025-01-06T09:00:00Z","customer_id":"CANARY-1","channel":"chat","text":"CANARY-2","agent_handle_seconds":1}"#;
    let mut shown = String::new();
    let mut reader = mapping.reader(Format::Ndjson, codec::records::Limits::default()).expect("text");
    reader.feed(line, |_, _| {}).expect("text");
    reader
        .finish(|parser, piece| {
            let codec::records::Piece::Record { raw, .. } = piece else { panic!("a record") };
            let record = parser.parse(raw).expect("a record");
            shown = format!("{record:?} {:?}", mapping.map(&record).expect("a draft"));
        })
        .expect("text");
    assert!(shown.contains("draft(ContactRecorded") && !shown.contains("CANARY"), "{shown}");
}

/// Keys and values of which some fit and many do not.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let keys = vec![
        "fact",
        "format",
        "zone",
        "source",
        "collect",
        "separator",
        "fields.record",
        "fields.occurred_at",
        "fields.channel",
        "fields.customer",
        "fields.text",
        "fields.turns",
        "fields.turns.text",
        "fields.turns.speaker",
        "fields.turns.at_ms",
        "fields.topic",
        "fields.recipients",
        "fields.path",
        "fields.outcome",
        "fields.promise",
        "fields.due_at",
        "fields.kept",
        "fields.option",
        "fields.products",
        "fields.handle_ms",
        "fields.resolved",
        "fields.revision",
        "fields.attributes",
        "fields.country",
        "fields.order",
        "fields.kind",
        "fields.source_reason",
        "fields.x",
        "[fields]",
    ];
    let values = vec![
        "\"csv\"",
        "\"a\"",
        "\"OrderPlaced\"",
        "\"SelfServiceEnded\"",
        "\"NotificationSent\"",
        "\"PromiseMade\"",
        "\"PromiseSettled\"",
        "\"RecoveryOffered\"",
        "\"UTC\"",
        "7",
        "-1",
        "1.5",
        "true",
        "[]",
        "{}",
        "[\"a\", \"b\"]",
        "[[1]]",
        "{ system = \"s\" }",
        "{ from = \"a\" }",
        "{ constant = \"chat\" }",
        "{ from = \"a\", kind = \"email\" }",
        "{ from = \"a\", text = \"a\", speaker = { from = \"b\" }, at_ms = 3 }",
        "{ from = \"a\", default = \"x\", required = false }",
        "{ from = \"a\", map = { a = \"chat\" }, otherwise = \"null\" }",
        "{ from = \"a\", scale = 1000, min = -5, max = 9 }",
        "{ from = \"a\", format = [\"%Y\", \"iso\"] }",
        "{ from = 3, constant = {}, default = [], null = 1, trim = \"x\" }",
        "[{ from = \"a\" }, 3]",
        "1979-05-27",
        "\"",
    ];
    let line = (prop::sample::select(keys), prop::sample::select(values))
        .prop_map(|(key, value)| format!("{key} = {value}"));
    proptest::collection::vec(line, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mapping_file_is_a_mapping_or_a_list_of_mistakes(lines in lines(), complete in any::<bool>()) {
        let mut text = lines.join("\n");
        if complete {
            text.push_str("\nsource.system = \"s\"\nfields.record = \"a\"\nfields.occurred_at = \"a\"\nfields.channel = \"a\"\n");
        }
        match Mapping::parse(&text, "any.toml") {
            Ok(mapping) => {
                let empty = Record::empty(mapping.columns());
                drop(mapping.map(&empty));
            }
            Err(mistakes) => {
                prop_assert!(!mistakes.is_empty());
                let last = text.lines().count().max(1);
                prop_assert!(mistakes.iter().all(|m| (1..=last + 1).contains(&m.line)), "{:?}", mistakes);
            }
        }
    }
}
