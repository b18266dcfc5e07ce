use super::cuts::publish;
use super::{EPOCH, disk, input, positions, shared};
use crate::sealed::{seal, unseal};
use crate::wire::WireCommit;
use crate::{Begin, CutWriter, Lake, LakeError, Live, Store, cuts, live, open_cut, serve};
use domain::{EpochId, Sequence};
use std::path::Path;
use std::sync::Arc;

fn three_commits(root: &Path) -> Lake {
    let mut lake = Lake::open(shared(root), EPOCH).expect("open");
    for n in 0..3 {
        lake.commit(input(n)).expect("commit");
    }
    lake
}

fn commit_path(n: u64) -> String {
    format!("lake/{EPOCH}/commits/{n:012}.json")
}

/// Calls `check` with each byte of an object changed, with shorter forms and with a longer one in its place.
fn damage_every_way(store: &dyn Store, path: &str, check: impl Fn(&str)) {
    let sound = store.get(path).expect("get");
    let try_bytes = |bytes: &[u8], what: String| {
        store.put_replace(path, bytes).expect("put");
        check(&what);
    };
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        try_bytes(&bytes, format!("byte {at} has another bit"));
        if at % 5 == 0 {
            try_bytes(&sound[..at], format!("cut after {at}"));
        }
    }
    try_bytes(&[sound.as_slice(), b"\n"].concat(), "a byte more".into());
    store.put_replace(path, &sound).expect("put");
}

#[test]
fn a_damaged_commit_is_named() {
    let root = tempfile::tempdir().expect("tempdir");
    drop(three_commits(root.path()));
    let store = disk(root.path());
    for n in [0, 2] {
        let damaged = commit_path(n);
        damage_every_way(&store, &damaged, |what| {
            match Lake::open(Arc::new(store.clone()), EPOCH).map(|_| ()) {
                Err(LakeError::DamagedCommit { path, newest, .. }) => {
                    assert_eq!((path.as_str(), newest), (damaged.as_str(), n == 2), "{what}");
                }
                other => panic!("{what}: {other:?}"),
            }
        });
    }
    assert_eq!(Lake::open(Arc::new(store), EPOCH).expect("open").end().next, Sequence(3));
}

#[test]
fn a_missing_or_foreign_commit_is_named() {
    let root = tempfile::tempdir().expect("tempdir");
    let lake = three_commits(root.path());
    let store = disk(root.path());
    let open = || Lake::open(Arc::new(store.clone()), EPOCH).map(|_| ());
    let sound = store.get(&commit_path(1)).expect("get");
    store.delete(&commit_path(1)).expect("delete");
    assert!(matches!(open(), Err(LakeError::MissingCommit { path }) if path == commit_path(1)));
    assert!(matches!(&lake.verify()[..], [LakeError::MissingCommit { path }] if *path == commit_path(1)));
    // The same commit again, whole, but with another history, place, epoch, start, count or format.
    type Change = fn(&mut WireCommit);
    let changes: [(&str, Change); 7] = [
        ("previous", |c| c.previous = Some("0".repeat(64))),
        ("ordinal", |c| c.ordinal = 2),
        ("epoch", |c| c.epoch = EpochId::from_bytes([1; 8]).to_string()),
        ("from", |c| *c.from.entry("facts/0".into()).or_default() = 11),
        ("to", |c| *c.to.entry("facts/0".into()).or_default() = 9),
        ("counts", |c| c.counts.stored += 1),
        ("shrunk", |c| (c.counts.accepted, c.counts.stored) = (2, 0)),
    ];
    for (what, change) in changes {
        let mut wire = unseal::<WireCommit>(&sound).expect("sound").0;
        if what == "ordinal" {
            wire.segments.clear();
        }
        change(&mut wire);
        store.put_replace(&commit_path(1), &seal(&wire).0).expect("put");
        assert!(
            matches!(open(), Err(LakeError::BrokenChain { path, .. }) if path == commit_path(1)),
            "{what}: {:?}",
            open()
        );
    }
    let mut wire = unseal::<WireCommit>(&sound).expect("sound").0;
    wire.touched.pop();
    store.put_replace(&commit_path(1), &seal(&wire).0).expect("put");
    assert!(
        matches!(open(), Err(LakeError::BrokenChain { path, .. }) if path == commit_path(2)),
        "the next one notices"
    );
    wire.segments[0].path = "lake/live".into();
    store.put_replace(&commit_path(1), &seal(&wire).0).expect("put");
    assert!(matches!(open(), Err(LakeError::Damaged { path, .. }) if path == commit_path(1)));
    wire.format = 2;
    store.put_replace(&commit_path(1), &seal(&wire).0).expect("put");
    assert!(matches!(open(), Err(LakeError::NewerFormat { format: 2, .. })));
}

