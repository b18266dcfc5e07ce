//! Subscriptions, and several threads at once.

use super::workload::{Workload, read_back};
use super::{ALL, Fixture, drain, numbered, numbers, outgoing, outputs, texts, topic};
use crate::{Batch, Error, Limits, Log, Outgoing, Retry, Subscription, TopicName};
use domain::{Offset, Partition};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const FIVE: Limits = Limits { records: 5, bytes: usize::MAX };

/// A log with `input`, filled, and `output`, empty.
fn filled(fixture: &Fixture<'_>, records: u32) -> (String, Arc<dyn Log>, TopicName, TopicName) {
    let (address, log, input) = fixture.with_topic(2);
    let output = topic("output");
    log.create(&output, 2).expect("create");
    log.append(&input, &numbered(0, 0..records)).expect("append");
    (address, log, input, output)
}

fn subscribe(
    log: &dyn Log,
    input: &TopicName,
    output: &TopicName,
    reader: &str,
    partition: u32,
) -> Box<dyn Subscription> {
    log.subscribe(input, &[Partition(partition)], &outputs(output, reader)).expect("subscribe")
}

/// What a reader that copies makes of a batch.
pub(super) fn copies(batch: &Batch) -> Vec<Outgoing> {
    let copy = |r: &crate::Record| Outgoing {
        partition: batch.partition,
        key: r.key.clone(),
        value: r.value.clone(),
    };
    batch.records.iter().map(copy).collect()
}

/// Where the reader would go on.
pub(super) fn position(
    log: &dyn Log,
    input: &TopicName,
    output: &TopicName,
    reader: &str,
    partition: u32,
) -> Offset {
    log.position(input, Partition(partition), &outputs(output, reader)).expect("position")
}

pub(super) fn outputs_and_position(fixture: &Fixture<'_>) {
    let (address, log, input, output) = filled(fixture, 20);
    let mut reader = subscribe(&*log, &input, &output, "r", 0);
    let mut copied = 0;
    while copied < 20 {
        let batch = reader.next(FIVE).expect("next");
        copied += u32::try_from(batch.records.len()).expect("at most 5");
        reader.commit(&copies(&batch)).expect("commit");
        // Another process sees both at once.
        let other = fixture.open_at(&address);
        assert_eq!(texts(&*other, &output, 0), numbers(0..copied));
        assert_eq!(position(&*other, &input, &output, "r", 0), batch.next);
    }
    assert!(reader.next(FIVE).expect("next").is_empty());

    // Several batches may be committed at once, and what is appended meanwhile is read too.
    log.append(&input, &numbered(0, 20..40)).expect("append");
    let mut made = copies(&reader.next(FIVE).expect("next"));
    made.extend(copies(&reader.next(FIVE).expect("next")));
    let count = u32::try_from(made.len()).expect("at most 10");
    reader.commit(&made).expect("commit");
    assert_eq!(texts(&*log, &output, 0), numbers(0..20 + count));
    // Outputs may be fewer than inputs, or more, and lie elsewhere.
    let skipped = reader.next(FIVE).expect("next");
    reader.commit(&[]).expect("commit without outputs");
    let _ = reader.next(FIVE).expect("next");
    reader.commit(&numbered(1, 0..9)).expect("commit with other outputs");
    assert_eq!(texts(&*log, &output, 0), numbers(0..20 + count));
    assert_eq!(texts(&*log, &output, 1), numbers(0..9));
    assert!(position(&*log, &input, &output, "r", 0) > skipped.next);
}

pub(super) fn uncommitted_leaves_nothing(fixture: &Fixture<'_>) {
    let (address, log, input, output) = filled(fixture, 20);
    let mut reader = subscribe(&*log, &input, &output, "r", 0);
    let first = reader.next(FIVE).expect("next");
    reader.commit(&copies(&first)).expect("commit");
    let lost = reader.next(FIVE).expect("next");
    // A commit that is refused as a whole: the position must not move with it, and the same commit without
    // what was wrong succeeds.
    let mut wrong = copies(&lost);
    wrong.push(outgoing(7, "no such partition"));
    assert!(matches!(reader.commit(&wrong), Err(Error::UnknownPartition { .. })));
    assert_eq!(position(&*log, &input, &output, "r", 0), first.next);
    assert_eq!(drain(&*log, &output, 0).len(), first.records.len());
    // The process ends here: nothing of the second batch was ever there.
    drop((reader, log));
    let log = fixture.open_at(&address);
    assert_eq!(drain(&*log, &output, 0).len(), first.records.len());
    let mut again = subscribe(&*log, &input, &output, "r", 0);
    let batch = again.next(FIVE).expect("next");
    assert_eq!(batch, lost, "the same records are given out again");
    again.commit(&copies(&batch)).expect("commit");
    assert_eq!(drain(&*log, &output, 0).len(), first.records.len() + batch.records.len());
}

