//! Destroying: what goes, what stays to remember it by, and wiping the places where it lay.

use super::{Failure, VaultFile, failed};
use crate::secret::Tag;
use crate::{Erasure, VaultError};
use domain::{CustomerKey, KeyId};
use rusqlite::{Transaction, TransactionBehavior};

impl VaultFile {
    /// Destroys the customer's key and lookups and suppresses their identifiers, in one transaction. Only
    /// `wipe` afterwards takes the bytes out of the journal.
    pub(super) fn erase(&mut self, customer: CustomerKey) -> Result<Erasure, VaultError> {
        self.transaction(TransactionBehavior::Immediate, "erase a customer", |tx| {
            let key_destroyed = destroy(tx, KeyId::of_customer(customer))?;
            let tags = tags_of(tx, customer)?;
            for (row, tag) in &tags {
                tx.execute("INSERT OR IGNORE INTO suppressions (tag) VALUES (?1)", [tag])?;
                tx.execute("UPDATE lookups SET tag = NULL, customer = NULL WHERE n = ?1", [row])?;
            }
            if !tags.is_empty() {
                tx.execute_batch("REINDEX lookups_by_tag")?;
            }
            Ok(Erasure { key_destroyed, lookups_removed: tags.len() })
        })
    }

    /// Suppresses an identifier that names nobody, so that it never will. One that names a customer is left:
    /// erasing the customer suppresses it.
    pub(super) fn suppress(&mut self, tag: &Tag) -> Result<(), VaultError> {
        self.transaction(TransactionBehavior::Immediate, "suppress an identifier", |tx| {
            tx.execute(
                "INSERT OR IGNORE INTO suppressions (tag)
                 SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM lookups WHERE tag = ?1)",
                [tag],
            )?;
            Ok(())
        })
    }

    /// Destroys one key; false where it was never issued or is gone already.
    pub(super) fn destroy_key(&mut self, id: KeyId) -> Result<bool, VaultError> {
        self.transaction(TransactionBehavior::Immediate, "destroy a key", |tx| Ok(destroy(tx, id)?))
    }

    /// Brings the journal's pages home and cuts it to nothing, so that no file keeps what was destroyed.
    pub(super) fn wipe(&self) -> Result<(), VaultError> {
        let cleared = self.cut_journal().map_err(|e| failed("clear the journal", &self.path, e))?;
        if cleared { Ok(()) } else { Err(VaultError::JournalInUse { path: self.path.clone() }) }
    }

    pub(super) fn cut_journal(&self) -> rusqlite::Result<bool> {
        let busy: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(busy == 0)
    }
}

fn destroy(tx: &Transaction<'_>, id: KeyId) -> rusqlite::Result<bool> {
    let changed = tx.execute(
        "UPDATE data_keys SET bytes = NULL WHERE key_id = ?1 AND bytes IS NOT NULL",
        [id.as_bytes()],
    )?;
    Ok(changed > 0)
}

/// A scan: an index by customer would cost each new customer a random write, for the rare erasure's sake.
fn tags_of(tx: &Transaction<'_>, customer: CustomerKey) -> Result<Vec<(i64, Tag)>, Failure> {
    let mut rows = tx.prepare("SELECT n, tag FROM lookups WHERE customer = ?1")?;
    let tags = rows.query_map([customer.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(tags.collect::<rusqlite::Result<_>>()?)
}
