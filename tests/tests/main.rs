//! Tests of the whole, one binary.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::print_stderr,
        clippy::print_stdout,
        reason = "tests say what they skip, and fail where a value is missing"
    )
)]

mod architecture;
mod crash;
mod end_to_end;
mod epochs;
mod mechanisms;
mod privacy;
mod program;
mod recount;
mod simulator;
