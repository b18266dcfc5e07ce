use super::{content, counts, day, disk, parts, positions, rows, schema, shared};
use crate::{
    Begin, Cut, CutWriter, LakeError, ParquetOptions, Store, current_cut, cuts, make_current, open_cut, prune,
};
use domain::{Instant, Span};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

/// Days that every cut of these tests has.
const DAYS: u64 = 3;

/// Publishes the cut after `commits` commits: the newest day is written, earlier ones are kept where there is
/// a cut to keep them from. Their rows depend on the day alone.
pub(super) fn publish(store: &Arc<dyn Store>, commits: u64, earlier: Option<&Cut>) -> Result<Cut, LakeError> {
    let writer = match CutWriter::begin(store.clone(), parts(commits))? {
        Begin::Finished(cut) => return Ok(cut),
        Begin::Started(writer) => writer,
    };
    let options = ParquetOptions::published(&[]);
    for n in 0..DAYS {
        match earlier {
            Some(cut) if n + 1 < DAYS => drop(writer.keep("contacts", Some(day(n)), cut)?),
            _ => drop(writer.write_partition(
                "contacts",
                Some(day(n)),
                &schema(),
                &options,
                &[rows(100 * n, 100 * n + 20)],
            )?),
        }
    }
    writer.write_partition("totals", None, &schema(), &options, &[rows(0, commits)])?;
    writer.finish(counts(commits), BTreeMap::from([("engine".into(), "1".into())]))
}

fn inode(store: &dyn Store, path: &str) -> u64 {
    std::fs::metadata(store.local_path(path).expect("local")).expect("metadata").ino()
}

#[test]
fn a_published_cut_is_found_whole() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = shared(root.path());
    assert_eq!(current_cut(&*store).expect("current"), None);
    let cut = publish(&store, 1, None).expect("publish");
    assert_eq!(open_cut(&*store, cut.id).expect("open"), Some(cut.clone()));
    assert_eq!((cut.manifest.parts.positions.clone(), cut.manifest.counts), (positions(1), counts(1)));
    assert_eq!(current_cut(&*store).expect("current"), None, "published is not shown");
    make_current(&*store, &cut).expect("show");
    assert_eq!(current_cut(&*store).expect("current"), Some(cut.clone()));
    assert_eq!(
        std::fs::read_link(root.path().join("tables/current")).expect("link").to_string_lossy(),
        cut.id.to_string()
    );
    assert_eq!(cut.tables().into_iter().collect::<Vec<_>>(), ["contacts", "totals"]);
    assert_eq!(cut.files("contacts").map(|f| f.rows).collect::<Vec<_>>(), [20, 20, 20]);
    assert!(cut.verify(&*store).is_empty());
    let tree = root.path().join("tables").join(cut.id.to_string());
    assert_eq!(cut.glob(&*store, "contacts").expect("glob"), tree.join("contacts/dt=*/*.parquet"));
    assert_eq!(cut.glob(&*store, "totals").expect("glob"), tree.join("totals/totals.parquet"));
    assert_eq!(cut.glob(&*store, "nothing"), None);
    assert!(tree.join(format!("contacts/dt={}/contacts.parquet", day(0))).is_file());
    assert!(!tree.join("begun.mark").exists());
    let json: serde_json::Value =
        serde_json::from_slice(&store.get(&format!("tables/{}/manifest.json", cut.id)).expect("get"))
            .expect("plain JSON");
    assert_eq!((&json["rows"]["contacts"], &json["positions"]["facts/1"]), (&60.into(), &7.into()));
}

#[test]
fn kept_files_are_the_same_file_and_the_tree_is_the_same_as_a_full_one() {
    let (incremental, full) = (tempfile::tempdir().expect("tempdir"), tempfile::tempdir().expect("tempdir"));
    let store = shared(incremental.path());
    let first = publish(&store, 1, None).expect("publish");
    let second = publish(&store, 2, Some(&first)).expect("publish");
    for (n, same) in [(0, true), (1, true), (2, false)] {
        let file = |cut: &Cut| inode(&*store, &cut.file("contacts", Some(day(n))).expect("file").path);
        assert_eq!(file(&first) == file(&second), same, "day {n}");
    }
    let other = shared(full.path());
    publish(&other, 1, None).expect("publish");
    publish(&other, 2, None).expect("publish");
    assert_eq!(content(&*store), content(&*other), "P11");
    let Begin::Started(writer) = CutWriter::begin(store.clone(), parts(3)).expect("begin") else {
        panic!("not published yet")
    };
    assert!(matches!(writer.keep("contacts", Some(day(9)), &first), Err(LakeError::NothingToKeep { .. })));
    assert!(matches!(writer.keep("contacts", None, &first), Err(LakeError::NothingToKeep { .. })));
}

