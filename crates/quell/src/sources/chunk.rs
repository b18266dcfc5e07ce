//! Some raw records of one file, which parse themselves where they are needed.

use super::arrow_value::Row;
use codec::records::{Parser, Record, Refusal};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the file, without its folder.
    pub file: Arc<str>,
    /// Line, or row where the format has no lines; from 1.
    pub line: u64,
}

/// Some raw records of one file, in its order.
#[derive(Debug)]
pub struct Chunk {
    /// Name of the file, without its folder.
    pub file: Arc<str>,
    /// Bytes of the file that were read for it, for the progress.
    pub bytes_read: u64,
    pub(super) body: Body,
}

/// What a chunk holds.
#[derive(Debug)]
pub(super) enum Body {
    /// Pieces of a text file.
    Text {
        /// What parses them.
        parser: Parser,
        /// The bytes of all pieces.
        bytes: Vec<u8>,
        /// The pieces.
        pieces: Vec<Piece>,
    },
    /// Rows of a Parquet file.
    Rows(super::arrow_value::Rows),
}

/// One piece of a text file.
#[derive(Debug)]
pub(super) struct Piece {
    /// Line on which it starts.
    pub line: u64,
    /// Its bytes in the chunk.
    pub range: Range<usize>,
    /// Why it is no record, and whether its bytes are all there.
    pub refused: Option<(Refusal, bool)>,
}

/// The original bytes of a record, made only when somebody wants them.
#[derive(Debug, Clone, Copy)]
pub enum Raw<'a> {
    /// As they stand in the file.
    Bytes(&'a [u8]),
    /// A row of a file that has no bytes of its own for a row: it becomes a JSON object.
    Row(Row<'a>),
}

impl<'a> Raw<'a> {
    /// The bytes.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        match self {
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
            Self::Row(row) => Cow::Owned(row.to_json().into_bytes()),
        }
    }
}

/// What was read.
#[derive(Debug)]
pub enum Read<'a> {
    /// A record, still in the source's own words.
    Record {
        /// The record.
        record: Record<'a>,
        /// Where it stands.
        place: Place,
        /// Its original bytes.
        raw: Raw<'a>,
    },
    /// Something that is no record.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Where it stands.
        place: Place,
        /// Its original bytes, or their beginning.
        raw: Raw<'a>,
        /// Whether `raw` is all of them.
        whole: bool,
    },
}

impl Chunk {
    /// Number of records and refused pieces.
    pub fn len(&self) -> usize {
        match &self.body {
            Body::Text { pieces, .. } => pieces.len(),
            Body::Rows(rows) => rows.len(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Parses record by record, in the order of the file.
    pub fn reads(&self) -> impl Iterator<Item = Read<'_>> {
        (0..self.len()).map(|i| self.read(i))
    }

    fn read(&self, i: usize) -> Read<'_> {
        let place = |line| Place { file: Arc::clone(&self.file), line };
        match &self.body {
            Body::Text { parser, bytes, pieces } => {
                let piece = &pieces[i];
                let bytes = &bytes[piece.range.clone()];
                let (place, raw) = (place(piece.line), Raw::Bytes(bytes));
                match &piece.refused {
                    Some((refusal, whole)) => {
                        Read::Refused { refusal: refusal.clone(), place, raw, whole: *whole }
                    }
                    None => match parser.parse(bytes) {
                        Ok(record) => Read::Record { record, place, raw },
                        Err(refusal) => Read::Refused { refusal, place, raw, whole: true },
                    },
                }
            }
            Body::Rows(rows) => {
                let raw = Raw::Row(rows.row(i));
                Read::Record { record: rows.record(i), place: place(rows.line(i)), raw }
            }
        }
    }
}
