//! How the local store makes things durable: what is synced, in which order, and what happens when that
//! fails. An object is written to a scratch file, synced, and only then named by a link that refuses to
//! replace, or by a rename; then the folder is synced, and the folders that came into being. A failed sync is
//! never repeated (PostgreSQL's lesson of 2018: the second one says yes, and the bytes are gone).

use crate::scratch::{Scratch, TempPath};
use crate::store::{StoreError, check_path};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

pub(crate) type SyncFn = dyn Fn(&File) -> io::Result<()> + Send + Sync;

/// Gives a file a name.
pub(crate) type Step = fn(&Path, &Path) -> io::Result<()>;

/// Whether a new name is made durable at once or when the store settles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    Now,
    Later,
}

pub(crate) struct Disk {
    root: PathBuf,
    sync: Box<SyncFn>,
    /// The object whose sync failed, after which nothing is written any more.
    stopped: OnceLock<String>,
    writing: Mutex<Writing>,
}

#[derive(Default)]
struct Writing {
    /// Taken with the first write, so that reading alone leaves no trace.
    scratch: Option<Arc<Scratch>>,
    /// Folders that exist and whose names are synced.
    durable: HashSet<PathBuf>,
}

impl Disk {
    /// Opens a folder, which is created where it is missing.
    pub(crate) fn open(root: &Path, sync: Box<SyncFn>) -> Result<Self, StoreError> {
        let shown = root.display().to_string();
        let root = std::path::absolute(root).map_err(io_error("open", &shown))?;
        let disk = Self { root, sync, stopped: OnceLock::new(), writing: Mutex::default() };
        disk.create_root(&shown)?;
        Ok(disk)
    }

    /// Nothing is known of the folders any more.
    pub(crate) fn forget_folders(&self) {
        self.writing().durable.clear();
    }

    fn create_root(&self, shown: &str) -> Result<(), StoreError> {
        if self.root.exists() && !self.root.is_dir() {
            return Err(io_error("open", shown)(ErrorKind::NotADirectory.into()));
        }
        let missing: Vec<&Path> = self.root.ancestors().take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            make_folder(folder).map_err(io_error("create the folder", shown))?;
            if let Some(parent) = folder.parent() {
                self.sync_folder(parent, shown)?;
            }
        }
        Ok(())
    }

    pub(crate) fn full(&self, path: &str) -> Result<PathBuf, StoreError> {
        check_path(path)?;
        Ok(self.root.join(path))
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        // The state is only grown by finished steps, so that a panic elsewhere leaves it true.
        self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn fresh(&self, path: &str) -> Result<TempPath, StoreError> {
        self.refuse_if_stopped()?;
        let mut writing = self.writing();
        let scratch = match &writing.scratch {
            Some(scratch) => scratch,
            None => {
                let opened =
                    Scratch::open(&self.root).map_err(io_error("open the scratch folder for", path))?;
                writing.scratch.insert(Arc::new(opened))
            }
        };
        Ok(scratch.fresh())
    }

    pub(crate) fn sync(&self, file: &File, path: &str) -> Result<(), StoreError> {
        (self.sync)(file).map_err(|source| {
            self.stopped.get_or_init(|| path.to_owned());
            StoreError::NotDurable { path: path.to_owned(), source }
        })
    }

    pub(crate) fn sync_folder(&self, folder: &Path, path: &str) -> Result<(), StoreError> {
        let folder = File::open(folder).map_err(io_error("open the folder of", path))?;
        self.sync(&folder, path)
    }

    /// Creates a folder and those above it; with [`Names::Now`] each has a durable name afterwards.
    pub(crate) fn ensure_folder(&self, folder: &Path, path: &str, names: Names) -> Result<(), StoreError> {
        if folder == self.root || self.writing().durable.contains(folder) {
            return Ok(());
        }
        let parent = folder.parent().expect("a folder of the store lies beneath its root");
        self.ensure_folder(parent, path, names)?;
        make_folder(folder).map_err(io_error("create the folder of", path))?;
        if names == Names::Now {
            // Also when somebody else created it: nobody knows whether they have synced it yet.
            self.sync_folder(parent, path)?;
            self.writing().durable.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Gives a synced file its name by `step`.
    pub(crate) fn publish(
        &self,
        from: &Path,
        path: &str,
        names: Names,
        step: Step,
    ) -> Result<(), StoreError> {
        let target = self.full(path)?;
        let folder = target.parent().expect("an object lies in a folder");
        self.ensure_folder(folder, path, names)?;
        let mut named = step(from, &target);
        if named.as_ref().is_err_and(|e| e.kind() == ErrorKind::NotFound) {
            // Another process has removed the folder since this one made it.
            self.forget_folders();
            self.ensure_folder(folder, path, names)?;
            named = step(from, &target);
        }
        let exists = named.as_ref().is_err_and(|e| e.kind() == ErrorKind::AlreadyExists);
        if !exists {
            named.map_err(io_error("name", path))?;
        }
        if names == Names::Now {
            self.sync_folder(folder, path)?;
        }
        if exists { Err(StoreError::Exists { path: path.to_owned() }) } else { Ok(()) }
    }

    pub(crate) fn sync_folders_below(&self, folder: &Path, path: &str) -> Result<(), StoreError> {
        for entry in fs::read_dir(folder).map_err(io_error("list", path))? {
            let entry = entry.map_err(io_error("list", path))?;
            if entry.file_type().map_err(io_error("list", path))?.is_dir() {
                self.sync_folders_below(&entry.path(), path)?;
            }
        }
        self.sync_folder(folder, path)
    }

    pub(crate) fn refuse_if_stopped(&self) -> Result<(), StoreError> {
        self.stopped.get().map_or(Ok(()), |path| Err(StoreError::Stopped { path: path.clone() }))
    }

    /// A synced scratch file with these bytes.
    pub(crate) fn written(&self, path: &str, mut bytes: impl Read) -> Result<TempPath, StoreError> {
        check_path(path)?;
        let temp = self.fresh(path)?;
        let mut file = File::create_new(temp.as_path()).map_err(io_error("create", path))?;
        io::copy(&mut bytes, &mut file).map_err(io_error("write", path))?;
        self.sync(&file, path)?;
        Ok(temp)
    }
}

pub(crate) fn hard_link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)
}

pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        done => done,
    }
}

/// `None` for what is not there.
pub(crate) fn present<T>(
    done: io::Result<T>,
    action: &'static str,
    path: &str,
) -> Result<Option<T>, StoreError> {
    match done {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        done => done.map(Some).map_err(io_error(action, path)),
    }
}

pub(crate) fn io_error<'a>(action: &'static str, path: &'a str) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |source| match source.kind() {
        ErrorKind::NotFound if action == "read" => StoreError::Missing { path: path.to_owned() },
        _ => StoreError::Io { action, path: path.to_owned(), source },
    }
}
