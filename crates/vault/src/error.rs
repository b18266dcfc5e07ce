//! What can go wrong with a vault. Messages name files, keys and modes, never an identifier, a text or the
//! bytes of a key.

use crate::Mode;
use domain::KeyId;
use std::io;
use std::path::PathBuf;

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
    #[error("cannot {action} in the vault {}: another process keeps it locked", path.display())]
    Busy {
        /// What was attempted.
        action: &'static str,
        /// The vault's file.
        path: PathBuf,
    },
    /// The file is something else, or of a format that this program does not know.
    #[error("{} is not a vault of format {expected}: {found}", path.display())]
    NotAVault {
        /// The file.
        path: PathBuf,
        /// The format this program reads.
        expected: i32,
        /// What was found instead.
        found: String,
    },
    /// The vault was made in the other mode. A seeded vault is only for tests and the demo.
    #[error("the vault {} was made {found} and cannot be opened {asked}", path.display())]
    OtherMode {
        /// The vault's file.
        path: PathBuf,
        /// Its mode: `random` or `seeded`.
        found: &'static str,
        /// The mode asked for.
        asked: Mode,
    },
    /// The vault is seeded, with another seed.
    #[error("the vault {} was made with another seed than {seed}", path.display())]
    OtherSeed {
        /// The vault's file.
        path: PathBuf,
        /// The seed asked for.
        seed: u64,
    },
    /// No such key was ever issued by this vault.
    #[error("no key {key} in the vault {}", path.display())]
    UnknownKey {
        /// The key asked for.
        key: KeyId,
        /// The vault's file.
        path: PathBuf,
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
    /// The operating system gave no random bytes.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}

impl VaultError {
    /// Whether the same call can succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::JournalInUse { .. })
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
