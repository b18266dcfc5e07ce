//! What can go wrong with a vault. Messages name files, keys and modes, never an identifier, a text or the
//! bytes of a key.

use crate::Mode;
use domain::KeyId;
use std::path::PathBuf;
use std::{fmt, io};

/// Where a vault lies, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// A schema on a PostgreSQL server: its address without any password.
    Server(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(address) => f.write_str(address),
        }
    }
}

/// A failed operation of the vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The database refused or the disk failed.
    #[error("cannot {action} in the vault {}: {source}", path.display())]
    Database {
        /// What was attempted.
        action: &'static str,
        /// The vault's file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process held the vault for longer than [`crate::Options::wait`]. Worth a retry.
    #[error("cannot {action} in the vault {vault}: another process keeps it locked")]
    Busy {
        /// What was attempted.
        action: &'static str,
        /// The vault.
        vault: Location,
    },
    /// The file is something else, or of a format that this program does not know.
    #[error("{vault} is not a vault of format {expected}: {found}")]
    NotAVault {
        /// The vault.
        vault: Location,
        /// The format this program reads.
        expected: i32,
        /// What was found instead.
        found: String,
    },
    /// The vault was made in the other mode. A seeded vault is only for tests and the demo.
    #[error("the vault {vault} was made {found} and cannot be opened {asked}")]
    OtherMode {
        /// The vault.
        vault: Location,
        /// Its mode: `random` or `seeded`.
        found: &'static str,
        /// The mode asked for.
        asked: Mode,
    },
    /// The vault is seeded, with another seed.
    #[error("the vault {vault} was made with another seed than {seed}")]
    OtherSeed {
        /// The vault.
        vault: Location,
        /// The seed asked for.
        seed: u64,
    },
    /// No such key was ever issued by this vault.
    #[error("no key {key} in the vault {vault}")]
    UnknownKey {
        /// The key asked for.
        key: KeyId,
        /// The vault.
        vault: Location,
    },
    /// The key was destroyed and is never issued again: nothing can be sealed under it.
    #[error("key {key} was destroyed: nothing can be sealed under it")]
    KeyDestroyed {
        /// The key.
        key: KeyId,
    },
    /// A sealed box cannot be opened although its key is there.
    #[error("cannot open a box of {bytes} bytes sealed under key {key}: {damage}")]
    BadBox {
        /// The key named by the box.
        key: KeyId,
        /// Length of the box.
        bytes: usize,
        /// What is wrong with it.
        damage: BoxDamage,
    },
    /// The erasure is done and durable, but a reader keeps the journal, which may still hold the destroyed
    /// bytes. Erasing again clears it.
    #[error("erased, but another process reads the journal of the vault {}, so it could not be cleared: erase again", path.display())]
    JournalInUse {
        /// The vault's file.
        path: PathBuf,
    },
    /// The vault's server cannot be reached, does not answer in time or broke the connection. Whether the
    /// last statement took effect is unknown and does not matter: the same call can be made again.
    #[error("cannot {action} in the vault {vault}: {reason}")]
    Unreachable {
        /// What was attempted.
        action: &'static str,
        /// The vault.
        vault: Location,
        /// What happened.
        reason: String,
    },
    /// The vault's server refuses.
    #[error("cannot {action} in the vault {vault}: {message} (SQLSTATE {code})")]
    Refused {
        /// What was attempted.
        action: &'static str,
        /// The vault.
        vault: Location,
        /// Class and kind of the refusal, as PostgreSQL's manual lists them.
        code: String,
        /// The server's line, without the details that could show a value.
        message: String,
    },
    /// The server is set up so that it could lose a key after it was used, or shows keys to others.
    #[error("the server of the vault {vault} has {setting}, {risk}")]
    UnsafeServer {
        /// The vault.
        vault: Location,
        /// Name and value of the setting.
        setting: String,
        /// What could come of it, and what to do.
        risk: &'static str,
    },
    /// The erasure is done and durable, but a session keeps tables of the vault locked, so that the destroyed
    /// bytes are still in them. Erasing again, or opening the vault, wipes them.
    #[error(
        "erased, but another session keeps tables of the vault {vault} locked, so the destroyed bytes could not be wiped: erase again"
    )]
    NotWiped {
        /// The vault.
        vault: Location,
    },
    /// The configuration of the vault's server is wrong.
    #[error("the vault's PostgreSQL server: {0}")]
    BadConfig(String),
    /// The operating system gave no random bytes.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}

impl VaultError {
    /// Whether the same call can succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::JournalInUse { .. } | Self::NotWiped { .. } | Self::Unreachable { .. }
        )
    }
}

/// What is wrong with a sealed box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoxDamage {
    /// Too short to hold even a nonce and a tag.
    #[error("shorter than a nonce and a tag")]
    Truncated,
    /// The tag does not fit: changed bytes, or a box that belongs to another fact.
    #[error("changed, or not sealed for this fact")]
    NotAuthentic,
}
