//! What goes into the log and what comes out. Keys and values are opaque, and may be personal: no `Debug`
//! here shows more of them than their length.

use crate::{ReaderName, TopicName};
use domain::{Instant, Offset, Partition};
use std::fmt;

/// Most bytes that key and value of one record may have together: 5 MiB. It stays below the broker's
/// `message.max.bytes` of 6,000,000, so that what one backend takes the other takes too.
pub const MAX_RECORD_BYTES: usize = 5 * 1024 * 1024;

/// Most partitions of a topic.
pub const MAX_PARTITIONS: u32 = 4_096;

/// A record to append.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to: see [`partition_of`](crate::partition_of).
    pub partition: Partition,
    /// What the partition was chosen by; may be empty.
    pub key: Vec<u8>,
    /// The payload; may be empty.
    pub value: Vec<u8>,
}

/// A record of a partition.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub offset: Offset,
    /// When the log appended it; never less than that of the record before.
    pub recorded_at: Instant,
    /// The key as appended.
    pub key: Vec<u8>,
    /// The payload as appended.
    pub value: Vec<u8>,
}

/// Records of one partition in order: those at positions `[from, next)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The partition.
    pub partition: Partition,
    /// The position that the batch was read from.
    pub from: Offset,
    /// The position to read from next: behind the records. An empty batch means the end, and goes nowhere
    /// unless what stands before the end is no record (Kafka's marks of transactions).
    pub next: Offset,
    /// The records.
    pub records: Vec<Record>,
}

impl Batch {
    /// Whether there was nothing to read.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// How much one read may return. A read may return less, but at least one record if there is one: a limit
/// of 0, or one that a large record does not fit in, must not stop a reader for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records.
    pub records: usize,
    /// Bytes of keys and values together.
    pub bytes: usize,
}

impl Default for Limits {
    /// 10,000 records or 8 MiB: a few milliseconds of reading, and small beside what is made from it.
    fn default() -> Self {
        Self { records: 10_000, bytes: 8 * 1024 * 1024 }
    }
}

/// Where a subscription's outputs go, and under what name its position is kept beside them. There is one
/// topic, because one file is what [`Embedded`](crate::Embedded) can change atomically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs {
    /// The topic of the outputs; it must exist, also for a reader that writes none.
    pub topic: TopicName,
    /// Who reads.
    pub reader: ReaderName,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = (self.key.len(), self.value.len());
        write!(f, "Outgoing {{ partition: {}, key: {key} bytes, value: {value} bytes }}", self.partition.0)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = (self.key.len(), self.value.len());
        let (offset, at) = (self.offset.0, self.recorded_at);
        write!(f, "Record {{ offset: {offset}, recorded_at: {at}, key: {key} bytes, value: {value} bytes }}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_bytes_of_a_record() {
        let (key, value) = (b"canary-key".to_vec(), b"canary-value".to_vec());
        let out = Outgoing { partition: Partition(3), key: key.clone(), value: value.clone() };
        let at = Instant::from_micros(0).expect("1970 is accepted");
        let record = Record { offset: Offset(7), recorded_at: at, key, value };
        let batch =
            Batch { partition: Partition(3), from: Offset(7), next: Offset(8), records: vec![record] };
        let text = format!("{out:?} {batch:?}");
        assert!(text.contains("key: 10 bytes") && text.contains("offset: 7"), "{text}");
        assert!(!text.contains("canary") && !text.contains("99, 97"), "{text}");
    }
}
