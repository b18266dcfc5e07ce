//! Acknowledged means synced (P1). A kill cannot show it, since the system keeps what a killed process has
//! written, so the system calls themselves are watched, and made to fail. The tests run themselves again
//! under `strace`; without it they are skipped, and say so.

use super::{contents, open, outgoing, topic};
use log::{Error, Log, Retry};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs};

/// The folder in which the child works.
const FOLDER: &str = "QUELL_LOG_TRACED";

/// Runs a test of this file again under `strace` with these arguments; `None` where that cannot be.
fn traced(test: &str, folder: &Path, arguments: &[&str]) -> Option<Output> {
    let usable = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    if !usable.is_ok_and(|out| out.status.success()) {
        eprintln!("SKIPPED: no strace here, or not allowed to trace: {test} shows nothing");
        return None;
    }
    let mut command = Command::new("strace");
    command.args(arguments).arg(env::current_exe().unwrap()).env(FOLDER, folder);
    Some(command.args([test, "--exact", "--nocapture", "--test-threads=1"]).output().unwrap())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn say(what: &str) {
    std::io::stdout().write_all(what.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

#[test]
fn a_topic_and_each_call_is_synced_before_it_is_acknowledged() {
    let name = topic("facts");
    if let Some(folder) = env::var_os(FOLDER) {
        let log = open(Path::new(&folder));
        log.create(&name, 2).unwrap();
        say("@created\n");
        for call in 0..5 {
            log.append(&name, &[outgoing(0, "a"), outgoing(1, "b")]).unwrap();
            say(&format!("@acknowledged {call}\n"));
        }
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    let (folder, trace) = (outer.path().join("log"), outer.path().join("trace"));
    let calls = "trace=fsync,fdatasync,write,rename,renameat,renameat2";
    let arguments = ["-f", "-y", "-e", calls, "-o", trace.to_str().unwrap()];
    let test = "sync::a_topic_and_each_call_is_synced_before_it_is_acknowledged";
    let Some(output) = traced(test, &folder, &arguments) else { return };
    assert!(output.status.success(), "{}", said(&output));
    let trace = fs::read_to_string(trace).unwrap();
    let lines: Vec<&str> = trace.lines().collect();
    let synced = |line: &&&str, path: &str| {
        (line.contains("fsync(") || line.contains("fdatasync("))
            && line.contains(path)
            && line.ends_with("= 0")
    };
    let said = |what: &str| lines.iter().position(|l| l.contains("write(1") && l.contains(what)).unwrap();
    let renamed = lines.iter().position(|l| l.contains("rename") && l.contains("facts.db.new")).unwrap();
    let created = said("@created");
    assert!(
        lines[..renamed].iter().any(|l| synced(&l, "facts.db.new>")),
        "the file is synced before it has its name"
    );
    let folder = format!("{}>", folder.display());
    assert!(lines[renamed..created].iter().any(|l| synced(&l, &folder)), "and the folder after it");
    let mut before = created;
    for call in 0..5 {
        let acknowledged = said(&format!("@acknowledged {call}"));
        let syncs = lines[before..acknowledged].iter().filter(|l| synced(l, "facts.db-wal>")).count();
        assert!(syncs > 0, "call {call} was acknowledged without a sync:\n{trace}");
        before = acknowledged;
    }
}

#[test]
fn a_failed_sync_is_never_acknowledged() {
    let name = topic("facts");
    if let Some(folder) = env::var_os(FOLDER) {
        let log = open(Path::new(&folder));
        for call in 0.. {
            match log.append(&name, &[outgoing(0, call.to_string())]) {
                Ok(_) => say("@acknowledged\n"),
                Err(error) => {
                    assert!(matches!(error, Error::SyncFailed { .. }), "{error}");
                    assert_eq!(error.retry(), Retry::Never);
                    return say("@refused\n");
                }
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).create(&name, 1).unwrap();
    let wal = folder.path().join("facts.db-wal");
    // From the fourth on, every sync of the write-ahead log fails.
    let inject = "inject=fsync,fdatasync:error=EIO:when=4+";
    let arguments = ["-f", "-P", wal.to_str().unwrap(), "-e", inject, "-o", "/dev/null"];
    let Some(output) = traced("sync::a_failed_sync_is_never_acknowledged", folder.path(), &arguments) else {
        return;
    };
    let said = said(&output);
    assert!(output.status.success() && said.contains("@refused"), "{said}");
    let acknowledged = said.matches("@acknowledged").count();
    assert!((1..4).contains(&acknowledged), "{acknowledged} calls before the fault");
    let stored = contents(&open(folder.path()), &name).unwrap();
    let values: Vec<_> = stored[0].iter().map(|r| String::from_utf8(r.value.clone()).unwrap()).collect();
    let expected: Vec<_> = (0..values.len()).map(|i| i.to_string()).collect();
    assert_eq!(values, expected);
    // The refused call may be there or not: it was never acknowledged.
    assert!((acknowledged..=acknowledged + 1).contains(&values.len()), "{values:?}");
}
