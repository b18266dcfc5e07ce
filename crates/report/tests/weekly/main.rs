//! The weekly report at its boundary: answers in, page, text and JSON out. `UPDATE_GOLDEN=1 cargo test -p report`
//! rewrites the expected files in `tests/golden/weekly/`.
#![allow(clippy::disallowed_methods, reason = "a test reads and rewrites its own expectations")]

mod answers;
mod fixture;
mod forms;
mod markup;
mod reading;
