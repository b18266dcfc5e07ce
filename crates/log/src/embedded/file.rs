//! A topic's SQLite file: how it comes to be, its settings, and the connections to it.
//!
//! `record` holds the records; `head` holds for each partition the next offset and the last `recorded_at`,
//! so that an end costs one lookup and a record that damage has swallowed is missed; `position` holds the
//! positions of the readers that write their outputs here; `incarnation` is a random number that tells the
//! topic from one created later under its name.
//!
//! A file that is being dropped is marked as such and loses its heads and positions first: that is what
//! makes a drop visible to processes that have the file open, and what tells it from damage.

use super::place::{Place, sync_folder};
use super::{crc, read, subscription};
use crate::{Error, Result};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use std::fs::{self, File};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Marks the file as ours: "QLOG" in ASCII.
const APPLICATION_ID: i32 = 0x514c_4f47;
/// Version of the tables below.
const FORMAT: i32 = 1;
/// In the place of the version: the topic was dropped, and its file is about to be deleted.
const DROPPED: i32 = -1;
const SCHEMA: &str = "
    CREATE TABLE incarnation (number INTEGER NOT NULL) STRICT;
    INSERT INTO incarnation VALUES (random());
    CREATE TABLE head (
        partition INTEGER PRIMARY KEY, next INTEGER NOT NULL, recorded_at INTEGER NOT NULL, crc INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE record (
        partition INTEGER NOT NULL, offset INTEGER NOT NULL, frame BLOB NOT NULL, PRIMARY KEY (partition, offset)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE position (
        reader TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, at INTEGER NOT NULL,
        crc INTEGER NOT NULL, PRIMARY KEY (reader, topic, partition)
    ) STRICT, WITHOUT ROWID;";

/// Bytes of a page. A record of up to about 2,000 bytes, which most are, fits without a page of its own;
/// measured, 8 KiB costs a tenth less processor time than SQLite's usual 4 KiB, and 16 KiB no less again.
const PAGE_BYTES: u32 = 8_192;
/// Pages in the write-ahead log before they are copied into the main file: 16 MiB. Larger is faster to
/// append, because a page written often is copied once; smaller is faster to recover.
const CHECKPOINT_PAGES: u32 = 2_048;
/// What the write-ahead log is cut down to after a checkpoint, if readers made it grow: 64 MiB.
const WAL_BYTES_KEPT: u32 = 64 * 1024 * 1024;
/// Page cache of a connection: 8 MiB, the inner pages of some ten million records.
const CACHE_KIB: i32 = 8 * 1024;
/// How long to wait for another process's transaction. Transactions take milliseconds; this only ends a
/// wait for a process that is stopped with the lock in hand.
const BUSY_TIMEOUT: Duration = Duration::from_secs(60);
/// Reading connections kept open when idle.
const IDLE_READERS: usize = 8;

/// An open topic.
pub(super) struct TopicFile {
    pub place: Place,
    pub partitions: u32,
    incarnation: i64,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl TopicFile {
    /// Makes the file of a new topic under another name and gives it its own when it is whole and durable:
    /// a topic exists completely or not at all. The caller holds the folder's lock.
    pub fn create(place: &Place, partitions: u32) -> Result<()> {
        place.remove()?;
        let new = Place { topic: place.topic.clone(), path: place.sibling(".new") };
        new.remove()?;
        build(&new.path, partitions).map_err(place.failed("create"))?;
        let publish = || {
            File::open(&new.path)?.sync_all()?;
            fs::rename(&new.path, &place.path)
        };
        publish().map_err(|source| Error::File { action: "create", path: place.path.clone(), source })?;
        sync_folder(place.folder())?;
        tracing::info!(topic = %place.topic, partitions, path = %place.path.display(), "created topic");
        Ok(())
    }

    /// Opens the file; `None` if there is no such topic.
    pub fn open(place: Place) -> Result<Option<Self>> {
        if !place.path.exists() {
            return Ok(None);
        }
        let Some(writer) = connect(&place)? else { return Ok(None) };
        let partitions = read::count_partitions(&writer, &place)?;
        if partitions == 0 {
            return Err(place.damaged_file("it has no partitions"));
        }
        let incarnation = incarnation(&writer, &place)?;
        let (writer, readers) = (Mutex::new(writer), Mutex::default());
        Ok(Some(Self { place, partitions, incarnation, writer, readers }))
    }

    /// Ends the topic for everybody who has it open: their next call finds no partitions. The caller then
    /// deletes the file. Without this a process could append to a deleted file and acknowledge it.
    pub fn empty(&self) -> Result<()> {
        self.write("drop", |tx| {
            tx.pragma_update(None, "user_version", DROPPED).map_err(self.place.failed("drop"))?;
            tx.execute_batch("DELETE FROM head; DELETE FROM position").map_err(self.place.failed("drop"))
        })?;
        tracing::info!(topic = %self.place.topic, path = %self.place.path.display(), "dropped topic");
        Ok(())
    }

    /// Runs the body as one transaction that is durable when this returns, and is as if it had never been
    /// when the body or the commit fails. The lock is taken before anything is read, so that what the body
    /// reads stays true until it is committed.
    pub fn write<T>(
        &self,
        action: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let failed = self.place.failed(action);
        let mut writer = held(&self.writer);
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let value = body(&tx)?;
        tx.commit().map_err(&failed)?;
        Ok(value)
    }

    /// Runs the body on a reading connection. Reads do not wait for the writer nor for each other.
    pub fn with_reader<T>(&self, body: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = held(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect_reader()?,
        };
        let value = body(&connection);
        let mut readers = held(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        value
    }

    fn connect_reader(&self) -> Result<Connection> {
        let connection = connect(&self.place)?.ok_or_else(|| self.place.unknown_topic())?;
        if incarnation(&connection, &self.place)? != self.incarnation {
            return Err(self.place.unknown_topic());
        }
        connection.pragma_update(None, "query_only", "ON").map_err(self.place.failed("open"))?;
        Ok(connection)
    }

    #[cfg(feature = "testing")]
    pub fn limit_pages(&self, pages: Option<u32>) -> Result<()> {
        // SQLite's own maximum is 2^32 - 2 pages.
        let pages = pages.unwrap_or(u32::MAX - 1);
        let set = held(&self.writer).pragma_update(None, "max_page_count", pages);
        set.map_err(self.place.failed("limit"))
    }
}

/// A panic in another thread rolled its transaction back and left nothing half-done behind the lock.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn build(path: &Path, partitions: u32) -> rusqlite::Result<()> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let tx = connection.transaction()?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.execute_batch(SCHEMA)?;
    for partition in 0..partitions {
        // Before every instant, so that it holds back no first record.
        let (next, recorded_at) = (0, i64::MIN);
        let crc = crc::of_head(partition, partitions, next, recorded_at);
        tx.execute("INSERT INTO head VALUES (?1, ?2, ?3, ?4)", params![partition, 0, recorded_at, crc])?;
    }
    subscription::put(&tx, subscription::COUNT, 0)?;
    tx.commit()?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error)
}

fn incarnation(connection: &Connection, place: &Place) -> Result<i64> {
    connection.query_row("SELECT number FROM incarnation", [], |row| row.get(0)).map_err(place.failed("open"))
}

/// Opens a connection; `None` if the topic was dropped, perhaps by another process this very moment.
fn connect(place: &Place) -> Result<Option<Connection>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match Connection::open_with_flags(&place.path, flags) {
        Ok(connection) => Ok(is_whole(&connection, place)?.then_some(connection)),
        Err(_) if !place.path.exists() => Ok(None),
        Err(error) => Err(place.failed("open")(error)),
    }
}

/// Whether the file was not dropped. Refuses one that is not ours, or of another version, or that would be
/// written without its log.
fn is_whole(connection: &Connection, place: &Place) -> Result<bool> {
    let failed = place.failed("open");
    settle(connection).map_err(&failed)?;
    let number =
        |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(&failed);
    let (application, format) = (number("application_id")?, number("user_version")?);
    if (application, format) == (APPLICATION_ID, DROPPED) {
        return Ok(false);
    }
    if (application, format) != (APPLICATION_ID, FORMAT) {
        let found = format!("application id {application:#x} and format {format}");
        return Err(place.damaged_file(format!("expected a quell log of format {FORMAT}, found {found}")));
    }
    let mode: String =
        connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(&failed)?;
    if mode != "wal" {
        return Err(place.damaged_file(format!("expected a write-ahead log, found journal mode {mode}")));
    }
    Ok(true)
}

fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // FULL: the write-ahead log is synced before a commit returns. The default, NORMAL in WAL mode, would
    // acknowledge what a power cut takes away.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS a plain fsync stops at the drive's cache.
    connection.pragma_update(None, "fullfsync", "ON")?;
    connection.pragma_update(None, "checkpoint_fullfsync", "ON")?;
    // Damaged pages are told as such instead of being walked through.
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TopicName;

    fn created(folder: &Path) -> TopicFile {
        let topic = TopicName::new("facts").expect("a good name");
        let place = Place { topic, path: folder.join("facts.db") };
        TopicFile::create(&place, 1).expect("create");
        TopicFile::open(place).expect("open").expect("a topic")
    }

    #[test]
    fn a_new_connection_does_not_reach_a_later_topic_of_the_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = created(folder.path());
        // As another process drops it and creates it again.
        old.empty().expect("drop");
        let new = created(folder.path());
        assert!(matches!(old.with_reader(|_| Ok(())), Err(Error::UnknownTopic { .. })));
        new.with_reader(|_| Ok(())).expect("the later topic reads its own");
    }

    #[test]
    fn settings_are_what_durability_needs() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = created(folder.path());
        let settings = [
            ("synchronous", 2),
            ("fullfsync", 1),
            ("checkpoint_fullfsync", 1),
            ("cell_size_check", 1),
            ("page_size", i64::from(PAGE_BYTES)),
            ("wal_autocheckpoint", i64::from(CHECKPOINT_PAGES)),
            ("busy_timeout", 60_000),
        ];
        let check = |connection: &Connection| {
            for (name, expected) in settings {
                let found = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
                assert_eq!(found.ok(), Some(expected), "{name}");
            }
            let mode = |name| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0)).ok();
            assert_eq!(
                (mode("journal_mode").as_deref(), mode("locking_mode").as_deref()),
                (Some("wal"), Some("normal"))
            );
        };
        check(&held(&file.writer));
        file.with_reader(|connection| {
            check(connection);
            assert!(connection.execute("DELETE FROM head", []).is_err(), "a reader cannot write");
            Ok(())
        })
        .expect("read");
    }
}
