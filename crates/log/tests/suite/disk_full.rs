//! A full disk: a named error, nothing half-written, and it works again once there is space.

use super::{ALL, contents, open, outgoing, outputs, topic};
use domain::Partition;
use log::{Error, Log, Outgoing, Retry};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn large(i: u32) -> Vec<Outgoing> {
    (0..5).map(|k| outgoing(k % 2, format!("{i}/{k}/{}", "x".repeat(4_000)))).collect()
}

fn is_full(error: &Error) -> bool {
    assert_eq!(error.retry(), Retry::Later, "{error}");
    matches!(error, Error::DiskFull { .. })
        && error.to_string().starts_with("no space left to append to topic ")
}

#[test]
fn an_append_to_a_full_file_does_nothing_and_works_again_with_space() {
    let folder = tempfile::tempdir().unwrap();
    let (log, name) = (open(folder.path()), topic("facts"));
    log.create(&name, 2).unwrap();
    log.limit_pages(&name, Some(60)).unwrap();
    let mut calls = 0;
    let error = loop {
        match log.append(&name, &large(calls)) {
            Ok(_) => calls += 1,
            Err(error) => break error,
        }
    };
    assert!(is_full(&error), "{error}");
    assert!((3..50).contains(&calls), "{calls} calls before it was full");
    for _ in 0..3 {
        let stored = contents(&log, &name).unwrap();
        assert_eq!(stored.iter().map(Vec::len).sum::<usize>(), 5 * calls as usize);
        assert!(is_full(&log.append(&name, &large(calls)).unwrap_err()), "it stays full");
    }
    assert!(contents(&open(folder.path()), &name).unwrap() == contents(&log, &name).unwrap());
    log.limit_pages(&name, None).unwrap();
    log.append(&name, &large(calls)).unwrap();
    let stored = contents(&log, &name).unwrap();
    assert_eq!(stored.iter().map(Vec::len).sum::<usize>(), 5 * (calls as usize + 1));
}

#[test]
fn a_commit_into_a_full_file_moves_no_position_and_may_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let (log, input, output) = (open(folder.path()), topic("input"), topic("output"));
    log.create(&input, 1).unwrap();
    log.create(&output, 2).unwrap();
    log.append(&input, &[outgoing(0, "a"), outgoing(0, "b")]).unwrap();
    let subscribe = || log.subscribe(&input, &[Partition(0)], &outputs(&output)).unwrap();
    let mut reader = subscribe();
    assert_eq!(reader.next(ALL).unwrap().records.len(), 2);
    log.limit_pages(&output, Some(12)).unwrap();
    let many: Vec<Outgoing> = (0..4).flat_map(large).collect();
    for _ in 0..2 {
        assert!(is_full(&reader.commit(&many).unwrap_err()));
        assert_eq!(subscribe().next(ALL).unwrap().from.0, 0, "the position has stayed");
        assert!(contents(&log, &output).unwrap().iter().all(Vec::is_empty), "no output is visible");
    }
    log.limit_pages(&output, None).unwrap();
    reader.commit(&many).unwrap();
    assert_eq!(subscribe().next(ALL).unwrap().from.0, 2);
    assert_eq!(contents(&log, &output).unwrap().iter().map(Vec::len).sum::<usize>(), 20);
}

/// The folder in which the child of the next test has its small disk.
const SMALL_DISK: &str = "QUELL_LOG_SMALL_DISK";

/// The same on a file system that really is full: a child in its own mount namespace has a small one.
#[test]
fn a_real_full_disk() {
    if let Some(folder) = env::var_os(SMALL_DISK) {
        return on_a_small_disk(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let child = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", script, "sh"]).arg(folder.path()).arg(env::current_exe().unwrap());
        command.env(SMALL_DISK, folder.path()).output()
    };
    let mount = "mount -t tmpfs -o size=3m none \"$1\"";
    if !child(mount).is_ok_and(|out| out.status.success()) {
        eprintln!(
            "SKIPPED: no mount namespace of one's own here, so no small disk; the other two tests stand"
        );
        return;
    }
    let test = "exec \"$2\" disk_full::a_real_full_disk --exact --nocapture --test-threads=1";
    let out = child(&format!("{mount} && {test}")).unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert!(said.contains("the small disk was full"), "the child did its part: {said}");
}

fn on_a_small_disk(folder: &Path) {
    let (log, name, filler) = (open(&folder.join("log")), topic("facts"), folder.join("filler"));
    log.create(&name, 2).unwrap();
    fs::write(&filler, vec![1; 1 << 20]).unwrap();
    let mut calls = 0;
    let error = loop {
        match log.append(&name, &large(calls)) {
            Ok(_) => calls += 1,
            Err(error) => break error,
        }
    };
    assert!(is_full(&error), "{error}");
    assert!(calls > 10, "{calls}");
    let stored = contents(&log, &name).unwrap();
    assert_eq!(stored.iter().map(Vec::len).sum::<usize>(), 5 * calls as usize);
    assert!(is_full(&log.append(&name, &large(calls)).unwrap_err()));
    assert!(contents(&log, &name).unwrap() == stored, "still readable while full");
    // A process that starts on a full disk cannot even read what is not checkpointed, but says why, and
    // harms nothing.
    drop(log);
    let log = open(&folder.join("log"));
    match contents(&log, &name) {
        Ok(seen) => assert!(seen == stored),
        Err(error) => assert!(is_full(&error), "{error}"),
    }
    fs::remove_file(&filler).unwrap();
    assert!(contents(&log, &name).unwrap() == stored);
    log.append(&name, &large(calls)).unwrap();
    drop(log);
    let again = contents(&open(&folder.join("log")), &name).unwrap();
    assert_eq!(again.iter().map(Vec::len).sum::<usize>(), 5 * (calls as usize + 1));
    assert!((0..2).all(|p| again[p].starts_with(&stored[p])), "everything acknowledged is there, in place");
    eprintln!("the small disk was full after {calls} calls");
}
