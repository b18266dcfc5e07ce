//! Topics are made, dropped and looked at by the brokers' administration.

use super::client::{Heard, PAUSE, Shared, let_go};
use super::config::TopicSettings;
use super::{fail, settings};
use crate::{Error, MAX_PARTITIONS, Result, TopicName};
use futures::executor::block_on;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication, TopicResult,
};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use std::fmt;
use std::thread;
use std::time::Instant;

/// What is true of a topic, and what should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicReport {
    /// The topic.
    pub topic: TopicName,
    /// Its partitions.
    pub partitions: u32,
    /// Copies of the partition that has the fewest.
    pub replication: usize,
    /// Copies in sync of the partition that has the fewest.
    pub in_sync: usize,
    /// The settings that promises rest on, as they are: name and value.
    pub settings: Vec<(&'static str, String)>,
    /// What is not as it should be; empty if all is well.
    pub mismatches: Vec<Mismatch>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The setting or property, by its name in Kafka.
    pub what: &'static str,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, expected {}", self.what, self.found, self.expected)
    }
}

/// The settings of a topic that promises rest on.
fn wanted(topics: &TopicSettings) -> Vec<(&'static str, String)> {
    let retention = topics.retention.map_or_else(|| "-1".to_owned(), |r| r.as_millis().to_string());
    let fixed = |value: &str| value.to_owned();
    vec![
        // recorded_at is when the log appended a record, never what a producer says.
        ("message.timestamp.type", fixed("LogAppendTime")),
        ("cleanup.policy", fixed("delete")),
        ("retention.ms", retention),
        ("retention.bytes", fixed("-1")),
        ("max.message.bytes", settings::MAX_MESSAGE_BYTES.to_string()),
        ("min.insync.replicas", topics.min_in_sync.to_string()),
        ("unclean.leader.election.enable", fixed("false")),
        ("compression.type", fixed("producer")),
    ]
}

impl Shared {
    pub fn create(&self, topic: &TopicName, partitions: u32, settings: &TopicSettings) -> Result<()> {
        if !(1..=MAX_PARTITIONS).contains(&partitions) {
            return Err(Error::PartitionRange { topic: topic.clone(), wanted: partitions });
        }
        let has = match self.partitions(topic) {
            Err(Error::UnknownTopic { .. }) => self.create_new(topic, partitions, settings)?,
            answer => answer?,
        };
        if has == partitions {
            return Ok(());
        }
        Err(Error::PartitionCount { topic: topic.clone(), has, wanted: partitions })
    }

    /// Makes a topic, and returns the partitions that it has: somebody else may have been faster.
    fn create_new(&self, topic: &TopicName, partitions: u32, topics: &TopicSettings) -> Result<u32> {
        const ACTION: &str = "create a topic";
        let (name, settings) = (self.topic(topic), wanted(topics));
        let copies = TopicReplication::Fixed(i32::from(topics.replication));
        let count = i32::try_from(partitions).expect("at most MAX_PARTITIONS");
        let new = settings.iter().fold(NewTopic::new(&name, count, copies), |t, (k, v)| t.set(k, v));
        let admin = self.admin()?;
        let answer = block_on(admin.create_topics([&new], &self.options()));
        let_go(admin);
        match first(answer) {
            Ok(()) => self.wait_until(ACTION, || self.partitions(topic), |answer| answer.is_ok()),
            Err(error) if fail::code(&error) == Some(Code::TopicAlreadyExists) => {
                self.wait_until(ACTION, || self.partitions(topic), |answer| answer.is_ok())
            }
            Err(error) => Err(fail::failed(&self.config, ACTION, &error)),
        }
    }

    pub fn drop_topic(&self, topic: &TopicName) -> Result<()> {
        const ACTION: &str = "delete a topic";
        let (name, admin) = (self.topic(topic), self.admin()?);
        match first(block_on(admin.delete_topics(&[&name], &self.options()))) {
            Ok(()) => {}
            Err(error) if fail::code(&error).is_some_and(fail::is_unknown_topic) => {}
            Err(error) => return Err(fail::failed(&self.config, ACTION, &error)),
        }
        let gone = |answer: &Result<u32>| matches!(answer, Err(Error::UnknownTopic { .. }));
        match self.wait_until(ACTION, || self.partitions(topic), gone) {
            Err(Error::UnknownTopic { .. }) => {}
            answer => answer.map(|_| ())?,
        }
        self.drop_positions(topic, &admin)?;
        let_go(admin);
        Ok(())
    }

    /// The positions kept beside a topic's records are those of the groups that name it.
    fn drop_positions(&self, outputs: &TopicName, admin: &AdminClient<Heard>) -> Result<()> {
        const ACTION: &str = "delete the positions of readers";
        let failed = |error: &KafkaError| fail::failed(&self.config, ACTION, error);
        let all = self.groups_of_cluster().map_err(|e| failed(&e))?;
        let ours: Vec<&str> =
            all.iter().map(String::as_str).filter(|g| self.reader_of(g, outputs).is_some()).collect();
        if ours.is_empty() {
            return Ok(());
        }
        for answer in block_on(admin.delete_groups(&ours, &self.options())).map_err(|e| failed(&e))? {
            match answer {
                Ok(_) | Err((_, Code::GroupIdNotFound)) => {}
                Err((_, code)) => return Err(fail::refused(&self.config, ACTION, code)),
            }
        }
        Ok(())
    }

