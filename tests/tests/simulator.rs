//! A slice of the simulator's seeds for every run of the tests; `make simulate` runs 2,000.

use domain::invariant::Promise;

/// The tables as of a date are those of a log that ended then, whatever came afterwards; `simulate known 0 200` runs more.
#[test]
fn what_was_known_is_what_a_fold_of_the_facts_of_then_says() {
    for seed in 0..3 {
        if let Err(error) = quell_tests::known::run(seed) {
            panic!("seed {seed}: {error:#}");
        }
    }
}

/// P1–P7 and P11: after every fault the tables are those of the run without faults, byte for byte.
#[test]
fn seeds_end_with_the_bytes_of_the_run_without_faults() {
    let promises = [
        Promise::P1,
        Promise::P2,
        Promise::P3,
        Promise::P4,
        Promise::P5,
        Promise::P6,
        Promise::P7,
        Promise::P11,
    ];
    for seed in 0..20 {
        if let Err(error) = quell_tests::sim::run(seed) {
            panic!("seed {seed} breaks one of {promises:?}: {error:#}");
        }
    }
}

/// P2, P3, P4 and P6 of a fold that several processes share.
#[test]
fn a_fold_shared_by_failing_processes_ends_with_the_bytes_of_one() {
    let mut fired = quell_tests::sim::Fired::default();
    for seed in 0..8 {
        match quell_tests::spread::run(seed) {
            Ok(came) => fired = fired.plus(came),
            Err(error) => panic!("seed {seed}: {error:#}"),
        }
    }
    assert!(
        fired.ended > 10 && fired.appends > 5 && fired.snapshots > 0,
        "hardly anything went wrong: {fired:?}"
    );
}

/// An archive stays whole where the log lets go of what is archived, and so does the fold that is served.
#[test]
fn an_archive_outlives_the_records_of_its_log() {
    for seed in 0..4 {
        if let Err(error) = quell_tests::retention::run(seed) {
            panic!("seed {seed}: {error:#}");
        }
    }
}
