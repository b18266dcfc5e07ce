//! What `quell doctor` asks of a vault: is the file sound, and what does it hold? Counts only.

use super::{Store, failed};
use crate::VaultError;
use rusqlite::Connection;

/// State of a vault's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity {
    /// What SQLite's quick check found wrong, in its words; empty where nothing is.
    pub problems: Vec<String>,
    /// Customers that can be looked up.
    pub customers: u64,
    /// Keys that seal and open, customers' and others'.
    pub keys: u64,
    /// Keys destroyed for ever.
    pub keys_destroyed: u64,
    /// Identifiers that are never issued again.
    pub suppressions: u64,
    /// Customers whose key is missing or destroyed: always 0 in a sound vault.
    pub customers_without_key: u64,
}

impl Integrity {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.customers_without_key == 0
    }
}

impl Store {
    pub(crate) fn integrity(&self) -> Result<Integrity, VaultError> {
        inspect(&self.connection).map_err(|e| failed("check the tables", &self.path, e))
    }
}

fn inspect(connection: &Connection) -> rusqlite::Result<Integrity> {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get(0).map(i64::unsigned_abs));
    Ok(Integrity {
        problems: quick_check(connection)?,
        customers: count("SELECT count(DISTINCT customer) FROM lookups")?,
        keys: count("SELECT count(bytes) FROM data_keys")?,
        keys_destroyed: count("SELECT count(*) FROM data_keys WHERE bytes IS NULL")?,
        suppressions: count("SELECT count(*) FROM suppressions")?,
        customers_without_key: count(
            "SELECT count(*) FROM lookups LEFT JOIN data_keys ON key_id = customer
             WHERE customer IS NOT NULL AND bytes IS NULL",
        )?,
    })
}

fn quick_check(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut rows = connection.prepare("PRAGMA quick_check")?;
    let problems: Vec<String> = rows.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(problems.into_iter().filter(|line| line != "ok").collect())
}
