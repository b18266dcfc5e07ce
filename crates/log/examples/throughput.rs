//! What the log's promises on Kafka cost: the same records through librdkafka alone and through this crate, in turn.
//!
//! ```text
//! cargo run --release -p log@0.1.0 --example throughput -- HOST:PORT PREFIX [PASSES]
//! ```
//!
//! The records are those of the topic `facts` under PREFIX, which must hold some; `tests/kafka/throughput.py` sees to it.
//!
//! - `produce` hands all records to an idempotent producer and waits for the last report; `append` hands them to
//!   [`Log::append`] in batches as the ingest service does, each of which waits for its own.
//! - `copy` reads all partitions and produces what it reads, with no promise; `subscription` and `member` do the same in
//!   transactions that move the position along.
//!
//! A line of JSON for each pass and way, then what is the best of each, and the ratios.
#![allow(clippy::print_stdout, reason = "the figures are the output")]

use domain::{Offset, Partition};
use log::{
    Event, Kafka, KafkaConfig, Limits, Log, MemberConfig, Outgoing, Outputs, Produced, ReaderName, Record,
    TopicName, TopicSettings,
};
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::{Offset as Mark, TopicPartitionList};
use serde_json::json;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Facts that the ingest service makes durable together at most, by its default configuration.
const BATCH: usize = 5_000;
/// What a transaction covers at most, for both ways of ours alike.
const LIMITS: Limits = Limits { records: 5_000, bytes: 4 << 20 };
/// The longest that anything may take.
const WAIT: Duration = Duration::from_secs(60);

/// The settings of the crate's own producer and consumer (`kafka/settings.rs`) as far as they decide speed.
const PRODUCER: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "-1"),
    ("max.in.flight.requests.per.connection", "5"),
    ("linger.ms", "5"),
    ("compression.codec", "zstd"),
    ("message.max.bytes", "6000000"),
    ("queue.buffering.max.messages", "20000"),
    ("queue.buffering.max.kbytes", "65536"),
];
const CONSUMER: &[(&str, &str)] = &[
    ("group.id", "throughput"),
    ("enable.auto.commit", "false"),
    ("auto.offset.reset", "error"),
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    ("fetch.wait.max.ms", "20"),
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.message.max.bytes", "1048576"),
    ("queued.min.messages", "100000"),
    ("queued.max.messages.kbytes", "4096"),
];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (brokers, prefix, passes) = match args.as_slice() {
        [brokers, prefix] => (brokers, prefix, 5),
        [brokers, prefix, passes] => (brokers, prefix, passes.parse()?),
        _ => return Err("usage: throughput HOST:PORT PREFIX [PASSES]".into()),
    };
    let topics = TopicSettings { replication: 1, min_in_sync: 1, retention: None };
    let config =
        KafkaConfig { topics, prefix: prefix.clone(), ..KafkaConfig::new(brokers, "quell-throughput") };
    let bench = Bench::open(config)?;
    let mut best = BTreeMap::<&str, f64>::new();
    for pass in 0..passes {
        for (way, run) in WAYS {
            let topic = TopicName::new(&format!("out-{way}-{}-{pass}", std::process::id()))?;
            bench.log.create(&topic, bench.partitions)?;
            let took = run(&bench, &topic)?;
            bench.check(&topic)?;
            bench.log.drop_topic(&topic)?;
            let rate = bench.records.len() as f64 / took.wall.as_secs_f64();
            let most = best.entry(way).or_default();
            *most = most.max(rate);
            let cpu = took.cpu.as_secs_f64() * 1e6 / bench.records.len() as f64;
            println!(
                "{}",
                json!({ "pass": pass, "way": way, "records_per_second": rate.round(), "cpu_us": cpu })
            );
        }
    }
    let ratio = |ours: &str, raw: &str| (best[ours] / best[raw] * 1000.0).round() / 1000.0;
    println!(
        "{}",
        json!({
            "records": bench.records.len(), "bytes": bench.bytes(), "best_records_per_second": best,
            "append_to_produce": ratio("append", "produce"),
            "subscription_to_copy": ratio("subscription", "copy"), "member_to_copy": ratio("member", "copy"),
        })
    );
    Ok(())
}

