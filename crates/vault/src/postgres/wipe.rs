//! Destroying, and taking the bytes of what was destroyed out of the server's files.
//!
//! PostgreSQL overwrites nothing: a changed row leaves its old version in its page, and cleaning pages up moves
//! rows without wiping their old places. So the part of a table that held something destroyed is written anew
//! into another file, sorted, and the old one is removed. The new rows are visible to every snapshot (`FREEZE`),
//! so that a reader who waited for it misses nothing.

use super::PostgresStore;
use super::failure::Failure;
use super::session::Session;
use crate::secret::Tag;
use crate::{Erasure, VaultError};
use domain::{CustomerKey, KeyId};
use futures::{SinkExt as _, TryStreamExt as _};
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;

/// How long a wipe keeps others waiting behind it while it waits for a reader, and then lets them go on.
const LOCK_WAIT: Duration = Duration::from_millis(500);

/// Tells every handle to forget. The new generation is the time, so that a replica that became the primary without
/// the last erasures never counts up to a number that handles know from before.
macro_rules! new_generation {
    () => {
        "UPDATE generation
         SET number = greatest(number + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"
    };
}

/// One statement, so that all of it happens or nothing.
const ERASE: &str = concat!(
    "WITH key AS (UPDATE data_keys SET bytes = NULL WHERE key_id = $1 AND bytes IS NOT NULL RETURNING tableoid),
         tags AS (UPDATE lookups SET customer = NULL WHERE customer = $1 RETURNING tableoid),
         parts AS (INSERT INTO unwiped
             SELECT relname FROM pg_class WHERE oid IN (SELECT * FROM key UNION SELECT * FROM tags)
             ORDER BY relname ON CONFLICT DO NOTHING),
         counted AS (",
    new_generation!(),
    ") SELECT (SELECT count(*) FROM key), (SELECT count(*) FROM tags)"
);

const DESTROY_KEY: &str = concat!(
    "WITH key AS (UPDATE data_keys SET bytes = NULL WHERE key_id = $1 AND bytes IS NOT NULL RETURNING tableoid),
         parts AS (INSERT INTO unwiped SELECT relname FROM pg_class WHERE oid IN (SELECT * FROM key)
             ON CONFLICT DO NOTHING),
         counted AS (",
    new_generation!(),
    ") SELECT count(*) FROM key"
);

const SUPPRESS: &str = concat!(
    "WITH suppressed AS (INSERT INTO lookups (tag) VALUES ($1) ON CONFLICT (tag) DO NOTHING) ",
    new_generation!()
);

impl PostgresStore {
    pub(super) fn erase_customer(&self, customer: CustomerKey) -> Result<Erasure, VaultError> {
        let counts = self.destroy("erase a customer", ERASE, &[&&customer.as_bytes()[..]], |row| {
            (row.get::<_, i64>(0), row.get::<_, i64>(1))
        })?;
        let (keys, tags) = counts.unwrap_or_default();
        Ok(Erasure { key_destroyed: keys > 0, lookups_removed: usize::try_from(tags).unwrap_or(0) })
    }

    pub(super) fn suppress_tag(&self, tag: &Tag) -> Result<(), VaultError> {
        self.destroy("suppress an identifier", SUPPRESS, &[&&tag[..]], |_| ()).map(|_| ())
    }

    pub(super) fn destroy_one(&self, id: KeyId) -> Result<bool, VaultError> {
        let keys =
            self.destroy("destroy a key", DESTROY_KEY, &[&&id.as_bytes()[..]], |row| row.get::<_, i64>(0))?;
        Ok(keys.unwrap_or(0) > 0)
    }

    /// The first row that the statement answers. A connection that broke before is noticed by asking for something
    /// else first; where it breaks during the statement the caller hears of it, because a repetition would count
    /// what the first one had destroyed as not there.
    fn destroy<T>(
        &self,
        action: &'static str,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
        read: impl Fn(&tokio_postgres::Row) -> T,
    ) -> Result<Option<T>, VaultError> {
        self.ask_generation().map_err(|e| e.named(action, &self.location))?;
        let rows = self
            .pool
            .once(|session| session.slowly(async |client| Ok(client.query(sql, parameters).await?)));
        self.lease.end();
        Ok(rows.map_err(|e| e.named(action, &self.location))?.first().map(read))
    }

    /// Writes every part anew that holds bytes of what was destroyed, also by others who were killed since. A part
    /// that somebody reads is tried again for so long.
    pub(super) fn wipe_parts(&self, patience: Duration) -> Result<(), VaultError> {
        let until = Instant::now() + patience;
        let mut wiped = false;
        while let Some(part) = self.next_unwiped()? {
            match self.pool.repeat(|session| rewrite(session, &part)) {
                // Whoever queued behind us goes first.
                Err(Failure::Locked) if Instant::now() < until => std::thread::sleep(LOCK_WAIT),
                Err(Failure::Locked) => return Err(VaultError::NotWiped { vault: self.location.clone() }),
                other => other.map_err(|e| e.named("wipe the tables", &self.location))?,
            }
            wiped = true;
        }
        if wiped {
            self.renew_journal()?;
        }
        Ok(())
    }

    fn next_unwiped(&self) -> Result<Option<String>, VaultError> {
        let sql = "SELECT part FROM unwiped ORDER BY part LIMIT 1";
        let rows = self.pool.repeat(|session| session.query(sql, &[]));
        let rows = rows.map_err(|e| e.named("look for what is to be wiped", &self.location))?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// As far as the role may: so that the segments of the journal that hold the old rows can go.
    fn renew_journal(&self) -> Result<(), VaultError> {
        let renewed = self.pool.repeat(|session| {
            let rights = session.journal;
            session.slowly(async |client| {
                if rights.switch {
                    client.batch_execute("SELECT pg_switch_wal()").await?;
                }
                if rights.checkpoint {
                    client.batch_execute("CHECKPOINT").await?;
                }
                Ok(())
            })
        });
        renewed.map_err(|e| e.named("renew the journal", &self.location))
    }
}

/// Copies the rows of one part out, empties it, and copies the same bytes in. The lock on the part comes first:
/// a session that changes it holds none on `unwiped` yet.
fn rewrite(session: &mut Session, part: &str) -> Result<(), Failure> {
    let lock_wait = LOCK_WAIT.as_millis();
    let key = if part.starts_with("lookups_") { "tag" } else { "key_id" };
    session.slowly(async |client| {
        let locking = format!(
            "BEGIN; SET LOCAL lock_timeout = {lock_wait}; LOCK TABLE {part} IN ACCESS EXCLUSIVE MODE"
        );
        client.batch_execute(&locking).await?;
        if client.execute("DELETE FROM unwiped WHERE part = $1", &[&part]).await? > 0 {
            let out = format!("COPY (SELECT * FROM {part} ORDER BY {key}) TO STDOUT (FORMAT binary)");
            let rows: Vec<_> = client.copy_out(&out).await?.try_collect().await?;
            client.batch_execute(&format!("TRUNCATE {part}")).await?;
            let mut sink =
                pin!(client.copy_in(&format!("COPY {part} FROM STDIN (FORMAT binary, FREEZE)")).await?);
            for chunk in rows {
                sink.feed(chunk).await?;
            }
            sink.close().await?;
        }
        Ok(client.batch_execute("COMMIT").await?)
    })
}
