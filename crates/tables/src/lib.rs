//! Arrow schemas and data dictionary of every table, and rows of the domain as record batches.
//!
//! Each column is defined once: name, how it is read from a row, whether it may be null, what it means. From
//! that come the schema, the converter and the dictionary. Nothing here computes a figure or does I/O.
//!
//! * Segments of the lake: [`CONTACT_ROWS`], [`VERDICT_ROWS`], [`REFUSED_ROWS`], [`REJECT_ROWS`]; ids are sixteen
//!   bytes. The dimensions ([`REASONS`], [`OWNERS`], [`UNITS`], [`COSTS`]) lie there as they are published.
//! * Published: [`published`]; ids are text, and [`publish`] makes one of the other. What the trend tables count
//!   is counted in `analytics`.
//! * Answers of queries: [`named`] on the command line, [`weekly`] for the report, [`diff`] for two
//!   epochs side by side.

mod cell;
mod column;
mod contact_rows;
mod dictionary;
pub mod diff;
mod dimensions;
pub mod named;
mod published;
mod refused_rows;
mod reject_rows;
mod session_rows;
mod stated_rows;
mod text;
mod trends;
mod verdict_rows;
pub mod weekly;

pub use column::{Column, DOC, DT, Kind, Place, Table, UTC};
pub use contact_rows::{CONTACT_ROWS, contact_rows};
pub use dictionary::dictionary;
pub use dimensions::{
    COSTS, OWNERS, OwnerRow, REASONS, ReasonRow, UNITS, cost_rows, owner_rows, reason_rows, unit_rows,
};
pub use published::{CONTACTS, PROVENANCE, publish, published};
pub use refused_rows::{PlacedRefusal, REFUSED_ROWS, refused_rows};
pub use reject_rows::{REJECT_ROWS, REJECTS, RejectRow, reject_rows};
pub use session_rows::{SESSION_ROWS, session_rows};
pub use stated_rows::{STATED_ROWS, stated_rows};
pub use trends::{
    CHAINS, CHANNEL_DAILY, CODE_AGREEMENT, KNOWN_FIRST, MECHANISM_DAILY, MOVERS_WEEKLY, OWNERS_WEEKLY,
    REASON_DAILY, REASON_WEEKLY, SELF_SERVICE,
};
pub use verdict_rows::{VERDICT_ROWS, verdict_rows};

use arrow::array::{ArrayRef, RecordBatch};

/// Columns that were built from the table's own definition.
fn batch(table: &Table, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(table.schema(), columns)
        .expect("columns follow from the same definition as the schema")
}
