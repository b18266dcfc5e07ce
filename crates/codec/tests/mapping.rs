//! Tests of `codec::records` and `codec::mapping` at their boundary: bytes and a mapping file in, drafts
//! and refusals out.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read case files and corpora; the crate itself reads no file"
)]

#[path = "mapping/api.rs"]
mod api;
#[path = "mapping/cases.rs"]
mod cases;
#[path = "mapping/documented.rs"]
mod documented;
#[path = "mapping/hostile.rs"]
mod hostile;
#[path = "mapping/real.rs"]
mod real;
#[path = "mapping/run.rs"]
mod run;
#[path = "mapping/transcripts.rs"]
mod transcripts;
