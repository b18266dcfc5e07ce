//! Bit rot. SQLite does not notice a changed byte in its main file, so whatever the log gives out must be
//! what was appended, or else an error that says where it is not.

use super::{ALL, Random, contents, open, outgoing, outputs, scratch, topic};
use domain::{Offset, Partition};
use log::{Embedded, Error, Limits, Log, Record, Result, Retry, TopicName};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const PAGE: usize = 8_192;

struct Truth {
    records: Vec<Vec<Record>>,
    position: u64,
}

/// A log of some twenty pages with a reader's position in it, closed.
fn filled(folder: &Path, name: &TopicName) -> Truth {
    let (log, mut random) = (open(folder), Random(7));
    log.create(name, 3).unwrap();
    for call in 0..120 {
        let record = |i: u32| outgoing(i % 3, random.bytes(if i == 3 { 5_000 } else { 200 }));
        let records: Vec<_> = (0..if call % 8 == 0 { 4 } else { 3 }).map(record).collect();
        log.append(name, &records).unwrap();
    }
    let mut reader = log.subscribe(name, &[Partition(0)], &outputs(name)).unwrap();
    let position = reader.next(Limits { records: 9, ..ALL }).unwrap().next.0;
    reader.commit(&[]).unwrap();
    Truth { records: contents(&log, name).unwrap(), position }
}

/// Everything that the log can be asked.
fn observe(log: &Embedded, name: &TopicName) -> Result<Truth> {
    let records = contents(log, name)?;
    let mut reader = log.subscribe(name, &[Partition(0)], &outputs(name))?;
    Ok(Truth { records, position: reader.next(ALL)?.from.0 })
}

#[test]
fn a_flipped_bit_is_harmless_or_named_and_never_given_out() {
    let folder = scratch();
    let (name, mut random) = (topic("facts"), Random(8));
    let truth = filled(folder.path(), &name);
    let path = folder.path().join("facts.db");
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > 15 * PAGE, "the tables have inner pages too");
    // Every byte of the file's header and of the pages' headers and cell pointers, and many others.
    let fragile = (0..whole.len()).filter(|at| at % PAGE < 40 || *at < 120);
    let others = (0..800).map(|_| random.below(whole.len()));
    let mut fates: BTreeMap<&str, u32> = BTreeMap::new();
    for at in fragile.chain(others).collect::<Vec<_>>() {
        let bit = 1 << random.below(8);
        let mut bytes = whole.clone();
        bytes[at] ^= bit;
        lay(folder.path(), &bytes);
        let fate = match observe(&open(folder.path()), &name) {
            Ok(seen) => {
                assert!(seen.records == truth.records, "bit {bit} of byte {at} was given out");
                assert_eq!(seen.position, truth.position, "bit {bit} of byte {at} moved a reader");
                "harmless"
            }
            Err(error) => named(&error, &path),
        };
        *fates.entry(fate).or_default() += 1;
    }
    for fate in ["harmless", "record", "file"] {
        assert!(fates.get(fate).is_some_and(|n| *n > 20), "{fates:?}");
    }
}

/// What the error names; that it names the file and gives no false hope.
fn named(error: &Error, path: &Path) -> &'static str {
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert_eq!(error.retry(), Retry::Never, "{error}");
    match error {
        Error::DamagedRecord { .. } => "record",
        Error::DamagedFile { .. } => "file",
        other => panic!("damage is told as such, not as {other:?}"),
    }
}

fn lay(folder: &Path, bytes: &[u8]) {
    for sibling in ["facts.db-wal", "facts.db-shm"] {
        let _ = fs::remove_file(folder.join(sibling));
    }
    fs::write(folder.join("facts.db"), bytes).unwrap();
}

