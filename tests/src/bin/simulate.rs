//! `simulate [known] [FROM [COUNT]]`: runs seeds of the simulator on two threads and prints those that fail; with `known`
//! those of the histories that are asked for earlier days. Exit 0: none did.

use quell_tests::sim::Fired;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn main() -> ExitCode {
    let known = std::env::args().nth(1).is_some_and(|word| word == "known");
    let run = if known { known_seed } else { quell_tests::sim::run };
    let mut numbers = std::env::args().skip(1 + usize::from(known)).map_while(|a| a.parse::<u64>().ok());
    let (from, count) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(2_000));
    let (next, failed) = (AtomicU64::new(from), AtomicU64::new(0));
    let faults = Mutex::new(Fired::default());
    let stop_early = std::env::var_os("QUELL_FIRST_FAILURE").is_some();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= from + count || stop_early && failed.load(Ordering::SeqCst) > 0 {
                        break;
                    }
                    match outcome(run, seed) {
                        Ok(fired) => {
                            let mut sum = faults.lock().expect("no thread panics while it adds");
                            *sum = sum.plus(fired);
                        }
                        Err(error) => {
                            failed.fetch_add(1, Ordering::SeqCst);
                            report(&format!("seed {seed}: {error:#}"));
                        }
                    }
                    if seed % 100 == 99 {
                        report(&format!("up to seed {seed}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    report(&format!("faults that came: {:?}", faults.into_inner().unwrap_or_default()));
    report(&format!(
        "{} seeds from {from}, {failed} failed",
        next.into_inner().saturating_sub(from).min(count)
    ));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Nothing goes wrong in these histories but the order of things.
fn known_seed(seed: u64) -> anyhow::Result<Fired> {
    quell_tests::known::run(seed).map(|()| Fired::default())
}

/// A panic is a promise that an assertion saw broken.
fn outcome(run: fn(u64) -> anyhow::Result<Fired>, seed: u64) -> anyhow::Result<Fired> {
    std::panic::catch_unwind(|| run(seed)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(anyhow::anyhow!("an assertion failed: {}", said.unwrap_or_default()))
    })
}

#[expect(clippy::print_stdout, reason = "this program's answer")]
fn report(line: &str) {
    println!("{line}");
}
