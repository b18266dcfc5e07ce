//! Folding and publishing while it runs: when there is a new cut, what readiness says, and what is counted.

use crate::server::{Data, Server, contact, until};
use serde_json::{Value, json};
use std::fs;

const QUICK: [(&str, &str); 1] = [("QUELL_PUBLISH_EVERY", "100ms")];
const PUBLISHED: &str = "quell_job_duration_seconds_count{job=\"publish\"}";

/// The cut that is shown.
fn cut(data: &Data) -> String {
    let path: Value = serde_json::from_str(&data.done(&["path", "contacts", "--json"])).expect("JSON");
    path["cut"].as_str().expect("an id").to_owned()
}

fn until_published(server: &Server, rows: f64) {
    until("the contacts are published", || {
        (server.metric("quell_table_rows{table=\"contacts\"}") == rows).then_some(())
    });
}

#[test]
fn what_is_new_is_published_on_a_timer_and_nothing_new_is_no_cut() {
    let data = Data::new();
    let server = data.run(&QUICK);
    until("an empty log is caught up", || (server.get("/readyz").status == 200).then_some(()));
    assert!(!data.path().join("tables").exists(), "nothing to publish is no cut");
    assert_eq!(server.post_json(&contact("one")).status, 202);
    until_published(&server, 1.0);
    let first = cut(&data);
    let rounds = server.metric(PUBLISHED);
    until("three more rounds", || (server.metric(PUBLISHED) >= rounds + 3.0).then_some(()));
    assert_eq!(cut(&data), first, "nothing is new");
    // What is known already is new on the log, and a cut of it says so.
    assert_eq!(server.post_json(&contact("two")).status, 202);
    until_published(&server, 2.0);
    assert_ne!(cut(&data), first);
    let read = |name: &str| fs::read(data.path().join("tables").join(name).join("manifest.json"));
    assert!(read(&first).is_ok(), "the cut before stays for its readers");
    server.drain();
    assert_eq!(data.records(), ["one", "two"]);
}

/// Once a process that takes no contacts ended as soon as it had begun.
#[test]
fn the_services_run_one_by_one_as_well() {
    let data = Data::new();
    let settings = [("QUELL_FOLD_SPREAD", "true"), ("QUELL_PUBLISH_EVERY", "100ms")];
    let roles = ["ingest", "assemble", "judge", "lake", "serve"];
    let servers = roles.map(|role| data.role(role, &settings));
    assert_eq!(servers[0].post_json(&contact("one")).status, 202);
    assert!(servers[1..].iter().all(|server| server.post_json(&contact("two")).status == 404));
    until_published(&servers[3], 1.0);
    for server in servers {
        server.drain();
    }
    assert_eq!(data.records(), ["one"]);
}

#[test]
fn a_taxonomy_that_is_published_meanwhile_makes_another_epoch() {
    let data = Data::new();
    let server = data.run(&QUICK);
    assert_eq!(server.post_json(&contact("one")).status, 202);
    until_published(&server, 1.0);
    let reason = |data: &Data| data.sql("SELECT reason FROM contacts");
    assert_eq!(reason(&data), [json!({ "reason": "unclassified" })]);
    let taxonomy = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/files/shop.toml");
    data.done(&["taxonomy", "publish", taxonomy]);
    until("the contacts are judged anew", || {
        (reason(&data) == [json!({ "reason": "where_is_my_order" })]).then_some(())
    });
    server.drain();
}

#[test]
fn an_epoch_that_is_promoted_meanwhile_is_served_and_goes_on() {
    let data = Data::new();
    let server = data.run(&QUICK);
    assert_eq!(server.post_json(&contact("one")).status, 202);
    until_published(&server, 1.0);
    let reasons = |data: &Data| data.sql("SELECT DISTINCT reason FROM contacts");
    let (first, second) = ([json!({ "reason": "unclassified" })], [json!({ "reason": "where_is_my_order" })]);
    let taxonomy = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/files/shop.toml");
    data.done(&["replay", "--taxonomy", taxonomy, "--epoch", "draft"]);
    assert_eq!(reasons(&data), first, "a replay shows nothing");
    data.done(&["promote", "draft"]);
    assert_eq!(reasons(&data), second);
    assert_eq!(server.post_json(&contact("two")).status, 202);
    until_published(&server, 2.0);
    assert_eq!(reasons(&data), second, "the running process follows");
    data.done(&["rollback"]);
    assert_eq!(reasons(&data), first);
    assert_eq!(server.post_json(&contact("three")).status, 202);
    until_published(&server, 3.0);
    assert_eq!(reasons(&data), first);
    server.drain();
}

