//! One handle, one thread: creating, appending, reading.

use super::{ALL, Fixture, VirtualClock, drain, numbered, numbers, outgoing, outputs, read, texts, topic};
use crate::{Error, Limits, MAX_PARTITIONS, MAX_RECORD_BYTES, Outgoing, Retry};
use domain::{Offset, Partition};

pub(super) fn create_is_idempotent(fixture: &Fixture<'_>) {
    let (address, log, topic) = fixture.with_topic(3);
    log.append(&topic, &numbered(2, 0..5)).expect("append");
    for handle in [&log, &fixture.open_at(&address)] {
        handle.create(&topic, 3).expect("create again");
        assert_eq!(handle.partitions(&topic).expect("partitions"), 3);
        let other = handle.create(&topic, 4).expect_err("another count");
        assert!(matches!(&other, Error::PartitionCount { has: 3, wanted: 4, .. }), "{other}");
        assert_eq!(other.to_string(), "topic input has 3 partitions, not 4");
    }
    assert_eq!(texts(&*log, &topic, 2), numbers(0..5));
    for wanted in [0, MAX_PARTITIONS + 1] {
        let refused = log.create(&super::topic("other"), wanted);
        assert!(matches!(refused, Err(Error::PartitionRange { .. })), "{refused:?}");
    }
}

pub(super) fn what_is_unknown_is_named(fixture: &Fixture<'_>) {
    let (_, log, known) = fixture.with_topic(2);
    let nowhere = topic("nowhere");
    let unknown_topic = |error: Error| {
        assert!(matches!(&error, Error::UnknownTopic { topic, .. } if *topic == nowhere), "{error}");
        assert_eq!(error.retry(), Retry::Never);
    };
    let (first, beyond) = (Partition(0), Partition(2));
    unknown_topic(log.partitions(&nowhere).expect_err("partitions"));
    unknown_topic(log.ends(&nowhere).expect_err("ends"));
    unknown_topic(log.append(&nowhere, &numbered(0, 0..1)).expect_err("append"));
    unknown_topic(log.append(&nowhere, &[]).expect_err("append of nothing"));
    unknown_topic(log.read(&nowhere, first, Offset(0), ALL).expect_err("read"));
    unknown_topic(log.subscribe(&nowhere, &[first], &outputs(&known, "r")).err().expect("subscribe"));
    unknown_topic(log.subscribe(&known, &[first], &outputs(&nowhere, "r")).err().expect("outputs"));

    let unknown_partition = |error: Error| {
        let named = matches!(&error, Error::UnknownPartition { partition: Partition(2), partitions: 2, .. });
        assert!(named, "{error}");
        assert_eq!(error.to_string(), "no partition 2 in topic input, which has 2");
    };
    unknown_partition(log.append(&known, &[outgoing(1, "a"), outgoing(2, "b")]).expect_err("append"));
    unknown_partition(log.read(&known, beyond, Offset(0), ALL).expect_err("read"));
    unknown_partition(
        log.subscribe(&known, &[first, beyond], &outputs(&known, "r")).err().expect("subscribe"),
    );
    assert!(drain(&*log, &known, 1).is_empty(), "a refused call appends nothing of it");
}

pub(super) fn order(fixture: &Fixture<'_>) {
    let (_, log, topic) = fixture.with_topic(3);
    let mut next = [0_u32; 3];
    for call in 0..40_u32 {
        // Interleaved in one call, and calls of every size from 0 on.
        let records: Vec<Outgoing> = (0..call)
            .map(|i| (call + i) % 3)
            .map(|p| {
                let value = next[p as usize];
                next[p as usize] += 1;
                outgoing(p, value.to_string())
            })
            .collect();
        assert_eq!(log.append(&topic, &records).expect("append").len(), records.len());
    }
    for (partition, count) in (0..).zip(next) {
        assert!(count > 200, "the check has records to order");
        assert_eq!(texts(&*log, &topic, partition), numbers(0..count));
        let offsets: Vec<Offset> = drain(&*log, &topic, partition).iter().map(|r| r.offset).collect();
        assert!(offsets.is_sorted_by(|a, b| a < b), "offsets rise");
    }
}

pub(super) fn offsets(fixture: &Fixture<'_>) {
    let (_, log, topic) = fixture.with_topic(2);
    for i in 0..20_u32 {
        let records =
            [outgoing(i % 2, format!("{i}a")), outgoing(0, format!("{i}b")), outgoing(1, format!("{i}c"))];
        let before = log.ends(&topic).expect("ends");
        let placed = log.append(&topic, &records).expect("append");
        for (record, offset) in records.iter().zip(&placed) {
            let batch = read(&*log, &topic, record.partition.0, *offset, Limits { records: 1, bytes: 1 });
            assert_eq!(batch.records[0].offset, *offset);
            assert_eq!(batch.records[0].value, record.value);
            assert!(*offset >= before[&record.partition], "a record lies behind the end it was appended to");
        }
        let after = log.ends(&topic).expect("ends");
        assert_eq!(after.len(), 2, "every partition has an end");
        for (partition, end) in after {
            let last =
                records.iter().zip(&placed).filter(|(r, _)| r.partition == partition).map(|(_, o)| o.0).max();
            assert!(end.0 > last.unwrap_or(0), "the end lies behind the last record");
            assert!(read(&*log, &topic, partition.0, end, ALL).is_empty());
        }
    }
}

