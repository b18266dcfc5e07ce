//! The store on a local disk. An object is written to a scratch file, synced, and only then named by a link
//! that refuses to replace, or by a rename; then the folder is synced, and the folders that came into being.
//! All of it must lie on one file system. It never maps files into memory for writing and never retries a
//! failed sync (PostgreSQL's lesson of 2018: the second fsync says yes and the bytes are gone).

use crate::scratch::{Scratch, TempPath};
use crate::store::{Entry, Store, StoreError, StoreFile, check_path};
use domain::Instant;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::UNIX_EPOCH;

/// Bytes gathered before they are handed to the system.
const BUFFER_BYTES: usize = 256 * 1024;

type SyncFn = dyn Fn(&File) -> io::Result<()> + Send + Sync;

/// Gives a file a name.
type Step = fn(&Path, &Path) -> io::Result<()>;

/// Whether a new name is made durable at once or with the next [`Store::settle`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Now,
    Later,
}

/// A folder of the local disk as a store. Clones share one state.
#[derive(Clone)]
pub struct LocalStore(Arc<Disk>);

struct Disk {
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

impl LocalStore {
    /// Opens a folder as a store; creates it where it is missing.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        Self::with_sync(root, Box::new(File::sync_all))
    }

    /// A store that does not sync: for tests that end the process, never the machine.
    #[cfg(any(test, feature = "testing"))]
    pub fn open_unsynced(root: &Path) -> Result<Self, StoreError> {
        Self::with_sync(root, Box::new(|_| Ok(())))
    }

    pub(crate) fn with_sync(root: &Path, sync: Box<SyncFn>) -> Result<Self, StoreError> {
        let shown = root.display().to_string();
        let root = std::path::absolute(root).map_err(io_error("open", &shown))?;
        let disk = Disk { root, sync, stopped: OnceLock::new(), writing: Mutex::default() };
        disk.create_root(&shown)?;
        Ok(Self(Arc::new(disk)))
    }
}

