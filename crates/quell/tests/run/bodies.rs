//! What a body may look like, and what is answered for each event.

use crate::server::{Data, contact};
use serde_json::{Value, json};

/// Names and values of headers.
type Headers<'a> = &'a [(&'a str, &'a str)];

fn statuses(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().expect("events").iter().map(|e| e["status"].as_str().expect("text")).collect()
}

#[test]
fn an_object_an_array_and_lines_are_taken_and_counted_once() {
    let data = Data::new();
    let server = data.run(&[]);
    let lines = |records: &[&str]| records.iter().map(|r| format!("{}\n", contact(r))).collect::<String>();
    let json: Headers<'_> = &[("Content-Type", "application/json")];
    let ndjson: Headers<'_> = &[("Content-Type", "application/x-ndjson; charset=utf-8")];
    let pretty = serde_json::to_string_pretty(&contact("object")).expect("JSON");
    let bodies: [(Headers<'_>, String, usize); 7] = [
        (json, contact("typed object").to_string(), 1),
        (json, json!([contact("typed a"), contact("typed b")]).to_string(), 2),
        (ndjson, lines(&["typed c", "typed d", "typed e"]), 3),
        (&[], pretty, 1),
        (&[("Content-Type", "application/x-www-form-urlencoded")], json!([contact("array")]).to_string(), 1),
        (&[("Content-Type", "text/plain")], lines(&["line a", "line b"]), 2),
        (&[], format!("\u{feff}{}", contact("mark")), 1),
    ];
    let mut sent = 0;
    for (headers, body, events) in &bodies {
        // Twice: a client that saw no answer sends again.
        let answers = [(); 2].map(|()| server.post(headers, body.as_bytes()));
        for answer in &answers {
            assert_eq!(answer.status, 202, "{answer:?}");
            let json = answer.json();
            assert_eq!((&json["accepted"], &json["refused"]), (&json!(events), &json!(0)));
            assert_eq!(statuses(&json), vec!["accepted"; *events]);
        }
        assert_eq!(answers[0].body, answers[1].body, "the same events are the same facts");
        sent += events;
    }
    assert_eq!(
        server.metric("quell_events_received_total{channel=\"phone\",result=\"accepted\",source=\"http\"}"),
        (2 * sent) as f64
    );
    server.drain();
    let records = data.records();
    assert_eq!(records.len(), sent);
    assert!(records.windows(2).all(|pair| pair[0] < pair[1]), "{records:?}");
}

#[test]
fn the_answer_names_the_contact_that_the_tables_show() {
    let data = Data::new();
    let server = data.run(&[]);
    let leg = json!({ "record": "l-2", "kind": "leg", "root_record": "l-1", "channel": "phone",
        "occurred_at": "2026-05-01T10:05:00Z" });
    let message = json!({ "record": "m-1", "kind": "message", "case": "t-1", "channel": "chat",
        "occurred_at": "2026-05-01T10:05:00Z", "direction": "inbound" });
    let answer = server.post_json(&json!([contact("c-1"), leg, message])).json();
    server.drain();
    let rows =
        data.sql("SELECT CAST(contact_id AS VARCHAR) AS id, record_id FROM contacts ORDER BY record_id");
    assert_eq!(rows[0]["record_id"], "c-1");
    assert_eq!(answer["events"][0]["contact"], rows[0]["id"]);
    assert!(answer["events"][1]["contact"].is_string(), "{answer}");
    assert!(answer["events"][2]["contact"].is_null(), "its sitting is found by the fold: {answer}");
}

#[test]
fn each_event_is_accepted_or_refused_by_itself_and_what_was_refused_is_kept() {
    let data = Data::new();
    let server = data.run(&[]);
    let bad_time = json!({ "record": "r-2", "occurred_at": "yesterday", "channel": "phone" });
    let bad_channel = json!({ "record": "r-3", "occurred_at": "2026-05-01T10:00:00Z", "channel": "fax" });
    let answer = server.post_json(&json!([contact("r-1"), bad_time, 7, bad_channel, contact("r-5")]));
    assert_eq!(answer.status, 202);
    let json = answer.json();
    assert_eq!(statuses(&json), ["accepted", "refused", "refused", "refused", "accepted"]);
    let why = |at: usize| {
        let event = &json["events"][at];
        (
            event["kind"].as_str().expect("a kind"),
            event["field"].as_str(),
            event["expected"].as_str().expect("text"),
        )
    };
    assert_eq!(why(1), ("bad_time", Some("occurred_at"), "a time such as 2025-03-30T01:30:00Z (RFC 3339)"));
    assert_eq!(why(2), ("malformed", None, "a JSON object"));
    assert_eq!((why(3).0, why(3).1), ("unknown_word", Some("channel")));
    assert_eq!(server.metric("quell_dead_letters_total{kind=\"bad_time\",stage=\"map\"}"), 1.0);

    // While it runs: the id of the answer finds the bytes.
    for (at, bytes) in [(1, bad_time.to_string()), (2, "7".to_owned()), (3, bad_channel.to_string())] {
        let id = json["events"][at]["reject"].as_str().expect("an id");
        assert_eq!(data.done(&["rejects", "show", "--raw", id]), format!("{bytes}\n"));
    }
    let listed = data.done(&["rejects", "list"]);
    assert!(listed.contains("v1/contacts:2  map  bad_time: field occurred_at:"), "{listed}");

    let all_refused = server.post(&[("Content-Type", "application/x-ndjson")], b"{\"record\": \n{}\n\xff\n");
    assert_eq!(all_refused.status, 422);
    let kinds = |json: &Value| -> Vec<String> {
        json["events"]
            .as_array()
            .expect("events")
            .iter()
            .map(|e| e["kind"].as_str().expect("text").to_owned())
            .collect()
    };
    assert_eq!(kinds(&all_refused.json()), ["malformed", "missing", "not_utf8"]);
    server.drain();
    assert_eq!(data.records(), ["r-1", "r-5"]);
}

#[test]
fn of_a_field_that_occurs_twice_the_last_one_counts_and_the_contact_says_so() {
    let data = Data::new();
    let server = data.run(&[]);
    let twice = br#"{"record": "d-1", "occurred_at": "2026-05-01T10:00:00Z", "channel": "phone", "channel": "email"}"#;
    assert_eq!(server.post(&[], twice).status, 202);
    server.drain();
    let rows = data.sql("SELECT channel, array_to_string(flags, ',') AS flags FROM contacts");
    assert_eq!(rows, [json!({ "channel": "email", "flags": "duplicate_key" })]);
}

/// P9 at the endpoint.
#[test]
fn nothing_personal_is_said_or_lies_in_clear() {
    let data = Data::new();
    let server = data.run(&[("QUELL_TRACE", "trace")]);
    let canaries = ["zorzalito", "canary.person", "612345678", "kunde-77"];
    let personal = json!({
        "record": "p-1", "occurred_at": "2026-05-01T10:00:00Z", "channel": "phone",
        "customer": { "email": "canary.person@example.org" },
        "text": "zorzalito, call me at +34 612345678", "subject": "zorzalito",
    });
    let mut refused = personal.clone();
    refused["occurred_at"] = json!("zorzalito");
    let by_number = json!({ "record": "p-2", "occurred_at": "2026-05-01T10:00:00Z", "channel": "chat", "customer": "kunde-77" });
    let mut heard = String::new();
    for answer in [
        server.post_json(&json!([personal, refused, by_number])),
        server.post(&[], b"{\"record\": zorzalito"),
        server.post(&[("Content-Type", "application/x-ndjson")], b"{\"record\": zorzalito\nzorzalito"),
        server.get("/metrics"),
        server.get("/readyz"),
    ] {
        heard += &format!("{}\n{}\n", answer.head, answer.body);
    }
    heard += &server.drain();
    heard += &data.done(&["rejects", "list"]);
    for canary in canaries {
        assert!(!heard.contains(canary), "{canary} was said:\n{heard}");
    }
    let mut files = 0;
    let mut folders = vec![data.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
        {
            if path.is_dir() {
                folders.extend((!path.is_symlink()).then_some(path));
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            files += 1;
            for canary in canaries {
                let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
                assert!(!found, "{canary} is in {}", path.display());
            }
        }
    }
    assert!(files > 10, "only {files} files were looked at");
}
