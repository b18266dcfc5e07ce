//! What the tests of the whole share: a seeded world, a log that fails on purpose, and the simulator.

pub mod flaky;
pub mod known;
pub mod retention;
pub mod sim;
pub mod spread;
pub mod world;
