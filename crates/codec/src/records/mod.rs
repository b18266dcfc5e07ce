//! From the bytes of a file to records: fields by name, still in the source's own words.
//!
//! The shell feeds chunks of bytes to a [`Reader`], which cuts them into [`Piece`]s; a [`Parser`] turns the raw
//! bytes of one piece into a [`Record`]. Cutting is sequential and cheap; parsing is pure and may run on
//! any thread. Whatever cannot be cut or parsed is a [`Refusal`] with its line and its bytes, and reading
//! goes on. Only a file that is no such text at all is [`Unreadable`]. Every line of a file is in exactly one
//! piece, or blank, or the header.
//!
//! Nothing here opens a file, and no message repeats what a record says.

mod csv;
mod document;
mod ndjson;
mod reader;
mod refusal;
mod sniff;
mod split;
mod value;

pub(crate) use ndjson::json_value;

pub use document::{NoDocument, count_values, document, is_lines, line_too_deep};
pub use reader::{Parser, Reader};
pub use refusal::Refusal;
pub use sniff::{SNIFFED_BYTES, Unreadable, without_bom};
pub use split::{Limits, Piece};
pub use value::{Columns, Record, Value};

/// Nesting of one JSON record beyond which it is refused. Real payloads stay below ten.
pub const DEPTH_MAX: usize = 32;
