//! Bytes to facts and back: the Avro schemas and the framing of the log's records, the records and the
//! mappings of source systems, files of units and costs, and the redaction of personal data.
//!
//! Pure: nothing here opens a file, reads a clock, or decides anything about a contact.

#[cfg(any(test, feature = "testing"))]
pub mod arbitrary;
mod error;
mod evolve;
mod facts;
mod frame;
pub mod governance;
pub mod mapping;
pub mod records;
pub mod redact;
pub mod schema;
mod spoken;
#[cfg(test)]
mod tests;
mod wire;

pub use error::DecodeError;
pub use facts::{content_bytes, decode_fact, encode_fact};
pub use spoken::{decode_spoken, encode_spoken};
