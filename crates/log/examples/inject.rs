//! Copies the records of a topic on Kafka into another one as no producer of Quell's would: twice each, in a random order,
//! some in transactions; and between them the records of a third topic in transactions that are aborted:
//!
//! ```text
//! cargo run -p log@0.1.0 --example inject -- HOST:PORT SEED INTO KEPT [ABORTED]
//! ```
//!
//! Topics are named as at the broker. Prints how many records were acknowledged, of which kind, as JSON.
#![allow(clippy::print_stdout, reason = "the counts are the output")]

use log::{Kafka, KafkaConfig, Limits, Log, Outgoing, TopicName};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::{ClientConfig, ClientContext};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(60);
/// Records written at once.
const BATCH: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (brokers, seed, into, kept, aborted) = match args.as_slice() {
        [brokers, seed, into, kept] => (brokers, seed, into, kept, None),
        [brokers, seed, into, kept, aborted] => (brokers, seed, into, kept, Some(aborted)),
        _ => return Err("usage: inject HOST:PORT SEED INTO KEPT [ABORTED]".into()),
    };
    let log = Kafka::open(KafkaConfig::new(brokers, "quell-inject"))?;
    let mut dice = Dice(seed.parse()?);
    let kept = read(&log, kept)?;
    let mut twice = [kept.clone(), kept].concat();
    dice.shuffle(&mut twice);
    let aborted = aborted.map_or(Ok(Vec::new()), |name| read(&log, name))?;
    let batches = twice.len().div_ceil(BATCH).max(1);
    let mut doomed = aborted.chunks(aborted.len().div_ceil(batches).max(1));
    let stranger = Stranger::new(brokers, into)?;
    let topic = TopicName::new(into)?;
    let (mut plain, mut committed, mut rolled_back) = (0, 0, 0);
    for batch in twice.chunks(BATCH) {
        if let Some(doomed) = doomed.next() {
            stranger.write(doomed)?;
            stranger.producer.abort_transaction(WAIT)?;
            rolled_back += doomed.len();
        }
        if dice.next().is_multiple_of(2) {
            plain += log.append(&topic, batch)?.len();
        } else {
            stranger.write(batch)?;
            stranger.producer.commit_transaction(WAIT)?;
            committed += batch.len();
        }
    }
    let counts = serde_json::json!({ "plain": plain, "committed": committed, "aborted": rolled_back });
    println!("{counts}");
    Ok(())
}

/// Every record of a topic.
fn read(log: &Kafka, name: &str) -> Result<Vec<Outgoing>, Box<dyn Error>> {
    let topic = TopicName::new(name)?;
    let mut found = Vec::new();
    for (partition, end) in log.ends(&topic)? {
        let mut from = domain::Offset(0);
        while from < end {
            let batch = log.read(&topic, partition, from, Limits::default())?;
            if batch.is_empty() {
                break;
            }
            from = batch.next;
            let records = batch.records.into_iter();
            found.extend(records.map(|record| Outgoing { partition, key: record.key, value: record.value }));
        }
    }
    Ok(found)
}

/// A transactional producer that is not ours.
struct Stranger {
    producer: BaseProducer<Reports>,
    topic: String,
}

impl Stranger {
    fn new(brokers: &str, topic: &str) -> Result<Self, Box<dyn Error>> {
        let producer: BaseProducer<Reports> = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("transactional.id", format!("inject/{topic}"))
            .create_with_context(Reports::default())?;
        producer.init_transactions(WAIT)?;
        Ok(Self { producer, topic: topic.to_owned() })
    }

    /// Begins a transaction and writes in it until the broker has acknowledged everything.
    fn write(&self, records: &[Outgoing]) -> Result<(), Box<dyn Error>> {
        let before = self.acknowledged();
        self.producer.begin_transaction()?;
        for record in records {
            let to = BaseRecord::to(&self.topic).partition(i32::try_from(record.partition.0)?);
            let sent = self.producer.send(to.key(&record.key).payload(&record.value));
            sent.map_err(|(error, _)| error)?;
        }
        self.producer.flush(WAIT)?;
        if self.acknowledged() - before == records.len() {
            Ok(())
        } else {
            Err("not all were acknowledged".into())
        }
    }

    fn acknowledged(&self) -> usize {
        self.producer.context().0.load(Ordering::SeqCst)
    }
}

/// Counts what the broker has acknowledged.
#[derive(Default)]
struct Reports(AtomicUsize);

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, report: &DeliveryResult<'_>, _: ()) {
        self.0.fetch_add(usize::from(report.is_ok()), Ordering::SeqCst);
    }
}

/// Sebastiano Vigna's splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            let with = self.next() % (at as u64 + 1);
            all.swap(at, usize::try_from(with).expect("below a length"));
        }
    }
}
