//! What is not taken, and what is answered then.

use crate::client::{self, Connection, head};
use crate::server::{Data, contact, until};
use serde_json::json;
use std::io::ErrorKind;

/// One request and what is expected of its answer.
struct Case<'a> {
    what: &'a str,
    method: &'a str,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
    status: u16,
    error: &'a str,
}

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];
const NDJSON: &[(&str, &str)] = &[("Content-Type", "application/x-ndjson")];

#[test]
fn what_is_no_request_of_ours_has_a_defined_answer_and_keeps_nothing() {
    let data = Data::new();
    let settings = [("QUELL_HTTP_BODY", "2KiB"), ("QUELL_HTTP_EVENTS", "3"), ("QUELL_HTTP_DEPTH", "4")];
    let server = data.run(&settings);
    let post = |what, headers, body, status, error| Case {
        what,
        method: "POST",
        path: "/v1/contacts",
        headers,
        body,
        status,
        error,
    };
    let get = |what, path, headers, status, error| Case {
        what,
        method: "GET",
        path,
        headers,
        body: b"",
        status,
        error,
    };
    let long = format!("{{\"record\": \"{}\"}}", "x".repeat(2048));
    let deep = b"{\"a\": {\"b\": {\"c\": [[]]}}}";
    let cases = [
        post("too long", JSON, long.as_bytes(), 413, "body_too_long"),
        post("too many in an array", JSON, b"[{}, {}, {}, {}]", 413, "too_many_events"),
        post("too many lines", NDJSON, b"{}\n{}\n{}\n{}", 413, "too_many_events"),
        post("too deep", JSON, deep, 400, "no_events"),
        post("a line too deep", NDJSON, b"{}\n{\"a\": {\"b\": {\"c\": [[]]}}}", 400, "no_events"),
        post("broken JSON", JSON, b"{\"record\": 1", 400, "no_events"),
        post("broken further on", JSON, b"[{\"record\": 1}, {]", 400, "no_events"),
        post("not a number", JSON, b"{\"record\": NaN}", 400, "no_events"),
        post("two objects in a document", JSON, b"{}{}", 400, "no_events"),
        post("no object", JSON, b"\"contact\"", 400, "no_events"),
        post("not UTF-8", JSON, b"{\"record\": \"\xff\"}", 400, "no_events"),
        post("UTF-16", &[], b"\xff\xfe{\0}\0", 400, "no_events"),
        post("nothing", JSON, b"", 400, "no_events"),
        post("an empty array", JSON, b" [ ] ", 400, "no_events"),
        post("blank lines", NDJSON, b"\n \n", 400, "no_events"),
        post("gzip bytes as lines", NDJSON, b"\x1f\x8b\x08\0\0\0", 400, "no_events"),
        post("compressed", &[("Content-Encoding", "gzip")], b"\x1f\x8b\x08", 415, "encoded"),
        post("another type", &[("Content-Type", "text/csv")], b"a,b", 415, "media_type"),
        post("a page", &[("Origin", "https://example.org")], b"{}", 403, "browser"),
        get("another path", "/v1/contact", &[], 404, "not_found"),
        get("another method", "/v1/contacts", &[], 405, "method_not_allowed"),
        get("another host", "/metrics", &[("Host", "quell.example.org:7071")], 403, "other_host"),
    ];
    for Case { what, method, path, headers, body, status, error } in cases {
        let answer = client::request(server.address, method, path, headers, body).expect(what);
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (status, Some(error)),
            "{what}: {answer:?}"
        );
        let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("expected "), "{what}: {message}");
    }
    let answer = server.get("/v1/contacts");
    assert_eq!(answer.header("allow"), Some("POST"));
    server.drain();
    assert_eq!(data.done(&["rejects", "list"]), "", "a body that is none leaves no reject");
}

#[test]
fn a_body_without_a_length_has_the_same_limit() {
    let data = Data::new();
    let server = data.run(&[("QUELL_HTTP_BODY", "1KiB")]);
    let chunked = |body: &str| {
        let mut connection = Connection::open(server.address).expect("a connection");
        let head = head("POST", "/v1/contacts", &[("Transfer-Encoding", "chunked")], None);
        let chunks: Vec<String> = body
            .as_bytes()
            .chunks(100)
            .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)))
            .collect();
        connection.send(format!("{head}{}0\r\n\r\n", chunks.concat()).as_bytes()).expect("sent");
        connection.answer().expect("an answer")
    };
    assert_eq!(chunked(&contact("c-1").to_string()).status, 202);
    assert_eq!(chunked(&format!("{}{}", contact("c-2"), " ".repeat(1024))).status, 413);
}

