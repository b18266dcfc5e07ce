//! How the process begins and ends.

use crate::client::{Connection, head};
use crate::server::{Data, Server, contact, until};
use std::net::TcpStream;

/// A request whose body is only begun, when it is already worked on.
fn begun(server: &Server, record: &str) -> (Connection, String) {
    let body = contact(record).to_string();
    let mut connection = Connection::open(server.address).expect("a connection");
    let head = head("POST", "/v1/contacts", &[], Some(body.len()));
    connection.send(format!("{head}{}", &body[..10]).as_bytes()).expect("sent");
    until("the request is worked on", || {
        (server.metric("quell_http_requests_in_progress") == 1.0).then_some(())
    });
    (connection, body[10..].to_owned())
}

/// Asks it to end and waits until it takes no more connections.
fn asked_to_end(server: &Server) {
    server.signal("TERM");
    until("no connection is taken", || TcpStream::connect(server.address).is_err().then_some(()));
}

#[test]
fn at_the_end_requests_under_way_are_answered_and_everything_is_published() {
    let data = Data::new();
    let server = data.run(&[]);
    assert_eq!(server.post_json(&contact("before")).status, 202);
    let (mut connection, rest) = begun(&server, "under way");
    asked_to_end(&server);
    connection.send(rest.as_bytes()).expect("sent");
    assert_eq!(connection.answer().expect("an answer").status, 202);
    let (code, said) = server.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Ending:") && said.ends_with("Ended: everything is published.\n"), "{said}");
    // Published by the process itself, and saved: nothing is newer than the tables.
    let output = data.output(&["sql", "SELECT count(*) AS n FROM contacts", "--format", "csv"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "n\n2\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "no record of the log is newer");
    assert!(data.done(&["doctor"]).contains("snapshot"));
}

/// They once ended as soon as they had begun, because those that take no contacts had nobody to keep any.
#[test]
fn each_service_stays_until_it_is_asked_to_end_and_tells_of_the_log() {
    for role in ["ingest", "assemble", "judge", "lake", "serve"] {
        let data = Data::new();
        let settings = [("QUELL_FOLD_SPREAD", "true"), ("QUELL_PUBLISH_EVERY", "100ms")];
        let server = data.try_role(role, &settings).unwrap_or_else(|said| panic!("{role}: {said:?}"));
        until("it is ready", || (server.get("/readyz").status == 200).then_some(()));
        let status = server.post_json(&contact("one")).status;
        assert_eq!(status, if role == "ingest" { 202 } else { 404 }, "{role}");
        let looks = "quell_job_duration_seconds_count{job=\"watch\"}";
        until("it has looked at the log again", || (server.metric(looks) >= 2.0).then_some(()));
        let own = if ["assemble", "judge"].contains(&role) { 4.0 } else { f64::from(role == "lake") };
        let parts = ["assemble", "judge", "lake"].map(|part| format!("quell_parts{{part=\"{part}\"}}"));
        until("its parts are told of", || {
            (parts.iter().map(|part| server.metric(part)).sum::<f64>() == own).then_some(())
        });
        server.signal("TERM");
        let (code, said) = server.ended();
        assert_eq!(code, Some(0), "{role}: {said}");
    }
}

#[test]
fn interrupt_is_a_signal_to_end_too() {
    let data = Data::new();
    let server = data.run(&[("QUELL_LANGUAGE", "es")]);
    assert_eq!(server.post_json(&contact("one")).status, 202);
    server.signal("INT");
    let (code, said) = server.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("escucha en http://") && said.contains("Terminado: todo está publicado."),
        "{said}"
    );
    assert_eq!(data.records(), ["one"]);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let data = Data::new();
    let server = data.run(&[]);
    let (_connection, _rest) = begun(&server, "never ends");
    asked_to_end(&server);
    server.signal("TERM");
    let (code, said) = server.ended();
    assert_eq!(code, Some(1));
    assert!(said.contains("error: ended at once, as asked"), "{said}");
}

#[test]
fn after_the_time_for_it_the_end_comes_and_says_what_was_late() {
    let data = Data::new();
    let server = data.run(&[("QUELL_RUN_DRAIN", "1s")]);
    let (_connection, _rest) = begun(&server, "never ends");
    server.signal("TERM");
    let (code, said) = server.ended();
    assert_eq!(code, Some(1));
    assert!(said.contains("still answering the requests under way"), "{said}");
}

#[test]
fn an_address_in_use_is_one_clear_error() {
    let data = Data::new();
    let server = data.run(&[]);
    let address = server.address.to_string();
    let other = Data::new();
    let output = other.output(&["run", "--listen", &address]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with(&format!("error: cannot listen on {address}: ")), "{said}");
    assert!(!other.path().join("log").exists(), "nothing was opened");
}

#[test]
fn two_processes_on_one_folder_count_everything_once() {
    let data = Data::new();
    let settings = [("QUELL_PUBLISH_EVERY", "100ms")];
    let servers = [data.run(&settings), data.run(&settings)];
    let mut expected = Vec::new();
    for n in 0..40 {
        let record = format!("r-{n:02}");
        // Each to one of them, every fourth to both.
        for server in servers.iter().enumerate().filter(|(at, _)| n % 2 == *at || n % 4 == 0) {
            assert_eq!(server.1.post_json(&contact(&record)).status, 202);
        }
        expected.push(record);
    }
    for server in servers {
        server.drain();
    }
    data.done(&["rollup"]);
    assert_eq!(data.records(), expected);
    data.done(&["doctor"]);
}
