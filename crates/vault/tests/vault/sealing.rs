//! Boxes: they open for their own fact, and for nothing else.

use crate::support::{Backend, email, key_of, plain};
use domain::SealedBox;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use vault::{BoxDamage, Mode, Opened, Vault, VaultError};

on_each_store!(
    opens_only_whole_unchanged_and_for_its_own_fact,
    the_same_text_never_gives_the_same_box_twice,
    errors_and_debug_output_tell_nothing_of_the_customer,
    any_text_comes_back_and_any_other_bytes_are_a_typed_error,
);

fn damage_of(vault: &Vault, sealed: &SealedBox, bind: &[u8]) -> BoxDamage {
    match vault.open_box(sealed, bind) {
        Err(VaultError::BadBox { damage, .. }) => damage,
        other => panic!("{other:?}"),
    }
}

fn opens_only_whole_unchanged_and_for_its_own_fact(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    let key = key_of(&vault, &email("a@example.com"));
    let sealed = vault.seal(key, b"where is my order", b"fact 1").unwrap();
    assert_eq!(sealed.bytes.len(), 12 + 17 + 16);
    assert_eq!(plain(vault.open_box(&sealed, b"fact 1").unwrap()), b"where is my order");

    for bind in [&b"fact 2"[..], b"", b"fact 1 "] {
        assert_eq!(damage_of(&vault, &sealed, bind), BoxDamage::NotAuthentic);
    }
    for len in 0..sealed.bytes.len() {
        let cut = SealedBox { key, bytes: sealed.bytes[..len].to_vec() };
        let expected = if len < 28 { BoxDamage::Truncated } else { BoxDamage::NotAuthentic };
        assert_eq!(damage_of(&vault, &cut, b"fact 1"), expected, "cut at {len}");
    }
    for at in 0..sealed.bytes.len() {
        let mut changed = sealed.clone();
        changed.bytes[at] ^= 1;
        assert_eq!(damage_of(&vault, &changed, b"fact 1"), BoxDamage::NotAuthentic, "changed at {at}");
    }
    let other = SealedBox { key: key_of(&vault, &email("b@example.com")), bytes: sealed.bytes };
    assert_eq!(damage_of(&vault, &other, b"fact 1"), BoxDamage::NotAuthentic);
}

fn the_same_text_never_gives_the_same_box_twice(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    let key = key_of(&vault, &email("a@example.com"));
    let boxes: std::collections::HashSet<Vec<u8>> =
        (0..1000).map(|_| vault.seal(key, b"", b"").unwrap().bytes).collect();
    assert_eq!(boxes.len(), 1000);
}

fn errors_and_debug_output_tell_nothing_of_the_customer(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    let key = key_of(&vault, &email("canary@example.com"));
    let sealed = vault.seal(key, b"canary words", b"fact").unwrap();
    let bytes = place.key_bytes(key);
    let error = vault.open_box(&sealed, b"canary bind").unwrap_err();
    let opened = vault.open_box(&sealed, b"fact").unwrap();
    assert_eq!(opened, Opened::Plain(b"canary words".to_vec()));
    let said = format!("{error} {error:?} {opened:?} {vault:?} {sealed:?}");
    for secret in ["canary", &format!("{bytes:?}"), &format!("{:?}", b"canary words")] {
        assert!(!said.contains(secret), "{said}");
    }
    assert!(said.contains(&key.to_string()), "{said}");
}

fn any_text_comes_back_and_any_other_bytes_are_a_typed_error(backend: Backend) {
    let place = backend.place();
    let vault = place.open_as(Mode::Seeded(3));
    let key = key_of(&vault, &email("a@example.com"));
    let bytes = |most| proptest::collection::vec(any::<u8>(), 0..most);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(200));
    let checked = runner.run(&(bytes(300), bytes(40), bytes(100)), |(text, bind, junk)| {
        let sealed = vault.seal(key, &text, &bind).unwrap();
        prop_assert_eq!(vault.open_box(&sealed, &bind).unwrap(), Opened::Plain(text));
        let junk = SealedBox { key, bytes: junk };
        let refused = matches!(vault.open_box(&junk, &bind), Err(VaultError::BadBox { .. }));
        prop_assert!(refused);
        Ok(())
    });
    checked.unwrap();
}
