//! Power cuts. SQLite acknowledges a transaction when its frames are synced in the write-ahead log; a cut
//! loses or tears only what came after the last sync. So a test keeps the files as they were at an
//! acknowledgement, keeps them again one call later, and puts everything that a cut could have left of the
//! bytes between the two behind the first. The log must come back as it was at the acknowledgement, or as
//! it was after the call if all of its bytes are there.
//!
//! What no test can promise: a disk that loses bytes which it said were synced. Then a tail of calls is
//! missing, but whole calls, and nothing is invented.

use super::{ALL, Random, contents, open, outgoing, outputs, scratch, topic};
use domain::Partition;
use log::{Embedded, Log, Outgoing, Record, TopicName};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// SQLite's write-ahead log: header, then frames of a header and a page.
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const FRAME: usize = FRAME_HEADER + 8_192;

/// A topic's two files at one moment.
#[derive(Clone, PartialEq)]
struct Files {
    main: Vec<u8>,
    wal: Vec<u8>,
}

impl Files {
    fn keep(folder: &Path, topic: &TopicName) -> Self {
        let file = |suffix| fs::read(folder.join(format!("{topic}.db{suffix}"))).unwrap();
        Self { main: file(""), wal: file("-wal") }
    }

    fn with_wal(&self, wal: Vec<u8>) -> Self {
        Self { main: self.main.clone(), wal }
    }

    /// As a machine that starts again finds them: without the shared-memory file.
    fn lay(&self, folder: &Path, topic: &TopicName) {
        let _ = fs::remove_file(folder.join(format!("{topic}.db-shm")));
        fs::write(folder.join(format!("{topic}.db")), &self.main).unwrap();
        fs::write(folder.join(format!("{topic}.db-wal")), &self.wal).unwrap();
    }
}

/// One call: a few records over both partitions, some larger than a page.
fn call(random: &mut Random) -> Vec<Outgoing> {
    let record = |random: &mut Random| {
        let (partition, bytes) = (random.below(2), random.below(6_000));
        outgoing(u32::try_from(partition).unwrap(), random.bytes(bytes))
    };
    (0..1 + random.below(4)).map(|_| record(random)).collect()
}

/// What a cut may have left of the bytes `[acknowledged, whole)`, named.
fn leftovers(acknowledged: &[u8], whole: &[u8], random: &mut Random) -> Vec<(String, Vec<u8>)> {
    assert!(whole.starts_with(acknowledged), "nothing was checkpointed between the two moments");
    let tail = acknowledged.len()..whole.len();
    assert!(tail.len() > 3 * FRAME, "the call under way spans frames");
    let mut left = Vec::new();
    for cut in cuts(tail.clone()) {
        let begun = whole[..cut].to_vec();
        let missing = tail.end - cut;
        left.push((format!("cut at {cut}"), begun.clone()));
        if cut % 5 == 0 {
            left.push((format!("zeros from {cut}"), [begun.clone(), vec![0; missing]].concat()));
            left.push((format!("garbage from {cut}"), [begun, random.bytes(missing + 99)].concat()));
        }
        let mut flipped = whole.to_vec();
        flipped[cut.min(tail.end - 1)] ^= 1 << random.below(8);
        left.push((format!("a bit flipped at {cut}"), flipped));
    }
    for round in 0..60 {
        left.push((format!("sectors lost, round {round}"), lose_sectors(whole, tail.clone(), random)));
    }
    left
}

/// Every byte of the frames' headers and around them, and many others.
fn cuts(tail: Range<usize>) -> Vec<usize> {
    let in_frame = |at: usize| (at - WAL_HEADER) % FRAME;
    let near_header = |at: &usize| in_frame(*at) <= FRAME_HEADER + 2 || in_frame(*at) >= FRAME - 2;
    tail.filter(|at| near_header(at) || at % 67 == 0).collect()
}

/// A disk writes sectors in any order: some of the unsynced ones are still as they were.
fn lose_sectors(whole: &[u8], tail: Range<usize>, random: &mut Random) -> Vec<u8> {
    let mut wal = whole.to_vec();
    let sectors: Vec<usize> = (tail.start / 512..=(tail.end - 1) / 512).collect();
    let lost = random.below(sectors.len());
    for (i, sector) in sectors.into_iter().enumerate() {
        if i == lost || random.below(3) == 0 {
            let range = (sector * 512).max(tail.start)..((sector + 1) * 512).min(tail.end);
            wal[range].fill(0);
        }
    }
    wal
}

#[test]
fn a_torn_last_call_is_as_if_it_had_never_begun() {
    let folder = scratch();
    let (name, mut random) = (topic("facts"), Random(1));
    let log = open(&folder.path().join("log"));
    log.create(&name, 2).unwrap();
    for _ in 0..5 {
        log.append(&name, &call(&mut random)).unwrap();
    }
    let (acknowledged, before) =
        (Files::keep(&folder.path().join("log"), &name), contents(&log, &name).unwrap());
    log.append(&name, &[outgoing(0, random.bytes(5_000)), outgoing(1, "small"), outgoing(0, "last")])
        .unwrap();
    let (whole, after) = (Files::keep(&folder.path().join("log"), &name), contents(&log, &name).unwrap());
    assert!(acknowledged.main == whole.main);

    let (mut torn, copy) = (0, folder.path().join("copy"));
    fs::create_dir(&copy).unwrap();
    for (what, wal) in leftovers(&acknowledged.wal, &whole.wal, &mut random) {
        acknowledged.with_wal(wal.clone()).lay(&copy, &name);
        let complete = wal.starts_with(&whole.wal);
        torn += u32::from(!complete);
        comes_back(&copy, &name, if complete { &after } else { &before }, &what);
    }
    whole.lay(&copy, &name);
    comes_back(&copy, &name, &after, "nothing lost");
    assert!(torn > 1_000, "only {torn} torn files");
}