#[test]
fn a_client_that_closes_its_half_is_answered() {
    let data = Data::new();
    let server = data.run(&[]);
    let body = contact("c-1").to_string();
    let mut connection = Connection::open(server.address).expect("a connection");
    let head = head("POST", "/v1/contacts", &[], Some(body.len()));
    connection.send(format!("{head}{body}").as_bytes()).expect("sent");
    connection.close_half().expect("closed");
    assert_eq!(connection.answer().expect("an answer").status, 202);
}

#[test]
fn over_the_rate_clients_are_told_when_to_come_again() {
    let data = Data::new();
    let server = data.run(&[("QUELL_HTTP_RATE", "1")]);
    let many: Vec<_> = (0..600).map(|n| contact(&n.to_string())).collect();
    // Taken, and owed for ten minutes.
    assert_eq!(server.post_json(&json!(many)).status, 202);
    let answer = server.post_json(&contact("next"));
    assert_eq!((answer.status, answer.json()["error"].as_str()), (429, Some("too_fast")));
    let seconds: u64 = answer.header("retry-after").and_then(|v| v.parse().ok()).expect("seconds");
    assert!((400..=600).contains(&seconds), "{seconds}");
    assert_eq!(server.get("/healthz").status, 200, "only contacts have a rate");
}

#[test]
fn beyond_the_bound_of_requests_the_next_is_told_to_come_again() {
    let data = Data::new();
    let server = data.run(&[("QUELL_HTTP_CONCURRENCY", "1")]);
    let body = contact("slow").to_string();
    let mut slow = Connection::open(server.address).expect("a connection");
    let head = head("POST", "/v1/contacts", &[], Some(body.len()));
    slow.send(format!("{head}{}", &body[..10]).as_bytes()).expect("sent");
    until("the slow request is worked on", || {
        (server.metric("quell_http_requests_in_progress") == 1.0).then_some(())
    });
    let answer = server.post_json(&contact("second"));
    assert_eq!((answer.status, answer.json()["error"].as_str()), (503, Some("busy")));
    assert_eq!(answer.header("retry-after"), Some("1"));
    slow.send(&body.as_bytes()[10..]).expect("sent");
    assert_eq!(slow.answer().expect("an answer").status, 202);
    assert_eq!(server.post_json(&contact("second")).status, 202);
    server.drain();
    assert_eq!(data.records(), ["second", "slow"]);
}

#[test]
fn slow_clients_lose_their_connection() {
    let data = Data::new();
    let server = data.run(&[("QUELL_HTTP_HEAD_TIMEOUT", "200ms"), ("QUELL_HTTP_BODY_TIMEOUT", "200ms")]);
    let open = || Connection::open(server.address).expect("a connection");
    // Sends nothing, or never ends its head: closed without an answer, or with one that says so.
    for begun in ["", "POST /v1/contacts HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "] {
        let mut connection = open();
        connection.send(begun.as_bytes()).expect("sent");
        let rest = connection.rest();
        let closed = match &rest {
            Ok(bytes) => bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 408"),
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        };
        assert!(closed, "{begun:?}: {rest:?}");
    }
    let mut connection = open();
    connection
        .send(format!("{}{{\"rec", head("POST", "/v1/contacts", &[], Some(100))).as_bytes())
        .expect("sent");
    let answer = connection.answer().expect("an answer");
    assert_eq!((answer.status, answer.json()["error"].as_str()), (408, Some("body_too_slow")));
    // One that closes in the middle of its body is answered by nobody, and leaves nothing behind.
    let mut connection = open();
    connection
        .send(format!("{}{{\"rec", head("POST", "/v1/contacts", &[], Some(100))).as_bytes())
        .expect("sent");
    drop(connection);
    until("no connection is left", || (server.metric("quell_http_connections") == 1.0).then_some(()));
    assert_eq!(server.metric("quell_http_requests_in_progress"), 0.0);
    server.drain();
    assert_eq!(data.done(&["rejects", "list"]), "");
}

#[test]
fn a_client_that_takes_no_answers_loses_its_connection() {
    let data = Data::new();
    let server = data.run(&[("QUELL_HTTP_WRITE_TIMEOUT", "200ms")]);
    let mut connection = Connection::open(server.address).expect("a connection");
    // Far more answers than the system keeps for a reader that does not read. Sending may fail on the way, when
    // the other side has closed already.
    let request = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(4_000);
    let _ = connection.send(request.as_bytes());
    until("no connection is left", || (server.metric("quell_http_connections") == 1.0).then_some(()));
    drop(connection);
}
