//! After an erasure nothing is left to find, in memory or in any file, and nothing comes back.

use crate::support::{Backend, Folder, contained, customer, email, emails, key_of, plain, resolve_one};
use domain::{CustomerKey, KeyId};
use std::time::Duration;
use vault::{Erasure, Mode, Opened, Options, Resolution, Vault, VaultError};

on_each_store!(
    an_erased_customer_is_gone_for_good,
    erasing_a_stranger_changes_nothing,
    a_day_key_whose_time_is_over_is_destroyed_alike,
);

const NOTHING: Erasure = Erasure { key_destroyed: false, lookups_removed: 0 };

fn an_erased_customer_is_gone_for_good(backend: Backend) {
    for mode in [Mode::Random, Mode::Seeded(5)] {
        let place = backend.place();
        let vault = place.open_as(mode);
        let (gone, stays) = (email("gone@example.com"), email("stays@example.com"));
        let customers: Vec<CustomerKey> =
            vault.resolve(&[gone.clone(), stays.clone()]).unwrap().into_iter().map(customer).collect();
        let keys: Vec<KeyId> = customers.iter().map(|c| KeyId::of_customer(*c)).collect();
        let boxes: Vec<_> = keys.iter().map(|k| vault.seal(*k, b"words", b"f").unwrap()).collect();

        let erased = vault.erase_customer(customers[0]).unwrap();
        assert_eq!(erased, Erasure { key_destroyed: true, lookups_removed: 1 });
        for vault in [&vault, &place.open_as(mode)] {
            assert_eq!(vault.open_box(&boxes[0], b"f").unwrap(), Opened::KeyDestroyed);
            assert!(matches!(vault.seal(keys[0], b"x", b"f"), Err(VaultError::KeyDestroyed { .. })));
            assert!(
                matches!(vault.ensure_keys(&keys), Err(VaultError::KeyDestroyed { key }) if key == keys[0])
            );
            assert_eq!(resolve_one(vault, &gone), Resolution::Suppressed);
            assert_eq!(vault.lookup(&gone).unwrap(), None);
            assert!(vault.is_suppressed(&gone).unwrap());
            assert_eq!(vault.erase_customer(customers[0]).unwrap(), NOTHING, "a second time");

            assert_eq!(plain(vault.open_box(&boxes[1], b"f").unwrap()), b"words");
            assert_eq!(resolve_one(vault, &stays), Resolution::Customer(customers[1]));
            assert!(!vault.is_suppressed(&stays).unwrap());
        }
        let state = vault.integrity().unwrap();
        assert!(state.is_sound(), "{state:?}");
        assert_eq!((state.customers, state.keys, state.keys_destroyed, state.suppressions), (1, 1, 1, 1));
    }
}

fn erasing_a_stranger_changes_nothing(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    key_of(&vault, &email("a@example.com"));
    assert_eq!(vault.erase_customer(CustomerKey::from_bytes([3; 16])).unwrap(), NOTHING);
    assert_eq!(vault.integrity().unwrap().keys, 1);
}

fn a_day_key_whose_time_is_over_is_destroyed_alike(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    let day = KeyId::of_rejects_day(domain::Day::new(2026, 1, 1).unwrap());
    vault.ensure_keys(&[day]).unwrap();
    let sealed = vault.seal(day, b"raw line", b"rejects/0").unwrap();
    let bytes = place.key_bytes(day);
    assert!(vault.destroy_key(day).unwrap());
    assert!(!vault.destroy_key(day).unwrap());
    assert_eq!(vault.open_box(&sealed, b"rejects/0").unwrap(), Opened::KeyDestroyed);
    assert_eq!(place.occurrences(&bytes), 0);
}

/// Key bytes stay nowhere: not in the database, where rows have moved and pages were split, not in the
/// journal, not in the shared index. Held open by a second handle, so that no closing cleans up.
#[test]
fn no_byte_of_a_destroyed_key_is_left_in_any_file() {
    let place = Folder::new();
    let vault = place.open();
    let other = place.open();
    let mut customers = Vec::new();
    for batch in 0..40 {
        let resolved = other.resolve(&emails(batch * 50, batch * 50 + 50)).unwrap();
        customers.extend(resolved.into_iter().map(customer));
    }
    let key = |c: &CustomerKey| place.key_bytes(KeyId::of_customer(*c));
    let keys: Vec<Vec<u8>> = customers.iter().map(key).collect();
    assert!(
        place.occurrences(&keys[11]) > 0 && place.occurrences(&keys[1999]) > 0,
        "a key that is there is found"
    );

    let (erased, kept): (Vec<usize>, Vec<usize>) = (0..2000).partition(|n| n % 50 == 4);
    for n in &erased {
        vault.erase_customer(customers[*n]).unwrap();
    }
    let files = place.files();
    let names: Vec<_> = files.iter().filter_map(|(f, _)| f.extension()?.to_str()).collect();
    assert_eq!(names, ["db", "db-generation", "db-shm", "db-wal"]);
    let wanted = |which: &[usize]| -> Vec<Vec<u8>> { which.iter().map(|n| keys[*n].clone()).collect() };
    for (file, content) in &files {
        assert_eq!(contained(content, &wanted(&erased)), [], "{}", file.display());
    }
    let mut living = contained(&files[0].1, &wanted(&kept));
    living.sort_unstable();
    assert_eq!(living, (0..kept.len()).collect::<Vec<_>>(), "each living key lies in one place");
}

