//! `kill -9` of an importing and of a folding process, at random moments. The generator of the moments is
//! seeded and printed; which instruction a kill meets is up to the machine, so each round proves something new.

use crate::program::Data;
use fastrand::Rng;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Rounds of every run of the tests; `QUELL_KILLS=50` asks for more.
fn rounds() -> u64 {
    std::env::var("QUELL_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

const ROWS: u32 = 6_000;
const AS_OF: &str = "2025-06-01T00:00:00Z";

#[test]
fn a_killed_import_loses_nothing_and_counts_nothing_twice() {
    let (file, mapping) = source();
    let import = [
        "import",
        "--source",
        "csv",
        "--mapping",
        &mapping.display().to_string(),
        &file.display().to_string(),
    ];
    let rollup = ["rollup", "--as-of", AS_OF];
    let whole = Data::new();
    let started = std::time::Instant::now();
    whole.done(&import);
    whole.done(&rollup);
    // The kills come at any moment of such a run; how long one takes here is measured, not assumed.
    let takes = started.elapsed();
    let expect = whole.contacts();
    assert!(expect.len() > 20, "{} days", expect.len());
    let mut rng = Rng::with_seed(9);
    let (mut killed, mut reach) = (0, 0.6);
    for round in 0..rounds() {
        let data = Data::new();
        let kept = data.kill_after(&import, takes.mul_f64(rng.f64() * reach));
        killed += u32::from(kept.was_killed);
        if !kept.was_killed {
            // The machine has become faster since it was measured.
            reach /= 2.0;
        }
        data.kill_after(&rollup, takes.mul_f64(rng.f64() * reach));
        let after = data.records();
        assert!(
            after >= kept.records,
            "round {round}: {after} records are left of {} that were durable",
            kept.records
        );
        data.done(&import);
        data.done(&rollup);
        assert!(data.contacts() == expect, "round {round}: the tables differ after a kill");
    }
    assert!(killed > 0, "no kill met a running import: the rounds prove nothing");
}

/// What another process saw durable just before the kill.
struct Kept {
    records: u64,
    was_killed: bool,
}

impl Data {
    fn kill_after(&self, args: &[&str], wait: Duration) -> Kept {
        let mut child = self
            .command(args)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("starts");
        // Not a synchronisation: the moment of the kill is what is varied.
        let begun = std::time::Instant::now();
        let mut records = 0;
        while begun.elapsed() < wait {
            records = self.records();
        }
        let was_killed = child.try_wait().expect("a child").is_none();
        child.kill().expect("SIGKILL");
        child.wait().expect("a dead child");
        Kept { records, was_killed }
    }

    /// Records that a reader of the log finds.
    fn records(&self) -> u64 {
        let Ok(log) = log::Embedded::open(&self.path().join("log"), log::system_clock()) else { return 0 };
        let ends = log::Log::ends(&log, &quell::instance::topic_name(domain::Topic::Facts));
        ends.map_or(0, |ends| ends.values().map(|o| o.0).sum())
    }
}

/// Six thousand contacts of 900 customers over 30 days, written once into a folder that stays.
fn source() -> (PathBuf, PathBuf) {
    let folder = tempfile::TempDir::new().expect("a temporary folder").keep();
    let mut rng = Rng::with_seed(1);
    let mut text = String::from("id,caller,at,reason\n");
    for n in 0..ROWS {
        let (caller, reason) = (rng.u32(0..900), ["refund", "delivery", "bill"][rng.usize(0..3)]);
        let (day, second) = (rng.u32(1..31), rng.u32(0..86_400));
        let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
        writeln!(text, "{n},caller {caller},2025-04-{day:02}T{h:02}:{m:02}:{s:02}Z,{reason}")
            .expect("a string");
    }
    let file = folder.join("contacts.csv");
    std::fs::write(&file, text).expect("a file");
    let mapping = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/windows/mapping.toml");
    (file, mapping)
}
