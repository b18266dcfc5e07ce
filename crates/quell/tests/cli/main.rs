//! The program from outside: commands, files, and what comes of them. The cases are data, in `cases/`; a case is
//! a list of commands that run one after the other in a folder of their own:
//!
//! ```text
//! # a comment
//! = NAME=VALUE          from here on in the environment; = NAME takes it away
//! $ quell path contacts
//! < a line for stdin
//! | a line of stdout    [..] stands for anything within a line
//! ! a line of stderr
//! ? 1                   the exit code, where it is not 0
//! ```
//!
//! `UPDATE_CLI=1 cargo test -p quell --test cli` rewrites what commands printed where it differs.

mod case;
mod files;
mod process;

use case::check;

macro_rules! cases {
    ($($name:ident,)+) => {
        $(#[test] fn $name() { check(stringify!($name)); })+

        #[test]
        fn every_file_is_a_case() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/cases");
            let mut found: Vec<String> = std::fs::read_dir(folder)
                .expect("the cases")
                .map(|file| file.expect("a file").path().file_stem().expect("a name").to_string_lossy().into_owned())
                .collect();
            found.sort();
            assert_eq!(found, [$(stringify!($name)),+]);
        }
    };
}

cases! {
    bad_input,
    classify,
    config,
    costs,
    diff,
    doctor,
    dry_run,
    epochs,
    erase,
    explain,
    gold,
    import,
    overrides,
    parquet,
    rejects,
    replay,
    run,
    sql,
    taxonomy,
    taxonomy_lint,
    train,
    train_overrides,
    units,
    usage,
}
