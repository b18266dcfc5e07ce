//! One topic's file by name: its siblings, its removal, and what a failure of it is called.

use crate::{Error, Result, TopicName};
use domain::{Offset, Partition};
use rusqlite::{ErrorCode, ffi};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A topic and its file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub topic: TopicName,
    pub path: PathBuf,
}

impl Place {
    /// The file name with something behind it, as SQLite names its siblings.
    pub fn sibling(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// The folder of the file.
    pub fn folder(&self) -> &Path {
        self.path.parent().expect("a topic's file lies in the log's folder")
    }

    /// Removes the file and its siblings, whichever exist. The main file goes first: without it the others
    /// are nothing, whereas a file without its write-ahead log would look whole and lack its last records.
    /// The siblings are gone for good before a new file can take the name and be taken for theirs.
    pub fn remove(&self) -> Result<()> {
        remove(&self.path)?;
        sync_folder(self.folder())?;
        for suffix in ["-wal", "-shm", "-journal"] {
            remove(&self.sibling(suffix))?;
        }
        sync_folder(self.folder())
    }

    pub fn unknown_topic(&self) -> Error {
        Error::UnknownTopic { topic: self.topic.clone(), place: self.folder().display().to_string() }
    }

    pub fn damaged_file(&self, what: impl Into<String>) -> Error {
        Error::DamagedFile { path: self.path.clone(), topic: self.topic.clone(), what: what.into() }
    }

    pub fn damaged_record(&self, partition: Partition, offset: Offset, what: &'static str) -> Error {
        Error::DamagedRecord { path: self.path.clone(), topic: self.topic.clone(), partition, offset, what }
    }

    /// Names what SQLite said while something was attempted.
    pub fn failed(&self, action: &'static str) -> impl Fn(rusqlite::Error) -> Error + '_ {
        move |source| {
            let error = self.named(action, source);
            // The caller says it aloud, or tries again.
            tracing::debug!(topic = %self.topic, retry = ?error.retry(), "{error}");
            error
        }
    }

    fn named(&self, action: &'static str, source: rusqlite::Error) -> Error {
        let (topic, path) = (self.topic.clone(), self.path.clone());
        match fate(&source) {
            Fate::DiskFull => Error::DiskFull { topic, path },
            Fate::Busy => Error::Busy { topic, path },
            Fate::SyncFailed => Error::SyncFailed { topic, path, source: Box::new(source) },
            Fate::Damaged => self.damaged_file(format!("cannot {action} it: {source}")),
            Fate::Other => Error::Storage { action, topic, path, source: Box::new(source) },
        }
    }
}

enum Fate {
    DiskFull,
    Busy,
    SyncFailed,
    Damaged,
    Other,
}

fn fate(error: &rusqlite::Error) -> Fate {
    use rusqlite::Error as E;
    let code = match error {
        E::SqliteFailure(code, _) => code,
        // Every column is of a strict type: another one was not written by us.
        E::InvalidColumnType(..)
        | E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::Utf8Error(..) => {
            return Fate::Damaged;
        }
        _ => return Fate::Other,
    };
    match (code.code, code.extended_code) {
        // Growing the shared-memory file is where a full disk shows itself under another name.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Fate::DiskFull,
        (_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => Fate::SyncFailed,
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed, _) => {
            Fate::Busy
        }
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => Fate::Damaged,
        // Our statements are constant: what they do not find is not the schema that we wrote.
        (_, ffi::SQLITE_ERROR) => Fate::Damaged,
        // A page that the file is too short to hold.
        (_, ffi::SQLITE_IOERR_SHORT_READ) => Fate::Damaged,
        _ => Fate::Other,
    }
}

/// Makes the entries of a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|f| f.sync_all());
    synced.map_err(|source| Error::File { action: "sync", path: folder.to_owned(), source })
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::File { action: "delete", path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Retry;

    #[test]
    fn what_sqlite_says_has_a_name_and_a_fate() {
        let topic = TopicName::new("facts").expect("a good name");
        let place = Place { topic, path: PathBuf::from("/data/log/facts.db") };
        let cases = [
            (ffi::SQLITE_FULL, "no space left to append to topic facts in /data/log/facts.db", Retry::Later),
            (ffi::SQLITE_IOERR_SHMSIZE, "no space left", Retry::Later),
            (ffi::SQLITE_BUSY, "topic facts in /data/log/facts.db is held by another process", Retry::Later),
            (ffi::SQLITE_BUSY_RECOVERY, "is held by another process", Retry::Later),
            (ffi::SQLITE_PROTOCOL, "is held by another process", Retry::Later),
            (ffi::SQLITE_IOERR_FSYNC, "topic facts in /data/log/facts.db could not be synced", Retry::Never),
            (ffi::SQLITE_IOERR_DIR_FSYNC, "could not be synced", Retry::Never),
            (ffi::SQLITE_CORRUPT, "damaged log file /data/log/facts.db of topic facts", Retry::Never),
            (ffi::SQLITE_ERROR, "damaged log file", Retry::Never),
            (ffi::SQLITE_NOTADB, "damaged log file", Retry::Never),
            (ffi::SQLITE_IOERR_SHORT_READ, "damaged log file", Retry::Never),
            (ffi::SQLITE_IOERR_READ, "cannot append to topic facts in /data/log/facts.db", Retry::Never),
        ];
        for (code, message, retry) in cases {
            let error =
                place.failed("append to")(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            assert!(error.to_string().contains(message), "{code}: {error}");
            assert_eq!(error.retry(), retry, "{code}: {error}");
        }
    }
}
