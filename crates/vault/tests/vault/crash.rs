//! A process killed at any moment: what was answered stays, what was not answered is whole or absent.

use crate::support::{Backend, Folder, customer, emails, snapshot};
use domain::{Identifier, KeyId};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use vault::{Mode, Resolution};

on_each_store!(killed_process, killing_a_process_loses_nothing_that_it_answered,);

/// Every file as it lay on the disk right after a call returned is enough to give the same answers.
#[test]
fn what_was_answered_is_on_the_disk() {
    let place = Folder::new();
    let vault = place.open();
    let all = emails(0, 60);
    for to in [1, 10, 11, 60] {
        let answers = vault.resolve(&all[..to]).unwrap();
        let sealed = vault.seal(KeyId::of_customer(customer(answers[to - 1])), b"w", b"f").unwrap();
        let killed = snapshot(&place);
        let after = killed.open();
        assert_eq!(after.resolve(&all[..to]).unwrap(), answers);
        after.open_box(&sealed, b"f").unwrap();
        assert_eq!(after.integrity().unwrap().customers, to as u64);
    }
}

/// The journal cut at any byte, as a torn last write leaves it: batches are there as a whole or not at all.
#[test]
fn a_torn_journal_loses_only_what_was_not_answered() {
    let place = Folder::new();
    let vault = place.open();
    let all = emails(0, 30);
    vault.resolve(&all[..10]).unwrap();
    let answered = snapshot(&place);
    let journal = |p: &Folder| p.path().with_file_name("vault.db-wal");
    let durable = std::fs::metadata(journal(&answered)).unwrap().len();
    vault.resolve(&all[10..]).unwrap();
    let victim = customer(vault.resolve(&all[..1]).unwrap()[0]);
    let whole = snapshot(&place);
    let bytes = std::fs::read(journal(&whole)).unwrap();
    for cut in (usize::try_from(durable).unwrap()..=bytes.len()).step_by(1777).chain([bytes.len()]) {
        let torn = snapshot(&whole);
        std::fs::write(journal(&torn), &bytes[..cut]).unwrap();
        let after = torn.open();
        let state = after.integrity().unwrap();
        assert!(state.is_sound(), "cut at {cut}: {state:?}");
        assert_eq!(state.customers, if cut == bytes.len() { 30 } else { 10 }, "cut at {cut}");
        assert_eq!(after.lookup(&all[0]).unwrap(), Some(victim));
    }
}

const CHILD: &str = "QUELL_VAULT_TEST_KILLED";

fn batch(n: usize) -> Vec<Identifier> {
    emails(n * 5, n * 5 + 5)
}

/// The process that is killed below: it prints a line after each answer, for as long as somebody reads.
/// Run on its own it writes three batches.
fn killed_process(backend: Backend) {
    let own = backend.place();
    let (place, batches) = match std::env::var(CHILD) {
        Ok(name) => (backend.named(&name), usize::MAX),
        Err(_) => (own, 3),
    };
    let vault = place.open_as(Mode::Seeded(1));
    for n in 0..batches {
        let answers = vault.resolve(&batch(n)).unwrap();
        if n % 4 == 3 {
            vault.erase_customer(customer(answers[0])).unwrap();
        }
        println!("answered {n}");
    }
    assert!(vault.integrity().unwrap().is_sound());
}

fn killing_a_process_loses_nothing_that_it_answered(backend: Backend) {
    for lines in [1, 2, 5, 12, 31] {
        let place = backend.place();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&format!("crash::{backend}::killed_process"), "--exact", "--nocapture"])
            .env(CHILD, place.name())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let answered = output.lines().map(Result::unwrap).filter(|l| l.starts_with("answered")).take(lines);
        assert_eq!(answered.count(), lines);
        child.kill().unwrap();
        child.wait().unwrap();

        let after = place.open_as(Mode::Seeded(1));
        let state = after.integrity().unwrap();
        assert!(state.is_sound(), "{state:?}");
        assert_eq!(state.keys + state.keys_destroyed, state.customers + state.suppressions);
        for n in 0..lines {
            let expected = |i: usize| if n % 4 == 3 && i == 0 { "suppressed" } else { "customer" };
            for (i, identifier) in batch(n).iter().enumerate() {
                let found =
                    match (after.lookup(identifier).unwrap(), after.is_suppressed(identifier).unwrap()) {
                        (Some(_), false) => "customer",
                        (None, true) => "suppressed",
                        other => panic!("{other:?}"),
                    };
                assert_eq!(found, expected(i), "identifier {i} of batch {n}");
            }
        }
        let more = after.resolve(&emails(1_000_000, 1_000_001)).unwrap();
        assert!(matches!(more[0], Resolution::Customer(_)));
    }
}