pub(super) fn stale_is_fenced(fixture: &Fixture<'_>) {
    let (address, log, input, output) = filled(fixture, 20);
    let mut stale = subscribe(&*log, &input, &output, "r", 0);
    let batch = stale.next(FIVE).expect("next");
    // Another process takes over while the first one is stopped, and one of them wakes up.
    let other = fixture.open_at(&address);
    let mut owner = subscribe(&*other, &input, &output, "r", 0);
    let same = owner.next(FIVE).expect("next");
    owner.commit(&copies(&same)).expect("commit of the owner");
    let copied = same.records.len();
    for outputs in [copies(&batch), Vec::new()] {
        let fenced = stale.commit(&outputs).expect_err("commit of the stale one");
        assert!(matches!(&fenced, Error::Fenced { at: Offset(0), .. }), "{fenced}");
        assert_eq!(fenced.retry(), Retry::Resubscribe);
    }
    assert!(matches!(stale.next(FIVE), Err(Error::Fenced { .. })), "it is over for good");
    assert_eq!(drain(&*log, &output, 0).len(), copied, "a fenced commit wrote nothing");
    owner.next(FIVE).and_then(|b| owner.commit(&copies(&b))).expect("the owner goes on");

    // A subscription that had committed before is fenced as well, and resubscribing is the way back.
    let mut third = subscribe(&*log, &input, &output, "r", 0);
    let batch = third.next(FIVE).expect("next");
    third.commit(&copies(&batch)).expect("commit");
    let late = owner.next(FIVE).expect("next");
    assert!(matches!(owner.commit(&copies(&late)), Err(Error::Fenced { .. })));
    let mut owner = subscribe(&*other, &input, &output, "r", 0);
    loop {
        let batch = owner.next(FIVE).expect("next");
        if batch.is_empty() {
            break;
        }
        owner.commit(&copies(&batch)).expect("commit");
    }
    assert_eq!(texts(&*log, &output, 0), numbers(0..20), "everything once");
}

pub(super) fn positions_are_separate(fixture: &Fixture<'_>) {
    let (_, log, input, output) = filled(fixture, 10);
    log.append(&input, &numbered(1, 0..10)).expect("append");
    let second = topic("input2");
    log.create(&second, 1).expect("create");
    log.append(&second, &numbered(0, 0..10)).expect("append");
    let advance = |topic: &TopicName, reader: &str, partition: u32| {
        let mut reader = subscribe(&*log, topic, &output, reader, partition);
        reader.next(FIVE).and_then(|_| reader.commit(&[])).expect("commit");
    };
    advance(&input, "a", 0);
    let begun =
        |topic: &TopicName, reader, partition| position(&*log, topic, &output, reader, partition) > Offset(0);
    assert!(begun(&input, "a", 0));
    assert!(!begun(&input, "b", 0) && !begun(&input, "a", 1) && !begun(&second, "a", 0));
    advance(&input, "a", 1);
    advance(&second, "a", 0);
    assert!(begun(&input, "a", 1) && begun(&second, "a", 0) && !begun(&input, "b", 0));
    assert_eq!(position(&*log, &input, &input, "a", 0), Offset(0), "other outputs, other position");

    // An owner of two partitions moves both or neither.
    let both = [Partition(0), Partition(1)];
    let mut owner = log.subscribe(&input, &both, &outputs(&output, "c")).expect("subscribe");
    let mut got = copies(&owner.next(FIVE).expect("next"));
    got.extend(copies(&owner.next(FIVE).expect("next")));
    advance(&input, "c", 1);
    let fenced = owner.commit(&got).expect_err("one of the two was moved");
    assert!(matches!(fenced, Error::Fenced { partition: Partition(1), .. }), "{fenced}");
    assert!(!begun(&input, "c", 0), "the other has stayed");
    assert!(drain(&*log, &output, 0).is_empty() && drain(&*log, &output, 1).is_empty());
}

pub(super) fn empty_commit(fixture: &Fixture<'_>) {
    let (_, log, input, output) = filled(fixture, 10);
    let mut reader = subscribe(&*log, &input, &output, "r", 0);
    reader.commit(&[]).expect("before anything was read");
    let batch = reader.next(FIVE).expect("next");
    reader.commit(&[]).expect("of a batch");
    reader.commit(&[]).expect("again");
    assert_eq!(position(&*log, &input, &output, "r", 0), batch.next);
    assert!(drain(&*log, &output, 0).is_empty());
}