pub(super) fn bytes_are_opaque(fixture: &Fixture<'_>) {
    let (_, log, topic) = fixture.with_topic(1);
    let every: Vec<u8> = (0..=255).collect();
    let pieces: [&[u8]; 6] = [b"", b"\0", b"\0\0", b"'; DROP TABLE record; --", b"\xff\xfe\xf0\x28", &every];
    let pairs = pieces.iter().flat_map(|key| pieces.iter().map(move |value| (key.to_vec(), value.to_vec())));
    let records: Vec<Outgoing> =
        pairs.map(|(key, value)| Outgoing { partition: Partition(0), key, value }).collect();
    log.append(&topic, &records).expect("append");
    let stored = drain(&*log, &topic, 0);
    assert_eq!(stored.len(), 36);
    for (sent, stored) in records.iter().zip(&stored) {
        assert_eq!((&sent.key, &sent.value), (&stored.key, &stored.value));
    }
}

pub(super) fn reads_are_limited(fixture: &Fixture<'_>) {
    let (_, log, topic) = fixture.with_topic(2);
    // Key and value of 100 bytes together.
    let record = |p| Outgoing { partition: Partition(p), key: vec![b'k'; 10], value: vec![b'v'; 90] };
    let records: Vec<Outgoing> = (0..20).map(|_| record(0)).chain((0..5).map(|_| record(1))).collect();
    let placed = log.append(&topic, &records).expect("append");
    // Records wanted, bytes wanted, most that may come.
    for (records, bytes, most) in [
        (1, 1_000, 1),
        (7, 1_000, 7),
        (1_000, 1_000, 10),
        (1_000, 999, 9),
        (1_000, 350, 3),
        (1_000, 1, 1),
        (1_000, 0, 1),
        (0, 1_000, 1),
        (0, 0, 1),
        (usize::MAX, usize::MAX, 20),
    ] {
        let batch = read(&*log, &topic, 0, placed[0], Limits { records, bytes });
        let got = batch.records.len();
        assert!(
            (1..=most).contains(&got),
            "limits of {records} records and {bytes} bytes gave {got} records"
        );
        assert_eq!(batch.from, placed[0]);
        assert_eq!(batch.partition, Partition(0));
        assert!(batch.next > batch.records[got - 1].offset);
    }
    for (i, from) in placed[..20].iter().enumerate() {
        let batch = read(&*log, &topic, 0, *from, Limits { records: 3, bytes: 10_000 });
        let expected: Vec<Offset> = placed[i..20].iter().take(batch.records.len()).copied().collect();
        assert_eq!(
            batch.records.iter().map(|r| r.offset).collect::<Vec<_>>(),
            expected,
            "reading from {from:?}"
        );
    }
    assert_eq!(drain(&*log, &topic, 1).len(), 5, "a read does not run on into the next partition");
}

pub(super) fn beyond_the_end(fixture: &Fixture<'_>) {
    let (_, log, topic) = fixture.with_topic(2);
    log.append(&topic, &numbered(0, 0..3)).expect("append");
    let end = log.ends(&topic).expect("ends")[&Partition(0)];
    assert!(read(&*log, &topic, 0, end, ALL).is_empty());
    for beyond in [end.0 + 1, end.0 + 1_000_000, u64::MAX - 1, u64::MAX] {
        let error = log.read(&topic, Partition(0), Offset(beyond), ALL).expect_err("beyond the end");
        assert!(matches!(&error, Error::OutOfRange { end: e, .. } if *e == end), "{error}");
    }
    assert!(log.read(&topic, Partition(1), Offset(1), ALL).is_err(), "an empty partition ends at 0");
}

pub(super) fn large_records(fixture: &Fixture<'_>) {
    let (address, log, topic) = fixture.with_topic(1);
    // A period of 251 fits no page, so that pages in the wrong order would show.
    let large = |seed: u8, bytes: usize| -> Vec<u8> {
        let period: Vec<u8> = (0..251).map(|i| i ^ seed).collect();
        let mut value = period.repeat(bytes / 251 + 1);
        value.truncate(bytes);
        value
    };
    let values = [large(1, 4 << 20), large(2, 1), large(3, MAX_RECORD_BYTES - 3), large(4, 4 << 20)];
    for value in &values {
        log.append(&topic, &[outgoing(0, value.clone())]).expect("append a large record");
    }
    let stored = drain(&*fixture.open_at(&address), &topic, 0);
    assert!(stored.iter().map(|r| &r.value).eq(&values), "large records come back as they went in");

    let records = [outgoing(0, "small"), outgoing(0, large(5, MAX_RECORD_BYTES - 2))];
    let refused = log.append(&topic, &records).expect_err("one byte too large");
    assert!(matches!(refused, Error::TooLarge { index: 1, bytes, .. } if bytes == MAX_RECORD_BYTES + 1));
    assert_eq!(drain(&*log, &topic, 0).len(), 4, "nothing of a refused call is appended");
}