/// SQLite now and then leaves a copy of an index entry where it moved it from. One of an erased identifier
/// would tell which row, and so which customer, it belonged to: the index is rebuilt by an erasure.
#[test]
fn no_moved_index_entry_leads_from_an_erased_identifier_to_its_row() {
    let place = Folder::new();
    let vault = place.open();
    let (victim, tag) = (0..20)
        .find_map(|round| {
            add_lookups(&place, round * 4000, round * 4000 + 4000);
            tag_left_behind(&place)
        })
        .expect("one of 80,000 entries is left behind in the place it was moved from");
    assert_eq!(place.occurrences(&tag), 3, "row, index entry, and a copy");
    vault.erase_customer(victim).unwrap();
    assert_eq!(place.occurrences(&tag), 1, "only the suppression is left");
}

/// Lookups as `resolve` adds them, with numbers hashed by multiplication in place of HMACs, for speed.
fn add_lookups(place: &Folder, from: u128, to: u128) {
    let mut sql = place.sql();
    sql.pragma_update(None, "secure_delete", true).unwrap();
    let batch = sql.transaction().unwrap();
    for n in from..to {
        let half = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
        batch
            .prepare_cached("INSERT INTO lookups (tag, customer) VALUES (?1, ?2)")
            .unwrap()
            .execute(([half, half].concat(), n.to_le_bytes()))
            .unwrap();
    }
    batch.commit().unwrap();
}

/// A customer whose tag stands in the database more often than in its row and its index entry.
fn tag_left_behind(place: &Folder) -> Option<(CustomerKey, Vec<u8>)> {
    let sql = place.sql();
    sql.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut rows = sql.prepare("SELECT customer, tag FROM lookups").unwrap();
    let all = rows.query_map([], |row| Ok((CustomerKey::from_bytes(row.get(0)?), row.get(1)?))).unwrap();
    let (customers, tags): (Vec<CustomerKey>, Vec<Vec<u8>>) = all.map(Result::unwrap).unzip();
    let mut times = vec![0; tags.len()];
    contained(&std::fs::read(place.path()).unwrap(), &tags).into_iter().for_each(|n| times[n] += 1);
    let n = times.iter().position(|times| *times > 2)?;
    Some((customers[n], tags[n].clone()))
}

/// The erasure is done but the journal cannot be cut while somebody reads an old state of the vault.
#[test]
fn a_reader_in_the_way_is_named_and_erasing_again_clears_the_journal() {
    let place = Folder::new();
    let impatient = Options { wait: Duration::from_millis(1), ..Options::default() };
    let vault = Vault::open_with(&place.path(), Mode::Random, &impatient).unwrap();
    let gone = email("gone@example.com");
    let key = key_of(&vault, &gone);
    let bytes = place.key_bytes(key);

    let reader = place.sql();
    reader.execute_batch("BEGIN; SELECT count(*) FROM lookups;").unwrap();
    let victim = CustomerKey::from_bytes(*key.as_bytes());
    let error = vault.erase_customer(victim).unwrap_err();
    assert!(matches!(error, VaultError::JournalInUse { .. }) && error.is_retryable(), "{error:?}");
    assert_eq!(resolve_one(&vault, &gone), Resolution::Suppressed, "erased all the same");

    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(vault.erase_customer(victim).unwrap(), NOTHING);
    assert_eq!(place.occurrences(&bytes), 0);
}

/// Killed between the erasure's commit and its scrub: the next one to open clears the journal.
#[test]
fn opening_clears_what_a_killed_eraser_left_in_the_journal() {
    let place = Folder::new();
    let vault = place.open();
    let key = key_of(&vault, &email("gone@example.com"));
    let bytes = place.key_bytes(key);
    let killed = place.sql();
    killed.execute("UPDATE data_keys SET bytes = NULL WHERE key_id = ?1", [key.as_bytes()]).unwrap();
    assert!(place.occurrences(&bytes) > 0, "the journal still holds the key");
    drop(place.open());
    assert_eq!(place.occurrences(&bytes), 0);
}
