//! Tests of the log on a real Apache Kafka. They run where `QUELL_KAFKA` names a broker of one's own
//! (`HOST:PORT`), and say that they skip where it does not:
//!
//! ```text
//! tests/kafka/broker.sh run -- cargo test -p log@0.1.0 --test kafka
//! ```
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cluster;
mod conformance;
mod members;
mod outage;
mod roster;
mod secure;
mod topics;
mod transactions;

use domain::{Offset, Partition};
use log::{
    Batch, Kafka, KafkaConfig, Limits, Log, Outgoing, Outputs, ReaderName, Record, TopicName, TopicSettings,
};
use std::env;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const ALL: Limits = Limits { records: usize::MAX, bytes: usize::MAX };

/// The broker to test on.
fn broker() -> Option<String> {
    let named = env::var("QUELL_KAFKA").ok().filter(|b| !b.is_empty());
    if named.is_none() {
        skip("QUELL_KAFKA names no broker (see tests/kafka/broker.sh)");
    }
    named
}

/// Not captured, so that nobody takes a skipped test for a passed one.
fn skip(why: &str) {
    let thread = std::thread::current();
    let _ = writeln!(std::io::stderr(), "SKIP {}: {why}", thread.name().unwrap_or("a test"));
}

/// One copy of everything: the tests' broker is alone.
fn config(brokers: &str, prefix: &str) -> KafkaConfig {
    let topics = TopicSettings { replication: 1, min_in_sync: 1, retention: None };
    KafkaConfig { prefix: prefix.to_owned(), topics, ..KafkaConfig::new(brokers, "quell-tests") }
}

fn opened(config: KafkaConfig) -> Kafka {
    Kafka::open(config).unwrap()
}

/// A prefix that no test and no earlier run has used on this broker.
fn prefix(test: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!("{test}.{now:x}.{}.{}.", std::process::id(), MADE.fetch_add(1, Ordering::SeqCst))
}

fn topic(name: &str) -> TopicName {
    TopicName::new(name).unwrap()
}

fn outputs(reader: &str) -> Outputs {
    Outputs { topic: topic("output"), reader: ReaderName::new(reader).unwrap() }
}

fn outgoing(partition: u32, value: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing { partition: Partition(partition), key: b"key".to_vec(), value: value.into() }
}

fn numbered(partition: u32, range: std::ops::Range<u32>) -> Vec<Outgoing> {
    range.map(|i| outgoing(partition, i.to_string())).collect()
}

/// What a reader that copies makes of a batch.
fn copies(batch: &Batch) -> Vec<Outgoing> {
    let copy =
        |r: &Record| Outgoing { partition: batch.partition, key: r.key.clone(), value: r.value.clone() };
    batch.records.iter().map(copy).collect()
}

/// The values of a partition as text, as a reader of committed records sees them now.
fn texts(log: &Kafka, name: &TopicName, partition: u32) -> Vec<String> {
    let (mut found, mut from) = (Vec::new(), Offset(0));
    loop {
        let batch = log.read(name, Partition(partition), from, ALL).unwrap();
        if batch.is_empty() {
            return found;
        }
        from = batch.next;
        found.extend(batch.records.into_iter().map(|r| String::from_utf8(r.value).unwrap()));
    }
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|i| i.to_string()).collect()
}
