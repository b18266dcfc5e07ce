//! Tests of the facts' forms. `roundtrip`: nothing is lost. `avro`: the library agrees with every byte.
//! `shape`: schemas, field lists and words agree. `compat`: versions read each other. `golden`: what was
//! once written still decodes. `redaction`: what is replaced and what is not.

mod avro;
mod compat;
mod golden;
mod redaction;
mod roundtrip;
mod samples;
mod shape;

use std::path::PathBuf;

/// A folder or file of this crate.
fn here(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
