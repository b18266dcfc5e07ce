//! Several handles, threads and processes on one vault.

use crate::support::{Backend, Folder, customer, email, emails, key_of, plain, resolve_one};
use domain::{CustomerKey, Identifier, KeyId};
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use vault::{Mode, Opened, Resolution, VaultError};

on_each_store!(
    handles_that_meet_the_same_new_customers_at_once_agree,
    many_first_openers_make_one_vault,
    an_erasure_is_noticed_by_every_other_handle_at_its_next_call,
    readers_during_erasures_never_answer_from_before_once_an_erasure_has_returned,
    other_process,
    processes_agree,
);

fn handles_that_meet_the_same_new_customers_at_once_agree(backend: Backend) {
    let place = backend.place();
    let rounds = 8;
    let barrier = Barrier::new(4);
    let shared = place.open();
    let answers: Vec<Vec<Vec<Resolution>>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (place, barrier, shared) = (&place, &barrier, &shared);
                scope.spawn(move || {
                    barrier.wait(); // the only one: a thread that fails must not leave the others waiting
                    let own = place.open(); // two threads with handles of their own, two on a shared one
                    let vault = if worker % 2 == 0 { &own } else { shared };
                    let ask = |round: usize| {
                        let mut batch = emails(round * 40, round * 40 + 60); // a third is known already
                        batch.rotate_left(worker * 15);
                        let mut resolved = vault.resolve(&batch).unwrap();
                        resolved.rotate_right(worker * 15);
                        resolved
                    };
                    (0..rounds).map(ask).collect()
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|a| a == &answers[0]));
    let state = place.open().integrity().unwrap();
    assert_eq!((state.customers, state.keys), (8 * 40 + 20, 8 * 40 + 20));
    assert!(state.is_sound(), "{state:?}");
}

fn many_first_openers_make_one_vault(backend: Backend) {
    let place = backend.place();
    let barrier = Barrier::new(6);
    let hashes: Vec<[u8; 32]> = thread::scope(|scope| {
        let open = || {
            barrier.wait();
            place.open().content_hash(b"x")
        };
        let workers: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
        workers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    assert!(hashes.iter().all(|h| h == &hashes[0]));
    assert_eq!(place.drafts(), 0);
}

fn an_erasure_is_noticed_by_every_other_handle_at_its_next_call(backend: Backend) {
    let place = backend.place();
    let (eraser, watcher, idle) = (place.open(), place.open(), place.open());
    let (gone, stays) = (email("gone@example.com"), email("stays@example.com"));
    let (key, kept) = (key_of(&eraser, &gone), key_of(&eraser, &stays));
    let sealed = watcher.seal(key, b"words", b"f").unwrap();
    for handle in [&watcher, &idle] {
        assert_eq!(plain(handle.open_box(&sealed, b"f").unwrap()), b"words", "cached here");
        assert_eq!(key_of(handle, &gone), key, "cached here");
    }
    eraser.erase_customer(CustomerKey::from_bytes(*key.as_bytes())).unwrap();
    assert_eq!(watcher.open_box(&sealed, b"f").unwrap(), Opened::KeyDestroyed);
    assert!(matches!(watcher.seal(key, b"more", b"f"), Err(VaultError::KeyDestroyed { .. })));
    assert_eq!(resolve_one(&watcher, &gone), Resolution::Suppressed);
    assert_eq!(key_of(&watcher, &stays), kept);
    assert_eq!(idle.lookup(&gone).unwrap(), None);
    assert!(idle.is_suppressed(&gone).unwrap());
    assert!(matches!(idle.ensure_keys(&[key]), Err(VaultError::KeyDestroyed { .. })));
    idle.load_keys(&[key, kept]).unwrap();
    assert_eq!(idle.open_box(&sealed, b"f").unwrap(), Opened::KeyDestroyed);
}

/// Lets the readers go when the eraser is done, also when it failed.
struct StopReaders<'a>(&'a std::sync::atomic::AtomicUsize);

impl Drop for StopReaders<'_> {
    fn drop(&mut self) {
        self.0.store(usize::MAX, std::sync::atomic::Ordering::Release);
    }
}

