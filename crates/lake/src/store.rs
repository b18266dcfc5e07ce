//! The lake's store: named objects that appear whole or not at all. One of Quell's two real seams; a local
//! disk today, object stores later. It never interprets what it keeps.

use domain::Instant;
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Longest name of one step of a path, in bytes: what every common file system accepts.
const STEP_LEN_MAX: usize = 200;

/// Why an operation of the store did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There already is an object of that name, whole and durable.
    #[error("{path} already exists")]
    Exists {
        /// The object.
        path: String,
    },
    /// There is no object of that name.
    #[error("{path} is missing")]
    Missing {
        /// The object.
        path: String,
    },
    /// The name is none that a store accepts. A bug of the caller or a forged file.
    #[error(
        "{path:?} is no path of the lake: expected names of letters, digits and ._=- joined by single slashes"
    )]
    BadPath {
        /// What was given.
        path: String,
    },
    /// Reading or writing failed. The object is unchanged unless the failure came after its name was set.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The object.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system could not make an object durable. The pages may be marked clean although they were not
    /// written, so a second attempt would report a success that is none: the store refuses every write until
    /// it is opened again.
    #[error("{path} could not be made durable: {source}")]
    NotDurable {
        /// The object.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier object could not be made durable; nothing is written until the store is opened again.
    #[error("the store stopped writing after {path} could not be made durable")]
    Stopped {
        /// The object that failed then.
        path: String,
    },
}

impl StoreError {
    /// Whether the disk is full: the caller may stop taking work instead of ending.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Io { source, .. } | Self::NotDurable { source, .. }
            if matches!(source.kind(), StorageFull | QuotaExceeded))
    }
}

/// One child of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// A folder, by its last name.
    Folder(String),
    /// An object, by its last name.
    Object(String),
}

/// An object in the making. Dropped without [`StoreFile::finish`], it never existed.
pub trait StoreFile: Write + Send {
    /// Makes the content durable and the object visible, replacing an earlier one of that name in one step.
    /// The name is durable after [`Store::settle`].
    fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

/// Where a lake lives. Paths are relative, their steps joined by `/` (see [`check_path`]); folders come into
/// being with their first object.
///
/// **Durability.** An object is visible whole or not at all. When `put_new`, `put_replace`, `delete` and `point`
/// return `Ok`, the object, its name and the folders above it survive a loss of power. `finish` and
/// `link_or_copy` do the same for the content, while the new names may still vanish until `settle` returns `Ok`
/// for a folder above them: a tree of a thousand files costs one sync a folder instead of three a file.
/// When a call returns an error, the object is either as before or wholly as asked, never between.
/// `delete_tree` is not synced: what it deleted may come back in part after a loss of power.
pub trait Store: Send + Sync {
    /// Writes an object that must not exist. Of several writers exactly one succeeds, on every store: this is
    /// the compare-and-swap of the lake. [`StoreError::Exists`] also promises that the other object is durable.
    fn put_new(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Writes or replaces an object in one step. For small objects.
    fn put_replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError>;
    /// Begins an object that is too big to hold in memory.
    fn create(&self, path: &str) -> Result<Box<dyn StoreFile>, StoreError>;
    /// Makes the names of everything below a folder durable, and the folder's own.
    fn settle(&self, folder: &str) -> Result<(), StoreError>;
    /// The whole object.
    fn get(&self, path: &str) -> Result<Vec<u8>, StoreError>;
    /// The object as a stream.
    fn read(&self, path: &str) -> Result<Box<dyn Read + Send>, StoreError>;
    /// The children of a folder by name, sorted: folders first. A folder without objects is an empty one.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, StoreError>;
    /// Length in bytes; `None` where there is no such object.
    fn size(&self, path: &str) -> Result<Option<u64>, StoreError>;
    /// When the object was written, by the store's own clock; `None` where there is no such object.
    fn modified(&self, path: &str) -> Result<Option<Instant>, StoreError>;
    /// Deletes an object. One that is missing is deleted already.
    fn delete(&self, path: &str) -> Result<(), StoreError>;
    /// Deletes a folder and everything in it, in no stated order and not synced.
    fn delete_tree(&self, folder: &str) -> Result<(), StoreError>;
    /// Gives an object a second name, which must not exist: without a copy where the store can.
    fn link_or_copy(&self, from: &str, to: &str) -> Result<(), StoreError>;
    /// Lets a name point to a sibling of it, in one step.
    fn point(&self, path: &str, target: &str) -> Result<(), StoreError>;
    /// The sibling that a name points to; `None` where there is no such name.
    fn pointed(&self, path: &str) -> Result<Option<String>, StoreError>;
    /// The real file or folder behind a path, for readers that need one; `None` on stores that have none.
    fn local_path(&self, path: &str) -> Option<PathBuf>;
}

/// Whether a path is one that every store accepts: steps of letters, digits and `._=-`, none empty, none
/// beginning with a dot (so that no path leaves the store, and no object hides in a listing).
pub fn check_path(path: &str) -> Result<(), StoreError> {
    let good_byte = |b: u8| b.is_ascii_alphanumeric() || b"._=-".contains(&b);
    let good_step = |step: &str| {
        !step.is_empty()
            && step.len() <= STEP_LEN_MAX
            && !step.starts_with('.')
            && step.bytes().all(good_byte)
    };
    if path.split('/').all(good_step) { Ok(()) } else { Err(StoreError::BadPath { path: path.to_owned() }) }
}

/// The objects directly in a folder, by name.
pub(crate) fn objects(store: &dyn Store, folder: &str) -> Result<Vec<String>, StoreError> {
    let object = |e| match e {
        Entry::Object(name) => Some(name),
        Entry::Folder(_) => None,
    };
    Ok(store.list(folder)?.into_iter().filter_map(object).collect())
}

/// The folders directly in a folder, by name.
pub(crate) fn folders(store: &dyn Store, folder: &str) -> Result<Vec<String>, StoreError> {
    let sub = |e| match e {
        Entry::Folder(name) => Some(name),
        Entry::Object(_) => None,
    };
    Ok(store.list(folder)?.into_iter().filter_map(sub).collect())
}

/// Every object below a folder, as whole paths.
pub(crate) fn walk(store: &dyn Store, folder: &str) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in store.list(&folder)? {
            match entry {
                Entry::Folder(name) => open.push(format!("{folder}/{name}")),
                Entry::Object(name) => found.push(format!("{folder}/{name}")),
            }
        }
    }
    Ok(found)
}
