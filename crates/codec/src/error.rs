//! Why bytes are not a record. Messages name schema, byte and field, never what was found there: it may
//! be personal.

use crate::schema;
use crate::wire::Malformed;

/// Why bytes could not be decoded. The bytes are damaged or come from a newer program; trying again does
/// not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The head of the frame is missing.
    #[error(
        "{len} bytes are not a framed record: expected a zero byte, four bytes of schema id, and a datum"
    )]
    NotFramed {
        /// How many bytes there were.
        len: usize,
    },
    /// No schema of this program has the id.
    #[error(
        "schema id {schema_id} is unknown: expected one of this program's schemas; the record is newer or damaged"
    )]
    UnknownSchema {
        /// The id.
        schema_id: u32,
    },
    /// A record of another kind.
    #[error("schema id {schema_id} is {}: expected {expected}", schema::title(*schema_id))]
    OtherKind {
        /// The id.
        schema_id: u32,
        /// What was asked for.
        expected: &'static str,
    },
    /// The datum does not follow its schema.
    #[error("{}, byte {at} of the datum{}: expected {expected}", schema::title(*schema_id), within(field))]
    Malformed {
        /// Id of the schema.
        schema_id: u32,
        /// Where in the datum.
        at: usize,
        /// The last field begun; empty where none is.
        field: &'static str,
        /// What should have been there.
        expected: &'static str,
    },
}

impl DecodeError {
    pub(crate) fn malformed(schema_id: u32, m: Malformed) -> Self {
        Self::Malformed { schema_id, at: m.at, field: m.field, expected: m.expected }
    }
}

/// The field for a message; a record of an older version is walked over without names.
fn within(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(", field {field}") }
}
