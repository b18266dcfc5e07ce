use super::disk;
use crate::store::{Entry, check_path};
use crate::{LocalStore, Store, StoreError};
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};

#[test]
fn objects_come_whole_and_are_replaced_whole() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = disk(&root.path().join("made/with/the/store"));
    assert!(matches!(store.get("a/b"), Err(StoreError::Missing { .. })));
    assert_eq!(store.list("a").expect("list"), []);
    store.put_new("a/b", b"one").expect("put");
    assert!(matches!(store.put_new("a/b", b"two"), Err(StoreError::Exists { .. })));
    assert_eq!(store.get("a/b").expect("get"), b"one");
    store.put_replace("a/b", b"three").expect("put");
    let mut streamed = String::new();
    store.read("a/b").expect("read").read_to_string(&mut streamed).expect("read");
    assert_eq!((streamed.as_str(), store.size("a/b").expect("size")), ("three", Some(5)));
    assert_eq!(store.size("a").expect("size"), None, "a folder is no object");
    assert!(store.modified("a/b").expect("modified").is_some());
    let mut file = store.create("a/c/d").expect("create");
    file.write_all(b"stream").expect("write");
    assert_eq!(store.size("a/c/d").expect("size"), None, "not before it is finished");
    file.finish().expect("finish");
    store.settle("a").expect("settle");
    drop(store.create("a/never").expect("create"));
    assert_eq!(store.list("a").expect("list"), [Entry::Folder("c".into()), Entry::Object("b".into())]);
    store.delete("a/b").expect("delete");
    store.delete("a/b").expect("what is missing is deleted already");
    store.delete_tree("a").expect("delete");
    store.put_new("a/b", b"the folder comes again").expect("put");
}

#[test]
fn a_file_is_no_store() {
    let root = tempfile::tempdir().expect("tempdir");
    fs::write(root.path().join("file"), b"").expect("write");
    let failed = LocalStore::open(&root.path().join("file")).err().expect("refused").to_string();
    assert!(failed.starts_with("cannot open ") && failed.contains("file"), "{failed}");
}

#[test]
fn links_share_their_bytes_and_pointers_move_in_one_step() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = disk(root.path());
    store.put_new("one/a", b"x").expect("put");
    store.link_or_copy("one/a", "two/b").expect("link");
    let inode = |path: &str| {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(store.local_path(path).expect("path")).expect("metadata").ino()
    };
    assert_eq!(inode("one/a"), inode("two/b"));
    assert!(matches!(store.link_or_copy("one/a", "two/b"), Err(StoreError::Exists { .. })));
    assert!(matches!(store.link_or_copy("one/none", "two/c"), Err(StoreError::Missing { .. })));
    assert_eq!(store.pointed("now").expect("pointed"), None);
    for target in ["one", "two"] {
        store.point("now", target).expect("point");
        assert_eq!(store.pointed("now").expect("pointed").as_deref(), Some(target));
    }
    assert_eq!(fs::read(root.path().join("now/b")).expect("through the pointer"), b"x");
    assert_eq!(store.list("one").expect("list").len(), 1);
    assert!(matches!(store.point("now", "one/a"), Err(StoreError::BadPath { .. })));
}

#[test]
fn no_path_leaves_the_store() {
    for good in ["a", "tables/0123/contacts/dt=2026-01-01/contacts.parquet", "A_b-c=d.e"] {
        assert!(check_path(good).is_ok(), "{good}");
    }
    let long = "a".repeat(201);
    for bad in [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".tmp/x", "a/.b", "a\\b", "a b", "a\0", "ñ", "a\n",
        &long,
    ] {
        assert!(matches!(check_path(bad), Err(StoreError::BadPath { .. })), "{bad:?}");
        let root = tempfile::tempdir().expect("tempdir");
        assert!(disk(root.path()).put_new(bad, b"").is_err(), "{bad:?}");
        assert!(disk(root.path()).get(bad).is_err(), "{bad:?}");
    }
}

/// A store whose syncs fail from the `n`-th on, once.
fn failing_sync(root: &Path, n: i64) -> LocalStore {
    let left = AtomicI64::new(n);
    let sync = move |_: &fs::File| match left.fetch_sub(1, Ordering::Relaxed) {
        0 => Err(io::Error::from(io::ErrorKind::StorageFull)),
        _ => Ok(()),
    };
    LocalStore::with_sync(root, Box::new(sync)).expect("open")
}

