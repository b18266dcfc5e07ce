//! Every version of a schema reads every other (FULL_TRANSITIVE). The library's check is not enough: it calls
//! any two enums compatible as soon as the reader has a default. So the house has its own, stricter one: a
//! later version is an earlier one with fields and symbols appended, and nothing else but docs changed.

use crate::schema::{self, SCHEMAS};
use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use serde_json::{Value as Json, json};

/// What a later version may not do to an earlier one; empty where all is well.
fn breaks(earlier: &Json, later: &Json) -> Vec<String> {
    let mut found = Vec::new();
    compare(earlier, later, "", &mut found);
    found
}

fn compare(earlier: &Json, later: &Json, at: &str, found: &mut Vec<String>) {
    match (earlier, later) {
        (Json::Object(a), Json::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
                let (a, b) = (a.get(key).unwrap_or(&Json::Null), b.get(key).unwrap_or(&Json::Null));
                match key.as_str() {
                    // What readers do not act upon, and what names the file.
                    "doc" | "status" | "schema_id" | "pii" => {}
                    "symbols" => appended(a, b, at, "symbol", |s| s.to_string(), found),
                    "fields" => compare_fields(a, b, at, found),
                    "type" | "items" | "values" => compare(a, b, at, found),
                    _ if a != b => found.push(format!("{at}: {key} changed from {a} to {b}")),
                    _ => {}
                }
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).for_each(|(a, b)| compare(a, b, at, found));
        }
        _ if earlier == later => {}
        _ => found.push(format!("{at}: type changed from {earlier} to {later}")),
    }
}

fn compare_fields(earlier: &Json, later: &Json, at: &str, found: &mut Vec<String>) {
    let name = |f: &Json| f["name"].as_str().unwrap_or_default().to_owned();
    appended(earlier, later, at, "field", name, found);
    let (earlier, later) = (list(earlier), list(later));
    for (a, b) in earlier.iter().zip(later) {
        if a["name"] == b["name"] {
            compare(a, b, &format!("{at}/{}", name(a)), found);
        }
    }
    for added in later.iter().skip(earlier.len()) {
        if added.get("default").is_none() {
            found.push(format!("{at}: field {} is added without a default", name(added)));
        }
    }
}

/// The earlier list begins the later one.
fn appended(
    a: &Json,
    b: &Json,
    at: &str,
    what: &str,
    name: impl Fn(&Json) -> String,
    found: &mut Vec<String>,
) {
    let (a, b): (Vec<_>, Vec<_>) = (list(a).iter().map(&name).collect(), list(b).iter().map(&name).collect());
    for (i, item) in a.iter().enumerate() {
        match b.iter().position(|other| other == item) {
            Some(place) if place == i => {}
            Some(place) => found.push(format!("{at}: {what} {item} moved from place {i} to {place}")),
            None => found.push(format!("{at}: {what} {item} is gone")),
        }
    }
}

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether the library resolves records of one to the other without loss.
fn library_reads(writer: &Json, reader: &Json) -> bool {
    let parse = |json: &Json| Schema::parse(json).expect("valid Avro");
    SchemaCompatibility::can_read(&parse(writer), &parse(reader)) == Ok(Compatibility::Full)
}

/// Both checks over versions of one name, the earliest first.
fn check(versions: &[Json]) -> Vec<String> {
    let mut found = Vec::new();
    for (i, earlier) in versions.iter().enumerate() {
        for later in &versions[i + 1..] {
            found.extend(breaks(earlier, later));
        }
        for other in versions {
            if !library_reads(earlier, other) {
                found.push(format!("{} does not read every other version", other["name"]));
            }
        }
    }
    found
}

#[test]
fn every_committed_version_reads_every_other() {
    let mut names: Vec<&str> = SCHEMAS.iter().map(|s| s.name).collect();
    names.dedup();
    for name in names {
        let mut files: Vec<_> = SCHEMAS.iter().filter(|s| s.name == name).collect();
        files.sort_by_key(|s| s.version);
        let numbers: Vec<u32> = files.iter().map(|s| s.version).collect();
        assert_eq!(
            numbers,
            (1..).take(files.len()).collect::<Vec<u32>>(),
            "{name} has a version for each number"
        );
        let versions: Vec<Json> = files.iter().map(|s| serde_json::from_str(s.json).expect("json")).collect();
        assert_eq!(check(&versions), Vec::<String>::new(), "{name}");
    }
}

