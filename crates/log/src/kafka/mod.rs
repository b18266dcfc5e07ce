//! The log on Apache Kafka, by librdkafka. What is where:
//!
//! - `config` is what must be known, `settings` every setting of librdkafka that a promise rests on,
//! - `client` is what all share, `fail` what librdkafka's codes mean, `metrics` the numbers,
//! - `topics` makes, drops and checks topics,
//! - `producer` appends, `reader` reads,
//! - `transaction` is one transactional producer under a watchdog; `subscription` is a reader with partitions of
//!   its own choice, `member` one of a group that shares them, and `poller` the member's thread,
//! - `roster` only tells who of a group has which.
//!
//! Every partition that is processed has a producer of its own, since its transactional id is what fences: some
//! four threads and, while it writes, at most 64 MiB. Reading costs at most sixteen consumers.
//!
//! It promises what Apache Kafka promises with `acks=all`: a record that was acknowledged is in the memory of
//! all copies in sync, and on their disks a little later. On a single broker a power cut may take it; the
//! embedded log, which syncs first, is then the stronger one.

mod client;
mod config;
mod fail;
mod member;
mod metrics;
mod poller;
mod producer;
mod reader;
mod roster;
mod settings;
mod subscription;
mod topics;
mod transaction;

pub use config::{KafkaConfig, Mechanism, Sasl, Secret, Security, Timeouts, Tls, TopicSettings};
pub use member::{Event, Member, MemberConfig, Produced, Revoked};
pub use metrics::{Metrics, PartitionMetrics};
pub use topics::{Mismatch, TopicReport};

use crate::{
    Batch, Error, Limits, Log, Marks, Outgoing, Outputs, ReaderName, Result, Roster, Subscription, TopicName,
    Traffic,
};
use client::Shared;
use domain::{Offset, Partition};
use producer::Producers;
use reader::Readers;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long records are kept that can be made again. A process that was away for longer begins from the beginning.
const PASSING: Duration = Duration::from_secs(7 * 24 * 3600);

/// The log on Apache Kafka. The clock that stamps records is the broker's. Clones share everything.
#[derive(Clone)]
pub struct Kafka {
    shared: Arc<Shared>,
    producers: Arc<Producers>,
    readers: Arc<Readers>,
}

impl Kafka {
    /// Connects. Fails at once if nobody answers, or if the configuration, the user or this build is wrong.
    pub fn open(config: KafkaConfig) -> Result<Self> {
        let shared = Arc::new(Shared::open(config)?);
        Ok(Self { shared, producers: Arc::default(), readers: Arc::default() })
    }

    /// Joins those who share the partitions of a topic under one reader's name. See [`Member`].
    pub fn join(&self, topic: &TopicName, outputs: &Outputs, config: MemberConfig) -> Result<Member> {
        Member::join(&self.shared, topic, outputs, config)
    }

    /// What is true of a topic, and what should be: partitions as given, the rest as configured.
    pub fn check(&self, topic: &TopicName, partitions: u32) -> Result<TopicReport> {
        self.shared.check(topic, partitions, &self.shared.config.topics)
    }

    /// The same of a topic that was made by [`Log::create_lasting`].
    pub fn check_lasting(&self, topic: &TopicName, partitions: u32) -> Result<TopicReport> {
        self.shared.check(topic, partitions, &self.lasting())
    }

    fn lasting(&self) -> TopicSettings {
        TopicSettings { retention: None, ..self.shared.config.topics.clone() }
    }

    /// Settings of the brokers themselves that endanger a promise.
    pub fn check_brokers(&self) -> Result<Vec<Mismatch>> {
        self.shared.check_brokers()
    }

    /// Counters, and where the readers of this process stand. Asks the brokers for the ends.
    pub fn metrics(&self) -> Result<Metrics> {
        let positions = self.shared.counters.positions();
        let mut partitions = Vec::with_capacity(positions.len());
        for ((reader, topic, partition), position) in positions {
            let marks = match self.shared.marks(&topic, std::iter::once(partition.0)) {
                // It was dropped, and nobody lags behind it.
                Err(Error::UnknownTopic { .. }) => continue,
                marks => marks?[&partition],
            };
            partitions.push(PartitionMetrics { reader, topic, partition, position, marks });
        }
        Ok(Metrics { traffic: self.counted(), partitions })
    }

    fn counted(&self) -> Traffic {
        self.shared.counters.traffic(self.producers.in_flight())
    }
}

impl Log for Kafka {
    fn create(&self, topic: &TopicName, partitions: u32) -> Result<()> {
        self.shared.create(topic, partitions, &self.shared.config.topics)
    }

    fn create_passing(&self, topic: &TopicName, partitions: u32) -> Result<()> {
        let passing = TopicSettings { retention: Some(PASSING), ..self.shared.config.topics.clone() };
        self.shared.create(topic, partitions, &passing)
    }

    fn create_lasting(&self, topic: &TopicName, partitions: u32) -> Result<()> {
        self.shared.create(topic, partitions, &self.lasting())
    }

    fn drop_topic(&self, topic: &TopicName) -> Result<()> {
        self.shared.drop_topic(topic)?;
        // A topic that comes back under the name is another: nobody may go on from what was known of this one.
        self.readers.forget(topic);
        self.producers.forget();
        Ok(())
    }

    fn partitions(&self, topic: &TopicName) -> Result<u32> {
        self.shared.partitions(topic)
    }

    fn append(&self, topic: &TopicName, records: &[Outgoing]) -> Result<Vec<Offset>> {
        self.producers.append(&self.shared, topic, records)
    }

    fn ends(&self, topic: &TopicName) -> Result<BTreeMap<Partition, Offset>> {
        let partitions = self.shared.partitions(topic)?;
        self.shared.ends(topic, 0..partitions)
    }

    fn read(&self, topic: &TopicName, partition: Partition, from: Offset, limits: Limits) -> Result<Batch> {
        self.readers.read(&self.shared, topic, partition, from, limits)
    }

    fn position(&self, topic: &TopicName, partition: Partition, outputs: &Outputs) -> Result<Offset> {
        self.shared.check_partition(topic, partition)?;
        self.shared.partitions(&outputs.topic)?;
        let at = self.shared.committed(&self.shared.group(outputs), topic, &[partition])?;
        Ok(at[&partition])
    }

    fn subscribe(
        &self,
        topic: &TopicName,
        partitions: &[Partition],
        outputs: &Outputs,
    ) -> Result<Box<dyn Subscription>> {
        let reader = subscription::Reader::open(&self.shared, &self.readers, topic, partitions, outputs)?;
        Ok(Box::new(reader))
    }

    fn share(&self, topic: &TopicName, group: &ReaderName) -> Result<Box<dyn Roster>> {
        Ok(Box::new(roster::Member::join(&self.shared, topic, group)?))
    }

    fn marks(&self, topic: &TopicName) -> Result<BTreeMap<Partition, Marks>> {
        let partitions = self.shared.partitions(topic)?;
        self.shared.marks(topic, 0..partitions)
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.counted())
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kafka {{ {:?} }}", self.shared.config)
    }
}
