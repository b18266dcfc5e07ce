//! Text to reason. A [`Taxonomy`] is a reviewed TOML file of reasons and their rules; a [`Classifier`] says
//! which reason a contact has and which rule and words decided it; [`lint`] says what a reviewer of the file
//! would.
//!
//! Everything here is a function of its arguments: equal taxonomy and equal contact give an equal answer on
//! every machine. Nothing here does I/O, sees a clock or draws a random number, and no rule can take more
//! than linear time in the length of a text.

mod chain;
mod classifier;
mod decide;
mod draft;
pub mod fold;
pub mod heard;
pub mod language;
pub mod limits;
pub mod lint;
mod meaning;
mod mistake;
pub mod model;
mod near;
mod needles;
mod parse;
mod parse_rules;
mod pattern;
mod place;
mod read;
mod rule;
mod sieve;
mod taxonomy;

pub use classifier::{Classified, Classifier, Input, Scratch};
pub use decide::{Decider, Learned};
pub use draft::Draft;
pub use mistake::TaxonomyMistake;
pub use near::Near;
pub use pattern::Pattern;
pub use place::Place;
pub use rule::{Conditions, Exclusion, Rule};
pub use taxonomy::{Examples, Leaf, Owner, Taxonomy, Vote, Votes};