/// A reader that looked the key up while the erasure ran must not keep it afterwards.
fn readers_during_erasures_never_answer_from_before_once_an_erasure_has_returned(backend: Backend) {
    let place = backend.place();
    let (eraser, reader) = (place.open(), place.open_small(Mode::Random));
    let all = emails(0, 60);
    let customers: Vec<CustomerKey> = eraser.resolve(&all).unwrap().into_iter().map(customer).collect();
    let boxes: Vec<_> =
        customers.iter().map(|c| eraser.seal(KeyId::of_customer(*c), b"w", b"f").unwrap()).collect();
    let erased = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    while erased.load(std::sync::atomic::Ordering::Acquire) < customers.len() {
                        let done = erased.load(std::sync::atomic::Ordering::Acquire);
                        for (n, sealed) in boxes.iter().enumerate().skip(done.saturating_sub(2)).take(4) {
                            let opened = reader.open_box(sealed, b"f").unwrap();
                            let resolved = resolve_one(&reader, &all[n]);
                            if n < done {
                                assert_eq!(
                                    (opened, resolved),
                                    (Opened::KeyDestroyed, Resolution::Suppressed)
                                );
                            }
                        }
                    }
                })
            })
            .collect();
        let _stop = StopReaders(&erased);
        for customer in &customers {
            eraser.erase_customer(*customer).unwrap();
            erased.fetch_add(1, std::sync::atomic::Ordering::Release);
        }
        workers.into_iter().for_each(|w| w.join().unwrap());
    });
}

/// An eraser that was killed leaves the counter odd: no cache is trusted until somebody opens or erases.
#[test]
fn a_counter_left_odd_by_a_killed_eraser_turns_caching_off_and_opening_turns_it_on() {
    let place = Folder::new();
    let vault = place.open();
    let known = email("a@example.com");
    let key = key_of(&vault, &known);
    let counter = place.path().with_file_name("vault.db-generation");
    std::fs::write(&counter, 41u64.to_le_bytes()).unwrap();
    place.sql().execute_batch("UPDATE data_keys SET bytes = NULL").unwrap();
    assert!(matches!(vault.seal(key, b"x", b""), Err(VaultError::KeyDestroyed { .. })), "read from the file");
    drop(place.open());
    assert_eq!(std::fs::read(&counter).unwrap(), 42u64.to_le_bytes());
    assert!(
        matches!(vault.seal(key, b"x", b""), Err(VaultError::KeyDestroyed { .. })),
        "still the file's answer"
    );
}

const CHILD: &str = "QUELL_VAULT_TEST_PLACE";

/// The other process of the test below. Run on its own it agrees with itself.
fn other_process(backend: Backend) {
    let own = backend.place();
    let place = std::env::var(CHILD).map_or(own, |name| backend.named(&name));
    let all: Vec<Identifier> = emails(0, 200);
    let answers = place.open().resolve(&all).unwrap();
    let again = place.open().resolve(&all).unwrap();
    assert_eq!(answers, again);
}

fn processes_agree(backend: Backend) {
    let place = backend.place();
    let run = || {
        Command::new(std::env::current_exe().unwrap())
            .args([&format!("sharing::{backend}::other_process"), "--exact"])
            .env(CHILD, place.name())
            .spawn()
            .unwrap()
    };
    let children = [run(), run(), run()];
    let here = place.open();
    let all = emails(0, 200);
    let answers: Vec<Resolution> = all.chunks(10).flat_map(|batch| here.resolve(batch).unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let state = here.integrity().unwrap();
    assert_eq!((state.customers, state.keys), (200, 200));
    assert_eq!(place.open().resolve(&all).unwrap(), answers);
}
