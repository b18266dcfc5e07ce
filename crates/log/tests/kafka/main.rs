//! Tests of the log on a real Apache Kafka. They run where `QUELL_KAFKA` names a broker of one's own
//! (`HOST:PORT`), and say that they skip where it does not:
//!
//! ```text
//! tests/kafka/broker.sh run -- cargo test -p log@0.1.0 --features testing --test kafka
//! ```
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;

use log::{Kafka, KafkaConfig, TopicSettings};
use std::env;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The broker to test on.
fn broker() -> Option<String> {
    let named = env::var("QUELL_KAFKA").ok().filter(|b| !b.is_empty());
    if named.is_none() {
        let test = std::thread::current();
        let test = test.name().unwrap_or("a test").to_owned();
        // Not captured, so that nobody takes a skipped test for a passed one.
        let _ = writeln!(
            std::io::stderr(),
            "SKIP {test}: QUELL_KAFKA names no broker (see tests/kafka/broker.sh)"
        );
    }
    named
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
