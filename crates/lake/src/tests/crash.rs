//! One short life of a lake, ended at every operation in every way, then taken up again.

use super::cuts::publish;
use super::{EPOCH, content, counts, disk, input, parts, positions, shared};
use crate::{
    Fault, FaultStore, Lake, LakeError, Live, Store, current_cut, cuts, drop_epoch, live, make_current,
    open_cut, serve,
};
use domain::{CutId, EpochId, Sequence};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// Commits of the whole life.
const COMMITS: u64 = 3;

/// What was acknowledged so far.
#[derive(Debug, Default, Clone)]
struct Acknowledged {
    commits: u64,
    snapshot: Option<Sequence>,
    current: Option<CutId>,
    live: bool,
}

fn state(ordinal: Sequence) -> Vec<u8> {
    format!("state at {}", ordinal.0).repeat(50).into_bytes()
}

/// Goes on from wherever the lake is, to its end.
fn live_on(store: &Arc<dyn Store>, known: &mut Acknowledged) -> Result<(), LakeError> {
    let mut lake = Lake::open(store.clone(), EPOCH)?;
    for n in 0..COMMITS {
        if lake.end().next.0 == n {
            lake.commit(input(n))?;
            known.commits = n + 1;
        }
        let ordinal = Sequence(n);
        if n > 0 && n + 1 == lake.end().next.0 && lake.latest_snapshot()?.is_none_or(|s| s.ordinal < ordinal)
        {
            lake.put_snapshot(&positions(n + 1), ordinal, &state(ordinal))?;
            known.snapshot = Some(ordinal);
        }
        let shown = current_cut(&**store)?;
        let older = shown.as_ref().is_none_or(|cut| cut.manifest.parts.as_of < parts(n + 1).as_of);
        if n > 0 && older {
            let cut = publish(store, n + 1, shown.as_ref())?;
            make_current(&**store, &cut)?;
            known.current = Some(cut.id);
        }
    }
    if live(&**store)?.is_none() {
        serve(&**store, &Live::first(EPOCH))?;
        known.live = true;
    }
    Ok(())
}

/// What a life without faults leaves, and the operations it takes.
fn undisturbed() -> &'static (BTreeMap<String, Vec<u8>>, u64) {
    static LIFE: OnceLock<(BTreeMap<String, Vec<u8>>, u64)> = OnceLock::new();
    LIFE.get_or_init(undisturbed_life)
}

fn undisturbed_life() -> (BTreeMap<String, Vec<u8>>, u64) {
    let root = tempfile::tempdir().expect("tempdir");
    let counting = Arc::new(FaultStore::counting(disk(root.path())));
    let store: Arc<dyn Store> = counting.clone();
    let mut known = Acknowledged::default();
    live_on(&store, &mut known).expect("no fault");
    let operations = counting.operations();
    check(root.path(), &known, false);
    (content(&*store), operations)
}

/// Only a disk that lied can tear an object that was never acknowledged; then its reader says so.
fn open_after(root: &Path, torn: bool) -> Lake {
    match Lake::open(shared(root), EPOCH) {
        Err(LakeError::DamagedCommit { path, newest: true, .. }) if torn => {
            disk(root).delete(&path).expect("the way out that the error names");
            Lake::open(shared(root), EPOCH).expect("one commit shorter")
        }
        opened => opened.expect("a crash leaves a sound lake"),
    }
}