impl Disk {
    fn create_root(&self, shown: &str) -> Result<(), StoreError> {
        let missing: Vec<&Path> = self.root.ancestors().take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            make_folder(folder).map_err(io_error("create the folder", shown))?;
            if let Some(parent) = folder.parent() {
                self.sync_folder(parent, shown)?;
            }
        }
        Ok(())
    }

    fn full(&self, path: &str) -> Result<PathBuf, StoreError> {
        check_path(path)?;
        Ok(self.root.join(path))
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        // The state is only grown by finished steps, so that a panic elsewhere leaves it true.
        self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn fresh(&self, path: &str) -> Result<TempPath, StoreError> {
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

    fn sync(&self, file: &File, path: &str) -> Result<(), StoreError> {
        (self.sync)(file).map_err(|source| {
            self.stopped.get_or_init(|| path.to_owned());
            StoreError::NotDurable { path: path.to_owned(), source }
        })
    }

    fn sync_folder(&self, folder: &Path, path: &str) -> Result<(), StoreError> {
        let folder = File::open(folder).map_err(io_error("open the folder of", path))?;
        self.sync(&folder, path)
    }

    /// Creates a folder and those above it; with [`Names::Now`] each has a durable name afterwards.
    fn ensure_folder(&self, folder: &Path, path: &str, names: Names) -> Result<(), StoreError> {
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
    fn publish(&self, from: &Path, path: &str, names: Names, step: Step) -> Result<(), StoreError> {
        let target = self.full(path)?;
        let folder = target.parent().expect("an object lies in a folder");
        self.ensure_folder(folder, path, names)?;
        let mut named = step(from, &target);
        if named.as_ref().is_err_and(|e| e.kind() == ErrorKind::NotFound) {
            // Another process has removed the folder since this one made it.
            self.writing().durable.clear();
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

    fn sync_folders_below(&self, folder: &Path, path: &str) -> Result<(), StoreError> {
        for entry in fs::read_dir(folder).map_err(io_error("list", path))? {
            let entry = entry.map_err(io_error("list", path))?;
            if entry.file_type().map_err(io_error("list", path))?.is_dir() {
                self.sync_folders_below(&entry.path(), path)?;
            }
        }
        self.sync_folder(folder, path)
    }

    fn refuse_if_stopped(&self) -> Result<(), StoreError> {
        self.stopped.get().map_or(Ok(()), |path| Err(StoreError::Stopped { path: path.clone() }))
    }

    /// A synced scratch file with these bytes.
    fn written(&self, path: &str, mut bytes: impl Read) -> Result<TempPath, StoreError> {
        check_path(path)?;
        let temp = self.fresh(path)?;
        let mut file = File::create_new(temp.as_path()).map_err(io_error("create", path))?;
        io::copy(&mut bytes, &mut file).map_err(io_error("write", path))?;
        self.sync(&file, path)?;
        Ok(temp)
    }
}

impl Store for LocalStore {
    fn put_new(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let temp = self.0.written(path, bytes)?;
        self.0.publish(temp.as_path(), path, Names::Now, hard_link)
    }

    fn put_replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let temp = self.0.written(path, bytes)?;
        self.0.publish(temp.as_path(), path, Names::Now, rename)
    }

    fn create(&self, path: &str) -> Result<Box<dyn StoreFile>, StoreError> {
        check_path(path)?;
        let temp = self.0.fresh(path)?;
        let file = File::create_new(temp.as_path()).map_err(io_error("create", path))?;
        let out = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Box::new(LocalFile { disk: self.0.clone(), out, temp, path: path.to_owned() }))
    }

    fn settle(&self, folder: &str) -> Result<(), StoreError> {
        self.0.refuse_if_stopped()?;
        let full = self.0.full(folder)?;
        if !full.is_dir() {
            return Ok(());
        }
        self.0.sync_folders_below(&full, folder)?;
        self.0.ensure_folder(&full, folder, Names::Now)
    }

    fn get(&self, path: &str) -> Result<Vec<u8>, StoreError> {
        fs::read(self.0.full(path)?).map_err(io_error("read", path))
    }

    fn read(&self, path: &str) -> Result<Box<dyn Read + Send>, StoreError> {
        let file = File::open(self.0.full(path)?).map_err(io_error("read", path))?;
        Ok(Box::new(file))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, StoreError> {
        let Some(entries) = present(fs::read_dir(self.0.full(folder)?), "list", folder)? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io_error("list", folder))?;
            let kind = entry.file_type().map_err(io_error("list", folder))?;
            // A foreign name cannot be one of ours, and a pointer is no object.
            match entry.file_name().into_string() {
                Ok(name) if check_path(&name).is_err() => {}
                Ok(name) if kind.is_dir() => found.push(Entry::Folder(name)),
                Ok(name) if kind.is_file() => found.push(Entry::Object(name)),
                _ => {}
            }
        }
        found.sort();
        Ok(found)
    }

    fn size(&self, path: &str) -> Result<Option<u64>, StoreError> {
        let meta = present(fs::metadata(self.0.full(path)?), "look at", path)?;
        Ok(meta.filter(fs::Metadata::is_file).map(|m| m.len()))
    }

    fn modified(&self, path: &str) -> Result<Option<Instant>, StoreError> {
        let Some(meta) = present(fs::metadata(self.0.full(path)?), "look at", path)? else { return Ok(None) };
        let time = meta.modified().map_err(io_error("look at", path))?;
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(i64::try_from(since.as_micros()).ok().and_then(Instant::from_micros))
    }

    fn delete(&self, path: &str) -> Result<(), StoreError> {
        self.0.refuse_if_stopped()?;
        let full = self.0.full(path)?;
        if present(fs::remove_file(&full), "delete", path)?.is_some() {
            self.0.sync_folder(full.parent().expect("an object lies in a folder"), path)?;
        }
        Ok(())
    }

    fn delete_tree(&self, folder: &str) -> Result<(), StoreError> {
        self.0.refuse_if_stopped()?;
        let full = self.0.full(folder)?;
        self.0.writing().durable.clear();
        present(fs::remove_dir_all(full), "delete", folder).map(|_| ())
    }

    fn link_or_copy(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let source = self.0.full(from)?;
        if self.size(from)?.is_none() {
            return Err(StoreError::Missing { path: from.to_owned() });
        }
        self.0.refuse_if_stopped()?;
        match self.0.publish(&source, to, Names::Later, hard_link) {
            Err(StoreError::Io { source: e, .. }) if no_link(&e) => {
                let temp = self.0.written(to, self.read(from)?)?;
                self.0.publish(temp.as_path(), to, Names::Later, hard_link)
            }
            done => done,
        }
    }

    fn point(&self, path: &str, target: &str) -> Result<(), StoreError> {
        check_path(path)?;
        check_sibling(target)?;
        let temp = self.0.fresh(path)?;
        std::os::unix::fs::symlink(target, temp.as_path()).map_err(io_error("create", path))?;
        self.0.publish(temp.as_path(), path, Names::Now, rename)
    }

    fn pointed(&self, path: &str) -> Result<Option<String>, StoreError> {
        let Some(target) = present(fs::read_link(self.0.full(path)?), "read", path)? else { return Ok(None) };
        let target = target.to_string_lossy().into_owned();
        check_sibling(&target)?;
        Ok(Some(target))
    }

    fn local_path(&self, path: &str) -> Option<PathBuf> {
        self.0.full(path).ok()
    }
}

/// A local object in the making.
struct LocalFile {
    disk: Arc<Disk>,
    out: BufWriter<File>,
    temp: TempPath,
    path: String,
}

impl Write for LocalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl StoreFile for LocalFile {
    fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        self.out.flush().map_err(io_error("write", &self.path))?;
        self.disk.sync(self.out.get_ref(), &self.path)?;
        self.disk.publish(self.temp.as_path(), &self.path, Names::Later, rename)
    }
}

fn hard_link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        done => done,
    }
}

/// Failures of a link after which a copy may succeed.
fn no_link(e: &io::Error) -> bool {
    use ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks};
    matches!(e.kind(), CrossesDevices | PermissionDenied | TooManyLinks)
}

fn check_sibling(target: &str) -> Result<(), StoreError> {
    if target.contains('/') {
        Err(StoreError::BadPath { path: target.to_owned() })
    } else {
        check_path(target)
    }
}

/// `None` for what is not there.
fn present<T>(done: io::Result<T>, action: &'static str, path: &str) -> Result<Option<T>, StoreError> {
    match done {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        done => done.map(Some).map_err(io_error(action, path)),
    }
}

fn io_error<'a>(action: &'static str, path: &'a str) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |source| match source.kind() {
        ErrorKind::NotFound if action == "read" => StoreError::Missing { path: path.to_owned() },
        _ => StoreError::Io { action, path: path.to_owned(), source },
    }
}
