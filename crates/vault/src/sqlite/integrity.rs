//! Is the file sound, and what does it hold? Counts only.

use super::{VaultFile, failed};
use crate::{Integrity, VaultError};
use rusqlite::Connection;

impl VaultFile {
    pub(super) fn integrity(&self) -> Result<Integrity, VaultError> {
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
