//! The files of a fold from nothing: its plan, what parts have said, and their states.

use super::plan::Plan;
use crate::instance::Instance;
use anyhow::{Context as _, Result};
use domain::invariant::Counts;
use domain::{Day, EpochId, Positions, Sequence};
use lake::{Lake, SegmentKind, SegmentRef};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// The folder of a work, which one process has at a time.
pub(super) struct Work {
    folder: PathBuf,
    /// Locked until it is dropped, which a killed process also does. The file stays: whoever waits for it would else have
    /// the lock of a file that is gone.
    _lock: File,
    plan: Option<Plan>,
}

/// Whether a process folds this epoch from nothing.
pub(in crate::pipeline) fn is_under_way(instance: &Instance, epoch: EpochId) -> bool {
    let mark = mark_of(instance, epoch);
    File::open(mark).is_ok_and(|mark| mark.try_lock().is_err())
}

fn folder_of(instance: &Instance, epoch: EpochId) -> PathBuf {
    instance.home.replays().join(epoch.to_string())
}

fn mark_of(instance: &Instance, epoch: EpochId) -> PathBuf {
    instance.home.replays().join(format!("{epoch}.lock"))
}

impl Work {
    /// Takes the folder, waiting for whoever has it.
    pub(super) fn lock(instance: &Instance, epoch: EpochId) -> Result<Self> {
        let root = instance.home.replays();
        let failed = || format!("cannot make a folder in {}", root.display());
        fs::create_dir_all(&root).with_context(failed)?;
        let lock = File::create(mark_of(instance, epoch)).with_context(failed)?;
        lock.lock().with_context(failed)?;
        Ok(Self { folder: folder_of(instance, epoch), _lock: lock, plan: None })
    }

    /// With the plan that was begun, if it fits, else a new one; `None` where another fold has begun the epoch, or where
    /// there is nothing to fold.
    pub(super) fn planned(
        mut self,
        instance: &Instance,
        lake: &Lake,
        stop: Option<&Positions>,
    ) -> Result<Option<Self>> {
        let path = self.folder.join("plan.json");
        let begun = fs::read(&path).ok().and_then(|bytes| Plan::decode(&bytes));
        let end = lake.end();
        self.plan = begun.filter(|plan| plan.fits(instance, &end));
        if self.plan.is_some() {
            return Ok(Some(self));
        }
        remove(&self.folder);
        let plan = if end.next == Sequence(0) { Plan::of(instance, stop)? } else { None };
        let Some(plan) = plan else {
            self.remove();
            return Ok(None);
        };
        let failed = || format!("cannot make the folder {}", self.folder.display());
        fs::create_dir_all(&self.folder).with_context(failed)?;
        write_whole(&path, &plan.encode()?)?;
        self.plan = Some(plan);
        Ok(Some(self))
    }

    pub(super) fn plan(&self) -> &Plan {
        self.plan.as_ref().expect("work begins with its plan")
    }

    /// Where a part's state lies.
    pub(super) fn state(&self, part: &str) -> PathBuf {
        self.folder.join(format!("{part}.state"))
    }

    /// Where that lies which a partition tells judges.
    fn words(&self, part: &str) -> PathBuf {
        self.folder.join(format!("{part}.said"))
    }

    fn marker(&self, part: &str) -> PathBuf {
        self.folder.join(format!("{part}.json"))
    }

    pub(super) fn is_done(&self, part: &str) -> bool {
        self.marker(part).is_file()
    }

    /// What a finished part has said.
    pub(super) fn done(&self, part: &str) -> Result<Done> {
        let path = self.marker(part);
        let read =
            || -> Option<Done> { WireDone::into_done(serde_json::from_slice(&fs::read(&path).ok()?).ok()?) };
        read().with_context(|| {
            format!("cannot read {}: remove {} and run again", path.display(), self.folder.display())
        })
    }

    /// A part is done: its state, then the note that says so.
    pub(super) fn finish(&self, part: &str, state: &[u8], done: &Done) -> Result<()> {
        write_whole(&self.state(part), state)?;
        // The note must not survive a loss of power that its state does not.
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.with_context(|| format!("cannot sync {}", self.folder.display()))?;
        let note = serde_json::to_vec(&WireDone::of(done)).context("cannot encode a note")?;
        write_whole(&self.marker(part), &note)
    }

    /// Ends the work.
    pub(super) fn remove(self) {
        remove(&self.folder);
    }
}

/// What cannot be removed stays: it costs room, nothing else.
fn remove(folder: &Path) {
    if folder.exists() {
        drop(fs::remove_dir_all(folder));
    }
}