type Way = fn(&Bench, &TopicName) -> Result<Took>;

const WAYS: [(&str, Way); 5] = [
    ("produce", Bench::produce),
    ("append", Bench::append),
    ("copy", Bench::copy),
    ("subscription", Bench::subscription),
    ("member", Bench::member),
];

/// What all ways are given.
struct Bench {
    config: KafkaConfig,
    log: Kafka,
    facts: TopicName,
    partitions: u32,
    /// Of all partitions, taken in turn.
    records: Vec<Outgoing>,
}

impl Bench {
    fn open(config: KafkaConfig) -> Result<Self> {
        let log = Kafka::open(config.clone())?;
        let facts = TopicName::new("facts")?;
        let partitions = log.partitions(&facts)?;
        let mut columns: Vec<std::vec::IntoIter<Outgoing>> = Vec::new();
        for partition in (0..partitions).map(Partition) {
            columns.push(read(&log, &facts, partition)?.into_iter());
        }
        let mut records = Vec::new();
        while columns.iter().any(|column| column.len() > 0) {
            records.extend(columns.iter_mut().filter_map(Iterator::next));
        }
        if records.is_empty() {
            return Err("the topic facts holds nothing".into());
        }
        Ok(Self { config, log, facts, partitions, records })
    }

    fn bytes(&self) -> usize {
        self.records.iter().map(|r| r.key.len() + r.value.len()).sum()
    }

    /// Everything arrived, whichever way it took.
    fn check(&self, topic: &TopicName) -> Result<()> {
        let mut count = 0;
        for partition in (0..self.partitions).map(Partition) {
            count += read(&self.log, topic, partition)?.len();
        }
        if count == self.records.len() { Ok(()) } else { Err(format!("{count} records arrived").into()) }
    }

    fn client(&self, settings: &[(&str, &str)]) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.config.brokers);
        for (key, value) in settings {
            client.set(*key, *value);
        }
        client
    }

    fn name(&self, topic: &TopicName) -> String {
        format!("{}{topic}", self.config.prefix)
    }

    fn produce(&self, topic: &TopicName) -> Result<Took> {
        let producer: BaseProducer<Counted> = self.client(PRODUCER).create_with_context(Counted::default())?;
        let name = self.name(topic);
        let begun = Stopwatch::start()?;
        for record in &self.records {
            send(&producer, &name, record.partition, &record.key, &record.value)?;
        }
        finish(&producer, self.records.len())?;
        begun.stop()
    }

    fn append(&self, topic: &TopicName) -> Result<Took> {
        let begun = Stopwatch::start()?;
        for batch in self.records.chunks(BATCH) {
            self.log.append(topic, batch)?;
        }
        begun.stop()
    }

    fn copy(&self, topic: &TopicName) -> Result<Took> {
        let producer: BaseProducer<Counted> = self.client(PRODUCER).create_with_context(Counted::default())?;
        let consumer: BaseConsumer = self.client(CONSUMER).create()?;
        let name = self.name(topic);
        let mut all = TopicPartitionList::new();
        for partition in 0..self.partitions {
            all.add_partition_offset(&self.name(&self.facts), i32::try_from(partition)?, Mark::Beginning)?;
        }
        let begun = Stopwatch::start()?;
        consumer.assign(&all)?;
        for _ in 0..self.records.len() {
            let message = consumer.poll(WAIT).ok_or("no record came")??;
            let partition = Partition(u32::try_from(message.partition())?);
            let (key, value) = (message.key().unwrap_or_default(), message.payload().unwrap_or_default());
            send(&producer, &name, partition, key, value)?;
        }
        finish(&producer, self.records.len())?;
        begun.stop()
    }

    fn subscription(&self, topic: &TopicName) -> Result<Took> {
        let all: Vec<Partition> = (0..self.partitions).map(Partition).collect();
        let outputs = Outputs { topic: topic.clone(), reader: ReaderName::new(&format!("s-{topic}"))? };
        let mut subscription = self.log.subscribe(&self.facts, &all, &outputs)?;
        let begun = Stopwatch::start()?;
        let mut left = self.records.len();
        while left > 0 {
            let batch = subscription.next(LIMITS)?;
            left -= batch.records.len();
            subscription.commit(&same(batch.partition, batch.records))?;
        }
        begun.stop()
    }

    fn member(&self, topic: &TopicName) -> Result<Took> {
        let outputs = Outputs { topic: topic.clone(), reader: ReaderName::new(&format!("m-{topic}"))? };
        let config = MemberConfig { limits: LIMITS, ..MemberConfig::default() };
        let mut member = self.log.join(&self.facts, &outputs, config)?;
        // Joining takes as long as the group likes, and belongs to no record.
        let mut begun = Stopwatch::start()?;
        let mut left = self.records.len();
        while left > 0 {
            match member.next(WAIT)?.ok_or("no record came")? {
                Event::Assigned(_) => begun = Stopwatch::start()?,
                Event::Batch(batch) => {
                    left -= batch.records.len();
                    let (partition, next) = (batch.partition, batch.next);
                    let records = same(partition, batch.records);
                    member.commit(partition, next, &[Produced { topic, records: &records }])?;
                }
                Event::Revoked(revoked) => return Err(format!("lost {:?}", revoked.partitions).into()),
            }
        }
        let took = begun.stop();
        member.leave();
        took
    }
}

