//! The vault at its boundary: what its users may rely on, with other handles, processes and crashes around.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a child process tells its parent what was answered")]

mod crash;
mod damage;
mod erasure;
mod model;
mod modes;
mod resolving;
mod sealing;
mod sharing;
mod support;
