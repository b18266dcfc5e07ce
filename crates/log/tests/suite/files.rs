//! What the embedded log promises beyond the suite: dense offsets, exact times, and its folder.

use super::{ALL, contents, open, outgoing, outputs, still, topic};
use domain::{Instant, Offset, Partition};
use log::conformance::VirtualClock;
use log::{Embedded, Error, Log, Retry, Subscription};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn offsets_are_dense_from_zero() {
    let folder = tempfile::tempdir().unwrap();
    let (log, topic) = (open(folder.path()), topic("facts"));
    log.create(&topic, 2).unwrap();
    let call = [outgoing(1, "a"), outgoing(0, "b"), outgoing(1, "c")];
    for round in 0..3 {
        let placed = log.append(&topic, &call).unwrap();
        assert_eq!(placed, [Offset(round * 2), Offset(round), Offset(round * 2 + 1)]);
    }
    assert_eq!(log.ends(&topic).unwrap().into_values().collect::<Vec<_>>(), [Offset(3), Offset(6)]);
    for (partition, records) in contents(&log, &topic).unwrap().iter().enumerate() {
        assert!(records.iter().map(|r| r.offset.0).eq(0..records.len() as u64), "partition {partition}");
    }
    let batch = log.read(&topic, Partition(1), Offset(4), ALL).unwrap();
    assert_eq!((batch.from, batch.next, batch.records.len()), (Offset(4), Offset(6), 2));
}

#[test]
fn recorded_at_is_the_clock_or_the_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, topic) = (VirtualClock::at(-50), topic("facts"));
    let log = Embedded::open(folder.path(), clock.clock()).unwrap();
    log.create(&topic, 2).unwrap();
    let cases = [(-50, -50), (7_000, 7_000), (3_000, 7_000), (6_999, 7_000), (7_001, 7_001)];
    for (at, _) in cases {
        clock.set(at);
        log.append(&topic, &[outgoing(0, "a"), outgoing(0, "b")]).unwrap();
    }
    // Another partition has its own past.
    clock.set(5);
    log.append(&topic, &[outgoing(1, "c")]).unwrap();
    let stored = contents(&log, &topic).unwrap();
    let times = |p: usize| stored[p].iter().map(|r| r.recorded_at.micros()).collect::<Vec<_>>();
    assert_eq!(times(0), cases.iter().flat_map(|(_, stored)| [*stored; 2]).collect::<Vec<_>>());
    assert_eq!(times(1), [5]);
    clock.set(i64::MAX);
    log.append(&topic, &[outgoing(1, "d")]).unwrap();
    assert_eq!(contents(&log, &topic).unwrap()[1][1].recorded_at, Instant::MAX);
}

#[test]
fn a_topic_is_one_file_and_a_drop_deletes_it() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("made/if/missing");
    let log = open(&folder);
    for name in ["facts", "contacts.0f3a"] {
        log.create(&topic(name), 1).unwrap();
        log.append(&topic(name), &[outgoing(0, "a")]).unwrap();
    }
    let files: BTreeSet<String> = names(&folder).into_iter().filter(|n| n.ends_with(".db")).collect();
    assert_eq!(files, ["contacts.0f3a.db", "facts.db"].map(String::from).into());
    log.drop_topic(&topic("contacts.0f3a")).unwrap();
    assert!(names(&folder).iter().all(|n| !n.starts_with("contacts")), "{:?}", names(&folder));
    drop(log);
    // A clean end leaves the write-ahead log empty, hence away.
    assert_eq!(names(&folder), ["facts.db", "topics.lock"].map(String::from).into());
    open(&folder).drop_topic(&topic("facts")).unwrap();
    assert_eq!(names(&folder), ["topics.lock"].map(String::from).into());
}

#[test]
fn what_a_crash_left_of_a_creation_or_a_drop_is_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let (log, name) = (open(folder.path()), topic("facts"));
    log.create(&name, 1).unwrap();
    log.append(&name, &[outgoing(0, "old")]).unwrap();
    // The write-ahead log of a topic whose main file is gone must never be replayed into a new one.
    let wal = fs::read(folder.path().join("facts.db-wal")).unwrap();
    assert!(wal.len() > 4_096);
    log.drop_topic(&name).unwrap();
    fs::write(folder.path().join("facts.db-wal"), &wal).unwrap();
    for left in ["facts.db-shm", "facts.db.new", "facts.db.new-wal", "facts.db.new-journal"] {
        fs::write(folder.path().join(left), b"left by a crash").unwrap();
    }
    assert!(matches!(log.ends(&name), Err(Error::UnknownTopic { .. })));
    log.create(&name, 2).unwrap();
    assert_eq!(contents(&log, &name).unwrap(), [vec![], vec![]]);
    log.append(&name, &[outgoing(1, "new")]).unwrap();
    drop(log);
    assert_eq!(contents(&open(folder.path()), &name).unwrap()[1][0].value, b"new");
    assert_eq!(names(folder.path()), ["facts.db", "topics.lock"].map(String::from).into());
}

