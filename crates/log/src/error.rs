//! What can go wrong, and what the caller may do about it. No message holds a byte of a key or a value.

use crate::{MAX_PARTITIONS, MAX_RECORD_BYTES, ReaderName, TopicName};
use domain::{Offset, Partition};
use std::path::PathBuf;

/// A result of the log.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller may do after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same call may succeed later, without anything being repaired by hand in the log.
    Later,
    /// This subscription is over; a new one may be taken.
    Resubscribe,
    /// The same call fails again until a person or another call changes something.
    Never,
}

/// The log failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a name.
    #[error(
        "{name:?} is no name of a topic or reader: expected 1 to 120 of a-z 0-9 . _ -, first a letter or digit"
    )]
    Name {
        /// What was given.
        name: String,
    },
    /// The topic was never created, or was dropped.
    #[error("no topic {topic} in {place}")]
    UnknownTopic {
        /// The topic.
        topic: TopicName,
        /// The log: a folder, or brokers.
        place: String,
    },
    /// The topic has fewer partitions.
    #[error("no partition {} in topic {topic}, which has {partitions}", partition.0)]
    UnknownPartition {
        /// The topic.
        topic: TopicName,
        /// The partition asked for.
        partition: Partition,
        /// How many there are.
        partitions: u32,
    },
    /// The topic exists with another number of partitions.
    #[error("topic {topic} has {has} partitions, not {wanted}")]
    PartitionCount {
        /// The topic.
        topic: TopicName,
        /// How many it has.
        has: u32,
        /// How many were asked for.
        wanted: u32,
    },
    /// No topic can have that many partitions.
    #[error("topic {topic} cannot have {wanted} partitions: expected 1 to {MAX_PARTITIONS}")]
    PartitionRange {
        /// The topic.
        topic: TopicName,
        /// How many were asked for.
        wanted: u32,
    },
    /// A record is too large; nothing of the call was appended.
    #[error(
        "record {index} of {bytes} bytes for topic {topic} is too large: expected at most {MAX_RECORD_BYTES}"
    )]
    TooLarge {
        /// The topic.
        topic: TopicName,
        /// Which of the call's records, from 0.
        index: usize,
        /// Its size.
        bytes: usize,
    },
    /// The position lies beyond the end: the reader has seen records that this log does not have.
    #[error("offset {} of topic {topic} partition {} lies beyond its end {}", from.0, partition.0, end.0)]
    OutOfRange {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: Partition,
        /// The position asked for.
        from: Offset,
        /// The partition's end.
        end: Offset,
    },
    /// Another owner has moved the position of this subscription. Nothing was written.
    #[error("reader {reader} of topic {topic} partition {} was fenced: its position is no longer {}", partition.0, at.0)]
    Fenced {
        /// The reader.
        reader: ReaderName,
        /// The topic that it reads.
        topic: TopicName,
        /// The partition whose position was moved.
        partition: Partition,
        /// Where this subscription had left it.
        at: Offset,
    },
    /// A stored record is not what was appended.
    #[error("damaged record in {}: topic {topic} partition {} offset {}: {what}", path.display(), partition.0, offset.0)]
    DamagedRecord {
        /// The file.
        path: PathBuf,
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: Partition,
        /// The record's place.
        offset: Offset,
        /// What does not fit.
        what: &'static str,
    },
    /// The file as a whole is not what was written.
    #[error("damaged log file {} of topic {topic}: {what}", path.display())]
    DamagedFile {
        /// The file.
        path: PathBuf,
        /// The topic.
        topic: TopicName,
        /// What does not fit.
        what: String,
    },
    /// There is no space. Nothing of the call is visible; it works again once there is space.
    #[error("no space left to append to topic {topic} in {}", path.display())]
    DiskFull {
        /// The topic.
        topic: TopicName,
        /// The file.
        path: PathBuf,
    },
    /// Other processes held the file for longer than the busy timeout.
    #[error("topic {topic} in {} is held by another process", path.display())]
    Busy {
        /// The topic.
        topic: TopicName,
        /// The file.
        path: PathBuf,
    },
    /// The system could not make a write durable. Trying again would prove nothing, because it may have
    /// forgotten what it failed to write: the process should end and read the log again.
    #[error("topic {topic} in {} could not be synced: {source}", path.display())]
    SyncFailed {
        /// The topic.
        topic: TopicName,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The position lies before the first record that the log still has: retention has removed what was not
    /// read yet. Nothing is skipped silently; a person decides where to go on.
    #[error("offset {} of topic {topic} partition {} lies before its first record {}", from.0, partition.0, start.0)]
    Removed {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: Partition,
        /// The position asked for.
        from: Offset,
        /// The partition's first position.
        start: Offset,
    },
    /// The configuration of a log cannot be used; every mistake is named.
    #[error("cannot use the configuration of the log: {what}")]
    Configuration {
        /// The mistakes.
        what: String,
    },
    /// This program was built without it.
    #[error("{what} is not built into this program: it needs the feature {feature}")]
    NotBuiltIn {
        /// What was asked for.
        what: &'static str,
        /// The feature that has it.
        feature: &'static str,
    },
    /// The brokers did not answer a call that changes nothing.
    #[error("cannot {action}: no answer of the brokers {brokers}: {cause}")]
    Unreachable {
        /// What was attempted.
        action: &'static str,
        /// Their addresses.
        brokers: String,
        /// What is known of the cause.
        cause: String,
    },
    /// The brokers do not let us.
    #[error("not authorised to {action} at the brokers {brokers}: {cause}")]
    NotAuthorised {
        /// What was attempted.
        action: &'static str,
        /// Their addresses.
        brokers: String,
        /// Their answer.
        cause: String,
    },
    /// The brokers refused. Nothing was written.
    #[error("the brokers {brokers} refused to {action}: {cause}")]
    Refused {
        /// What was attempted.
        action: &'static str,
        /// Their addresses.
        brokers: String,
        /// Their answer.
        cause: String,
        /// Whether they would call it temporary.
        retry: Retry,
    },
    /// Nobody knows whether records of the call were written, or will be. The client that sent them was given
    /// up; the next call uses another. Who appends the same again must be able to recognise it.
    #[error("cannot tell whether the append to topic {topic} at the brokers {brokers} was done: {cause}")]
    Indefinite {
        /// The topic.
        topic: TopicName,
        /// Their addresses.
        brokers: String,
        /// What happened.
        cause: String,
    },
    /// The transaction was rolled back: neither outputs nor position were written. The same commit may be
    /// tried again.
    #[error("the commit of reader {reader} of topic {topic} was rolled back: {cause}")]
    RolledBack {
        /// The reader.
        reader: ReaderName,
        /// The topic that it reads.
        topic: TopicName,
        /// What happened.
        cause: String,
    },
    /// Nobody knows yet whether outputs and position were written, but it is both or neither. A new
    /// subscription settles it, and goes on where the log then stands.
    #[error("cannot tell whether reader {reader} of topic {topic} committed: {cause}")]
    Unsettled {
        /// The reader.
        reader: ReaderName,
        /// The topic that it reads.
        topic: TopicName,
        /// What happened.
        cause: String,
    },
    /// A folder or a file could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The storage failed in another way.
    #[error("cannot {action} topic {topic} in {}: {source}", path.display())]
    Storage {
        /// What was attempted.
        action: &'static str,
        /// The topic.
        topic: TopicName,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// What the caller may do.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::DiskFull { .. }
            | Self::Busy { .. }
            | Self::Unreachable { .. }
            | Self::Indefinite { .. }
            | Self::RolledBack { .. } => Retry::Later,
            Self::Fenced { .. } | Self::Unsettled { .. } => Retry::Resubscribe,
            Self::Refused { retry, .. } => *retry,
            Self::Name { .. }
            | Self::UnknownTopic { .. }
            | Self::UnknownPartition { .. }
            | Self::PartitionCount { .. }
            | Self::PartitionRange { .. }
            | Self::TooLarge { .. }
            | Self::OutOfRange { .. }
            | Self::Removed { .. }
            | Self::Configuration { .. }
            | Self::NotBuiltIn { .. }
            | Self::NotAuthorised { .. }
            | Self::DamagedRecord { .. }
            | Self::DamagedFile { .. }
            | Self::SyncFailed { .. }
            | Self::File { .. }
            | Self::Storage { .. } => Retry::Never,
        }
    }
}