pub(super) fn partitions_in_turn(fixture: &Fixture<'_>) {
    let (_, log, input, output) = filled(fixture, 40);
    log.append(&input, &numbered(1, 0..8)).expect("append");
    // Named twice and out of order it is still each partition once.
    let named = [Partition(1), Partition(0), Partition(1)];
    let mut reader = log.subscribe(&input, &named, &outputs(&output, "r")).expect("subscribe");
    let (mut seen, mut when_second_done) = ([0; 2], None);
    loop {
        let batch = reader.next(FIVE).expect("next");
        if batch.is_empty() {
            break;
        }
        seen[batch.partition.0 as usize] += batch.records.len();
        if seen[1] == 8 && when_second_done.is_none() {
            when_second_done = Some(seen[0]);
        }
    }
    assert_eq!(seen, [40, 8]);
    assert!(when_second_done.is_some_and(|first| first < 40), "a long partition does not starve a short one");
    reader.commit(&[]).expect("commit");
    assert_eq!(position(&*log, &input, &output, "r", 0), log.ends(&input).expect("ends")[&Partition(0)]);
    assert_eq!(position(&*log, &input, &output, "r", 1), log.ends(&input).expect("ends")[&Partition(1)]);
}

pub(super) fn several_readers(fixture: &Fixture<'_>) {
    const CALLS: u32 = 80;
    let (address, log, topic) = fixture.with_topic(3);
    let workload = Workload { seed: fixture.seed, writer: 1, partitions: 3 };
    let handles: Vec<Arc<dyn Log>> = (0..2).map(|_| fixture.open_at(&address)).collect();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let follow = |log: &Arc<dyn Log>, partition: u32, records: usize| {
            let (log, topic, done) = (Arc::clone(log), topic.clone(), &done);
            scope.spawn(move || {
                let (mut from, mut seen, mut polls) = (Offset(0), Vec::new(), 0_u64);
                loop {
                    let last = done.load(Ordering::SeqCst);
                    let batch = super::read(&*log, &topic, partition, from, Limits { records, bytes: 4_000 });
                    polls += 1;
                    if batch.is_empty() && last {
                        return (partition, seen, polls);
                    }
                    from = batch.next;
                    seen.extend(batch.records);
                }
            })
        };
        let readers: Vec<_> =
            (0..6).map(|i| follow(&handles[i as usize % 2], i % 3, 1 + i as usize)).collect();
        let finished = Finished(&done);
        for call in 0..CALLS {
            log.append(&topic, &workload.call(call)).expect("append");
        }
        drop(finished);
        for reader in readers {
            let (partition, seen, polls) = reader.join().expect("a reader");
            assert_eq!(
                seen,
                drain(&*log, &topic, partition),
                "a reader that follows sees what one sees afterwards"
            );
            assert!(polls > 10, "the reader did follow");
        }
    });
    read_back(&*log, &topic, fixture.seed).expect_calls(1, CALLS);
}

/// Tells the readers that no more will come, also if the writer panics: else they would wait for ever.
struct Finished<'a>(&'a AtomicBool);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

pub(super) fn several_writers(fixture: &Fixture<'_>) {
    const CALLS: u32 = 40;
    let (address, log, topic) = fixture.with_topic(3);
    // Two share a handle, two have their own.
    let handles = [Arc::clone(&log), Arc::clone(&log), fixture.open_at(&address), fixture.open_at(&address)];
    let acknowledged: Vec<_> = std::thread::scope(|scope| {
        let writer = |(writer, log): (u32, &Arc<dyn Log>)| {
            let (log, topic) = (Arc::clone(log), topic.clone());
            let workload = Workload { seed: fixture.seed, writer, partitions: 3 };
            scope.spawn(move || {
                let append = |call| (writer, call, log.append(&topic, &workload.call(call)).expect("append"));
                (0..CALLS).map(append).collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = (0..).zip(&handles).map(writer).collect();
        threads.into_iter().flat_map(|t| t.join().expect("a writer")).collect()
    });
    let found = read_back(&*log, &topic, fixture.seed);
    for (writer, call, offsets) in acknowledged {
        found.expect_acknowledged(writer, call, &offsets);
    }
    (0..4).for_each(|writer| found.expect_calls(writer, CALLS));
}

/// Everything of a topic, for a check of another module.
pub(super) fn everything(log: &dyn Log, topic: &TopicName, partition: u32) -> Vec<crate::Record> {
    let batch = log.read(topic, Partition(partition), Offset(0), ALL).expect("read");
    assert_eq!(batch.records, drain(log, topic, partition), "one large read and many small ones agree");
    batch.records
}
