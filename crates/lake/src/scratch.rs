//! Where unfinished files of a local store lie: `.tmp/` beneath the root. Each process marks its own by a
//! locked file, so that the next one can tell what a crash left behind without asking a clock. Nothing in
//! here was ever promised to anybody.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Name of the folder beneath the root.
const FOLDER: &str = ".tmp";
/// Ending of the files that mark a living process.
const MARK: &str = "lock";
/// How many marks of the same process number are tried before the store gives up.
const MARKS_MAX: u32 = 10_000;

/// This process's own part of the folder.
pub(crate) struct Scratch {
    folder: PathBuf,
    owner: String,
    next: AtomicU64,
    /// Locked until it is dropped, which a killed process also does.
    _mark: File,
}

impl Scratch {
    /// Takes a mark of its own and removes what dead processes left.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let folder = root.join(FOLDER);
        fs::create_dir_all(&folder)?;
        for attempt in 0..MARKS_MAX {
            let owner = format!("{}-{attempt}", std::process::id());
            if let Some(mark) = take_mark(&mark_path(&folder, &owner))? {
                sweep(&folder, &owner);
                return Ok(Self { folder, owner, next: AtomicU64::new(0), _mark: mark });
            }
        }
        Err(io::Error::other("no free mark in the scratch folder"))
    }

    /// A name that nobody else uses.
    pub(crate) fn fresh(&self) -> TempPath {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        TempPath(self.folder.join(format!("{}.{n}", self.owner)))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_file(mark_path(&self.folder, &self.owner)));
    }
}

/// A scratch file that vanishes with its value.
pub(crate) struct TempPath(PathBuf);

impl TempPath {
    pub(crate) fn as_path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempPath {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        drop(fs::remove_file(&self.0));
    }
}

fn mark_path(folder: &Path, owner: &str) -> PathBuf {
    folder.join(format!("{owner}.{MARK}"))
}

/// Creates and locks a mark. `None` when somebody else has it, or swept it before it was locked.
fn take_mark(path: &Path) -> io::Result<Option<File>> {
    let mark = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mark) => mark,
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(e) => return Err(e),
    };
    match mark.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(e)) => return Err(e),
    }
    let ours = fs::metadata(path).is_ok_and(|seen| mark.metadata().is_ok_and(|own| own.ino() == seen.ino()));
    Ok(ours.then_some(mark))
}

/// Removes the files of every process whose mark is no longer locked. What cannot be removed stays for the
/// next time: it costs room, nothing else.
fn sweep(folder: &Path, own: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    let dead = |owner: &str| {
        let mark = File::open(mark_path(folder, owner)).ok()?;
        mark.try_lock().ok().map(|()| mark)
    };
    for owner in names.iter().filter_map(|n| n.strip_suffix(&format!(".{MARK}"))).filter(|o| *o != own) {
        let Some(_held) = dead(owner) else { continue };
        for file in
            names.iter().filter(|n| n.split_once('.').is_some_and(|(o, end)| o == owner && end != MARK))
        {
            drop(fs::remove_file(folder.join(file)));
        }
        drop(fs::remove_file(mark_path(folder, owner)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(root.join(FOLDER))
            .expect("folder")
            .flatten()
            .map(|e| e.file_name().into_string().expect("utf-8"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn leftovers_of_the_dead_go_and_those_of_the_living_stay() {
        let root = tempfile::tempdir().expect("tempdir");
        let living = Scratch::open(root.path()).expect("scratch");
        let kept = living.fresh();
        fs::write(kept.as_path(), b"x").expect("write");
        // A process that was killed leaves its mark, unlocked, and its files.
        fs::write(root.path().join(".tmp/999999999-0.lock"), b"").expect("write");
        fs::write(root.path().join(".tmp/999999999-0.7"), b"torn").expect("write");
        let second = Scratch::open(root.path()).expect("scratch");
        let pid = std::process::id();
        assert_eq!(
            names(root.path()),
            [format!("{pid}-0.0"), format!("{pid}-0.lock"), format!("{pid}-1.lock")]
        );
        drop((kept, living, second));
        assert_eq!(names(root.path()), Vec::<String>::new());
    }
}
