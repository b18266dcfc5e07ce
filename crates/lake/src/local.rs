//! The store on a local disk (how it becomes durable: `disk`). All of it must lie on one file system. It never
//! maps files into memory for writing.

use crate::disk::{Disk, Names, SyncFn, hard_link, io_error, present, rename};
use crate::scratch::TempPath;
use crate::store::{Entry, Store, StoreError, StoreFile, check_path};
use domain::Instant;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Bytes gathered before they are handed to the system.
const BUFFER_BYTES: usize = 256 * 1024;

/// A folder of the local disk as a store. Clones share one state.
#[derive(Clone)]
pub struct LocalStore(Arc<Disk>);

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
        Ok(Self(Arc::new(Disk::open(root, sync)?)))
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
        self.0.forget_folders();
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
