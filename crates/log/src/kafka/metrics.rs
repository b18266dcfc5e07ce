//! Plain numbers for whoever watches.

use crate::{ReaderName, TopicName};
use domain::{Offset, Partition};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What happened since the log was opened, and where its readers stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// Transactions committed.
    pub committed: u64,
    /// Transactions rolled back.
    pub aborted: u64,
    /// Times that this process was fenced. More than a few an hour: two processes fight for one partition.
    pub fenced: u64,
    /// Producers given up after an indefinite error and made anew.
    pub rebuilt: u64,
    /// Calls given up because they did not come back.
    pub watchdog_fired: u64,
    /// Appends that ended indefinite.
    pub indefinite: u64,
    /// Every partition that a subscription or member of this process has taken since it started.
    pub partitions: Vec<PartitionMetrics>,
}

/// Where a reader stands in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionMetrics {
    /// The reader.
    pub reader: ReaderName,
    /// The topic that it reads.
    pub topic: TopicName,
    /// The partition.
    pub partition: Partition,
    /// What it has committed.
    pub position: Offset,
    /// The last stable offset: the end as readers see it.
    pub stable_end: Offset,
    /// The end of what is written, open transactions included.
    pub high_watermark: Offset,
}

impl PartitionMetrics {
    /// Offsets that are still to be read. Control records count, so that one or two may stay for ever.
    pub const fn lag(&self) -> u64 {
        self.stable_end.0.saturating_sub(self.position.0)
    }

    /// Offsets that an open transaction holds back. For longer than the transaction timeout: an orphan.
    pub const fn held_back(&self) -> u64 {
        self.high_watermark.0.saturating_sub(self.stable_end.0)
    }
}

/// A reader's partition.
pub(super) type Held = (ReaderName, TopicName, Partition);

/// The counters themselves.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub committed: AtomicU64,
    pub aborted: AtomicU64,
    pub fenced: AtomicU64,
    pub rebuilt: AtomicU64,
    pub watchdog_fired: AtomicU64,
    pub indefinite: AtomicU64,
    positions: Mutex<BTreeMap<Held, Offset>>,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    /// A reader has committed up to there.
    pub fn stands_at(&self, held: &Held, position: Offset) {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner).insert(held.clone(), position);
    }

    pub fn positions(&self) -> BTreeMap<Held, Offset> {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn snapshot(&self, partitions: Vec<PartitionMetrics>) -> Metrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Metrics {
            committed: read(&self.committed),
            aborted: read(&self.aborted),
            fenced: read(&self.fenced),
            rebuilt: read(&self.rebuilt),
            watchdog_fired: read(&self.watchdog_fired),
            indefinite: read(&self.indefinite),
            partitions,
        }
    }
}
