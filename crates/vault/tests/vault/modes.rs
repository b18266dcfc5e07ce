//! Random and seeded vaults never mix, and a seeded one depends on nothing but seed and content.

use crate::support::{Backend, customer, email, emails, key_of};
use domain::{KeyId, SealedBox};
use vault::{Mode, Options, Resolution, Vault, VaultError};

on_each_store!(
    equal_seeds_give_equal_bytes_whatever_the_order,
    seeded_content_hash_and_day_keys_are_equal_too,
    seeded_nonces_differ_wherever_key_fact_or_text_differ,
    random_vaults_have_nothing_in_common,
    a_vault_of_another_mode_or_seed_is_refused_by_name,
);

/// All that leaves a vault, for these customers.
fn said(vault: &Vault, order: &[usize]) -> Vec<(usize, Resolution, SealedBox)> {
    let all = emails(0, order.len());
    let mut said: Vec<_> = order
        .iter()
        .map(|n| {
            let resolution = vault.resolve(&all[*n..=*n]).unwrap()[0];
            let sealed = vault
                .seal(KeyId::of_customer(customer(resolution)), b"text", &[u8::try_from(*n).unwrap()])
                .unwrap();
            (*n, resolution, sealed)
        })
        .collect();
    said.sort_by_key(|(n, ..)| *n);
    said
}

fn equal_seeds_give_equal_bytes_whatever_the_order(backend: Backend) {
    let (one, two, three) = (backend.place(), backend.place(), backend.place());
    let forward: Vec<usize> = (0..40).collect();
    let backward: Vec<usize> = (0..40).rev().collect();
    let first = said(&one.open_as(Mode::Seeded(7)), &forward);
    assert_eq!(first, said(&two.open_as(Mode::Seeded(7)), &backward));
    assert_eq!(first, said(&one.open_as(Mode::Seeded(7)), &backward), "the same vault again");
    let other = said(&three.open_as(Mode::Seeded(8)), &forward);
    assert!(first.iter().zip(&other).all(|(a, b)| a.1 != b.1 && a.2 != b.2));
}

fn seeded_content_hash_and_day_keys_are_equal_too(backend: Backend) {
    let (one, two) = (backend.place(), backend.place());
    let (one, two) = (one.open_as(Mode::Seeded(7)), two.open_as(Mode::Seeded(7)));
    assert_eq!(one.content_hash(b"content"), two.content_hash(b"content"));
    let day = KeyId::of_rejects_day(domain::Day::new(2026, 5, 4).unwrap());
    one.ensure_keys(&[day]).unwrap();
    two.ensure_keys(&[KeyId::from_bytes([1; 16]), day]).unwrap();
    assert_eq!(one.seal(day, b"x", b"y").unwrap(), two.seal(day, b"x", b"y").unwrap());
}

fn seeded_nonces_differ_wherever_key_fact_or_text_differ(backend: Backend) {
    let place = backend.place();
    let vault = place.open_as(Mode::Seeded(1));
    let (a, b) = (key_of(&vault, &email("a@example.com")), key_of(&vault, &email("b@example.com")));
    let nonce = |key, text: &[u8], bind: &[u8]| vault.seal(key, text, bind).unwrap().bytes[..12].to_vec();
    let all = [
        nonce(a, b"t", b"f"),
        nonce(b, b"t", b"f"),
        nonce(a, b"u", b"f"),
        nonce(a, b"t", b"g"),
        nonce(a, b"", b"tf"),
    ];
    let different: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(nonce(a, b"t", b"f"), all[0]);
}

fn random_vaults_have_nothing_in_common(backend: Backend) {
    let (one, two) = (backend.place(), backend.place());
    let (first, second) = (one.open(), two.open());
    assert_ne!(first.content_hash(b"x"), second.content_hash(b"x"));
    let all = emails(0, 20);
    let (a, b) = (first.resolve(&all).unwrap(), second.resolve(&all).unwrap());
    assert!(a.iter().all(|customer| !b.contains(customer)));
    assert_eq!(first.content_hash(b"x"), one.open().content_hash(b"x"), "the secret is made once");
}

fn a_vault_of_another_mode_or_seed_is_refused_by_name(backend: Backend) {
    let cases = [
        (Mode::Random, Mode::Seeded(0), "was made random and cannot be opened seeded with 0"),
        (Mode::Seeded(0), Mode::Random, "was made seeded and cannot be opened random"),
        (Mode::Seeded(1), Mode::Seeded(2), "was made with another seed than 2"),
    ];
    for (made, asked, message) in cases {
        let place = backend.place();
        drop(place.open_as(made));
        let error = place.try_open(asked, &Options::default()).unwrap_err();
        let named = matches!(
            (&error, asked),
            (VaultError::OtherSeed { seed: 2, .. }, Mode::Seeded(2)) | (VaultError::OtherMode { .. }, _)
        );
        assert!(named, "{error:?}");
        let said = error.to_string();
        assert!(said.contains(message) && said.contains(&place.name()), "{said}");
        assert!(!error.is_retryable());
        drop(place.open_as(made));
    }
}
