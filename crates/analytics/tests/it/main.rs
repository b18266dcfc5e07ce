//! The analytics crate at its boundary: a lake goes in, published trees and answers come out.

mod messages;
mod named;
mod publishing;
mod sql;
mod world;
