//! Identifiers to customers.

use crate::support::{Backend, Folder, customer, email, emails, key_of, plain, resolve_one};
use domain::{Identifier, KeyId, Strength};
use std::collections::HashSet;
use vault::{Mode, Resolution, VaultError};

on_each_store!(
    identifiers_that_differ_in_any_part_are_different_customers,
    answers_come_in_the_order_asked_and_the_same_identifier_is_one_customer,
    nothing_asked_is_nothing_answered,
    customers_and_keys_survive_closing_and_overflowing_caches,
    known_customers_cost_no_look_at_the_file,
    lookup_finds_without_issuing,
    day_keys_are_issued_once_and_loaded_in_bulk,
    keys_that_were_never_issued_are_an_error_and_loading_them_is_none,
);

fn identifier(strength: Strength, namespace: &str, value: &str) -> Identifier {
    Identifier { strength, namespace: namespace.into(), value: value.into() }
}

fn identifiers_that_differ_in_any_part_are_different_customers(backend: Backend) {
    let all = [
        identifier(Strength::Email, "", "1"),
        identifier(Strength::Phone, "", "1"),
        identifier(Strength::Account, "", "1"),
        identifier(Strength::Account, "shop", "1"),
        identifier(Strength::Account, "shop1", ""),
        identifier(Strength::Account, "sho", "p1"),
        identifier(Strength::Account, "shop", ""),
        identifier(Strength::Account, "", "shop"),
    ];
    for mode in [Mode::Random, Mode::Seeded(1)] {
        let place = backend.place();
        let resolved: HashSet<Resolution> = place.open_as(mode).resolve(&all).unwrap().into_iter().collect();
        assert_eq!(resolved.len(), all.len(), "{mode}");
    }
}

fn answers_come_in_the_order_asked_and_the_same_identifier_is_one_customer(backend: Backend) {
    let vault = backend.place();
    let vault = vault.open();
    let (a, b) = (email("a@example.com"), email("b@example.com"));
    let first = vault.resolve(&[a.clone(), b.clone(), a.clone()]).unwrap();
    assert_eq!(first[0], first[2]);
    assert_ne!(first[0], first[1]);
    let second = vault.resolve(&[b, email("c@example.com"), a]).unwrap();
    assert_eq!((second[0], second[2]), (first[1], first[0]));
}

fn nothing_asked_is_nothing_answered(backend: Backend) {
    assert_eq!(backend.place().open().resolve(&[]).unwrap(), []);
}

fn customers_and_keys_survive_closing_and_overflowing_caches(backend: Backend) {
    let place = backend.place();
    let all = emails(0, 300);
    let vault = place.open();
    let first = vault.resolve(&all).unwrap();
    let sealed = vault.seal(KeyId::of_customer(customer(first[0])), b"words", b"fact").unwrap();
    drop(vault);
    let small = place.open_small(Mode::Random);
    assert_eq!(small.resolve(&all).unwrap(), first);
    assert_eq!(small.resolve(&all).unwrap(), first, "with caches that have overflowed");
    assert_eq!(plain(small.open_box(&sealed, b"fact").unwrap()), b"words");
}

fn known_customers_cost_no_look_at_the_file(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    let all = emails(0, 50);
    let first = vault.resolve(&all).unwrap();
    let key = KeyId::of_customer(customer(first[0]));
    place.execute("DROP TABLE lookups; DROP TABLE data_keys");
    assert_eq!(vault.resolve(&all).unwrap(), first);
    assert_eq!(vault.lookup(&all[7]).unwrap(), Some(customer(first[7])));
    let sealed = vault.seal(key, b"words", b"fact").unwrap();
    assert_eq!(plain(vault.open_box(&sealed, b"fact").unwrap()), b"words");
}

fn lookup_finds_without_issuing(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    let known = email("known@example.com");
    let key = customer(resolve_one(&vault, &known));
    assert_eq!(vault.lookup(&known).unwrap(), Some(key));
    assert_eq!(vault.lookup(&email("stranger@example.com")).unwrap(), None);
    let state = vault.integrity().unwrap();
    assert_eq!((state.customers, state.keys), (1, 1));
}

fn day_keys_are_issued_once_and_loaded_in_bulk(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    let days: Vec<KeyId> =
        (1..=28).map(|d| KeyId::of_rejects_day(domain::Day::new(2026, 2, d).unwrap())).collect();
    vault.ensure_keys(&days).unwrap();
    let sealed: Vec<_> = days.iter().map(|k| vault.seal(*k, b"a,b,c", b"rejects/7").unwrap()).collect();
    vault.ensure_keys(&[days[0], days[0]]).unwrap();

    let other = place.open();
    other.ensure_keys(&days).unwrap();
    other.load_keys(&days).unwrap();
    place.execute("DROP TABLE data_keys");
    for sealed in &sealed {
        assert_eq!(plain(other.open_box(sealed, b"rejects/7").unwrap()), b"a,b,c");
    }
}

fn keys_that_were_never_issued_are_an_error_and_loading_them_is_none(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    let strange = KeyId::from_bytes([9; 16]);
    vault.load_keys(&[strange]).unwrap();
    assert!(
        matches!(vault.seal(strange, b"x", b""), Err(VaultError::UnknownKey { key, .. }) if key == strange)
    );
    let sealed = domain::SealedBox { key: strange, bytes: vec![0; 40] };
    assert!(matches!(vault.open_box(&sealed, b""), Err(VaultError::UnknownKey { .. })));
}

#[test]
fn the_file_holds_no_identifier_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Folder::new();
    let vault = place.open();
    key_of(&vault, &identifier(Strength::Account, "canary-namespace", "canary-value-4711"));
    for (file, content) in place.files() {
        for canary in ["canary-namespace", "canary-value-4711"] {
            let canary = canary.as_bytes();
            assert!(!content.windows(canary.len()).any(|w| w == canary), "{}", file.display());
        }
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

#[test]
fn a_file_mode_that_lets_others_read_is_narrowed() {
    use std::os::unix::fs::PermissionsExt;
    let place = Folder::new();
    drop(place.open());
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o644)).unwrap();
    drop(place.open());
    assert_eq!(std::fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o600);
}
