//! Tells a file that is no text of the expected format from one that holds some bad records. The first
//! gives one clear error for the file; the second gives refusals.

use std::fmt::Write as _;

/// How many bytes of a file are looked at before its first record is read.
pub const SNIFFED_BYTES: usize = 8_192;

/// Why a whole file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is something else.
    #[error("looks like {looks_like}, expected {expected} text in UTF-8")]
    NotText {
        /// What it looks like.
        looks_like: &'static str,
        /// The format that was expected.
        expected: &'static str,
    },
    /// There is not a single record in it.
    #[error("no records{}", if *header_only { " after the header" } else { ": the file is empty" })]
    NoRecords {
        /// It has a header, and nothing else.
        header_only: bool,
    },
    /// The first row of a CSV file cannot be parsed.
    #[error("line 1: the header is broken, expected {expected}")]
    BrokenHeader {
        /// What was expected.
        expected: String,
    },
    /// The mapping names columns that the header does not have.
    #[error("line 1: {}", unknown_columns(missing, found))]
    UnknownColumns {
        /// Columns the mapping asks for.
        missing: Vec<String>,
        /// Columns of the header; empty where the first row may not be a header.
        found: Vec<String>,
    },
    /// A mapped column is not unique.
    #[error("line 1: column `{column}` occurs more than once, expected every mapped column once")]
    ColumnTwice {
        /// The column.
        column: String,
    },
}

fn unknown_columns(missing: &[String], found: &[String]) -> String {
    let list = |names: &[String]| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let mut message = format!("expected a header with column {}", list(missing));
    match found {
        [] => message.push_str(
            ", found none of the mapped columns: is the first line a header, and the separator right?",
        ),
        _ => drop(write!(message, ", found {}", list(found))),
    }
    message
}

/// What the first bytes of other formats look like.
const MAGIC: &[(&[u8], &str)] = &[
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PK\x03\x04", "a zip file (such as .xlsx)"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (such as .xls)"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%PDF-", "a PDF file"),
    (b"Obj\x01", "an Avro file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
];

/// Looks at the start of a file.
pub(super) fn sniff(head: &[u8], expected: &'static str) -> Result<(), Unreadable> {
    let head = &head[..head.len().min(SNIFFED_BYTES)];
    let not_text = |looks_like| Err(Unreadable::NotText { looks_like, expected });
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return not_text(name);
    }
    // Text may hold a stray control character; one in ten is no text.
    let controls = head.iter().filter(|b| **b < b' ' && !b"\t\n\r\x0c\x1b".contains(b)).count();
    if memchr::memchr(0, head).is_some() || controls * 10 > head.len() {
        return not_text("a binary file");
    }
    if memchr::memchr(b'\n', head).is_none() && memchr::memchr_iter(b'\r', head).nth(1).is_some() {
        return not_text("text with lines that end in CR alone");
    }
    Ok(())
}

/// The bytes after a byte order mark.
pub fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
