//! Figures counted again in Python, which shares no line with the program: the demo's truths from its source files,
//! every figure of the weekly report for random companies (P10), and every cell of a diff of two epochs. Without
//! python3 nothing is proven, and that is said.

use crate::program::{Data, files_below};
use fastrand::Rng;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The shortest demo: what is proven does not depend on its length.
const DEMO: [&str; 4] = ["demo", "--weeks", "8", "--json"];

/// A script of `tests/python`, ready to be given its arguments; `None` where no Python can run it.
fn script(name: &str) -> Option<Command> {
    let needs = "import tomllib, zoneinfo; zoneinfo.ZoneInfo('Europe/Madrid')";
    let able = Command::new("python3").args(["-c", needs]).stderr(Stdio::null()).status();
    if !able.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: {name} needs python3 from 3.11 on with a database of time zones");
        return None;
    }
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name));
    Some(command)
}

fn agrees(mut command: Command) {
    let out = command.output().expect("python3 starts");
    let (said, failed) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{said}\n{failed}");
}

#[test]
fn every_figure_of_a_report_is_counted_again() {
    let Some(mut command) = script("recount_report.py") else { return };
    command.arg(env!("CARGO_BIN_EXE_program")).args(["--sets", "3"]);
    agrees(command);
}

/// A draft that renames, splits and merges reasons and changes rules, over the demo with an erased customer.
#[test]
fn a_diff_of_two_epochs_is_counted_again() {
    let Some(mut command) = script("recount_diff.py") else { return };
    let data = Data::new();
    data.done(&DEMO);
    // The demo's vault has the demo's own seed, whatever the environment says.
    command.arg(env!("CARGO_BIN_EXE_program")).arg(data.path());
    agrees(command);
}

/// Killed in the middle, the demo begins anew: its truths are those of the files, and its bytes are those of a run
/// that nobody killed, on one thread.
#[test]
fn a_killed_demo_ends_as_any_other() {
    let data = Data::new();
    let began = std::time::Instant::now();
    let whole = data.done(&DEMO);
    let takes = began.elapsed();
    let expected = published(&data);
    assert!(expected.len() > 100, "{} files", expected.len());
    recount_demo(&data, &whole);
    kill_demo(&data, takes.mul_f64(0.2 + 0.6 * Rng::with_seed(3).f64()));
    let again = data.done(&["--threads", "1", "demo", "--weeks", "8", "--json"]);
    assert_eq!(again, whole);
    assert!(published(&data) == expected, "tables, reports or source files differ");
}

#[test]
fn a_demo_without_plants_finds_none() {
    let data = Data::new();
    let text = data.done(&[&DEMO[..], &["--no-plants"]].concat());
    let said: Value = serde_json::from_str(&text).expect("JSON");
    for truth in said["truths"].as_array().expect("truths") {
        assert_eq!((&truth["found"], &truth["ok"]), (&Value::from("none"), &Value::from(true)), "{truth}");
    }
    recount_demo(&data, &text);
}

/// A folder of somebody else is never cleared for the demo.
#[test]
fn the_demo_leaves_other_folders_alone() {
    let data = Data::new();
    std::fs::write(data.path().join("quell.toml"), "zone = \"UTC\"\n").expect("a file");
    let refused = data.run(&DEMO);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not the demo's"));
    assert_eq!(files_below(data.path()), [data.path().join("quell.toml")]);
}

fn recount_demo(data: &Data, said: &str) {
    let Some(mut command) = script("recount_demo.py") else { return };
    let file = data.path().join("said.json");
    std::fs::write(&file, said).expect("a file");
    command.arg(data.path().join("demo")).arg(&file);
    agrees(command);
    std::fs::remove_file(&file).expect("the file");
}

fn kill_demo(data: &Data, after: Duration) {
    let mut command = data.command(&DEMO);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    // Not a synchronisation: the moment of the kill is what is varied.
    std::thread::sleep(after);
    child.kill().expect("SIGKILL");
    child.wait().expect("a dead child");
}

/// Everything that the demo shows: source files, tables and reports, without the places in `tables/current`.
fn published(data: &Data) -> BTreeMap<PathBuf, Vec<u8>> {
    let shown = ["demo", "tables", "reports"].iter().flat_map(|name| files_below(&data.path().join(name)));
    let relative = |file: &Path| file.strip_prefix(data.path()).expect("below").to_owned();
    shown.map(|file| (relative(&file), std::fs::read(&file).expect("a file"))).collect()
}
