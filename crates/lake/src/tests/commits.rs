use super::{EPOCH, bare, counts, day, disk, input, positions, shared};
use crate::store::{Entry, walk};
use crate::{
    FaultStore, Lake, LakeError, Live, LocalStore, SegmentKind, Store, drop_epoch, epochs, live, serve,
};
use domain::{EpochId, Sequence};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};

#[test]
fn what_was_committed_is_read_again() {
    let root = tempfile::tempdir().expect("tempdir");
    let mut lake = Lake::open(shared(root.path()), EPOCH).expect("open");
    assert_eq!((lake.end().next, lake.end().positions), (Sequence(0), positions(0)));
    for n in 0..3 {
        assert_eq!(lake.commit(input(n)).expect("commit"), Sequence(n));
    }
    let again = Lake::open(shared(root.path()), EPOCH).expect("open");
    assert_eq!(again.commits(), lake.commits());
    assert_eq!(again.end(), lake.end());
    assert_eq!((again.end().positions, again.end().counts), (positions(3), counts(3)));
    let rows: Vec<u64> = again.segments(SegmentKind::Contacts).map(|s| s.rows).collect();
    assert_eq!(rows, [10, 10, 10]);
    assert_eq!(again.segments(SegmentKind::Refused).count(), 0, "no rows, no segment");
    assert!(again.verify().is_empty());
    assert_eq!(again.touched_after(None), (0..4).map(day).collect());
    assert_eq!(again.touched_after(Some(Sequence(1))), BTreeSet::from([day(2), day(3)]));
    assert_eq!(again.newest_within(&positions(2)).map(|c| c.ordinal), Some(Sequence(1)));
    assert_eq!(again.newest_within(&positions(0)), None);
}

#[test]
fn a_commit_begins_where_the_lake_ends() {
    let root = tempfile::tempdir().expect("tempdir");
    let mut lake = Lake::open(shared(root.path()), EPOCH).expect("open");
    assert!(
        matches!(lake.commit(input(1)), Err(LakeError::Gap { .. })),
        "the log starts after the lake's end"
    );
    let mut stale = Lake::open(shared(root.path()), EPOCH).expect("open");
    lake.commit(input(0)).expect("commit");
    assert!(matches!(lake.commit(input(0)), Err(LakeError::Fenced { .. })), "a repetition");
    assert!(matches!(stale.commit(input(0)), Err(LakeError::Fenced { .. })), "somebody else was first");
    assert!(matches!(stale.commit(input(0)), Err(LakeError::Fenced { .. })), "and stays first");
    assert!(stale.refresh().expect("refresh") && !stale.refresh().expect("refresh"));
    assert_eq!(stale.commit(input(1)).expect("commit"), Sequence(1));
}

#[test]
fn broken_promises_are_bugs() {
    let root = tempfile::tempdir().expect("tempdir");
    let mut lake = Lake::open(shared(root.path()), EPOCH).expect("open");
    lake.commit(input(0)).expect("commit");
    let mut unbalanced = input(1);
    unbalanced.counts.stored += 1;
    let mut shrunk = input(1);
    shrunk.counts = counts(0);
    let mut back = input(1);
    back.to = positions(0);
    let mut twice = input(1);
    twice.segments.push((SegmentKind::Contacts, vec![]));
    for (what, bad) in [("unbalanced", unbalanced), ("shrunk", shrunk), ("back", back), ("twice", twice)] {
        assert!(catch_unwind(AssertUnwindSafe(|| lake.commit(bad))).is_err(), "{what}");
    }
    lake.commit(input(1)).expect("nothing of it was written");
    assert!(lake.verify().is_empty());
}

