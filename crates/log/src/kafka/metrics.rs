//! Plain numbers for whoever watches.

use crate::{Marks, ReaderName, TopicName, Traffic};
use domain::{Offset, Partition};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What happened since the log was opened, and where its readers stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// What this process has done.
    pub traffic: Traffic,
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
    /// Where the partition ends.
    pub marks: Marks,
}

impl PartitionMetrics {
    /// Offsets that are still to be read. Control records count, so that one or two may stay for ever.
    pub const fn lag(&self) -> u64 {
        self.marks.stable_end.0.saturating_sub(self.position.0)
    }
}

/// A reader's partition.
pub(super) type Held = (ReaderName, TopicName, Partition);

/// The counters themselves.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub acknowledged: AtomicU64,
    pub refused: AtomicU64,
    pub rebalances: AtomicU64,
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

    /// With what is under way: records and their bytes.
    pub fn traffic(&self, (records, bytes): (usize, usize)) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            acknowledged: read(&self.acknowledged),
            refused: read(&self.refused),
            in_flight_records: records as u64,
            in_flight_bytes: bytes as u64,
            rebalances: read(&self.rebalances),
            committed: read(&self.committed),
            aborted: read(&self.aborted),
            fenced: read(&self.fenced),
            rebuilt: read(&self.rebuilt),
            watchdog_fired: read(&self.watchdog_fired),
            indefinite: read(&self.indefinite),
        }
    }
}