#[test]
fn while_publishing_fails_contacts_are_taken_and_it_is_not_ready() {
    let data = Data::new();
    // In the place of the folder of the published tables.
    let blocker = data.path().join("tables");
    fs::write(&blocker, b"").expect("a file");
    let server = data.run(&QUICK);
    let readiness = || server.get("/readyz");
    until("it says that it fails", || {
        let said = readiness().json();
        let states = said["because"].as_array().expect("a list").clone();
        states.iter().any(|why| why["state"] == "failing").then_some(())
    });
    assert_eq!(readiness().status, 503);
    assert_eq!(server.metric("quell_ready"), 0.0);
    assert_eq!(server.get("/healthz").status, 200, "the process is alive");
    assert_eq!(server.post_json(&contact("one")).status, 202, "what is durable is taken");
    fs::remove_file(&blocker).expect("the file");
    until("it is ready", || (readiness().status == 200).then_some(()));
    assert_eq!(readiness().json(), json!({ "ready": true, "because": [] }));
    assert_eq!(server.metric("quell_ready"), 1.0);
    until_published(&server, 1.0);
    server.drain();
    assert_eq!(data.records(), ["one"]);
}

#[test]
fn what_another_process_imports_is_published_too() {
    let data = Data::new();
    let server = data.run(&QUICK);
    let file = data.path().join("contacts.ndjson");
    fs::write(&file, format!("{}\n{}\n", contact("from a file"), contact("from both"))).expect("a file");
    assert_eq!(server.post_json(&contact("from both")).status, 202);
    let mapping = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/mappings/http.toml");
    // The mapping of the interface is an ordinary one: the same event is the same fact.
    data.done(&["import", "--source", "ndjson", "--mapping", mapping, &file.display().to_string()]);
    until_published(&server, 2.0);
    server.drain();
    assert_eq!(data.records(), ["from a file", "from both"]);
}

#[test]
fn the_metrics_count_what_happened() {
    let data = Data::new();
    let server = data.run(&QUICK);
    let events = json!([contact("one"), contact("two"), { "record": "three" }]);
    assert_eq!(server.post_json(&events).status, 202);
    until_published(&server, 2.0);
    let answer = server.get("/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "quell_events_received_total{channel=\"phone\",result=\"accepted\",source=\"http\"} 2",
        "quell_events_received_total{channel=\"unknown\",result=\"refused\",source=\"http\"} 1",
        "quell_dead_letters_total{kind=\"missing\",stage=\"map\"} 1",
        "quell_facts_folded_total{result=\"stored\"} 2",
        "quell_http_requests_total{endpoint=\"contacts\",status=\"202\"} 1",
        "quell_output_rows_total{table=\"contacts\"} 2",
        "quell_kept_batch_events_sum 3",
        "quell_consumer_lag_records 0",
        "quell_part_lag_records{part=\"fold\",partition=\"0\",topic=\"company\"} 0",
        "quell_log_stable_offset{partition=\"0\",topic=\"rejects\"} 1",
        "quell_parts{part=\"fold\"} 1",
        "quell_build_info{version=\"0.1.0\"} 1",
    ] {
        until(line, || server.get("/metrics").body.lines().any(|l| l == line).then_some(()));
    }
    let watermark = server.metric("quell_watermark_timestamp_seconds");
    let later = || server.metric("quell_watermark_timestamp_seconds") > watermark;
    until("the watermark moves", || later().then_some(()));
}

#[test]
fn a_published_contact_is_explained_and_no_other() {
    let data = Data::new();
    let server = data.run(&QUICK);
    let answer = server.post_json(&contact("one"));
    let contact = answer.json()["events"][0]["contact"].as_str().expect("a contact").to_owned();
    until_published(&server, 1.0);
    let path = |id: &str| format!("/v1/contacts/{id}/explanation");
    let explained = server.get(&path(&contact));
    assert_eq!(explained.status, 200);
    let explained = explained.json();
    assert_eq!(explained["contact_id"], contact.as_str());
    assert_eq!(explained["reason"], "unclassified");
    assert_eq!(explained["chain"].as_array().map(Vec::len), Some(1));
    for id in ["00000000-0000-0000-0000-000000000000", "nonsense", "%00"] {
        let refused = server.get(&path(id));
        assert_eq!((refused.status, refused.json()["error"].as_str()), (404, Some("no_contact")), "{id}");
    }
}
