//! What every backend of the log must do, as named checks. A backend's test calls [`all`] and nothing else:
//!
//! ```text
//! #[test]
//! fn embedded_conforms() {
//!     conformance::all(&Fixture { test: "embedded_conforms", fresh: &…, open: &…, seed: 1 });
//! }
//! ```
//!
//! Checks of several processes run this same test again in child processes, which do their part inside
//! [`all`] and return. No check sleeps, asks for the time, or passes without having met what it is about:
//! one that is about kills counts them.

mod basics;
mod processes;
mod readers;
mod workload;

use crate::clock::{Clock, clamped};
use crate::{Batch, Limits, Log, Outgoing, Outputs, ReaderName, Record, TopicName};
use domain::{Offset, Partition};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A backend under test.
pub struct Fixture<'a> {
    /// Name of the test function that calls [`all`], as `--exact` wants it.
    pub test: &'a str,
    /// Makes an empty log that no other check uses, and gives its address: whatever `open` understands.
    pub fresh: &'a dyn Fn() -> String,
    /// Opens the log at an address, as a process that starts would. A backend that has its own clock
    /// ignores the one given.
    pub open: &'a dyn Fn(&str, Clock) -> Arc<dyn Log>,
    /// Chooses sizes and the moments of kills. Named by every failure.
    pub seed: u64,
}

/// A check and its name.
pub type Check = (&'static str, fn(&Fixture<'_>));

/// Every check, in the order in which they run.
pub const CHECKS: &[Check] = &[
    ("create is idempotent", basics::create_is_idempotent),
    ("what is unknown is named", basics::what_is_unknown_is_named),
    ("order of a partition is order of appending", basics::order),
    ("offsets are those given at appending", basics::offsets),
    ("bytes are opaque", basics::bytes_are_opaque),
    ("reads are positioned and limited", basics::reads_are_limited),
    ("a position beyond the end is refused", basics::beyond_the_end),
    ("large records", basics::large_records),
    ("an append of nothing does nothing", basics::empty_append),
    ("durable across reopening", basics::durable_across_reopening),
    ("recorded_at never goes back", basics::recorded_at_never_goes_back),
    ("a dropped topic is gone", basics::dropped_topic),
    ("outputs and position move together", readers::outputs_and_position),
    ("an uncommitted reader leaves nothing", readers::uncommitted_leaves_nothing),
    ("a stale subscription is fenced", readers::stale_is_fenced),
    ("positions are kept for each reader and partition", readers::positions_are_separate),
    ("an empty commit", readers::empty_commit),
    ("a reader takes its partitions in turn", readers::partitions_in_turn),
    ("several readers while a writer appends", readers::several_readers),
    ("several threads append", readers::several_writers),
    ("several processes append", processes::several_processes),
    ("a killed appender loses nothing that it acknowledged", processes::killed_appender),
    ("a killed reader copies everything once", processes::killed_reader),
];

/// Runs every check and says which failed.
///
/// # Panics
/// If a check failed.
pub fn all(fixture: &Fixture<'_>) {
    if processes::is_child() {
        return processes::run_child(fixture);
    }
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        if catch_unwind(AssertUnwindSafe(|| check(fixture))).is_err() {
            failed.push(*name);
        }
    }
    let total = CHECKS.len();
    // Whoever reads the output sees that the suite was not empty; a lost line changes nothing.
    let _ =
        writeln!(std::io::stderr(), "{}: {} of {total} checks passed", fixture.test, total - failed.len());
    assert!(failed.is_empty(), "failed checks (seed {}): {failed:#?}", fixture.seed);
}

/// Time that passes only when a test says so.
#[derive(Debug, Clone)]
pub struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    /// Stands at that many microseconds since 1970.
    pub fn at(micros: i64) -> Self {
        Self(Arc::new(AtomicI64::new(micros)))
    }

    /// Jumps there, forwards or backwards.
    pub fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }

    /// The clock to open a log with.
    pub fn clock(&self) -> Clock {
        let micros = Arc::clone(&self.0);
        Arc::new(move || clamped(micros.load(Ordering::SeqCst)))
    }
}

impl Fixture<'_> {
    fn open_at(&self, address: &str) -> Arc<dyn Log> {
        (self.open)(address, VirtualClock::at(1_000_000).clock())
    }

    /// A new log with one topic.
    fn with_topic(&self, partitions: u32) -> (String, Arc<dyn Log>, TopicName) {
        let address = (self.fresh)();
        let log = self.open_at(&address);
        let topic = topic("input");
        log.create(&topic, partitions).expect("create");
        (address, log, topic)
    }
}

const ALL: Limits = Limits { records: usize::MAX, bytes: usize::MAX };

fn topic(name: &str) -> TopicName {
    TopicName::new(name).expect("a good topic name")
}

fn outputs(topic: &TopicName, reader: &str) -> Outputs {
    Outputs { topic: topic.clone(), reader: ReaderName::new(reader).expect("a good reader name") }
}

fn outgoing(partition: u32, value: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing { partition: Partition(partition), key: b"key".to_vec(), value: value.into() }
}

/// Numbered values `[from, to)` for one partition.
fn numbered(partition: u32, range: std::ops::Range<u32>) -> Vec<Outgoing> {
    range.map(|i| outgoing(partition, i.to_string())).collect()
}

fn read(log: &dyn Log, topic: &TopicName, partition: u32, from: Offset, limits: Limits) -> Batch {
    log.read(topic, Partition(partition), from, limits).expect("read")
}

/// Everything in a partition, in small reads.
fn drain(log: &dyn Log, topic: &TopicName, partition: u32) -> Vec<Record> {
    let (mut records, mut from) = (Vec::new(), Offset(0));
    loop {
        let batch = read(log, topic, partition, from, Limits { records: 97, bytes: 1 << 20 });
        if batch.is_empty() {
            assert!(batch.next >= batch.from, "an empty batch does not go back");
            return records;
        }
        assert!(batch.next > from, "a batch of records goes forward");
        from = batch.next;
        records.extend(batch.records);
    }
}

/// The values of a partition as text.
fn texts(log: &dyn Log, topic: &TopicName, partition: u32) -> Vec<String> {
    let text = |r: Record| String::from_utf8(r.value).expect("a value of text");
    drain(log, topic, partition).into_iter().map(text).collect()
}

/// The texts of [`numbered`].
fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|i| i.to_string()).collect()
}
