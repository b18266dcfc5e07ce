//! What a reader of the log sees of transactions, and what becomes of those that nobody finishes.

use super::{
    ALL, broker, config, copies, numbered, numbers, opened, outgoing, outputs, prefix, texts, topic,
};
use domain::{Offset, Partition};
use log::{Error, Kafka, KafkaConfig, Limits, Log, Retry};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset as Mark, TopicPartitionList};
use std::time::{Duration, Instant};

const WAIT: Duration = Duration::from_secs(20);
const FIVE: Limits = Limits { records: 5, bytes: usize::MAX };

/// A client that is not ours, as another program's or an old version's would be.
struct Stranger {
    producer: BaseProducer,
    prefix: String,
}

impl Stranger {
    fn with_id(config: &KafkaConfig, id: &str) -> Self {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &config.brokers)
            .set("transactional.id", id)
            .set("transaction.timeout.ms", "60000")
            .create()
            .unwrap();
        producer.init_transactions(WAIT).unwrap();
        Self { producer, prefix: config.prefix.clone() }
    }

    /// Begins, and writes without finishing.
    fn write(&self, name: &str, values: &[&str]) {
        self.producer.begin_transaction().unwrap();
        let name = format!("{}{name}", self.prefix);
        for value in values {
            let record = BaseRecord::to(&name).partition(0).key("key").payload(*value);
            self.producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        self.producer.flush(WAIT).unwrap();
    }

    /// Moves the position of a reader in the transaction.
    fn moves(&self, config: &KafkaConfig, group: &str, input: &str, to: i64) {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &config.brokers)
            .set("group.id", group)
            .create()
            .unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&format!("{}{input}", self.prefix), 0, Mark::Offset(to)).unwrap();
        let group = consumer.group_metadata().unwrap();
        self.producer.send_offsets_to_transaction(&list, &group, WAIT).unwrap();
    }
}

/// A log with `input` and `output` of two partitions each, and ten records in each partition of the input.
fn filled(test: &str) -> Option<(KafkaConfig, Kafka)> {
    let config = config(&broker()?, &prefix(test));
    let log = opened(config.clone());
    for name in ["input", "output"] {
        log.create(&topic(name), 2).unwrap();
    }
    log.append(&topic("input"), &[numbered(0, 0..10), numbered(1, 0..10)].concat()).unwrap();
    Some((config, log))
}

#[test]
fn aborted_and_open_transactions_are_hidden_and_nothing_is_missed() {
    let Some((config, log)) = filled("hidden") else { return };
    let output = topic("output");
    let stranger = Stranger::with_id(&config, &format!("{}stranger", config.prefix));
    let finished = |values: &[&str], commit: bool| {
        stranger.write("output", values);
        if commit {
            stranger.producer.commit_transaction(WAIT).unwrap();
        } else {
            stranger.producer.abort_transaction(WAIT).unwrap();
        }
    };
    finished(&["0", "1"], true);
    finished(&["aborted"], false);
    finished(&["2"], true);
    finished(&["aborted too"], false);
    // What is committed is visible a moment after it is decided.
    while texts(&log, &output, 0).len() < 3 {}
    assert_eq!(texts(&log, &output, 0), numbers(0..3));
    // The end is the end although no record stands right before it, and a reader can get there.
    let end = log.ends(&output).unwrap()[&Partition(0)];
    let batch = log.read(&output, Partition(0), Offset(0), ALL).unwrap();
    assert_eq!(batch.next, end, "behind the marks of transactions, too");
    assert!(batch.records.last().unwrap().offset.0 + 1 < end.0, "there are such marks");
    let between = Offset(batch.records.last().unwrap().offset.0 + 1);
    let nothing = log.read(&output, Partition(0), between, ALL).unwrap();
    assert!(nothing.is_empty() && nothing.next == end, "{nothing:?}");

    // An open transaction holds back what others write after it.
    stranger.write("output", &["open"]);
    log.append(&output, &[outgoing(0, "3")]).unwrap();
    assert_eq!(log.ends(&output).unwrap()[&Partition(0)], end);
    assert!(log.read(&output, Partition(0), end, ALL).unwrap().is_empty());
    let beyond = log.read(&output, Partition(0), Offset(end.0 + 1), ALL);
    assert!(matches!(beyond, Err(Error::OutOfRange { .. })), "{beyond:?}");
    stranger.producer.abort_transaction(WAIT).unwrap();
    while log.ends(&output).unwrap()[&Partition(0)] == end {}
    assert_eq!(texts(&log, &output, 0), numbers(0..4));
}

#[test]
fn subscribing_fences_at_once_and_frees_what_was_left_open() {
    let Some((config, log)) = filled("orphan") else { return };
    let (input, to) = (topic("input"), outputs("r"));
    // What our own subscription would leave if its process were stopped just before the end of a commit. The
    // names are the contract by which processes of different versions fence each other.
    let group = format!("{0}r/{0}output", config.prefix);
    let orphan = Stranger::with_id(&config, &format!("{group}/{}input/0", config.prefix));
    orphan.write("output", &["orphan"]);
    orphan.moves(&config, &group, "input", 7);

    let begun = Instant::now();
    let mut owner = log.subscribe(&input, &[Partition(0)], &to).unwrap();
    let batch = owner.next(FIVE).unwrap();
    // Its transaction would have lived for 60 s.
    assert!(begun.elapsed() < Duration::from_secs(15), "taking over took {:?}", begun.elapsed());
    assert_eq!(batch.from, Offset(0), "the orphan's position was rolled back");
    owner.commit(&copies(&batch)).unwrap();
    let late = orphan.producer.commit_transaction(WAIT);
    let is_fenced = |e: &KafkaError| matches!(e, KafkaError::Transaction(e) if e.is_fatal());
    assert!(late.as_ref().is_err_and(is_fenced), "{late:?}");
    assert_eq!(texts(&log, &topic("output"), 0), numbers(0..5));

    // The same among ourselves: the older is fenced before the newer has committed anything.
    let newer = log.subscribe(&input, &[Partition(0)], &to).unwrap();
    let batch = owner.next(FIVE).unwrap();
    let fenced = owner.commit(&copies(&batch)).unwrap_err();
    assert!(matches!(fenced, Error::Fenced { at: Offset(5), .. }), "{fenced}");
    assert_eq!(fenced.retry(), Retry::Resubscribe);
    assert_eq!(texts(&log, &topic("output"), 0), numbers(0..5));
    drop(newer);
    assert_eq!(log.metrics().unwrap().traffic.fenced, 1);
}

