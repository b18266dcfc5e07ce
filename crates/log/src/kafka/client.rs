//! What every part shares: the configuration, names, one client that only asks, and how clients are let go.

use super::config::KafkaConfig;
use super::fail::{self, Meaning};
use super::metrics::Counters;
use super::settings;
use crate::{Error, Marks, Outputs, ReaderName, Result, TopicName};
use domain::{Offset, Partition};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::metadata::Metadata;
use rdkafka::{Offset as Mark, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A consumer of ours.
pub(super) type Reading = BaseConsumer<Heard>;

/// Between two tries of something that a cluster says will soon work.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// Shared by a log, its subscriptions and its members.
pub(super) struct Shared {
    pub config: KafkaConfig,
    pub counters: Arc<Counters>,
    asking: Reading,
    /// One that sees records of open transactions too, for the high watermark; made where it is first asked for.
    everything: OnceLock<Reading>,
    /// Consumers that know a group's positions, by group; they never join it.
    groups: Mutex<BTreeMap<String, Arc<Reading>>>,
}

/// How often a broker looks for transactions that nobody finishes
/// (`transaction.abort.timed.out.transaction.cleanup.interval.ms`).
const ORPHANS: Duration = Duration::from_secs(10);

/// Looks at what a client has to say, after each call. It says more than that only when nothing works.
const LOOKS: u32 = 10;

/// Most clients kept only because their group may be asked for again.
const MAX_GROUPS: usize = 16;

impl Shared {
    /// As [`open`](Self::open), but asks nobody.
    #[cfg(test)]
    pub fn without_asking(config: KafkaConfig) -> Result<Self> {
        Self::made(config)
    }

    /// Connects, and asks once, so that a wrong address or password is told now.
    pub fn open(config: KafkaConfig) -> Result<Self> {
        super::config::check(&config)?;
        let shared = Self::made(config)?;
        shared.metadata("connect", None)?;
        Ok(shared)
    }

    fn made(config: KafkaConfig) -> Result<Self> {
        let asking = consumer(&config, &settings::asking(&config))?;
        let (counters, everything, groups) = (Arc::default(), OnceLock::new(), Mutex::default());
        Ok(Self { config, counters, asking, everything, groups })
    }

    /// The topic's name at the brokers.
    pub fn topic(&self, topic: &TopicName) -> String {
        format!("{}{topic}", self.config.prefix)
    }

    /// The group that keeps a reader's positions. It names its outputs, since other outputs have another
    /// position; no name holds a `/`.
    pub fn group(&self, outputs: &Outputs) -> String {
        format!("{}{}/{}", self.config.prefix, outputs.reader, self.topic(&outputs.topic))
    }

    /// The reader of a group whose outputs go to that topic.
    pub fn reader_of(&self, group: &str, outputs: &TopicName) -> Option<ReaderName> {
        let (reader, topic) = group.strip_prefix(&self.config.prefix)?.split_once('/')?;
        (topic == self.topic(outputs)).then(|| ReaderName::new(reader).ok())?
    }

    /// The one name under which a partition is processed for a reader: whoever takes it fences who had it.
    pub fn transactional_id(&self, topic: &TopicName, partition: Partition, outputs: &Outputs) -> String {
        format!("{}/{}/{}", self.group(outputs), self.topic(topic), partition.0)
    }

    pub fn deadline(&self) -> Instant {
        Instant::now() + self.config.timeouts.request
    }

    /// Whole cluster or one topic.
    pub fn metadata(&self, action: &'static str, topic: Option<&TopicName>) -> Result<Metadata> {
        let name = topic.map(|t| self.topic(t));
        let answer = self.asking.fetch_metadata(name.as_deref(), self.config.timeouts.request);
        self.listen();
        answer.map_err(|error| self.explained(action, &error))
    }

    /// How many partitions a topic has.
    pub fn partitions(&self, topic: &TopicName) -> Result<u32> {
        let deadline = self.deadline();
        loop {
            match self.partitions_now(topic) {
                Err(Error::Refused { retry: crate::Retry::Later, .. }) if Instant::now() < deadline => {
                    thread::sleep(PAUSE);
                }
                answer => return answer,
            }
        }
    }

    fn partitions_now(&self, topic: &TopicName) -> Result<u32> {
        const ACTION: &str = "describe a topic";
        let metadata = self.metadata(ACTION, Some(topic))?;
        let described = metadata.topics().first().ok_or_else(|| self.unknown_topic(topic))?;
        match described.error().map(Code::from) {
            None => Ok(u32::try_from(described.partitions().len()).expect("a topic has few partitions")),
            Some(code) if fail::is_unknown_topic(code) => Err(self.unknown_topic(topic)),
            Some(code) => Err(fail::refused(&self.config, ACTION, code)),
        }
    }

    /// The topic's partitions, if the partition is one of them.
    pub fn check_partition(&self, topic: &TopicName, partition: Partition) -> Result<u32> {
        let partitions = self.partitions(topic)?;
        if partition.0 < partitions {
            return Ok(partitions);
        }
        Err(Error::UnknownPartition { topic: topic.clone(), partition, partitions })
    }

    /// The last stable offset of partitions: the end as readers of committed records see it.
    pub fn ends(
        &self,
        topic: &TopicName,
        partitions: impl Iterator<Item = u32>,
    ) -> Result<BTreeMap<Partition, Offset>> {
        self.offsets(&self.asking, topic, partitions, Mark::End)
    }

    /// Both ends of partitions. The stable one is asked for last, so that what came in between does not seem held back.
    pub fn marks(
        &self,
        topic: &TopicName,
        partitions: impl Iterator<Item = u32> + Clone,
    ) -> Result<BTreeMap<Partition, Marks>> {
        let high = self.offsets(self.everything()?, topic, partitions.clone(), Mark::End)?;
        let stable = self.ends(topic, partitions)?;
        let marks = |(at, high_watermark): (Partition, Offset)| {
            let stable_end = stable[&at];
            (at, Marks { stable_end, high_watermark: high_watermark.max(stable_end) })
        };
        Ok(high.into_iter().map(marks).collect())
    }

    fn everything(&self) -> Result<&Reading> {
        if let Some(made) = self.everything.get() {
            drain(made);
            return Ok(made);
        }
        let mut asked = settings::asking(&self.config);
        asked.set("isolation.level", "read_uncommitted");
        let made = consumer(&self.config, &asked)?;
        Ok(self.everything.get_or_init(|| made))
    }

    /// The first offset that a partition still has.
    pub fn start(&self, topic: &TopicName, partition: Partition) -> Result<Offset> {
        let starts = self.offsets(&self.asking, topic, std::iter::once(partition.0), Mark::Beginning)?;
        Ok(starts[&partition])
    }

    /// Ends as a client sees them; which records it counts depends on its isolation level.
    pub fn offsets(
        &self,
        client: &Reading,
        topic: &TopicName,
        partitions: impl Iterator<Item = u32>,
        mark: Mark,
    ) -> Result<BTreeMap<Partition, Offset>> {
        let name = self.topic(topic);
        let mut wanted = TopicPartitionList::new();
        for partition in partitions {
            wanted
                .add_partition_offset(&name, signed(Partition(partition)), mark)
                .expect("a mark is a valid offset");
        }
        let deadline = self.deadline();
        loop {
            match self.offsets_now(client, topic, &wanted) {
                Err(Error::Refused { retry: crate::Retry::Later, .. }) if Instant::now() < deadline => {
                    thread::sleep(PAUSE);
                }
                answer => return answer,
            }
        }
    }

    fn offsets_now(
        &self,
        client: &Reading,
        topic: &TopicName,
        wanted: &TopicPartitionList,
    ) -> Result<BTreeMap<Partition, Offset>> {
        const ACTION: &str = "ask for the ends of a topic";
        let found = client.offsets_for_times(wanted.clone(), self.config.timeouts.request);
        self.listen();
        let found = found.map_err(|error| self.of_topic(ACTION, topic, &error))?;
        found
            .elements()
            .iter()
            .map(|element| {
                element.error().map_err(|error| self.of_topic(ACTION, topic, &error))?;
                Ok((unsigned(element.partition()), position(element.offset()).unwrap_or(Offset(0))))
            })
            .collect()
    }

    /// Every group of the cluster, of whomever.
    pub fn groups_of_cluster(&self) -> KafkaResult<Vec<String>> {
        let list = self.asking.fetch_group_list(None, self.config.timeouts.request);
        self.listen();
        Ok(list?.groups().iter().map(|group| group.name().to_owned()).collect())
    }

    /// A consumer that knows a group without joining it.
    pub fn group_client(&self, group: &str) -> Result<Arc<Reading>> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = groups.get(group) {
            return Ok(Arc::clone(known));
        }
        if groups.len() >= MAX_GROUPS {
            let_go(std::mem::take(&mut *groups));
        }
        let made = Arc::new(consumer(&self.config, &settings::reading(&self.config, group))?);
        groups.insert(group.to_owned(), Arc::clone(&made));
        Ok(made)
    }

    /// Where a group stands in a topic, 0 where it never committed. Waits for transactions that are being
    /// finished, and no longer than an orphan can live.
    pub fn committed(
        &self,
        group: &str,
        topic: &TopicName,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, Offset>> {
        let client = self.group_client(group)?;
        let t = &self.config.timeouts;
        let deadline = Instant::now() + t.transaction + ORPHANS + t.request;
        loop {
            match self.committed_now(&client, topic, partitions) {
                Err(Error::Refused { retry: crate::Retry::Later, .. } | Error::Unreachable { .. })
                    if Instant::now() < deadline =>
                {
                    thread::sleep(PAUSE);
                }
                answer => return answer,
            }
        }
    }

    fn committed_now(
        &self,
        client: &Reading,
        topic: &TopicName,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, Offset>> {
        const ACTION: &str = "ask for the position of a reader";
        let name = self.topic(topic);
        let mut wanted = TopicPartitionList::new();
        for partition in partitions {
            wanted.add_partition(&name, signed(*partition));
        }
        let found = client.committed_offsets(wanted, self.config.timeouts.request);
        drain(client);
        let found = found.map_err(|error| self.of_topic(ACTION, topic, &error))?;
        found
            .elements()
            .iter()
            .map(|element| {
                element.error().map_err(|error| self.of_topic(ACTION, topic, &error))?;
                Ok((unsigned(element.partition()), position(element.offset()).unwrap_or(Offset(0))))
            })
            .collect()
    }

    /// The error of a call about a topic.
    pub fn of_topic(&self, action: &'static str, topic: &TopicName, error: &KafkaError) -> Error {
        match fail::code(error) {
            Some(code) if fail::is_unknown_topic(code) => self.unknown_topic(topic),
            _ => self.explained(action, error),
        }
    }

    pub fn unknown_topic(&self, topic: &TopicName) -> Error {
        Error::UnknownTopic { topic: topic.clone(), place: self.config.brokers.clone() }
    }

    /// The error of a call, with what the client has heard: that a call timed out says less than that the
    /// connection was refused, and a wrong password is not a silent broker.
    fn explained(&self, action: &'static str, error: &KafkaError) -> Error {
        let failed = fail::failed(&self.config, action, error);
        (0..LOOKS).for_each(|_| drain(&self.asking));
        match (failed, self.asking.context().last()) {
            (Error::Unreachable { action, brokers, .. }, Some((code, cause))) => match fail::meaning(code) {
                Meaning::NotAuthorised => Error::NotAuthorised { action, brokers, cause },
                _ => Error::Unreachable { action, brokers, cause },
            },
            (failed, _) => failed,
        }
    }

    fn listen(&self) {
        drain(&self.asking);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let groups = std::mem::take(&mut *self.groups.lock().unwrap_or_else(PoisonError::into_inner));
        if !groups.is_empty() {
            let_go(groups);
        }
        if let Some(everything) = self.everything.take() {
            let_go(everything);
        }
    }
}

/// Makes a consumer.
pub(super) fn consumer(config: &KafkaConfig, settings: &rdkafka::ClientConfig) -> Result<Reading> {
    settings.create_with_context(Heard::default()).map_err(|e| fail::failed(config, "make a client", &e))
}

/// Hears what a client that has no messages to give has to say; unheard, it would pile up. One look hears one
/// thing, and does not tell whether there was one.
pub(super) fn drain(client: &Reading) {
    for _ in 0..LOOKS {
        client.poll(Duration::ZERO);
    }
}

/// Lets go of clients on a thread of its own: closing one takes as long as its last request, and one that was
/// given up may never come back.
pub(super) fn let_go(clients: impl Send + 'static) {
    let named = thread::Builder::new().name("kafka let go".to_owned());
    if let Err(error) = named.spawn(move || drop(clients)) {
        tracing::warn!(%error, "no thread to close a client on; it was closed at once");
    }
}

/// A partition as librdkafka counts.
pub(super) fn signed(partition: Partition) -> i32 {
    i32::try_from(partition.0).unwrap_or(i32::MAX)
}

/// A partition as we count.
pub(super) fn unsigned(partition: i32) -> Partition {
    Partition(u32::try_from(partition).unwrap_or(0))
}

/// An offset of librdkafka as a position, if it is one.
pub(super) fn position(offset: Mark) -> Option<Offset> {
    match offset {
        Mark::Offset(at) => u64::try_from(at).ok().map(Offset),
        _ => None,
    }
}

/// A position as an offset of librdkafka.
pub(super) fn mark(position: Offset) -> Mark {
    Mark::Offset(i64::try_from(position.0).unwrap_or(i64::MAX))
}

/// What a client says beside its answers. Its last complaint explains a call that timed out.
#[derive(Default)]
pub(super) struct Heard {
    last: Mutex<Option<(Code, String)>>,
}

impl Heard {
    pub fn last(&self) -> Option<(Code, String)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a complaint. That all brokers are down follows from each of theirs and would hide why.
    pub fn keep(&self, error: &KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, reason);
        if let Some(code) = error.rdkafka_error_code().filter(|code| *code != Code::AllBrokersDown) {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, reason.to_owned()));
        }
    }
}

impl ClientContext for Heard {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        say(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.keep(&error, reason);
    }
}

impl ConsumerContext for Heard {}

/// librdkafka's log lines. It calls every lost connection an error; here that is a person's matter only when
/// a call has failed of it.
pub(super) fn say(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::warn!(target: "librdkafka", facility, message);
        }
        _ => tracing::debug!(target: "librdkafka", facility, message),
    }
}
