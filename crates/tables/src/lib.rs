//! Arrow schemas and data dictionary of every table, and rows of the domain as record batches.
//!
//! Each column is defined once: name, how it is read from a row, whether it may be null, what it means. From
//! that come the schema, the converter and the dictionary. Nothing here computes a figure or does I/O.
//!
//! * Segments of the lake: [`CONTACT_ROWS`], [`VERDICT_ROWS`], [`REFUSED_ROWS`]; ids are sixteen bytes.
//! * Published: [`CONTACTS`], [`PROVENANCE`], [`REJECTS`]; ids are text, and [`publish`] makes one of the other.
//! * Answers of queries: [`named`] on the command line, [`weekly`] for the report.

mod cell;
mod column;
mod contact_rows;
mod dictionary;
pub mod named;
mod published;
mod refused_rows;
mod text;
mod verdict_rows;
pub mod weekly;

pub use column::{Column, DOC, DT, Kind, Place, Table, UTC};
pub use contact_rows::{CONTACT_ROWS, contact_rows};
pub use dictionary::dictionary;
pub use published::{CONTACTS, PROVENANCE, REJECTS, RejectRow, publish, published, reject_rows};
pub use refused_rows::{PlacedRefusal, REFUSED_ROWS, refused_rows};
pub use verdict_rows::{VERDICT_ROWS, verdict_rows};

use arrow::array::{ArrayRef, RecordBatch};

/// Columns that were built from the table's own definition.
fn batch(table: &Table, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(table.schema(), columns)
        .expect("columns follow from the same definition as the schema")
}