/// The outputs of a step that does nothing.
fn same(partition: Partition, records: Vec<Record>) -> Vec<Outgoing> {
    records.into_iter().map(|r| Outgoing { partition, key: r.key, value: r.value }).collect()
}

fn read(log: &Kafka, topic: &TopicName, partition: Partition) -> Result<Vec<Outgoing>> {
    let (mut records, mut from) = (Vec::new(), Offset(0));
    loop {
        let batch = log.read(topic, partition, from, Limits::default())?;
        if batch.is_empty() {
            return Ok(records);
        }
        from = batch.next;
        records.extend(same(partition, batch.records));
    }
}

/// As fast as the producer's queue takes it.
fn send(
    producer: &BaseProducer<Counted>,
    topic: &str,
    partition: Partition,
    key: &[u8],
    value: &[u8],
) -> Result<()> {
    let mut record: BaseRecord<'_, [u8], [u8]> =
        BaseRecord::to(topic).partition(i32::try_from(partition.0)?).key(key).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                record = back;
                producer.poll(Duration::from_millis(10));
            }
            Err((error, _)) => return Err(error.into()),
        }
    }
}

fn finish(producer: &BaseProducer<Counted>, records: usize) -> Result<()> {
    producer.flush(WAIT)?;
    let delivered = producer.context().delivered.load(Ordering::Relaxed);
    if delivered == records { Ok(()) } else { Err(format!("{delivered} records were delivered").into()) }
}

/// Counts what was delivered.
#[derive(Default)]
struct Counted {
    delivered: AtomicUsize,
}

impl ClientContext for Counted {}

impl ProducerContext for Counted {
    type DeliveryOpaque = ();

    fn delivery(&self, report: &DeliveryResult<'_>, (): ()) {
        self.delivered.fetch_add(usize::from(report.is_ok()), Ordering::Relaxed);
    }
}

/// Time on the clock, and on the processors for all threads of the process.
struct Took {
    wall: Duration,
    cpu: Duration,
}

struct Stopwatch {
    wall: Instant,
    cpu: Duration,
}

impl Stopwatch {
    fn start() -> Result<Self> {
        Ok(Self { cpu: on_processors()?, wall: Instant::now() })
    }

    fn stop(self) -> Result<Took> {
        Ok(Took { wall: self.wall.elapsed(), cpu: on_processors()?.saturating_sub(self.cpu) })
    }
}

/// By Linux, to the nanosecond, of all threads that live; librdkafka's live as long as their client.
fn on_processors() -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        // One that has just ended is none.
        let told = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += told.split(' ').next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}
