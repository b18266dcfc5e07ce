//! The event log behind one small trait: [`Log`], with [`Embedded`] (SQLite, one file a topic) as the
//! backend of a single machine and [`Kafka`] as the other. Both pass the suite in `conformance`.
//!
//! The log carries opaque bytes. It never decodes a payload, never reads a clock but the one that it was
//! opened with, never invents, reorders or drops a record, and never shows one that was not committed.
//! Diagnostics go to `tracing`; the public crate that is also called `log` is not used anywhere.

mod clock;
mod embedded;
mod error;
mod kafka;
mod murmur;
mod name;
mod record;
mod watch;

#[cfg(feature = "testing")]
pub mod conformance;

pub use clock::{Clock, system_clock};
pub use embedded::Embedded;
pub use error::{Error, Result, Retry};
pub use kafka::{
    Event, Kafka, KafkaConfig, Mechanism, Member, MemberConfig, Metrics, Mismatch, PartitionMetrics,
    Produced, Revoked, Sasl, Secret, Security, Timeouts, Tls, TopicReport, TopicSettings,
};
pub use murmur::partition_of;
pub use name::{ReaderName, TopicName};
pub use record::{Batch, Limits, MAX_PARTITIONS, MAX_RECORD_BYTES, Outgoing, Outputs, Record};
pub use watch::{Marks, Traffic};

use domain::{Offset, Partition};
use std::collections::{BTreeMap, BTreeSet};

/// Topics of partitions of records. A record's offset grows with its place in its partition, and the order
/// of a partition is the order of appending. Every method may be called from many threads at once.
pub trait Log: Send + Sync {
    /// Creates a topic of that many partitions. Nothing happens if it has them already; another count is
    /// [`Error::PartitionCount`], because the partition of a key would change.
    fn create(&self, topic: &TopicName, partitions: u32) -> Result<()>;

    /// As [`create`](Self::create), for records that can be made again from those of other topics: a backend that
    /// removes old records by itself may do so here after a while.
    fn create_passing(&self, topic: &TopicName, partitions: u32) -> Result<()> {
        self.create(topic, partitions)
    }

    /// As [`create`](Self::create), for records that are read from the beginning for as long as the log lives: a backend
    /// that removes old records by itself must not do so here.
    fn create_lasting(&self, topic: &TopicName, partitions: u32) -> Result<()> {
        self.create(topic, partitions)
    }

    /// Deletes a topic, its records and the positions kept beside them. Nothing happens if there is none.
    /// The positions of its own readers lie beside their outputs and stay: a name is not to be given to
    /// other contents while they do.
    fn drop_topic(&self, topic: &TopicName) -> Result<()>;

    /// The number of partitions of a topic.
    fn partitions(&self, topic: &TopicName) -> Result<u32>;

    /// Appends records and returns their offsets, in the order given, **once they are durable**. The caller
    /// batches: a call costs one synced write, whatever its size. After an error the caller knows nothing
    /// of the call's records; a reader may see them later, or not ([`Embedded`]: all of them or none).
    fn append(&self, topic: &TopicName, records: &[Outgoing]) -> Result<Vec<Offset>>;

    /// The offset that the next record of each partition will get: one moment's picture of the whole topic.
    fn ends(&self, topic: &TopicName) -> Result<BTreeMap<Partition, Offset>>;

    /// Reads from an offset on. Stateless: the caller keeps the position, which is [`Batch::next`] and not
    /// the last offset plus one (Kafka's offsets have gaps). At the end the batch is empty; beyond it the
    /// answer is [`Error::OutOfRange`], since a reader that is ahead of its log has lost its log.
    fn read(&self, topic: &TopicName, partition: Partition, from: Offset, limits: Limits) -> Result<Batch>;

    /// The position that a reader last committed, at first 0: where it would go on. Disturbs nobody, unlike
    /// [`subscribe`](Self::subscribe).
    fn position(&self, topic: &TopicName, partition: Partition, outputs: &Outputs) -> Result<Offset>;

    /// Reads partitions of a topic on behalf of a named reader, from the position that was last committed
    /// (at first 0). Who subscribes as the same reader takes over. Of two owners of a partition the one before
    /// is fenced: on Kafka as soon as the other has subscribed, on [`Embedded`] when the other has committed.
    fn subscribe(
        &self,
        topic: &TopicName,
        partitions: &[Partition],
        outputs: &Outputs,
    ) -> Result<Box<dyn Subscription>>;

    /// Takes part in sharing the partitions of a topic among all that do so under the same name.
    fn share(&self, topic: &TopicName, group: &ReaderName) -> Result<Box<dyn Roster>>;

    /// Where each partition ends, for whoever watches. By default nothing is ever held back from readers.
    fn marks(&self, topic: &TopicName) -> Result<BTreeMap<Partition, Marks>> {
        let ends = self.ends(topic)?.into_iter();
        Ok(ends.map(|(at, end)| (at, Marks { stable_end: end, high_watermark: end })).collect())
    }

    /// What this client of the log has done since it was opened; nobody is asked. `None` where there is nobody on the
    /// other side.
    fn traffic(&self) -> Option<Traffic> {
        None
    }
}

/// Who of those that share a topic's partitions has which. Dropped, it gives its own back.
pub trait Roster: Send {
    /// The partitions that are ours now. Another one may still believe for a while that it has them: they are shared out
    /// so that everything is done, and not so that nothing is done twice.
    fn mine(&mut self) -> Result<BTreeSet<Partition>>;

    /// Whether nobody else can take part.
    fn is_alone(&self) -> bool;
}

/// A reader whose outputs and position move together. One owner; dropped without a commit it leaves nothing.
pub trait Subscription: Send {
    /// The next records of one of the partitions, in turn, after those already given out. Empty when every
    /// partition is read to its end.
    fn next(&mut self, limits: Limits) -> Result<Batch>;

    /// Makes the outputs and the position behind everything given out by [`next`](Self::next) durable and
    /// visible **together or not at all**. [`Error::Fenced`]: somebody else has taken the position; nothing
    /// was written, and this subscription is over. [`Error::Unsettled`]: it is over too, and the next one
    /// finds out whether this was written. After any other error the same commit may be tried again. With
    /// nothing given out and no outputs it does nothing.
    ///
    /// # Panics
    /// If there are outputs but nothing was given out since the last commit: without an input to move past,
    /// two owners could both write them.
    fn commit(&mut self, outputs: &[Outgoing]) -> Result<()>;
}