    /// Waits until what was done is seen, or a request's time is over.
    fn wait_until<T>(
        &self,
        action: &'static str,
        look: impl Fn() -> Result<T>,
        seen: impl Fn(&Result<T>) -> bool,
    ) -> Result<T> {
        let deadline = self.deadline();
        loop {
            let answer = look();
            if seen(&answer) {
                return answer;
            }
            if Instant::now() >= deadline {
                return Err(fail::refused(&self.config, action, Code::OperationTimedOut));
            }
            thread::sleep(PAUSE);
        }
    }

    pub fn check(&self, topic: &TopicName, partitions: u32, settings: &TopicSettings) -> Result<TopicReport> {
        const ACTION: &str = "describe a topic";
        let metadata = self.metadata(ACTION, Some(topic))?;
        let has = self.partitions(topic)?;
        let described = metadata.topics().first().ok_or_else(|| self.unknown_topic(topic))?;
        let fewest = |count: fn(&rdkafka::metadata::MetadataPartition) -> usize| {
            described.partitions().iter().map(count).min().unwrap_or(0)
        };
        let (replication, in_sync) = (fewest(|p| p.replicas().len()), fewest(|p| p.isr().len()));
        let name = self.topic(topic);
        let found = self.describe(ACTION, &ResourceSpecifier::Topic(&name))?;
        let wanted = wanted(settings);
        let counts = [
            ("partitions", partitions.to_string(), has.to_string()),
            ("replication factor", settings.replication.to_string(), replication.to_string()),
        ];
        let settings: Vec<_> = wanted.iter().map(|(what, _)| (*what, value(&found, what))).collect();
        let compared = wanted.into_iter().map(|(what, expected)| (what, expected, value(&found, what)));
        let mismatches = mismatches(counts.into_iter().chain(compared));
        Ok(TopicReport { topic: topic.clone(), partitions: has, replication, in_sync, settings, mismatches })
    }

    /// What the brokers themselves should be set to, and are not.
    pub fn check_brokers(&self) -> Result<Vec<Mismatch>> {
        const ACTION: &str = "describe a broker";
        let metadata = self.metadata(ACTION, None)?;
        let mut all = Vec::new();
        for broker in metadata.brokers() {
            let found = self.describe(ACTION, &ResourceSpecifier::Broker(broker.id()))?;
            let same = [("auto.create.topics.enable", "false"), ("unclean.leader.election.enable", "false")];
            let same = same.map(|(what, expected)| (what, expected.to_owned(), value(&found, what)));
            all.extend(mismatches(same.into_iter()));
            all.extend(self.limits(&found));
        }
        all.dedup();
        Ok(all)
    }

    fn limits(&self, found: &ConfigResource) -> Vec<Mismatch> {
        let t = &self.config.timeouts;
        let whole = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        // A position that nobody moved for so long is forgotten, and its reader would begin again.
        let year_minutes = 365 * 24 * 60;
        [
            ("transaction.max.timeout.ms", whole(t.transaction), i64::MAX),
            ("group.min.session.timeout.ms", 0, whole(t.session)),
            ("group.max.session.timeout.ms", whole(t.session), i64::MAX),
            ("offsets.retention.minutes", year_minutes, i64::MAX),
        ]
        .into_iter()
        .filter_map(|(what, least, most)| {
            let found = value(found, what);
            let good = found.parse::<i64>().is_ok_and(|v| (least..=most).contains(&v));
            let expected =
                if most == i64::MAX { format!("at least {least}") } else { format!("at most {most}") };
            (!good).then_some(Mismatch { what, expected, found })
        })
        .collect()
    }

    fn describe(&self, action: &'static str, what: &ResourceSpecifier<'_>) -> Result<ConfigResource> {
        let admin = self.admin()?;
        let answer = block_on(admin.describe_configs([what], &self.options()));
        let_go(admin);
        let failed = |error: &KafkaError| fail::failed(&self.config, action, error);
        let mut found = answer.map_err(|e| failed(&e))?;
        found
            .pop()
            .expect("one answer for one question")
            .map_err(|code| fail::refused(&self.config, action, code))
    }

    /// A client for one call: administration is rare, and its client has a thread of its own.
    fn admin(&self) -> Result<AdminClient<Heard>> {
        AdminClient::from_config_and_context(&settings::administration(&self.config), Heard::default())
            .map_err(|e| fail::failed(&self.config, "make a client", &e))
    }

    fn options(&self) -> AdminOptions {
        let timeout = Some(self.config.timeouts.request);
        AdminOptions::new().request_timeout(timeout).operation_timeout(timeout)
    }
}

fn first(answer: KafkaResult<Vec<TopicResult>>) -> KafkaResult<()> {
    let one = answer?.pop().expect("one answer for one topic");
    one.map(|_| ()).map_err(|(_, code)| KafkaError::AdminOp(code))
}

fn value(found: &ConfigResource, what: &str) -> String {
    found.get(what).and_then(|entry| entry.value.clone()).unwrap_or_else(|| "not set".to_owned())
}

fn mismatches(compared: impl Iterator<Item = (&'static str, String, String)>) -> Vec<Mismatch> {
    compared
        .filter(|(_, expected, found)| expected != found)
        .map(|(what, expected, found)| Mismatch { what, expected, found })
        .collect()
}
