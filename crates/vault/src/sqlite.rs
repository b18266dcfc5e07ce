//! The vault's SQLite file: its layout, its statements, and how bytes leave it for good.
//!
//! WAL journal, because several processes read while one writes and a commit costs one sync. `synchronous`
//! FULL: what returned is durable. A destroyed key must leave no copy behind, so:
//! - rows of `data_keys` and `lookups` are only appended and overwritten in place, never deleted, because
//!   SQLite wipes what it deletes (`secure_delete`) but not the old place of a row that it moves to balance
//!   a page, and rows move only when rows come or go in the middle;
//! - the index over tags does move its entries, so an erasure rebuilds it, and the pages it had are wiped;
//! - the journal is checkpointed and cut to nothing before `wipe` returns.

mod create;
mod erase;
mod generation;
mod integrity;

use crate::secret::{DataKey, Secrets, Tag};
use crate::store::{KeyState, Known, Store};
use crate::{Erasure, Integrity, Location, Mode, Options, Resolution, VaultError};
use domain::{CustomerKey, KeyId};
use generation::Generation;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, TransactionBehavior};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Pages cached by a connection, in KiB: the upper levels of the two indexes of ten million customers.
const PAGE_CACHE_KIB: i64 = 16 * 1024;

/// A vault file and the erasure counter beside it.
pub(crate) struct SqliteStore {
    generation: Generation,
    file: Mutex<VaultFile>,
    location: Location,
}

impl SqliteStore {
    /// Opens the vault, making it first where there is none, and gives the secrets it was made with.
    pub(crate) fn open(path: &Path, mode: Mode, options: &Options) -> Result<(Self, Secrets), VaultError> {
        let (file, secrets) = VaultFile::open(path, mode, options)?;
        let generation = Generation::open(path)?;
        Ok((Self { generation, file: Mutex::new(file), location: Location::File(path.to_owned()) }, secrets))
    }

    /// A panic inside a transaction rolled it back, so the connection is as good as before.
    fn file(&self) -> MutexGuard<'_, VaultFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No handle trusts its cache while the work is done.
    fn destroy<T>(
        &self,
        work: impl FnOnce(&mut VaultFile) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let erasing = self.generation.begin()?;
        let done = work(&mut self.file());
        drop(erasing);
        done
    }
}

impl Store for SqliteStore {
    fn location(&self) -> &Location {
        &self.location
    }

    fn settled(&self) -> Result<Option<u64>, VaultError> {
        self.generation.settled()
    }

    fn resolve(&self, tags: BTreeSet<Tag>, secrets: &Secrets) -> Result<BTreeMap<Tag, Known>, VaultError> {
        self.file().resolve(tags, secrets)
    }

    fn find(&self, tag: &Tag) -> Result<Option<Known>, VaultError> {
        self.file().find(tag)
    }

    fn keys(&self, ids: &[KeyId]) -> Result<Vec<(KeyId, KeyState)>, VaultError> {
        self.file().keys(ids)
    }

    fn ensure_keys(&self, ids: &[KeyId], secrets: &Secrets) -> Result<Vec<KeyState>, VaultError> {
        self.file().ensure_keys(ids, secrets)
    }

    fn erase(&self, customer: CustomerKey) -> Result<Erasure, VaultError> {
        self.destroy(|file| file.erase(customer))
    }

    fn suppress(&self, tag: &Tag) -> Result<(), VaultError> {
        self.destroy(|file| file.suppress(tag))
    }

    fn destroy_key(&self, id: KeyId) -> Result<bool, VaultError> {
        self.destroy(|file| file.destroy_key(id))
    }

    fn wipe(&self) -> Result<(), VaultError> {
        self.file().wipe()
    }

    fn integrity(&self) -> Result<Integrity, VaultError> {
        self.file().integrity()
    }
}

/// An open vault file. One connection, used by one thread at a time.
struct VaultFile {
    connection: Connection,
    path: PathBuf,
}

impl VaultFile {
    fn open(path: &Path, mode: Mode, options: &Options) -> Result<(Self, Secrets), VaultError> {
        create::ensure_exists(path, mode)?;
        let fail = |e| failed("open the database", path, e);
        let connection = Connection::open(path).map_err(fail)?;
        connection.busy_timeout(options.wait).map_err(fail)?;
        set_up(&connection).map_err(fail)?;
        let store = Self { connection, path: path.to_owned() };
        let secrets = create::check_instance(&store, mode)?;
        // An eraser that was killed before its wipe left bytes in the journal. Whoever opens clears them if
        // nobody is in the way; nobody waits for it.
        store.connection.busy_timeout(std::time::Duration::ZERO).map_err(fail)?;
        let _ = store.cut_journal();
        store.connection.busy_timeout(options.wait).map_err(fail)?;
        Ok((store, secrets))
    }

    /// The resolution of each tag; customers met for the first time are issued, durably, in one transaction.
    fn resolve(
        &mut self,
        tags: BTreeSet<Tag>,
        secrets: &Secrets,
    ) -> Result<BTreeMap<Tag, Known>, VaultError> {
        let action = "look up customers";
        let mut found = self.transaction(TransactionBehavior::Deferred, action, |tx| {
            let mut found = BTreeMap::new();
            for tag in &tags {
                if let Some(known) = find(tx, tag)? {
                    found.insert(*tag, known);
                }
            }
            Ok(found)
        })?;
        let unknown: Vec<&Tag> = tags.iter().filter(|tag| !found.contains_key(*tag)).collect();
        if !unknown.is_empty() {
            let issued = self.transaction(TransactionBehavior::Immediate, "issue customers", |tx| {
                unknown
                    .iter()
                    .map(|tag| Ok((**tag, find_or_issue(tx, tag, secrets)?)))
                    .collect::<Result<Vec<_>, Failure>>()
            })?;
            found.extend(issued);
        }
        Ok(found)
    }