fn check(root: &Path, known: &Acknowledged, torn: bool) {
    let store = shared(root);
    let lake = open_after(root, torn);
    let end = lake.end();
    assert!(end.next.0 >= known.commits, "P1: {known:?}, the lake ends at {end:?}");
    assert_eq!((&end.positions, end.counts), (&positions(end.next.0), counts(end.next.0)));
    assert!(lake.verify().is_empty(), "{:?}", lake.verify());
    let snapshot = lake.latest_snapshot().expect("list");
    assert!(snapshot.as_ref().map(|s| s.ordinal) >= known.snapshot, "{known:?}");
    if let Some(s) = snapshot {
        assert_eq!((s.bytes, s.up_to), (state(s.ordinal), positions(s.ordinal.0 + 1)));
    }
    let list = cuts(&*store).expect("list");
    assert!(torn || list.damaged.is_empty(), "{:?}", list.damaged);
    for cut in &list.cuts {
        let wrong = cut.verify(&*store);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    let current = current_cut(&*store).expect("current").map(|cut| cut.manifest.parts.as_of);
    let acknowledged =
        known.current.map(|id| open_cut(&*store, id).expect("open").expect("published").manifest.parts.as_of);
    assert!(current >= acknowledged, "{known:?}");
    match live(&*store) {
        Ok(found) => assert!(found.is_some() || !known.live),
        Err(LakeError::Damaged { path, .. }) if torn && !known.live => {
            disk(root).delete(&path).expect("delete")
        }
        Err(e) => panic!("{e}"),
    }
}

/// Lives with a fault, and checks what is left. Says whether the fault was reached.
fn with_fault(root: &Path, known: &mut Acknowledged, at: u64, fault: Fault) -> bool {
    let faulty = Arc::new(FaultStore::new(disk(root), at, fault));
    let store: Arc<dyn Store> = faulty.clone();
    // A fault may fall on work whose failure costs nothing, so that the life ends well despite it.
    let _survived = live_on(&store, known);
    drop(store);
    check(root, known, matches!(fault, Fault::Torn(_)));
    faulty.hit()
}

#[test]
fn a_crash_at_every_operation_loses_nothing() {
    let (expected, operations) = undisturbed();
    assert!(*operations > 60, "{operations} operations are too few to be the whole life");
    for &fault in Fault::ALL {
        for at in 0..*operations {
            let root = tempfile::tempdir().expect("tempdir");
            let mut known = Acknowledged::default();
            assert!(with_fault(root.path(), &mut known, at, fault), "{fault:?} at {at} was not reached");
            live_on(&shared(root.path()), &mut known).unwrap_or_else(|e| panic!("{fault:?} at {at}: {e}"));
            // The same bytes as those that were checked once.
            let left = content(&disk(root.path()));
            assert!(left == *expected, "{fault:?} at {at}: {:?} != {:?}", left.keys(), expected.keys());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn crash_upon_crash_loses_nothing(faults in prop::collection::vec((0u64..90, 0..Fault::ALL.len()), 1..5)) {
        let (expected, _) = undisturbed();
        let root = tempfile::tempdir().expect("tempdir");
        let mut known = Acknowledged::default();
        for (at, fault) in faults {
            with_fault(root.path(), &mut known, at, Fault::ALL[fault]);
        }
        live_on(&shared(root.path()), &mut known).expect("no fault any more");
        prop_assert!(content(&disk(root.path())) == *expected);
    }
}

#[test]
fn a_dropped_epoch_is_there_or_gone() {
    let doomed = EpochId::from_bytes([7; 8]);
    let life = |root: &Path| {
        let mut lake = Lake::open(shared(root), doomed).expect("open");
        lake.commit(input(0)).expect("commit");
        lake.commit(input(1)).expect("commit");
    };
    let mut reached = 0;
    for at in 0.. {
        let root = tempfile::tempdir().expect("tempdir");
        life(root.path());
        let faulty = FaultStore::new(disk(root.path()), at, Fault::CrashBefore);
        let dropped = drop_epoch(&faulty, doomed);
        if !faulty.hit() {
            dropped.expect("no fault");
            break;
        }
        reached += 1;
        let lake = Lake::open(shared(root.path()), doomed).expect("open");
        assert!([Sequence(0), Sequence(2)].contains(&lake.end().next), "crash at {at}: half an epoch");
        drop_epoch(&disk(root.path()), doomed).expect("again");
        assert_eq!(crate::epochs(&disk(root.path())).expect("epochs"), []);
        life(root.path());
    }
    assert!(reached > 5, "{reached} operations are too few to be a drop");
}
