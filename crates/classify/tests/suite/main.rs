//! Tests of `classify` at its boundary. Cases are files: `tests/cases`.
#![allow(clippy::disallowed_methods, reason = "tests read their cases")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bench;
mod cases;
mod folding;
mod limits;
mod meaning;
mod reference;
