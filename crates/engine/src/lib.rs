//! The fold: `assemble` and `judge` as state machines. Inputs are values, effects come out as values.
//!
//! Both states are functions of the *set* of facts they have seen: arrival order, redelivery, batch size
//! and partition count change when something is said, never what is true at the end (P4). The engine never
//! sees a byte of JSON or SQL, a clock, a file or a thread.

pub mod assemble;
pub mod asserted;
mod bytes;
mod idmap;
pub mod judge;
mod mechanisms;
pub mod messages;
mod ruleset;

pub use assemble::{Assemble, Assembled};
pub use asserted::{Asserted, CustomerFact, Happened, JudgeInput, Override};
pub use bytes::Damaged;
pub use judge::{Judge, Judged, shard_of};
pub use ruleset::Ruleset;