/// The commit of two partitions is one transaction of the first one's id: the second one's is looked at.
#[test]
fn whoever_takes_one_of_several_partitions_fences_the_commit_of_all() {
    let Some((_, log)) = filled("several") else { return };
    let (input, to) = (topic("input"), outputs("r"));
    for taken in [0, 1] {
        let both = [Partition(0), Partition(1)];
        let mut owner = log.subscribe(&input, &both, &to).unwrap();
        let made = [owner.next(FIVE).unwrap(), owner.next(FIVE).unwrap()].map(|b| copies(&b)).concat();
        let taker = log.subscribe(&input, &[Partition(taken)], &to).unwrap();
        let fenced = owner.commit(&made).unwrap_err();
        assert!(matches!(fenced, Error::Fenced { partition: Partition(p), .. } if p == taken), "{fenced}");
        drop(taker);
    }
    let mut owner = log.subscribe(&input, &[Partition(0), Partition(1)], &to).unwrap();
    let made = [owner.next(FIVE).unwrap(), owner.next(FIVE).unwrap()].map(|b| copies(&b)).concat();
    owner.commit(&made).unwrap();
    for partition in [0, 1] {
        assert_eq!(log.position(&input, Partition(partition), &to).unwrap(), Offset(5));
        assert_eq!(texts(&log, &topic("output"), partition), numbers(0..5));
    }
}

/// A record that the broker refuses only when it sees it: the commit is rolled back, and another succeeds.
#[test]
fn a_commit_that_is_rolled_back_may_be_tried_again() {
    let Some((config, log)) = filled("rolled-back") else { return };
    let (input, to) = (topic("input"), outputs("r"));
    limit_records(&config, "output", "1000");
    let mut owner = log.subscribe(&input, &[Partition(0)], &to).unwrap();
    let batch = owner.next(FIVE).unwrap();
    // No two bytes alike in a row, so that compression does not save it.
    let large: Vec<u8> =
        (0..20_000_u32).flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let refused = owner.commit(&[outgoing(0, large)]).unwrap_err();
    assert!(matches!(refused, Error::RolledBack { .. }), "{refused}");
    assert_eq!(refused.retry(), Retry::Later);
    assert_eq!(log.position(&input, Partition(0), &to).unwrap(), Offset(0));
    // What librdkafka still cleans up may cost the next try, too.
    let mut rolled_back = 1;
    while let Err(error) = owner.commit(&copies(&batch)) {
        assert!(matches!(error, Error::RolledBack { .. }) && rolled_back < 10, "{error}");
        rolled_back += 1;
    }
    assert_eq!(texts(&log, &topic("output"), 0), numbers(0..5));
    let traffic = log.metrics().unwrap().traffic;
    assert_eq!((traffic.committed, traffic.aborted, traffic.rebuilt), (1, rolled_back, 0));
}

fn limit_records(config: &KafkaConfig, name: &str, bytes: &str) {
    use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
    let mut settings = ClientConfig::new();
    settings.set("bootstrap.servers", &config.brokers);
    let admin: AdminClient<_> = settings.create().unwrap();
    let name = format!("{}{name}", config.prefix);
    let change = AlterConfig::new(ResourceSpecifier::Topic(&name)).set("max.message.bytes", bytes);
    let done = futures::executor::block_on(admin.alter_configs([&change], &AdminOptions::new())).unwrap();
    assert!(done.iter().all(Result::is_ok), "{done:?}");
}

#[test]
fn numbers_tell_where_readers_stand() {
    let Some((config, log)) = filled("metrics") else { return };
    let mut reader = log.subscribe(&topic("input"), &[Partition(0)], &outputs("r")).unwrap();
    let batch = reader.next(FIVE).unwrap();
    reader.commit(&copies(&batch)).unwrap();
    let stranger = Stranger::with_id(&config, &format!("{}stranger", config.prefix));
    stranger.write("input", &["open", "open"]);
    let metrics = log.metrics().unwrap();
    let traffic = metrics.traffic;
    assert_eq!((traffic.committed, traffic.aborted, traffic.watchdog_fired), (1, 0, 0));
    assert_eq!((traffic.acknowledged, traffic.in_flight_records, traffic.in_flight_bytes), (20, 0, 0));
    assert_eq!(log.traffic(), Some(traffic));
    let [partition] = &metrics.partitions[..] else { panic!("{metrics:?}") };
    let held_back = partition.marks.held_back();
    assert_eq!((partition.position, partition.lag(), held_back), (Offset(5), 5, 2));
    assert_eq!(log.marks(&topic("input")).unwrap()[&Partition(0)], partition.marks);
    stranger.producer.abort_transaction(WAIT).unwrap();
}
