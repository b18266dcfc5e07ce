//! P1 and P3 at the endpoint: what was answered with 202 is in the tables exactly once, whatever happens then.

use crate::client;
use crate::server::{Data, contact};
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
        let until = AtomicUsize::new(rng.usize(20..120));
        let address = server.address;
        thread::scope(|scope| {
            let clients: Vec<_> = answered
                .iter_mut()
                .enumerate()
                .map(|(client, answered)| {
                    let until = &until;
                    scope.spawn(move || send(address, &format!("c-{client}"), answered, until))
                })
                .collect();
            while until.load(Ordering::Relaxed) > 0 {
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
fn send(address: SocketAddr, client: &str, answered: &mut Vec<String>, until: &AtomicUsize) {
    loop {
        let record = format!("{client}-{:04}", answered.len());
        let body = contact(&record).to_string();
        match client::request(address, "POST", "/v1/contacts", &[], body.as_bytes()) {
            Ok(answer) if answer.status == 202 => {
                answered.push(record);
                // Stays at zero.
                let _ = until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
            }
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return,
        }
    }
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
