//! The log on one machine: SQLite in WAL mode with `synchronous=FULL`, one file a topic, any number of
//! threads and processes at once. What is where:
//!
//! - `place` knows one file and gives its failures their names,
//! - `file` creates, opens and empties files and owns the connections,
//! - `frame` is a record as bytes, and `crc` the checksum of every row,
//! - `write` is the one transaction that appends, `read` the one query that reads,
//! - `subscription` keeps a reader's position in the file of its outputs.
//!
//! It promises what SQLite promises: a transaction is in the write-ahead log and synced before it is
//! acknowledged, and one that was cut short is as if it had never begun. SQLite has no checksum on a page
//! once it has left the write-ahead log, so every row carries its own.

mod crc;
mod file;
mod frame;
mod place;
mod read;
mod subscription;
mod write;

use crate::clock::Clock;
use crate::{
    Batch, Error, Limits, Log, MAX_PARTITIONS, Outgoing, Outputs, ReaderName, Result, Roster, Subscription,
    TopicName,
};
use domain::{Offset, Partition};
use file::TopicFile;
use place::{Place, sync_folder};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use subscription::{Reader, position};

/// Held by whoever creates or drops a topic, so that no two processes do so at once.
const LOCK_FILE: &str = "topics.lock";

/// The embedded log: a folder with one SQLite file a topic.
pub struct Embedded {
    folder: PathBuf,
    clock: Clock,
    topics: RwLock<BTreeMap<TopicName, Arc<TopicFile>>>,
}

impl Embedded {
    /// Opens the log of a folder, which is created if missing. The clock stamps what is appended.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self> {
        if !folder.is_dir() {
            let failed = |source| Error::File { action: "create", path: folder.to_owned(), source };
            fs::create_dir_all(folder).map_err(failed)?;
            // The folder's own entry must be durable before anything in it is acknowledged.
            folder.parent().filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), sync_folder)?;
        }
        Ok(Self { folder: folder.to_owned(), clock, topics: RwLock::default() })
    }

    /// Runs a call on the topic's file, on a newly opened one if the file in hand turns out to be that of a
    /// topic that another process has dropped (and perhaps created again).
    fn with<T>(&self, topic: &TopicName, call: impl Fn(&Arc<TopicFile>) -> Result<T>) -> Result<T> {
        let file = self.file(topic)?;
        match call(&file) {
            Err(Error::UnknownTopic { .. }) => {
                self.forget(topic);
                call(&self.file(topic)?)
            }
            answer => answer,
        }
    }

    fn file(&self, topic: &TopicName) -> Result<Arc<TopicFile>> {
        self.find(topic)?.ok_or_else(|| self.place(topic).unknown_topic())
    }

    fn find(&self, topic: &TopicName) -> Result<Option<Arc<TopicFile>>> {
        let known = self.topics.read().unwrap_or_else(PoisonError::into_inner).get(topic).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(opened) = TopicFile::open(self.place(topic))? else { return Ok(None) };
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(Arc::clone(topics.entry(topic.clone()).or_insert_with(|| Arc::new(opened)))))
    }

    fn forget(&self, topic: &TopicName) {
        self.topics.write().unwrap_or_else(PoisonError::into_inner).remove(topic);
    }

    fn place(&self, topic: &TopicName) -> Place {
        Place { topic: topic.clone(), path: self.folder.join(format!("{topic}.db")) }
    }

    /// Excludes other creators and droppers until the answer is dropped.
    fn lock(&self) -> Result<File> {
        let path = self.folder.join(LOCK_FILE);
        let open = || File::options().create(true).truncate(false).write(true).open(&path);
        let locked = open().and_then(|file| file.lock().map(|()| file));
        locked.map_err(|source| Error::File { action: "lock", path: path.clone(), source })
    }
}

impl Log for Embedded {
    fn create(&self, topic: &TopicName, partitions: u32) -> Result<()> {
        if !(1..=MAX_PARTITIONS).contains(&partitions) {
            return Err(Error::PartitionRange { topic: topic.clone(), wanted: partitions });
        }
        let lock = self.lock()?;
        // A topic that another process has dropped and created again may have another count now.
        self.forget(topic);
        if self.find(topic)?.is_none() {
            TopicFile::create(&self.place(topic), partitions)?;
        }
        drop(lock);
        let has = self.file(topic)?.partitions;
        if has == partitions {
            return Ok(());
        }
        Err(Error::PartitionCount { topic: topic.clone(), has, wanted: partitions })
    }

    fn drop_topic(&self, topic: &TopicName) -> Result<()> {
        let _lock = self.lock()?;
        if let Some(file) = self.find(topic)? {
            file.empty()?;
        }
        self.forget(topic);
        self.place(topic).remove()
    }

    fn partitions(&self, topic: &TopicName) -> Result<u32> {
        self.with(topic, |file| file.ends().map(|_| file.partitions))
    }

    fn append(&self, topic: &TopicName, records: &[Outgoing]) -> Result<Vec<Offset>> {
        self.with(topic, |file| file.append(records, &[], &self.clock))
    }

    fn ends(&self, topic: &TopicName) -> Result<BTreeMap<Partition, Offset>> {
        self.with(topic, |file| file.ends())
    }

    fn read(&self, topic: &TopicName, partition: Partition, from: Offset, limits: Limits) -> Result<Batch> {
        self.with(topic, |file| file.read(partition, from, limits))
    }

    fn position(&self, topic: &TopicName, partition: Partition, outputs: &Outputs) -> Result<Offset> {
        self.with(topic, |input| {
            self.with(&outputs.topic, |output| position(input, output, &outputs.reader, partition))
        })
    }

    fn subscribe(
        &self,
        topic: &TopicName,
        partitions: &[Partition],
        outputs: &Outputs,
    ) -> Result<Box<dyn Subscription>> {
        let reader = self.with(topic, |input| {
            self.with(&outputs.topic, |output| {
                Reader::open(input, output, &outputs.reader, partitions, &self.clock)
            })
        })?;
        Ok(Box::new(reader))
    }

    fn share(&self, topic: &TopicName, _group: &ReaderName) -> Result<Box<dyn Roster>> {
        let partitions = (0..self.partitions(topic)?).map(Partition).collect();
        Ok(Box::new(Everything(partitions)))
    }
}

/// The partitions of a topic where nobody shares them.
struct Everything(BTreeSet<Partition>);

impl Roster for Everything {
    fn mine(&mut self) -> Result<BTreeSet<Partition>> {
        Ok(self.0.clone())
    }

    fn is_alone(&self) -> bool {
        true
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedded {{ folder: {:?} }}", self.folder)
    }
}

#[cfg(feature = "testing")]
impl Embedded {
    /// Lets a topic's file grow to that many pages and no further, as a full disk would: SQLite answers
    /// with the same `SQLITE_FULL`. `None` lifts the limit. For tests alone.
    pub fn limit_pages(&self, topic: &TopicName, pages: Option<u32>) -> Result<()> {
        self.file(topic)?.limit_pages(pages)
    }
}