pub(super) fn empty_append(fixture: &Fixture<'_>) {
    let (_, log, topic) = fixture.with_topic(2);
    log.append(&topic, &numbered(1, 0..2)).expect("append");
    let before = log.ends(&topic).expect("ends");
    assert_eq!(log.append(&topic, &[]).expect("append nothing"), []);
    assert_eq!(log.ends(&topic).expect("ends"), before);
}

pub(super) fn durable_across_reopening(fixture: &Fixture<'_>) {
    let (address, first, topic) = fixture.with_topic(2);
    first.append(&topic, &numbered(1, 0..10)).expect("append");
    // A second process sees it while the first is still there, and goes on where that one ended.
    let second = fixture.open_at(&address);
    assert_eq!(texts(&*second, &topic, 1), numbers(0..10));
    second.append(&topic, &numbered(1, 10..20)).expect("append");
    assert_eq!(texts(&*first, &topic, 1), numbers(0..20));
    let ends = first.ends(&topic).expect("ends");
    drop((first, second));
    let third = fixture.open_at(&address);
    assert_eq!(texts(&*third, &topic, 1), numbers(0..20));
    assert_eq!(third.ends(&topic).expect("ends"), ends);
    assert_eq!(third.partitions(&topic).expect("partitions"), 2);
}

pub(super) fn recorded_at_never_goes_back(fixture: &Fixture<'_>) {
    let address = (fixture.fresh)();
    let clock = VirtualClock::at(0);
    let log = (fixture.open)(&address, clock.clock());
    let topic = topic("input");
    log.create(&topic, 2).expect("create");
    for (i, micros) in (0..).zip([0, 5_000_000, 3_000_000, -7, i64::MIN, 5_000_001, i64::MAX, 9_000_000]) {
        clock.set(micros);
        log.append(&topic, &[outgoing(i % 2, "a"), outgoing(0, "b"), outgoing(1, "c")]).expect("append");
    }
    // The clock of another machine, or of this one after a restart, is behind.
    drop(log);
    let log = (fixture.open)(&address, VirtualClock::at(1).clock());
    log.append(&topic, &[outgoing(0, "d"), outgoing(1, "e")]).expect("append");
    for partition in 0..2 {
        let records = drain(&*log, &topic, partition);
        assert_eq!(records.len(), 13);
        assert!(records.is_sorted_by_key(|r| r.recorded_at), "{records:?}");
    }
}

pub(super) fn dropped_topic(fixture: &Fixture<'_>) {
    let (address, log, topic) = fixture.with_topic(2);
    let other = super::topic("input.db-wal");
    log.create(&other, 1).expect("a topic with an awkward name");
    log.append(&other, &numbered(0, 0..3)).expect("append");
    log.append(&topic, &numbered(1, 0..5)).expect("append");
    let stranger = fixture.open_at(&address);
    assert_eq!(drain(&*stranger, &topic, 1).len(), 5);

    log.drop_topic(&topic).expect("drop");
    for handle in [&log, &stranger, &fixture.open_at(&address)] {
        let gone = |answer: Result<(), Error>| {
            assert!(matches!(answer, Err(Error::UnknownTopic { .. })), "{answer:?}")
        };
        gone(handle.append(&topic, &numbered(1, 0..1)).map(|_| ()));
        gone(handle.read(&topic, Partition(1), Offset(0), ALL).map(|_| ()));
        gone(handle.ends(&topic).map(|_| ()));
        gone(handle.partitions(&topic).map(|_| ()));
    }
    log.drop_topic(&topic).expect("drop again");

    // Created anew with another count it is another topic, also for those who had the old one open, and
    // nothing that they close takes anything of the new one with it.
    log.create(&topic, 3).expect("create anew");
    log.append(&topic, &numbered(2, 0..7)).expect("append");
    assert_eq!(stranger.partitions(&topic).expect("partitions"), 3);
    stranger.append(&topic, &numbered(2, 7..9)).expect("append");
    drop((log, stranger));
    let log = fixture.open_at(&address);
    assert_eq!(texts(&*log, &topic, 2), numbers(0..9));
    assert!(drain(&*log, &topic, 1).is_empty());
    assert_eq!(texts(&*log, &other, 0), numbers(0..3), "another topic is untouched");
}
