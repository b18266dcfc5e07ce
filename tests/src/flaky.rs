//! A log that ends the process, as far as its caller can tell, at a chosen append: before it is done, or
//! after it is done but before the caller hears of it.

use domain::{Offset, Partition};
use log::{
    Batch, Error, Limits, Log, Outgoing, Outputs, ReaderName, Result, Roster, Subscription, TopicName,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// When the crash comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// Nothing is written.
    Before,
    /// Everything is written; the answer is lost.
    After,
}

/// Wraps a log.
pub struct FlakyLog<L> {
    inner: L,
    /// Appends until the crash; negative once it has come.
    left: Arc<AtomicI64>,
    crash: Option<Crash>,
    /// Records before these positions are gone.
    gone: Gone,
}

/// What retention has removed: everything before a position, by topic and partition.
pub type Gone = BTreeMap<(TopicName, Partition), Offset>;

impl<L: Log> FlakyLog<L> {
    /// Lets the `at`-th append from now, counted from 0, go wrong; `None` never does.
    pub fn new(inner: L, plan: Option<(u32, Crash)>) -> Self {
        let left = Arc::new(AtomicI64::new(plan.map_or(i64::MAX, |(at, _)| i64::from(at))));
        Self { inner, left, crash: plan.map(|(_, crash)| crash), gone: Gone::new() }
    }

    /// With a log that no longer has its oldest records.
    #[must_use]
    pub fn letting_go(self, gone: Gone) -> Self {
        Self { gone, ..self }
    }

    /// Tells later whether the crash has come. A fault that does not come proves nothing.
    pub fn watch(&self) -> impl Fn() -> bool + use<L> {
        let left = Arc::clone(&self.left);
        move || left.load(Ordering::SeqCst) < 0
    }

    fn alive(&self) -> Result<()> {
        if self.left.load(Ordering::SeqCst) < 0 { Err(crashed()) } else { Ok(()) }
    }
}

fn crashed() -> Error {
    let source = std::io::Error::other("crash on purpose");
    Error::File { action: "use", path: PathBuf::from("the log after a crash on purpose"), source }
}

impl<L: Log> Log for FlakyLog<L> {
    fn create(&self, topic: &TopicName, partitions: u32) -> Result<()> {
        self.inner.create(topic, partitions)
    }

    fn drop_topic(&self, topic: &TopicName) -> Result<()> {
        self.inner.drop_topic(topic)
    }

    fn partitions(&self, topic: &TopicName) -> Result<u32> {
        self.inner.partitions(topic)
    }

    fn append(&self, topic: &TopicName, records: &[Outgoing]) -> Result<Vec<Offset>> {
        self.alive()?;
        let comes_now = self.left.fetch_sub(1, Ordering::SeqCst) == 0;
        match self.crash.filter(|_| comes_now) {
            None => self.inner.append(topic, records),
            Some(Crash::Before) => Err(crashed()),
            Some(Crash::After) => self.inner.append(topic, records).and(Err(crashed())),
        }
    }

    fn ends(&self, topic: &TopicName) -> Result<BTreeMap<Partition, Offset>> {
        self.alive()?;
        self.inner.ends(topic)
    }

    fn read(&self, topic: &TopicName, partition: Partition, from: Offset, limits: Limits) -> Result<Batch> {
        self.alive()?;
        match self.gone.get(&(topic.clone(), partition)) {
            Some(start) if from < *start => {
                Err(Error::Removed { topic: topic.clone(), partition, from, start: *start })
            }
            _ => self.inner.read(topic, partition, from, limits),
        }
    }

    fn position(&self, topic: &TopicName, partition: Partition, outputs: &Outputs) -> Result<Offset> {
        self.alive()?;
        self.inner.position(topic, partition, outputs)
    }

    fn subscribe(
        &self,
        topic: &TopicName,
        partitions: &[Partition],
        outputs: &Outputs,
    ) -> Result<Box<dyn Subscription>> {
        self.alive()?;
        self.inner.subscribe(topic, partitions, outputs)
    }

    fn share(&self, topic: &TopicName, group: &ReaderName) -> Result<Box<dyn Roster>> {
        self.alive()?;
        self.inner.share(topic, group)
    }
}
