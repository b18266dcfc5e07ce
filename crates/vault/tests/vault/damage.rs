//! A file that is no vault, or a broken one: a typed error with the path, never a panic.

use crate::support::{Backend, Folder, email, emails};
use vault::{Mode, Vault, VaultError};

on_each_store!(a_customer_without_a_key_is_unsound,);

fn refusal(content: &[u8]) -> VaultError {
    let place = Folder::new();
    std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    std::fs::write(place.path(), content).unwrap();
    let error = Vault::open(&place.path(), Mode::Random).unwrap_err();
    assert!(error.to_string().contains("vault.db"), "{error}");
    assert!(!error.is_retryable());
    error
}

#[test]
fn what_is_not_a_vault_is_refused() {
    assert!(matches!(refusal(b""), VaultError::NotAVault { .. }));
    assert!(matches!(refusal(&[b'x'; 5000]), VaultError::Database { .. }));
    let other = Folder::new();
    std::fs::create_dir_all(other.path().parent().unwrap()).unwrap();
    other.sql().execute_batch("CREATE TABLE t (x); PRAGMA user_version = 3").unwrap();
    let error = refusal(&std::fs::read(other.path()).unwrap());
    assert!(
        error.to_string().contains("is not a vault of format 1: application id 0x0, format 3"),
        "{error}"
    );
}

#[test]
fn a_vault_of_a_later_format_is_refused() {
    let place = Folder::new();
    drop(place.open());
    place.sql().execute_batch("PRAGMA user_version = 2").unwrap();
    let error = Vault::open(&place.path(), Mode::Random).unwrap_err();
    assert!(matches!(error, VaultError::NotAVault { expected: 1, .. }), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let place = Folder::new();
    std::fs::write(place.path().parent().unwrap(), b"a file where the folder should be").unwrap();
    let error = Vault::open(&place.path(), Mode::Random).unwrap_err();
    assert!(matches!(error, VaultError::File { .. }), "{error:?}");
    assert!(error.to_string().contains(&place.path().parent().unwrap().display().to_string()), "{error}");
}

#[test]
fn another_writer_that_does_not_finish_is_a_retryable_error() {
    let place = Folder::new();
    let options = vault::Options { wait: std::time::Duration::from_millis(1), ..Default::default() };
    let vault = Vault::open_with(&place.path(), Mode::Random, &options).unwrap();
    let writer = place.sql();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = vault.resolve(&emails(0, 3)).unwrap_err();
    assert!(matches!(error, VaultError::Busy { .. }) && error.is_retryable(), "{error:?}");
    assert!(!error.to_string().contains("customer-"), "{error}");
    writer.execute_batch("ROLLBACK").unwrap();
    vault.resolve(&emails(0, 3)).unwrap();
}

/// Pages overwritten one after another: each call answers or fails with a typed error, and the check sees
/// that something is wrong wherever a page of the tables is.
#[test]
fn damaged_pages_are_errors_and_the_check_reports_them() {
    let place = Folder::new();
    let all = emails(0, 400);
    drop({
        let vault = place.open();
        vault.resolve(&all).unwrap();
        vault
    });
    let whole = std::fs::read(place.path()).unwrap();
    let mut reported = 0;
    let pages = whole.len() / 4096;
    for page in 0..pages {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xA5);
        std::fs::write(place.path(), bytes).unwrap();
        let Ok(vault) = Vault::open(&place.path(), Mode::Random) else {
            reported += 1;
            continue;
        };
        let resolved = vault.resolve(&all);
        let checked = vault.integrity();
        let sees = resolved.is_err() || !matches!(&checked, Ok(state) if state.is_sound());
        reported += usize::from(sees);
        let _ = vault.lookup(&email("stranger@example.com"));
    }
    assert_eq!(reported, pages);
}

/// The check counts a customer whose key was lost, which no page checksum would show.
fn a_customer_without_a_key_is_unsound(backend: Backend) {
    let place = backend.place();
    let vault = place.open();
    vault.resolve(&emails(0, 3)).unwrap();
    assert!(vault.integrity().unwrap().is_sound());
    place.execute("DELETE FROM data_keys WHERE key_id = (SELECT key_id FROM data_keys LIMIT 1)");
    let state = vault.integrity().unwrap();
    assert_eq!((state.customers_without_key, state.is_sound()), (1, false));
}
