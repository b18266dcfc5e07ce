//! How fast the embedded log is on this machine: appends with a synced commit every 1,000 records, and
//! reads. Run it in release; the first argument is the number of records, the second the folder, in which
//! a subfolder is made and deleted. On a busy machine look at the processor time, not at the rate.
#![allow(clippy::print_stdout, reason = "the figures are the output")]

use domain::{Offset, Partition};
use log::{Embedded, Limits, Log, Outgoing, TopicName, partition_of, system_clock};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const PARTITIONS: u32 = 16;
const RECORD_BYTES: usize = 300;
const CALL: usize = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let records: usize = args.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let parent = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("quell-log-example-{}", std::process::id()));
    let log = Embedded::open(&folder, system_clock())?;
    let measured = append(&log, records).and_then(|()| read(&log, records)).and_then(|()| small(&log));
    let bytes = std::fs::metadata(folder.join("facts.db")).map_or(0, |m| m.len());
    println!("file: {:.0} bytes a record", bytes as f64 / records as f64);
    drop(log);
    std::fs::remove_dir_all(&folder)?;
    Ok(measured?)
}

fn append(log: &Embedded, records: usize) -> log::Result<()> {
    let topic = TopicName::new("facts")?;
    log.create(&topic, PARTITIONS)?;
    // Made before the clock starts: what is measured is the log.
    let calls: Vec<Vec<Outgoing>> =
        (0..16).map(|call| (0..CALL).map(|i| record(call * CALL + i)).collect()).collect();
    let begun = Stopwatch::start();
    for call in 0..records / CALL {
        log.append(&topic, &calls[call % calls.len()])?;
    }
    report("append", "records", records, begun);
    Ok(())
}

fn read(log: &Embedded, records: usize) -> log::Result<()> {
    let topic = TopicName::new("facts")?;
    let begun = Stopwatch::start();
    let mut seen = 0;
    for partition in (0..PARTITIONS).map(Partition) {
        let mut from = Offset(0);
        loop {
            let batch = log.read(&topic, partition, from, Limits::default())?;
            if batch.is_empty() {
                break;
            }
            (from, seen) = (batch.next, seen + batch.records.len());
        }
    }
    report("read", "records", seen, begun);
    assert_eq!(seen, records / CALL * CALL, "everything appended is read");
    Ok(())
}

/// Commits of one record each: the price of a sync.
fn small(log: &Embedded) -> log::Result<()> {
    let topic = TopicName::new("small")?;
    log.create(&topic, 1)?;
    let record = Outgoing { partition: Partition(0), ..record(1) };
    let begun = Stopwatch::start();
    for _ in 0..1_000 {
        log.append(&topic, std::slice::from_ref(&record))?;
    }
    report("append one by one", "synced commits", 1_000, begun);
    Ok(())
}

fn record(i: usize) -> Outgoing {
    let key = format!("case-{i:08}").into_bytes();
    let value = (0..RECORD_BYTES - key.len())
        .map(|k| ((i * 31 + k * 7) % 256).try_into().expect("below 256"))
        .collect();
    Outgoing { partition: partition_of(&key, PARTITIONS), key, value }
}

/// Time on the clock and on the processor since it was started.
struct Stopwatch {
    wall: Instant,
    cpu: Duration,
}

impl Stopwatch {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: on_processor() }
    }
}

/// Processor time of this thread, where the system tells it (Linux), else zero.
fn on_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

fn report(what: &str, unit: &str, count: usize, begun: Stopwatch) {
    let (seconds, cpu) = (begun.wall.elapsed().as_secs_f64(), on_processor().saturating_sub(begun.cpu));
    let (rate, micros) = (count as f64 / seconds, cpu.as_secs_f64() * 1e6 / count as f64);
    println!("{what}: {rate:.0} {unit}/s, processor {micros:.2} us each ({count} in {seconds:.2} s)");
}