/// The committed schema and a second version made of it.
fn second_version(change: impl Fn(&mut Json)) -> Vec<Json> {
    let first: Json =
        serde_json::from_str(schema::newest("ContactRecorded").expect("committed").json).expect("json");
    let mut second = first.clone();
    change(&mut second);
    vec![first, second]
}

fn field<'j>(schema: &'j mut Json, name: &str) -> &'j mut Json {
    let fields = schema["fields"].as_array_mut().expect("fields");
    fields.iter_mut().find(|f| f["name"] == name).expect("the field")
}

fn symbols(schema: &mut Json) -> &mut Vec<Json> {
    field(schema, "channel")["type"]["symbols"].as_array_mut().expect("symbols")
}

fn add(schema: &mut Json, field: Json) {
    schema["fields"].as_array_mut().expect("fields").push(field);
}

#[test]
fn what_may_change_passes() {
    let allowed: &[fn(&mut Json)] = &[
        |_| {},
        |s| s["doc"] = json!("Other words."),
        |s| s["schema_id"] = json!(4711),
        |s| symbols(s).push(json!("hologram")),
        |s| add(s, json!({"name": "mood", "type": ["null", "string"], "default": null})),
        |s| add(s, json!({"name": "tags", "type": {"type": "array", "items": "string"}, "default": []})),
        |s| add(s, json!({"name": "second_channel", "type": "Channel", "default": "unknown"})),
    ];
    for (i, change) in allowed.iter().enumerate() {
        assert_eq!(check(&second_version(change)), Vec::<String>::new(), "change {i}");
    }
}

/// Where the library is content (`true`), the house's own check is what catches the change.
#[test]
fn what_breaks_readers_is_caught() {
    type Case = (&'static str, bool, fn(&mut Json));
    let cases: &[Case] = &[
        (r#"/channel: symbol "fax" is gone"#, true, |s| {
            symbols(s).retain(|w| w != "fax");
        }),
        (r#"/channel: symbol "phone" moved from place 1 to 2"#, true, |s| symbols(s).swap(1, 2)),
        (r#"/channel: symbol "fax" moved from place 15 to 16"#, true, |s| {
            symbols(s).insert(15, json!("hologram"))
        }),
        ("/channel: default changed", true, |s| field(s, "channel")["type"]["default"] = json!("phone")),
        (": field mood is added without a default", false, |s| {
            add(s, json!({"name": "mood", "type": "string"}))
        }),
        ("/wait_ms: type changed", false, |s| {
            field(s, "wait_ms")["type"] = json!(["null", "long", "string"])
        }),
        ("/wait_ms: type changed", false, |s| field(s, "wait_ms")["type"] = json!(["null", "string"])),
        ("/transfers: type changed", false, |s| field(s, "transfers")["type"] = json!(["null", "long"])),
        ("/channel_raw: type changed", true, |s| field(s, "channel_raw")["type"] = json!("bytes")),
        ("/occurred_at: logicalType changed", true, |s| {
            field(s, "occurred_at")["type"]["logicalType"] = json!("timestamp-millis");
        }),
        ("/id: size changed", false, |s| field(s, "id")["type"]["size"] = json!(8)),
        ("/customer: name changed", false, |s| field(s, "customer")["type"][1]["name"] = json!("Person")),
        (": field queue is gone", true, |s| field(s, "queue")["name"] = json!("group")),
        (": field flags is gone", true, |s| {
            s["fields"].as_array_mut().expect("fields").pop();
        }),
        (": field step moved from place 18 to 19", true, |s| {
            s["fields"].as_array_mut().expect("fields").swap(18, 19);
        }),
        ("/flags: default changed", true, |s| field(s, "flags")["default"] = json!(["late"])),
        ("/origin/revision: type changed", false, |s| {
            field(s, "origin")["type"]["fields"][3]["type"] = json!("string");
        }),
    ];
    for (expected, library_is_content, change) in cases {
        // A word that the committed schema has not, so that one can be taken away at the end.
        let with_fax = |s: &mut Json| symbols(s).push(json!("fax"));
        let mut versions = second_version(|s| {
            with_fax(s);
            change(s);
        });
        with_fax(&mut versions[0]);
        let own = breaks(&versions[0], &versions[1]);
        assert!(own.iter().any(|b| b.contains(expected)), "{expected}: {own:?}");
        let library = library_reads(&versions[0], &versions[1]) && library_reads(&versions[1], &versions[0]);
        assert_eq!(library, *library_is_content, "{expected}");
    }
}