#[test]
fn a_drop_that_was_cut_short_leaves_no_topic() {
    let folder = tempfile::tempdir().unwrap();
    let (log, name) = (open(folder.path()), topic("facts"));
    log.create(&name, 1).unwrap();
    log.append(&name, &[outgoing(0, "old")]).unwrap();
    let kept = ["facts.db", "facts.db-wal"].map(|f| (f, fs::read(folder.path().join(f)).unwrap()));
    // The drop marks the file before it deletes it: as the crash leaves it between the two.
    drop(log);
    let file = rusqlite::Connection::open(folder.path().join("facts.db")).unwrap();
    file.execute_batch("BEGIN; PRAGMA user_version = -1; DELETE FROM head; DELETE FROM position; COMMIT")
        .unwrap();
    drop(file);
    let log = open(folder.path());
    assert!(matches!(log.append(&name, &[outgoing(0, "x")]), Err(Error::UnknownTopic { .. })));
    log.create(&name, 1).unwrap();
    assert_eq!(contents(&log, &name).unwrap(), [vec![]]);
    // And before the mark: the topic is still there.
    drop(log);
    kept.iter().for_each(|(f, bytes)| fs::write(folder.path().join(f), bytes).unwrap());
    assert_eq!(contents(&open(folder.path()), &name).unwrap()[0].len(), 1);
}

#[test]
fn many_create_the_same_topic_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let name = topic("facts");
    for _ in 0..5 {
        std::thread::scope(|scope| {
            let creators: Vec<_> = (0..4)
                .map(|i| {
                    let (log, name) = (open(folder.path()), &name);
                    scope.spawn(move || {
                        log.create(name, 4).unwrap();
                        log.append(name, &[outgoing(i, i.to_string())]).unwrap();
                    })
                })
                .collect();
            creators.into_iter().for_each(|c| c.join().unwrap());
        });
    }
    let stored = contents(&open(folder.path()), &name).unwrap();
    assert!(stored.iter().enumerate().all(|(i, r)| r.len() == 5 && r[0].value == i.to_string().as_bytes()));
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let name = topic("facts");
    let path = folder.path().join("facts.db");
    let other = |version: i32, application: i32| {
        let _ = fs::remove_file(&path);
        let file = rusqlite::Connection::open(&path).unwrap();
        file.pragma_update(None, "user_version", version).unwrap();
        file.pragma_update(None, "application_id", application).unwrap();
        drop(file);
        fs::read(&path).unwrap()
    };
    let ours = 0x514c_4f47;
    let cases = [
        b"id,text\n1,hello\n".repeat(100),
        Vec::new(),
        vec![0; 8_192],
        other(2, ours),
        other(1, 7),
        other(1, ours),
    ];
    for bytes in cases {
        fs::write(&path, &bytes).unwrap();
        let log = open(folder.path());
        for answer in [log.create(&name, 1), log.drop_topic(&name), log.append(&name, &[]).map(|_| ())] {
            let error = answer.unwrap_err();
            assert!(matches!(error, Error::DamagedFile { .. }), "{error}");
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            assert_eq!(error.retry(), Retry::Never);
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "nothing is deleted or written that is not understood");
    }
}

#[test]
fn a_folder_that_cannot_be_is_a_named_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = Embedded::open(&file.join("log"), still()).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot create {}/log: ", file.display())), "{error}");
}

#[test]
fn a_reader_that_outlives_its_topics_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (log, input, output) = (open(folder.path()), topic("input"), topic("output"));
    log.create(&input, 1).unwrap();
    log.create(&output, 1).unwrap();
    log.append(&input, &[outgoing(0, "a")]).unwrap();
    let subscribe = || log.subscribe(&input, &[Partition(0)], &outputs(&output)).unwrap();
    let mut reader: Box<dyn Subscription> = subscribe();
    reader.next(ALL).unwrap();
    log.drop_topic(&output).unwrap();
    assert!(
        reader.commit(&[outgoing(0, "a")]).is_err(),
        "outputs are never acknowledged into a deleted file"
    );
    log.create(&output, 1).unwrap();
    assert!(reader.commit(&[outgoing(0, "a")]).is_err());
    assert_eq!(contents(&log, &output).unwrap(), [vec![]]);
    let mut reader = subscribe();
    log.drop_topic(&input).unwrap();
    assert!(matches!(reader.next(ALL), Err(Error::UnknownTopic { .. })));
    // What is created under the name later is not what the reader subscribed to.
    log.create(&input, 1).unwrap();
    log.append(&input, &[outgoing(0, "b")]).unwrap();
    assert!(matches!(reader.next(ALL), Err(Error::UnknownTopic { .. })));
    assert_eq!(subscribe().next(ALL).unwrap().records[0].value, b"b");
}

#[test]
#[should_panic(expected = "outputs are committed with the input that they come from")]
fn outputs_without_input_are_a_bug() {
    let folder = tempfile::tempdir().unwrap();
    let (log, name) = (open(folder.path()), topic("facts"));
    log.create(&name, 1).unwrap();
    let mut reader = log.subscribe(&name, &[Partition(0)], &outputs(&name)).unwrap();
    let _ = reader.commit(&[outgoing(0, "from nowhere")]);
}
