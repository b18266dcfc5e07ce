//! The vault at its boundary: what its users may rely on, with other handles, processes and crashes around.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a child process tells its parent what was answered")]

/// Each case becomes a test on each store. Those on a server run where `QUELL_POSTGRES` names one.
macro_rules! on_each_store {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { super::$case(crate::support::Backend::Sqlite); })+
        }
        mod postgres {
            $(#[test] fn $case() { crate::server::if_named(|| super::$case(crate::support::Backend::Postgres)); })+
        }
    };
}

mod crash;
mod damage;
mod erasure;
mod model;
mod modes;
mod on_server;
mod own_server;
mod proxy;
mod resolving;
mod sealing;
mod server;
mod sharing;
mod support;