/// A file that is there as a whole, durably, or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let aside = path.with_extension("part");
    let write = || -> io::Result<()> {
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&aside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// What a part has said of every commit.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) said: Vec<Said>,
    /// Of assemble: what each judge hears, by commit and shard.
    pub(super) frames: Vec<Frames>,
    /// Of assemble: messages.
    pub(super) heard: u64,
    /// Of assemble: contacts whose words were erased.
    pub(super) erased: u64,
}

/// What a part has said of one commit.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) segments: Vec<SegmentRef>,
    pub(super) counts: Counts,
    pub(super) touched: BTreeSet<Day>,
}

/// Where bytes lie in a file: offset and length, by shard.
pub(super) type Frames = Vec<(u64, u64)>;

/// What a partition tells judges, on its way into a file.
pub(super) struct Saying {
    file: BufWriter<File>,
    path: PathBuf,
    len: u64,
}

impl Saying {
    pub(super) fn create(work: &Work, part: &str) -> Result<Self> {
        let path = work.words(part);
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 20, file), path, len: 0 })
    }

    /// Appends bytes; where they lie.
    pub(super) fn say(&mut self, bytes: &[u8]) -> Result<(u64, u64)> {
        let (at, len) = (self.len, bytes.len() as u64);
        self.file.write_all(bytes).with_context(|| format!("cannot write {}", self.path.display()))?;
        self.len += len;
        Ok((at, len))
    }

    pub(super) fn finish(mut self) -> Result<()> {
        let end = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        end.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// What a partition has told judges.
pub(super) struct Heard {
    file: File,
    path: PathBuf,
    pub(super) done: Done,
}

impl Heard {
    pub(super) fn open(work: &Work, part: &str) -> Result<Self> {
        let (path, done) = (work.words(part), work.done(part)?);
        let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { file, path, done })
    }

    /// What a shard hears of a commit.
    pub(super) fn frame(&self, commit: usize, shard: u32) -> Result<Vec<u8>> {
        let (at, len) = self.done.frames[commit][shard as usize];
        let mut bytes = vec![0; usize::try_from(len).context("a frame fits into memory")?];
        let read = self.file.read_exact_at(&mut bytes, at);
        read.with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(bytes)
    }
}

/// The note of a finished part.
#[derive(Serialize, Deserialize)]
struct WireDone {
    said: Vec<WireSaid>,
    frames: Vec<Frames>,
    heard: u64,
    erased: u64,
}

#[derive(Serialize, Deserialize)]
struct WireSaid {
    segments: Vec<WireSegment>,
    /// Accepted, stored, duplicate, rejected.
    counts: [u64; 4],
    touched: Vec<i32>,
}

#[derive(Serialize, Deserialize)]
struct WireSegment {
    kind: String,
    path: String,
    ordinal: u64,
    rows: u64,
    bytes: u64,
    sha256: [u8; 32],
}

impl WireDone {
    fn of(done: &Done) -> Self {
        let said = done.said.iter().map(WireSaid::of).collect();
        Self { said, frames: done.frames.clone(), heard: done.heard, erased: done.erased }
    }

    fn into_done(self) -> Option<Done> {
        let said = self.said.into_iter().map(WireSaid::into_said).collect::<Option<_>>()?;
        Some(Done { said, frames: self.frames, heard: self.heard, erased: self.erased })
    }
}

impl WireSaid {
    fn of(said: &Said) -> Self {
        let segment = |s: &SegmentRef| WireSegment {
            kind: s.kind.name().to_owned(),
            path: s.path.clone(),
            ordinal: s.ordinal.0,
            rows: s.rows,
            bytes: s.bytes,
            sha256: s.sha256,
        };
        let Counts { accepted, stored, duplicate, rejected } = said.counts;
        Self {
            segments: said.segments.iter().map(segment).collect(),
            counts: [accepted, stored, duplicate, rejected],
            touched: said.touched.iter().map(|day| day.epoch_days()).collect(),
        }
    }

    fn into_said(self) -> Option<Said> {
        let segment = |s: WireSegment| {
            Some(SegmentRef {
                kind: SegmentKind::from_name(&s.kind)?,
                path: s.path,
                ordinal: Sequence(s.ordinal),
                rows: s.rows,
                bytes: s.bytes,
                sha256: s.sha256,
            })
        };
        let [accepted, stored, duplicate, rejected] = self.counts;
        Some(Said {
            segments: self.segments.into_iter().map(segment).collect::<Option<_>>()?,
            counts: Counts { accepted, stored, duplicate, rejected },
            touched: self.touched.into_iter().map(Day::from_epoch_days).collect::<Option<_>>()?,
        })
    }
}
