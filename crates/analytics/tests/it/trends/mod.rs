//! The trend tables against a recount in plain Rust, and incremental against full publishing.

mod cases;
mod history;
mod property;
mod recount;
