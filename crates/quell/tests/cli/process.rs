//! What only a process can show: a reader that goes away, a bug, and what is not on the disk afterwards.

use crate::files;
use std::path::Path;
use std::process::{Command, Stdio};

fn quell(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = quell(folder.path(), &["config", "show"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_bug_is_one_line_without_its_text() {
    if std::env::var_os("QUELL_TEST_BUG").is_some() {
        quell::bug::report_panics();
        panic!("canary@example.org");
    }
    let run = |backtrace: &str| {
        let me = std::env::current_exe().expect("this test");
        let mut command = Command::new(me);
        command.args(["--exact", "process::a_bug_is_one_line_without_its_text", "--nocapture"]);
        command.env("QUELL_TEST_BUG", "1").env("RUST_BACKTRACE", backtrace);
        let output = command.output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (exit, short) = run("0");
    assert_eq!(exit, Some(1));
    assert!(short.starts_with("error: this is a bug in quell ") && short.lines().count() == 1, "{short}");
    assert!(!short.contains("canary"), "{short}");
    let (exit, long) = run("1");
    assert!(exit == Some(1) && long.contains("canary") && long.lines().count() > 3, "{long}");
}

/// P9 at the shell: neither words nor identifiers of what was imported or refused lie anywhere in clear.
#[test]
fn nothing_personal_lies_in_clear() {
    let folder = tempfile::tempdir().expect("a folder");
    files::lay_out(folder.path());
    let arguments = ["import", "--source", "csv", "--mapping", "crm.toml", "may.csv", "--data", "data"];
    let output = quell(folder.path(), &arguments).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = quell(folder.path(), &["rollup", "--data", "data"]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let canaries = ["ana@example.org", "parcel", "canary-in-a-refused-row"];
    let source = std::fs::read_to_string(folder.path().join("may.csv")).expect("the source");
    assert!(canaries.iter().all(|canary| source.contains(canary)), "the canaries are in the source");
    let mut files = 0;
    walk(&folder.path().join("data"), &mut |path, bytes| {
        files += 1;
        for canary in canaries {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} is in {}", path.display());
        }
    });
    assert!(files > 10, "only {files} files were looked at");
}

fn walk(folder: &Path, see: &mut dyn FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, see);
        } else {
            see(&path, &std::fs::read(&path).expect("its bytes"));
        }
    }
}
