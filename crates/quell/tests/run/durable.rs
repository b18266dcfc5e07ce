//! P1 and P3 at the endpoint: what was answered with 202 is in the tables exactly once, whatever happens then.

use crate::client;
use crate::server::{Data, contact, until};
use fastrand::Rng;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[test]
fn what_was_answered_survives_a_kill_right_after_the_answer() {
    let data = Data::new();
    let mut expected = BTreeSet::new();
    for round in 0..4 {
        let server = data.run(&[("QUELL_PUBLISH_EVERY", "100ms")]);
        let record = format!("r-{round}");
        assert_eq!(server.post_json(&contact(&record)).status, 202);
        server.kill();
        expected.insert(record);
    }
    data.run(&[]).drain();
    assert_eq!(data.records(), Vec::from_iter(expected));
}

/// Clients send until the server is killed under them, and send what was not answered again.
#[test]
fn what_was_answered_under_load_counts_once_after_kills() {
    const ROUNDS: usize = 3;
    const CLIENTS: usize = 4;
    let data = Data::new();
    let mut rng = Rng::with_seed(11);
    let mut answered: Vec<Vec<String>> = vec![Vec::new(); CLIENTS];
    for round in 0..ROUNDS {
        let server = data.run(&[("QUELL_PUBLISH_EVERY", "100ms")]);
        // The kill comes after so many answers: the moment is drawn, and the same in every run.
        let left = AtomicUsize::new(rng.usize(20..120));
        let address = server.address;
        thread::scope(|scope| {
            let clients: Vec<_> = answered
                .iter_mut()
                .enumerate()
                .map(|(client, answered)| {
                    let left = &left;
                    scope.spawn(move || send(address, &format!("c-{client}"), answered, left))
                })
                .collect();
            while left.load(Ordering::Relaxed) > 0 {
                thread::yield_now();
            }
            server.kill();
            clients.into_iter().for_each(|client| client.join().expect("a client"));
        });
        assert!(answered.iter().all(|records| records.len() > round), "every client was answered");
    }
    data.run(&[]).drain();
    let mut expected: Vec<String> = answered.into_iter().flatten().collect();
    expected.sort();
    let found = data.records();
    // What was sent and not answered may be there as well, and then once: each client leaves at most one a round.
    let extra: Vec<&String> = found.iter().filter(|record| expected.binary_search(record).is_err()).collect();
    assert!(extra.len() <= ROUNDS * CLIENTS, "{extra:?}");
    let known: Vec<&String> = found.iter().filter(|record| expected.binary_search(record).is_ok()).collect();
    assert_eq!(known, expected.iter().collect::<Vec<_>>());
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "each counts once");
}

/// Sends one contact after the other until the server is gone. What was not answered is sent again by the next
/// round, since its number is not used up.
fn send(address: SocketAddr, client: &str, answered: &mut Vec<String>, left: &AtomicUsize) {
    loop {
        let record = format!("{client}-{:04}", answered.len());
        let body = contact(&record).to_string();
        match client::request(address, "POST", "/v1/contacts", &[], body.as_bytes()) {
            Ok(answer) if answer.status == 202 => {
                answered.push(record);
                // Stays at zero.
                let _ = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
            }
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return,
        }
    }
}

/// P1: what could not be made durable is not acknowledged, and a retry later counts once.
#[test]
fn while_the_log_fails_nothing_is_claimed() {
    let data = Data::new();
    let server = data.run(&[]);
    assert_eq!(server.post_json(&contact("before")).status, 202);
    let log = || rusqlite::Connection::open(data.path().join("log").join("facts.db")).expect("the log");
    let run = |sql| log().execute_batch(sql).expect("SQL");
    run("CREATE TABLE away AS SELECT * FROM head; DELETE FROM head;");
    let answer = server.post_json(&contact("meanwhile"));
    assert_eq!((answer.status, answer.json()["error"].as_str()), (503, Some("not_kept")));
    assert_eq!(answer.header("retry-after"), Some("1"));
    let why = server.get("/readyz").json();
    let failing = why["because"].as_array().expect("a list").iter().any(|why| why["job"] == "append");
    assert!(failing, "{why}");
    assert_eq!(server.metric("quell_job_failures_total{job=\"append\"}"), 1.0);
    run("INSERT INTO head SELECT * FROM away; DROP TABLE away;");
    assert_eq!(server.post_json(&contact("meanwhile")).status, 202);
    server.drain();
    assert_eq!(data.records(), ["before", "meanwhile"]);
}

/// The log is held by somebody else for longer than a request may wait: nothing is known then, and in this case
/// the event is there. Sent again it counts once.
#[test]
fn what_was_not_durable_in_time_may_be_sent_again() {
    let data = Data::new();
    let server = data.run(&[("QUELL_HTTP_ANSWER_TIMEOUT", "200ms")]);
    let log = rusqlite::Connection::open(data.path().join("log").join("facts.db")).expect("the log");
    log.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let answer = server.post_json(&contact("late"));
    assert_eq!((answer.status, answer.json()["error"].as_str()), (503, Some("late")));
    log.execute_batch("ROLLBACK").expect("the lock is free");
    until("it is taken", || (server.post_json(&contact("late")).status == 202).then_some(()));
    server.drain();
    assert_eq!(data.records(), ["late"]);
}

#[test]
fn a_restart_keeps_everything_and_folds_nothing_twice() {
    let data = Data::new();
    let mut expected = Vec::new();
    for round in 0..3 {
        let server = data.run(&[]);
        for n in 0..5 {
            let record = format!("r-{round}{n}");
            assert_eq!(server.post_json(&contact(&record)).status, 202);
            // And one of an earlier round again.
            assert_eq!(
                server.post_json(&contact(&expected.first().cloned().unwrap_or(record.clone()))).status,
                202
            );
            expected.push(record);
        }
        server.drain();
        assert_eq!(data.records(), expected);
    }
    data.done(&["doctor"]);
}