#[test]
fn a_failed_sync_is_never_taken_back() {
    // put_new syncs: the file, the name of a, the name of a/b, the name of a/b/c.
    for n in 0..4 {
        let root = tempfile::tempdir().expect("tempdir");
        let store = failing_sync(root.path(), n);
        let failed = store.put_new("a/b/c", b"x").expect_err("its sync failed");
        assert!(matches!(failed, StoreError::NotDurable { .. }) && failed.is_full(), "{n}: {failed}");
        let stopped = |done: Result<(), StoreError>| matches!(done, Err(StoreError::Stopped { .. }));
        assert!(stopped(store.put_new("a/b/c", b"x")), "a second sync would lie");
        assert!(stopped(store.put_replace("other", b"x")));
        assert!(stopped(store.create("other").map(|_| ())));
        assert!(stopped(store.point("other", "a")));
        assert!(stopped(store.settle("a")));
        assert!(stopped(store.delete("a/b/c")));
        assert!(stopped(store.delete_tree("a")));
        // Opened again, the object is there or not, never in part.
        let again = disk(root.path());
        match again.put_new("a/b/c", b"x") {
            Ok(()) => assert!(n < 3),
            Err(StoreError::Exists { .. }) => assert_eq!(n, 3),
            Err(e) => panic!("{e}"),
        }
        assert_eq!(again.get("a/b/c").expect("get"), b"x");
    }
}

#[test]
fn every_name_that_was_acknowledged_has_been_synced() {
    let root = tempfile::tempdir().expect("tempdir");
    let synced = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = synced.clone();
    let sync = move |file: &fs::File| {
        use std::os::unix::fs::MetadataExt;
        log.lock().expect("lock").push(file.metadata()?.ino());
        Ok(())
    };
    let store = LocalStore::with_sync(root.path(), Box::new(sync)).expect("open");
    let inode = |path: &str| {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(root.path().join(path)).expect("metadata").ino()
    };
    let taken = || std::mem::take(&mut *synced.lock().expect("lock"));
    let expect = |paths: &[&str]| {
        let seen = taken();
        let mut at = 0;
        for path in paths {
            let found = seen[at..].iter().position(|ino| *ino == inode(path));
            at += found.unwrap_or_else(|| panic!("{path} was not synced in its turn")) + 1;
        }
    };
    taken();
    store.put_new("a/b/c", b"x").expect("put");
    expect(&["a/b/c", ".", "a", "a/b"]);
    store.put_replace("a/b/c", b"y").expect("put");
    expect(&["a/b/c", "a/b"]);
    store.delete("a/b/c").expect("delete");
    expect(&["a/b"]);
    let mut file = store.create("t/u/v").expect("create");
    file.write_all(b"x").expect("write");
    file.finish().expect("finish");
    store.link_or_copy("t/u/v", "t/w/v").expect("link");
    expect(&["t/u/v"]);
    store.settle("t").expect("settle");
    let seen = taken();
    for path in [".", "t", "t/u", "t/w"] {
        assert!(seen.contains(&inode(path)), "{path}");
    }
    store.point("now", "t").expect("point");
    expect(&["."]);
}

#[test]
fn of_many_threads_one_creates() {
    let root = tempfile::tempdir().expect("tempdir");
    for round in 0..20 {
        let start = Barrier::new(4);
        let path = format!("new{round}/object");
        let put = |n: u8| {
            let store = disk(root.path());
            start.wait();
            store.put_new(&path, &[n]).map(|()| n)
        };
        let results = std::thread::scope(|s| {
            let put = &put;
            let threads: Vec<_> = (0..4).map(|n| s.spawn(move || put(n))).collect();
            threads.into_iter().map(|t| t.join().expect("thread")).collect::<Vec<_>>()
        });
        let winners: Vec<u8> = results.iter().filter_map(|r| r.as_ref().ok().copied()).collect();
        assert_eq!(winners.len(), 1, "{results:?}");
        assert!(results.iter().all(|r| matches!(r, Ok(_) | Err(StoreError::Exists { .. }))), "{results:?}");
        assert_eq!(disk(root.path()).get(&path).expect("get"), winners);
    }
}