    /// What is known of one identifier, issuing nothing.
    fn find(&mut self, tag: &Tag) -> Result<Option<Known>, VaultError> {
        self.transaction(TransactionBehavior::Deferred, "look up a customer", |tx| Ok(find(tx, tag)?))
    }

    /// The states of the keys that were ever issued.
    fn keys(&mut self, ids: &[KeyId]) -> Result<Vec<(KeyId, KeyState)>, VaultError> {
        self.transaction(TransactionBehavior::Deferred, "read keys", |tx| {
            let mut known = Vec::with_capacity(ids.len());
            for id in ids {
                known.extend(key_state(tx, *id)?.map(|state| (*id, state)));
            }
            Ok(known)
        })
    }

    /// Issues the keys that were never issued, durably. The state of each, in the order asked.
    fn ensure_keys(&mut self, ids: &[KeyId], secrets: &Secrets) -> Result<Vec<KeyState>, VaultError> {
        self.transaction(TransactionBehavior::Immediate, "issue keys", |tx| {
            ids.iter()
                .map(|id| match key_state(tx, *id)? {
                    Some(state) => Ok(state),
                    None => Ok(KeyState::Live(issue_key(tx, *id, secrets)?)),
                })
                .collect()
        })
    }

    fn transaction<T>(
        &mut self,
        behavior: TransactionBehavior,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, VaultError> {
        let path = &self.path;
        let sql = |e| failed(action, path, e);
        let tx = self.connection.transaction_with_behavior(behavior).map_err(sql)?;
        let done = work(&tx).map_err(|failure| match failure {
            Failure::Sql(e) => sql(e),
            Failure::Vault(e) => e,
        })?;
        tx.commit().map_err(sql)?;
        Ok(done)
    }
}

/// Why the inside of a transaction failed: SQL errors get their file and action outside.
enum Failure {
    Sql(rusqlite::Error),
    Vault(VaultError),
}

impl From<rusqlite::Error> for Failure {
    fn from(e: rusqlite::Error) -> Self {
        Self::Sql(e)
    }
}

impl From<VaultError> for Failure {
    fn from(e: VaultError) -> Self {
        Self::Vault(e)
    }
}

/// A SQL error with its file and what was attempted. SQLite's texts name tables and files, never values.
fn failed(action: &'static str, path: &Path, source: rusqlite::Error) -> VaultError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            VaultError::Busy { action, vault: Location::File(path) }
        }
        _ => VaultError::Database { action, path, source },
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    // Without this SQLite plans a cached statement anew for every value bound to it: half of all the time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Sorting for an index must not spill tags into a file that nobody wipes.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)
}

fn find(tx: &Transaction<'_>, tag: &Tag) -> rusqlite::Result<Option<Known>> {
    let known = tx
        .prepare_cached(
            "SELECT customer, bytes FROM lookups LEFT JOIN data_keys ON key_id = customer WHERE tag = ?1",
        )?
        .query_row([tag], |row| {
            Ok((Resolution::Customer(CustomerKey::from_bytes(row.get(0)?)), live(row, 1)?))
        })
        .optional()?;
    if known.is_some() {
        return Ok(known);
    }
    let suppressed = tx.prepare_cached("SELECT 1 FROM suppressions WHERE tag = ?1")?.exists([tag])?;
    Ok(suppressed.then_some((Resolution::Suppressed, None)))
}

fn find_or_issue(tx: &Transaction<'_>, tag: &Tag, secrets: &Secrets) -> Result<Known, Failure> {
    // Another process may have met the same customer since the first look.
    if let Some(known) = find(tx, tag)? {
        return Ok(known);
    }
    let customer = secrets.new_customer(tag)?;
    let key = issue_key(tx, KeyId::of_customer(customer), secrets)?;
    tx.prepare_cached("INSERT INTO lookups (tag, customer) VALUES (?1, ?2)")?
        .execute((tag, customer.as_bytes()))?;
    Ok((Resolution::Customer(customer), Some(key)))
}

fn issue_key(tx: &Transaction<'_>, id: KeyId, secrets: &Secrets) -> Result<Arc<DataKey>, Failure> {
    let bytes = secrets.new_key(id)?;
    tx.prepare_cached("INSERT INTO data_keys (key_id, bytes) VALUES (?1, ?2)")?
        .execute((id.as_bytes(), &bytes[..]))?;
    Ok(DataKey::copied(&bytes[..]).expect("a new key has a key's length"))
}

fn key_state(tx: &Transaction<'_>, id: KeyId) -> rusqlite::Result<Option<KeyState>> {
    tx.prepare_cached("SELECT bytes FROM data_keys WHERE key_id = ?1")?
        .query_row([id.as_bytes()], |row| Ok(live(row, 0)?.map_or(KeyState::Destroyed, KeyState::Live)))
        .optional()
}

/// The key in a column that is null where the key was destroyed.
fn live(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Arc<DataKey>>> {
    let value = row.get_ref(column)?;
    let Some(bytes) = value.as_blob_or_null()? else { return Ok(None) };
    let wrong_length =
        rusqlite::types::FromSqlError::InvalidBlobSize { expected_size: 32, blob_size: bytes.len() };
    DataKey::copied(bytes).map(Some).ok_or_else(|| wrong_length.into())
}