#[test]
fn a_damaged_segment_is_found() {
    let root = tempfile::tempdir().expect("tempdir");
    let lake = three_commits(root.path());
    let store = disk(root.path());
    let segment = lake.commits()[1].segments[0].clone();
    damage_every_way(&store, &segment.path, |what| {
        assert!(
            matches!(segment.verify(&store), Err(LakeError::Damaged { path, .. }) if path == segment.path),
            "{what}"
        );
    });
    assert!(lake.verify().is_empty());
    store.delete(&segment.path).expect("delete");
    assert!(matches!(&lake.verify()[..], [LakeError::Damaged { path, .. }] if *path == segment.path));
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    let root = tempfile::tempdir().expect("tempdir");
    let lake = three_commits(root.path());
    for n in 0..3 {
        lake.put_snapshot(&positions(n + 1), Sequence(n), format!("state {n}").as_bytes()).expect("put");
    }
    let store = disk(root.path());
    let newest = || lake.latest_snapshot().expect("list").map(|s| (s.ordinal.0, s.up_to, s.bytes));
    let found = |n: u64| Some((n, positions(n + 1), format!("state {n}").into_bytes()));
    assert_eq!(newest(), found(2));
    damage_every_way(&store, &format!("lake/{EPOCH}/snapshots/000000000002.snap"), |what| {
        assert_eq!(newest(), found(1), "{what}")
    });
    store.delete(&format!("lake/{EPOCH}/snapshots/000000000002.snap")).expect("delete");
    assert_eq!(newest(), found(1));
    store.put_replace(&format!("lake/{EPOCH}/snapshots/000000000001.snap"), b"torn").expect("put");
    assert_eq!(newest(), None, "the newest two are kept, no more");
}

#[test]
fn a_snapshot_of_another_history_is_refused() {
    let root = tempfile::tempdir().expect("tempdir");
    let lake = three_commits(root.path());
    lake.put_snapshot(&positions(2), Sequence(1), b"one").expect("put");
    lake.put_snapshot(&positions(3), Sequence(2), b"two").expect("put");
    let store = disk(root.path());
    // Of another epoch.
    let other = EpochId::from_bytes([2; 8]);
    let mut foreign = Lake::open(Arc::new(store.clone()), other).expect("open");
    for n in 0..3 {
        foreign.commit(input(n)).expect("commit");
    }
    let bytes = store.get(&format!("lake/{EPOCH}/snapshots/000000000002.snap")).expect("get");
    store.put_new(&format!("lake/{other}/snapshots/000000000002.snap"), &bytes).expect("put");
    assert_eq!(foreign.latest_snapshot().expect("list"), None);
    // Beyond the end: the newest commit was lost.
    store.delete(&commit_path(2)).expect("delete");
    let mut shorter = Lake::open(Arc::new(store.clone()), EPOCH).expect("open");
    assert_eq!(shorter.latest_snapshot().expect("list").map(|s| s.ordinal), Some(Sequence(1)));
    // And then another one took its place, at the same positions.
    let mut rewritten = input(2);
    rewritten.touched.clear();
    shorter.commit(rewritten).expect("commit");
    assert_eq!(shorter.latest_snapshot().expect("list").map(|s| s.ordinal), Some(Sequence(1)));
}

#[test]
fn a_damaged_manifest_is_named_and_published_anew() {
    let root = tempfile::tempdir().expect("tempdir");
    let store: Arc<dyn Store> = shared(root.path());
    let cut = publish(&store, 1, None).expect("publish");
    let manifest = format!("tables/{}/manifest.json", cut.id);
    damage_every_way(&*store, &manifest, |what| {
        assert!(
            matches!(open_cut(&*store, cut.id), Err(LakeError::Damaged { path, .. }) if path == manifest),
            "{what}"
        );
    });
    let sound = store.get(&manifest).expect("get");
    store.put_replace(&manifest, &sound[1..]).expect("put");
    assert_eq!(cuts(&*store).expect("list").damaged.len(), 1);
    assert!(matches!(CutWriter::begin(store.clone(), cut.manifest.parts.clone()), Ok(Begin::Started(_))));
    assert_eq!(publish(&store, 1, None).expect("publish"), cut);
    assert_eq!(store.get(&manifest).expect("get"), sound);
    // One of another cut in its place.
    let other = publish(&store, 2, None).expect("publish");
    store.put_replace(&format!("tables/{}/manifest.json", other.id), &sound).expect("put");
    assert!(matches!(open_cut(&*store, other.id), Err(LakeError::Damaged { .. })));
}

#[test]
fn a_damaged_live_pointer_is_named() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = disk(root.path());
    serve(&store, &Live::first(EPOCH)).expect("set");
    damage_every_way(&store, "lake/live", |what| {
        assert!(
            matches!(live(&store), Err(LakeError::Damaged { path, .. }) if path == "lake/live"),
            "{what}"
        );
    });
    assert_eq!(live(&store).expect("live"), Some(EPOCH));
}
