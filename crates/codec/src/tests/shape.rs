//! The committed schemas keep their own rules, and agree with the types of `domain` name by name.

use crate::facts::ENVELOPE;
use crate::schema::{self, SCHEMAS};
use crate::wire::Record;
use domain::fact::*;
use domain::{Body, Origin, Spoken, Topic, Turn, closed};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

fn json(file: &schema::SchemaFile) -> Json {
    serde_json::from_str(file.json).unwrap_or_else(|e| panic!("{}.v{}: {e}", file.name, file.version))
}

/// Every record, enum and fixed of a schema, and every field of its records.
fn visit(schema: &Json, named: &mut Vec<Json>) {
    match schema {
        Json::Array(branches) => branches.iter().for_each(|b| visit(b, named)),
        Json::Object(o) => {
            if o.contains_key("name") {
                named.push(schema.clone());
            }
            for key in ["items", "values", "type"] {
                o.get(key).into_iter().for_each(|inner| visit(inner, named));
            }
            o.get("fields")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .for_each(|f| visit(&f["type"], named));
        }
        _ => {}
    }
}

fn named_types(file: &schema::SchemaFile) -> Vec<Json> {
    let mut named = Vec::new();
    visit(&json(file), &mut named);
    named
}

fn names(list: &Json) -> Vec<String> {
    let text = |v: &Json| v.as_str().or_else(|| v["name"].as_str()).expect("a name").to_owned();
    list.as_array().expect("a list").iter().map(text).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test compares the folder with what is embedded")]
fn every_file_is_embedded_under_its_name_and_its_own_id() {
    let mut files: BTreeSet<String> = std::fs::read_dir(super::here("../../schemas"))
        .expect("the folder of schemas")
        .map(|f| f.expect("entry").file_name().into_string().expect("UTF-8"))
        .filter(|f| f.ends_with(".avsc"))
        .collect();
    let mut ids = BTreeSet::new();
    for file in SCHEMAS {
        let json = json(file);
        assert!(files.remove(&format!("{}.v{}.avsc", file.name, file.version)), "{}", file.name);
        assert!(ids.insert(file.id), "schema id {} is given twice", file.id);
        assert_eq!(json["schema_id"], file.id, "{}", file.name);
        assert_eq!((&json["name"], &json["namespace"]), (&Json::from(file.name), &Json::from("quell.v1")));
        assert_eq!(json["status"], "experimental", "{}", file.name);
        schema::parsed(file);
    }
    assert!(files.is_empty(), "not embedded: {files:?}");
}

#[test]
fn every_kind_of_fact_has_its_schema_and_nothing_else_has_one() {
    let mut expected: Vec<&str> = Body::NAMES.to_vec();
    expected.push("Spoken");
    let committed: BTreeSet<&str> = SCHEMAS.iter().map(|s| s.name).collect();
    assert_eq!(committed, expected.iter().copied().collect());
    for name in Body::NAMES {
        let newest = schema::newest(name).expect("committed");
        let record = crate::encode_fact(&super::samples::fact(name));
        assert_eq!(
            record[..5],
            [&[0][..], &newest.id.to_be_bytes()].concat(),
            "{name} is written as its newest version"
        );
    }
}

#[test]
fn fields_are_those_of_the_types_in_the_same_order() {
    let mut lists: BTreeMap<&str, &[&str]> = BTreeMap::new();
    macro_rules! list { ($($name:ident)+) => { $(lists.insert(stringify!($name), $name::FIELDS);)+ }; }
    list!(Origin Spoken Turn CostRate CycleMoment ContactRecorded ContactResolved ContactReopened SurveyAnswered
        EvaluationRecorded SelfServiceEnded UpstreamEvent OrderPlaced UnitsCounted NotificationSent PromiseMade
        PromiseSettled RecoveryOffered CustomerMerged TextErased VerdictOverridden CostRatePublished
        TaxonomyPublished CycleDefined AnomalyAdvanced ActionOpened ActionShipped ActionClosed CutTaken WeekClosed
        EpochServed);
    lists.insert("Words", &["state", "key", "sealed"]);
    lists.insert("LogPosition", &["topic", "partition", "offset"]);
    for file in SCHEMAS.iter().filter(|s| schema::newest(s.name) == Some(*s)) {
        for record in named_types(file).iter().filter(|t| t["type"] == "record") {
            let name = record["name"].as_str().expect("a name");
            let envelope = if Body::NAMES.contains(&name) { ENVELOPE } else { &[] };
            let expected = [envelope, lists[name]].concat();
            assert_eq!(names(&record["fields"]), expected, "{} in {}", name, file.name);
        }
    }
}

#[test]
fn symbols_are_the_words_in_their_order() {
    let mut words: BTreeMap<&str, &[&str]> = BTreeMap::new();
    macro_rules! list { ($($name:ident)+) => { $(words.insert(stringify!($name), closed::$name::WORDS);)+ }; }
    list!(ActionOutcome AnomalyState Channel CustomerKind Direction Disposition HandleBasis Instrument Mechanism
        Precision PromiseKind RecordKind RecoveryOption Resolution SelfServiceOutcome ServedBy SourceState Speaker Strength
        UpstreamKind);
    words.insert("WordsState", &["none", "sealed", "gone"]);
    for file in SCHEMAS {
        for symbols in named_types(file).iter().filter(|t| t["type"] == "enum") {
            let name = symbols["name"].as_str().expect("a name");
            let newest = schema::newest(file.name) == Some(file);
            let (written, known) = (names(&symbols["symbols"]), words[name]);
            assert!(
                known.starts_with(&written.iter().map(String::as_str).collect::<Vec<_>>()),
                "{name} in {}",
                file.name
            );
            assert!(!newest || written.len() == known.len(), "{name} in {} lacks a word", file.name);
        }
    }
    assert!(Topic::ALL.iter().all(|t| Topic::from_name(t.name()) == Some(*t)));
}

#[test]
fn schemas_keep_the_rules_of_the_house() {
    for file in SCHEMAS {
        for named in named_types(file) {
            let at = format!("{} in {}.v{}", named["name"], file.name, file.version);
            let doc = |v: &Json| v["doc"].as_str().is_some_and(|d| d.len() > 3 && d.ends_with(['.', '?']));
            assert!(doc(&named), "{at}: a doc, a sentence");
            match named["type"].as_str().expect("a type") {
                "enum" => {
                    assert_eq!(named["default"], named["symbols"][0], "{at}: the first symbol is the default")
                }
                "fixed" => assert_eq!(named["size"], 16, "{at}"),
                _ => named["fields"]
                    .as_array()
                    .expect("fields")
                    .iter()
                    .for_each(|f| field_keeps_the_rules(f, file.version, &at)),
            }
        }
    }
}

fn field_keeps_the_rules(field: &Json, version: u32, at: &str) {
    let at = format!("{} of {at}", field["name"]);
    assert!(field["doc"].as_str().is_some_and(|d| d.len() > 3), "{at}: a doc");
    let default = field.as_object().expect("an object").get("default");
    match &field["type"] {
        Json::Array(union) => {
            assert!(union.len() == 2 && union[0] == "null", "{at}: a union is null and one type");
            assert_eq!(default, Some(&Json::Null), "{at}: the default of an optional field is null");
        }
        t if t["type"] == "array" => assert_eq!(default, Some(&Json::from(Vec::<Json>::new())), "{at}"),
        t if t["type"] == "map" => assert_eq!(default, Some(&serde_json::json!({})), "{at}"),
        _ if version == 1 => assert_eq!(default, None, "{at}: what every version has needs no default"),
        _ => {}
    }
}

/// Types that `evolve` walks over.
#[test]
fn only_known_types_are_used() {
    fn check(t: &Json, at: &str) {
        match t {
            Json::String(name) => {
                let plain = [
                    "null", "boolean", "int", "long", "bytes", "string", "array", "map", "record", "enum",
                    "fixed",
                ];
                let own = name.starts_with(char::is_uppercase);
                assert!(own || plain.contains(&name.as_str()), "{at}: {name}");
            }
            Json::Array(branches) => branches.iter().for_each(|b| check(b, at)),
            Json::Object(o) => {
                let logical = o.get("logicalType").map(|l| (&o["type"], l));
                let known = [("long", "timestamp-micros"), ("int", "date")];
                assert!(
                    logical.is_none_or(|(t, l)| known.iter().any(|(kt, kl)| t == kt && l == kl)),
                    "{at}: {logical:?}"
                );
                ["type", "items", "values"].iter().filter_map(|k| o.get(*k)).for_each(|t| check(t, at));
                o.get("fields")
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                    .for_each(|f| check(&f["type"], at));
            }
            _ => panic!("{at}: no type: {t}"),
        }
    }
    SCHEMAS.iter().for_each(|file| check(&json(file), file.name));
}