#[test]
fn a_damaged_record_is_named_by_its_place_and_its_neighbours_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (name, path) = (topic("facts"), folder.path().join("facts.db"));
    let log = open(folder.path());
    log.create(&name, 2).unwrap();
    let value = |i: u32| format!("value-{i:03}-of-the-record");
    log.append(&name, &(0..50).map(|i| outgoing(1, value(i))).collect::<Vec<_>>()).unwrap();
    drop(log);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(value(31).len()).position(|w| w == value(31).as_bytes()).unwrap();
    bytes[at + 3] ^= 0x20;
    lay(folder.path(), &bytes);
    let log = open(folder.path());
    let error = log.read(&name, Partition(1), Offset(20), ALL).unwrap_err();
    let expected = format!(
        "damaged record in {}: topic facts partition 1 offset 31: it does not match its checksum",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
    let before = log.read(&name, Partition(1), Offset(20), Limits { records: 11, ..ALL }).unwrap();
    assert_eq!((before.records.len(), before.next), (11, Offset(31)));
    let behind = log.read(&name, Partition(1), Offset(32), ALL).unwrap();
    assert_eq!(behind.records.len(), 18);
    assert_eq!(behind.records[0].value, value(32).as_bytes());
}

/// Runs SQL behind the log's back.
fn tamper(folder: &Path, sql: &str) {
    let file = rusqlite::Connection::open(folder.join("facts.db")).unwrap();
    assert!(file.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn rows_that_are_missing_moved_or_changed_are_noticed() {
    let cases = [
        ("DELETE FROM record WHERE partition = 0 AND \"offset\" = 5", "partition 0 offset 5: it is missing"),
        (
            "DELETE FROM record WHERE partition = 0 AND \"offset\" > 37",
            "partition 0 offset 38: it is missing",
        ),
        ("DELETE FROM record", "partition 0 offset 0: it is missing"),
        ("UPDATE record SET partition = 3 WHERE partition = 1", "partition 1 offset 0: it is missing"),
        (
            "UPDATE record SET frame = CAST(x'00' || frame AS BLOB) WHERE partition = 2 AND \"offset\" = 4",
            "partition 2 offset 4: it does not match",
        ),
        (
            "UPDATE record SET frame = x'' WHERE partition = 2 AND \"offset\" = 4",
            "partition 2 offset 4: it does not match",
        ),
        (
            "UPDATE record SET frame = (SELECT frame FROM record WHERE partition = 1 AND \"offset\" = 0)",
            "partition 0 offset 0: it does not match",
        ),
        (
            "UPDATE head SET next = next - 1 WHERE partition = 0",
            "the end of partition 0 does not match its checksum",
        ),
        (
            "UPDATE head SET next = -1 WHERE partition = 2",
            "the end of partition 2 does not match its checksum",
        ),
        ("DELETE FROM head WHERE partition = 2", "the end of partition 0 does not match its checksum"),
        ("DELETE FROM head", "it has no partitions"),
        ("UPDATE position SET at = 0 WHERE at > 2", "the position of a reader does not match its checksum"),
        ("DELETE FROM position WHERE reader = 'reader'", "the position of a reader is missing"),
        ("DELETE FROM position", "the position of a reader is missing"),
        (
            "UPDATE position SET reader = 'other' WHERE reader = 'reader'",
            "the position of a reader does not match",
        ),
    ];
    let name = topic("facts");
    for (sql, message) in cases {
        let folder = scratch();
        filled(folder.path(), &name);
        tamper(folder.path(), sql);
        let error = observe(&open(folder.path()), &name).err().unwrap_or_else(|| panic!("{sql}"));
        assert!(error.to_string().contains(message), "{sql}: {error}");
        let path = folder.path().join("facts.db");
        named(&error, &path);
    }
}

#[test]
fn an_append_never_overwrites_and_never_leaves_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let name = topic("facts");
    let truth = filled(folder.path(), &name);
    let place = truth.records[0].len();
    tamper(folder.path(), &format!("INSERT INTO record VALUES (0, {place}, x'')"));
    let log = open(folder.path());
    let error = log.append(&name, &[outgoing(1, "a"), outgoing(0, "b")]).unwrap_err();
    let expected = format!("partition 0 offset {place}: it lies behind the end of its partition");
    assert!(error.to_string().ends_with(&expected), "{error}");
    assert!(contents(&log, &name).unwrap() == truth.records, "nothing of the call was appended");
}
