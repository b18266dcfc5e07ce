//! The analytics crate at its boundary: a lake goes in, published trees and answers come out.
#![allow(clippy::print_stdout, reason = "a test says what it skips")]

mod diff;
mod messages;
mod named;
mod publishing;
mod sql;
mod trends;
mod weekly;
mod world;