/// The log opens, holds exactly that, and takes and keeps another record.
fn comes_back(folder: &Path, name: &TopicName, expected: &[Vec<Record>], what: &str) {
    let log = open(folder);
    assert!(contents(&log, name).unwrap() == expected, "{what}");
    let placed = log.append(name, &[outgoing(1, "after the cut")]).unwrap();
    assert_eq!(placed[0].0, expected[1].len() as u64, "{what}");
    let now = contents(&log, name).unwrap();
    assert!(now[0] == expected[0] && now[1][..expected[1].len()] == expected[1], "{what}");
    assert_eq!(now[1].last().unwrap().value, b"after the cut", "{what}");
}

#[test]
fn lost_synced_bytes_lose_whole_calls_from_the_end_only() {
    let folder = scratch();
    let (name, mut random) = (topic("facts"), Random(2));
    let log = open(&folder.path().join("log"));
    log.create(&name, 2).unwrap();
    let mut moments = vec![contents(&log, &name).unwrap()];
    for _ in 0..6 {
        log.append(&name, &call(&mut random)).unwrap();
        moments.push(contents(&log, &name).unwrap());
    }
    let files = Files::keep(&folder.path().join("log"), &name);
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    let mut seen = vec![0; moments.len()];
    for round in 0..900 {
        let at = random.below(files.wal.len());
        let mut wal = files.wal.clone();
        match round % 3 {
            0 => wal.truncate(at),
            1 => wal[at] ^= 1 << random.below(8),
            _ => wal[at..].fill(0),
        }
        files.with_wal(wal).lay(&copy, &name);
        let found = contents(&open(&copy), &name).unwrap();
        let moment = moments.iter().position(|m| *m == found);
        seen[moment.unwrap_or_else(|| {
            panic!("round {round} at byte {at}: no moment of the log looks like this")
        })] += 1;
    }
    assert!(seen.iter().filter(|count| **count > 0).count() >= moments.len() - 1, "{seen:?}");
}

#[test]
fn a_torn_checkpoint_is_finished() {
    let folder = scratch();
    let (name, mut random, source) = (topic("facts"), Random(3), folder.path().join("log"));
    let log = open(&source);
    log.create(&name, 2).unwrap();
    for _ in 0..8 {
        log.append(&name, &call(&mut random)).unwrap();
    }
    let (before, expected) = (Files::keep(&source, &name), contents(&log, &name).unwrap());
    // The last to close copies the write-ahead log into the main file.
    drop(log);
    let after = fs::read(source.join("facts.db")).unwrap();
    assert!(after != before.main && after.len() > before.main.len());
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for round in 0..120 {
        // The write-ahead log is still whole: it is given up only when the main file is synced.
        let mut files = before.clone();
        files.main.resize(random.below(after.len() - before.main.len() + 1) + before.main.len(), 0);
        for sector in 0..files.main.len() / 512 {
            if random.below(2) == 0 {
                files.main[sector * 512..][..512].copy_from_slice(&after[sector * 512..][..512]);
            }
        }
        files.lay(&copy, &name);
        comes_back(&copy, &name, &expected, &format!("round {round}"));
    }
}

#[test]
fn outputs_and_position_are_torn_together() {
    let folder = scratch();
    let (source, mut random) = (folder.path().join("log"), Random(4));
    let (input, output) = (topic("input"), topic("output"));
    let log = open(&source);
    log.create(&input, 1).unwrap();
    log.create(&output, 2).unwrap();
    let records: Vec<Outgoing> = (0..20).map(|_| outgoing(0, random.bytes(1_500))).collect();
    log.append(&input, &records).unwrap();
    let mut reader = log.subscribe(&input, &[Partition(0)], &outputs(&output)).unwrap();
    let mut step = || {
        let batch = reader.next(log::Limits { records: 5, ..ALL }).unwrap();
        let copies: Vec<Outgoing> = batch.records.iter().map(|r| outgoing(1, r.value.clone())).collect();
        reader.commit(&copies).unwrap();
        Files::keep(&source, &output)
    };
    let (acknowledged, whole) = (step(), step());
    let copy = folder.path().join("copy");
    Files::keep(&source, &input).lay(&made(&copy), &input);
    let mut torn = 0;
    for (what, wal) in leftovers(&acknowledged.wal, &whole.wal, &mut random).into_iter().step_by(3) {
        acknowledged.with_wal(wal.clone()).lay(&copy, &output);
        let log = open(&copy);
        let copied = contents(&log, &output).unwrap()[1].len();
        assert_eq!(position(&log, &input, &output), copied as u64, "{what}");
        let complete = wal.starts_with(&whole.wal);
        assert_eq!(copied, if complete { 10 } else { 5 }, "{what}");
        torn += u32::from(!complete);
    }
    assert!(torn > 300, "only {torn} torn files");
    whole.lay(&copy, &output);
    assert_eq!(position(&open(&copy), &input, &output), 10);
}

fn position(log: &Embedded, input: &TopicName, output: &TopicName) -> u64 {
    let mut reader = log.subscribe(input, &[Partition(0)], &outputs(output)).unwrap();
    reader.next(ALL).unwrap().from.0
}

fn made(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    folder.to_owned()
}