#[test]
fn beginning_again_finds_the_finished_cut_or_starts_from_scratch() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = shared(root.path());
    let Begin::Started(writer) = CutWriter::begin(store.clone(), parts(1)).expect("begin") else {
        panic!("new")
    };
    let options = ParquetOptions::published(&[]);
    writer.write_partition("old_table", None, &schema(), &options, &[rows(0, 5)]).expect("write");
    writer.write_partition("contacts", Some(day(0)), &schema(), &options, &[rows(7, 9)]).expect("write");
    drop(writer);
    let list = cuts(&*store).expect("list");
    assert_eq!((list.cuts.len(), list.unfinished), (0, vec![parts(1).id()]));
    assert_eq!(open_cut(&*store, parts(1).id()).expect("open"), None);
    let cut = publish(&store, 1, None).expect("publish");
    assert_eq!(cut.tables().into_iter().collect::<Vec<_>>(), ["contacts", "totals"]);
    assert!(
        !root.path().join(format!("tables/{}/old_table/old_table.parquet", cut.id)).exists(),
        "a glob would find it"
    );
    assert!(cut.verify(&*store).is_empty());
    let before = inode(&*store, &cut.manifest.files[0].path);
    assert_eq!(publish(&store, 1, None).expect("again"), cut);
    assert_eq!(inode(&*store, &cut.manifest.files[0].path), before, "a finished tree is not touched");
    store.delete(&cut.manifest.files[0].path).expect("delete");
    assert_eq!(publish(&store, 1, None).expect("a lost file is written anew"), cut);
    assert!(cut.verify(&*store).is_empty());
}

#[test]
fn two_publishers_of_one_cut_end_with_one_sound_tree() {
    let root = tempfile::tempdir().expect("tempdir");
    let finished = std::thread::scope(|s| {
        let threads: Vec<_> =
            (0..3).map(|_| s.spawn(|| publish(&shared(root.path()), 1, None).expect("publish"))).collect();
        threads.into_iter().map(|t| t.join().expect("thread")).collect::<Vec<_>>()
    });
    assert!(finished.iter().all(|cut| *cut == finished[0]));
    assert!(finished[0].verify(&disk(root.path())).is_empty());
    assert_eq!(current_cut(&disk(root.path())).expect("current"), None);
}

#[test]
fn a_pointer_to_nothing_is_named() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = disk(root.path());
    for target in ["0123456789abcdef", "elsewhere"] {
        store.point("tables/current", target).expect("point");
        assert!(
            matches!(current_cut(&store), Err(LakeError::Damaged { path, .. }) if path == "tables/current"),
            "{target}"
        );
    }
}

/// Sets the age of an object as if it had been written at that second.
fn aged(store: &dyn Store, path: &str, second: u64) {
    let file =
        std::fs::File::options().write(true).open(store.local_path(path).expect("local")).expect("open");
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(second)).expect("set");
}

#[test]
fn a_cut_goes_only_when_its_readers_had_their_time() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = shared(root.path());
    let at = |second: i64| Instant::from_micros(0).expect("instant").plus(Span::from_seconds(second));
    let mut made = Vec::new();
    for n in 1..=4 {
        let cut = publish(&store, n, None).expect("publish");
        make_current(&*store, &cut).expect("show");
        aged(&*store, &format!("tables/{}/manifest.json", cut.id), 100 * n);
        made.push(cut);
    }
    // Each was superseded when the next one came, but the third only at 900.
    for (n, second) in [(0, 200), (1, 300), (2, 900)] {
        aged(&*store, &format!("tables/{}/superseded.mark", made[n].id), second);
    }
    assert_eq!(prune(&*store, 1, at(200)).expect("prune"), [], "superseded at 200 is not before 200");
    assert_eq!(prune(&*store, 4, at(10_000)).expect("prune"), [], "the newest four");
    assert_eq!(prune(&*store, 3, at(10_000)).expect("prune"), [made[0].id]);
    assert_eq!(prune(&*store, 1, at(900)).expect("prune"), [made[1].id], "the third was shown until 900");
    assert_eq!(prune(&*store, 0, at(901)).expect("prune"), [made[2].id], "never the current one");
    assert_eq!(cuts(&*store).expect("list").cuts, [made[3].clone()]);
    assert!(made[3].verify(&*store).is_empty());
    assert!(!root.path().join(format!("tables/{}", made[0].id)).exists());
}

#[test]
fn an_unfinished_tree_goes_when_nobody_works_on_it() {
    let root = tempfile::tempdir().expect("tempdir");
    let store = shared(root.path());
    let first = publish(&store, 1, None).expect("publish");
    make_current(&*store, &first).expect("show");
    let Begin::Started(writer) = CutWriter::begin(store.clone(), parts(2)).expect("begin") else {
        panic!("new")
    };
    writer.keep("contacts", Some(day(0)), &first).expect("keep");
    // The kept file is old; the mark tells that the work is not.
    aged(&*store, &first.file("contacts", Some(day(0))).expect("file").path, 100);
    aged(&*store, &format!("tables/{}/begun.mark", writer.id()), 500);
    let at = |second: i64| Instant::from_micros(0).expect("instant").plus(Span::from_seconds(second));
    assert_eq!(prune(&*store, 1, at(500)).expect("prune"), []);
    assert_eq!(prune(&*store, 1, at(501)).expect("prune"), [writer.id()]);
    assert!(first.verify(&*store).is_empty(), "a kept file belongs to both");
}
