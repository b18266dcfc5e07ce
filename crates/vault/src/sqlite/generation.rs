//! How a handle notices that another handle or process erased somebody, without asking the database before
//! each seal or open: eight bytes in a file beside the vault, counted up by every erasure.
//!
//! An erasure holds the file's lock and makes the number odd before its transaction and even after it. An
//! odd number means "an erasure is under way: answer from the database, not from a cache"; a changed even
//! number means "forget all that is cached". An eraser killed in between leaves the number odd: slow, never
//! wrong, and put right by the next open or erasure, whose lock proves that nobody is erasing.
//!
//! The number is only compared by running processes, so it need not survive a loss of power and is never
//! synced. It is a file of its own because closing any descriptor of a SQLite file drops SQLite's locks.

use crate::VaultError;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The counter file of one vault.
pub(super) struct Generation {
    file: File,
    path: PathBuf,
}

impl Generation {
    pub(super) fn open(vault: &Path) -> Result<Self, VaultError> {
        let mut path = vault.as_os_str().to_owned();
        path.push("-generation");
        let path = PathBuf::from(path);
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(|source| VaultError::File {
            action: "open the generation file",
            path: path.clone(),
            source,
        })?;
        let generation = Self { file, path };
        // Whoever holds the lock may repair what a killed eraser or a killed first opener left.
        drop(generation.begin()?);
        Ok(generation)
    }

    /// The generation to tag cached answers with; `None` while an erasure is under way.
    pub(super) fn settled(&self) -> Result<Option<u64>, VaultError> {
        let number = self.read().map_err(|e| self.failed("read the generation file", e))?;
        Ok(number.is_multiple_of(2).then_some(number))
    }

    /// From here until the guard is dropped no handle trusts its cache.
    pub(super) fn begin(&self) -> Result<Erasing<'_>, VaultError> {
        self.file.lock().map_err(|e| self.failed("lock the generation file", e))?;
        let erasing = Erasing(self);
        let number = match self.read() {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(0), // just created
            other => other,
        };
        number.and_then(|n| self.write(n | 1)).map_err(|e| self.failed("count up the generation file", e))?;
        Ok(erasing)
    }

    fn read(&self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn write(&self, number: u64) -> io::Result<()> {
        self.file.write_all_at(&number.to_le_bytes(), 0)
    }

    fn failed(&self, action: &'static str, source: io::Error) -> VaultError {
        VaultError::File { action, path: self.path.clone(), source }
    }
}

/// An erasure under way.
pub(super) struct Erasing<'a>(&'a Generation);

impl Drop for Erasing<'_> {
    fn drop(&mut self) {
        // A failure here leaves the number odd or the lock held until the handle closes: both are safe.
        if let Ok(number) = self.0.read() {
            let _ = self.0.write((number | 1).wrapping_add(1));
        }
        let _ = self.0.file.unlock();
    }
}
