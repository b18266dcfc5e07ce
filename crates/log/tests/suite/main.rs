//! Tests of the embedded log: the conformance suite, and what only files can show.
#![allow(clippy::print_stderr, reason = "a test says what it skips")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod damage;
mod disk_full;
mod files;
mod sync;
mod torn;

use domain::{Instant, Offset, Partition};
use log::{Clock, Embedded, Limits, Log, Outgoing, Outputs, ReaderName, Record, TopicName};
use std::path::Path;
use std::sync::Arc;

const ALL: Limits = Limits { records: usize::MAX, bytes: usize::MAX };

fn still() -> Clock {
    Arc::new(|| Instant::from_micros(1_000_000).unwrap())
}

fn open(folder: &Path) -> Embedded {
    Embedded::open(folder, still()).unwrap()
}

fn topic(name: &str) -> TopicName {
    TopicName::new(name).unwrap()
}

fn outputs(topic: &TopicName) -> Outputs {
    Outputs { topic: topic.clone(), reader: ReaderName::new("reader").unwrap() }
}

fn outgoing(partition: u32, value: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing { partition: Partition(partition), key: b"key".to_vec(), value: value.into() }
}

/// A folder for tests that lay out torn or damaged files themselves. In memory where that exists: whether
/// bytes are synced is not what they are about, and they open a log thousands of times.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Everything of a topic, partition by partition.
fn contents(log: &Embedded, topic: &TopicName) -> log::Result<Vec<Vec<Record>>> {
    let ends = log.ends(topic)?;
    let partition = |(partition, end): (&Partition, &Offset)| {
        let batch = log.read(topic, *partition, Offset(0), ALL)?;
        assert_eq!(batch.next, *end);
        Ok(batch.records)
    };
    ends.iter().map(partition).collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}