#[test]
fn of_two_writers_exactly_one_wins() {
    let root = tempfile::tempdir().expect("tempdir");
    for round in 0..30 {
        let start = Barrier::new(2);
        let attempt = |other_rows: bool| {
            let store = LocalStore::open_unsynced(root.path()).expect("open");
            let mut lake = Lake::open(Arc::new(store), EPOCH).expect("open");
            let mut input = input(round);
            if other_rows {
                input.segments.pop();
                input.segments.pop();
            }
            start.wait();
            lake.commit(input)
        };
        let results = std::thread::scope(|s| {
            let (a, b) = (s.spawn(|| attempt(false)), s.spawn(|| attempt(round % 2 == 0)));
            [a.join().expect("thread"), b.join().expect("thread")]
        });
        let won = results.iter().filter(|r| matches!(r, Ok(Sequence(n)) if *n == round)).count();
        let fenced = results.iter().filter(|r| matches!(r, Err(LakeError::Fenced { .. }))).count();
        assert_eq!((won, fenced), (1, 1), "round {round}: {results:?}");
    }
    let mut lake = Lake::open(shared(root.path()), EPOCH).expect("open");
    assert_eq!((lake.end().next, lake.verify().len()), (Sequence(30), 0));
    // The losers' segments go with the next writer's first commit, and nothing else does.
    lake.commit(input(30)).expect("commit");
    let left = walk(&disk(root.path()), &format!("lake/{EPOCH}/segments")).expect("walk");
    let named: Vec<&str> =
        SegmentKind::ALL.iter().flat_map(|k| lake.segments(*k)).map(|s| s.path.as_str()).collect();
    assert_eq!(left.iter().map(String::as_str).collect::<BTreeSet<_>>(), named.into_iter().collect());
}

#[test]
fn a_long_chain_opens_with_few_reads_also_without_a_sound_page() {
    let root = tempfile::tempdir().expect("tempdir");
    let mut lake = Lake::open(shared(root.path()), EPOCH).expect("open");
    for n in 0..1_010 {
        lake.commit(bare(n)).expect("commit");
    }
    let opened = |most: u64| {
        let store = Arc::new(FaultStore::counting(disk(root.path())));
        let again = Lake::open(store.clone(), EPOCH).expect("open");
        assert_eq!(again.commits(), lake.commits());
        assert!(store.operations() <= most, "{} reads", store.operations());
    };
    opened(20);
    let store = disk(root.path());
    let page = format!("lake/{EPOCH}/pages/000000000500.ndjson");
    let sound = store.get(&page).expect("page");
    for at in (0..sound.len()).step_by(sound.len() / 3) {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x11;
        store.put_replace(&page, &damaged).expect("put");
        opened(520);
    }
    store.put_replace(&page, &sound[..sound.len() / 2]).expect("put");
    opened(520);
    store.delete(&page).expect("delete");
    opened(520);
}

#[test]
fn live_and_dropped_epochs() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = shared(root.path());
    let other = EpochId::from_bytes(*b"another.");
    assert_eq!(live(&*store).expect("live"), None);
    for epoch in [EPOCH, other] {
        Lake::open(store.clone(), epoch).expect("open").commit(input(0)).expect("commit");
    }
    serve(&*store, &Live::first(EPOCH)).expect("set");
    assert_eq!(live(&*store).expect("live"), Some(EPOCH));
    assert_eq!(epochs(&*store).expect("epochs").len(), 2);
    assert!(matches!(drop_epoch(&*store, EPOCH), Err(LakeError::EpochIsLive { .. })));
    drop_epoch(&*store, other).expect("drop");
    assert_eq!(epochs(&*store).expect("epochs"), [EPOCH]);
    assert_eq!(Lake::open(store.clone(), other).expect("open").end().next, Sequence(0));
    // Cut short in the middle: the rest goes when the epoch is next opened.
    Lake::open(store.clone(), other).expect("open").commit(input(0)).expect("commit");
    store.put_replace(&format!("lake/{other}/dropped"), b"").expect("put");
    store.delete(&format!("lake/{other}/commits/000000000000.json")).expect("delete");
    assert_eq!(epochs(&*store).expect("epochs"), [EPOCH]);
    assert_eq!(Lake::open(store.clone(), other).expect("open").end().next, Sequence(0));
    assert!(!store.list("lake").expect("list").contains(&Entry::Folder(other.to_string())));
}
