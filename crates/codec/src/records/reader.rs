//! From chunks of a file to pieces, and from a piece to a record.

use super::csv::Header;
use super::sniff::{SNIFFED_BYTES, Unreadable, sniff, without_bom};
use super::split::{Limits, Piece, Rows, Splitter};
use super::{Columns, Record, Refusal, ndjson};
use std::sync::Arc;

/// Cuts the bytes of one file into pieces. A CSV header is read here and is no piece.
#[derive(Debug)]
pub struct Reader {
    splitter: Splitter,
    gate: Gate,
    /// The start of the file, until enough of it has come to look at.
    head: Option<Vec<u8>>,
}

/// Turns the raw bytes of one piece into a record. Cheap to clone, so that any thread may have its own.
#[derive(Debug, Clone)]
pub struct Parser {
    columns: Arc<Columns>,
    /// CSV's first row; `None` for NDJSON.
    header: Option<Arc<Header>>,
}

impl Parser {
    /// Parses JSON objects that somebody else has cut, such as those of a [`document`](super::document).
    pub fn json(columns: Arc<Columns>) -> Self {
        Self { columns, header: None }
    }

    /// Parses the raw bytes of one record.
    pub fn parse<'a>(&'a self, raw: &'a [u8]) -> Result<Record<'a>, Refusal> {
        match &self.header {
            Some(header) => header.record(&self.columns, raw),
            None => ndjson::parse(&self.columns, raw),
        }
    }
}

impl Reader {
    /// Reads NDJSON: one JSON object a line; blank lines are skipped.
    pub fn ndjson(columns: Arc<Columns>, limits: Limits) -> Self {
        let parser = Parser::json(Arc::clone(&columns));
        Self::new(
            Rows::Lines,
            limits,
            Gate { columns, separator: None, parser: Some(parser), pieces: 0, failed: None },
        )
    }

    /// Reads CSV with a header row; empty lines are skipped.
    pub fn csv(columns: Arc<Columns>, separator: u8, limits: Limits) -> Self {
        let gate = Gate { columns, separator: Some(separator), parser: None, pieces: 0, failed: None };
        Self::new(Rows::Quoted(separator), limits, gate)
    }

    fn new(rows: Rows, limits: Limits, gate: Gate) -> Self {
        Self { splitter: Splitter::new(rows, limits), gate, head: Some(Vec::new()) }
    }

    /// Takes the next bytes of the file and hands out the pieces that are complete, each with what parses
    /// it: here and now, or on another thread with a clone of the parser. Nothing comes out before the first
    /// [`SNIFFED_BYTES`] are there. An error is about the whole file, which is then done with.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&Parser, Piece<'_>)) -> Result<(), Unreadable> {
        let Some(mut head) = self.head.take() else { return self.cut(bytes, &mut each) };
        if head.is_empty() && bytes.len() >= SNIFFED_BYTES {
            return self.begin(bytes, &mut each);
        }
        head.extend_from_slice(bytes);
        if head.len() >= SNIFFED_BYTES {
            return self.begin(&head, &mut each);
        }
        self.head = Some(head);
        Ok(())
    }

    /// The file has ended: hands out the last pieces.
    pub fn finish(mut self, mut each: impl FnMut(&Parser, Piece<'_>)) -> Result<(), Unreadable> {
        if let Some(head) = self.head.take() {
            self.begin(&head, &mut each)?;
        }
        let Self { splitter, mut gate, .. } = self;
        splitter.finish(&mut |piece| gate.pass(piece, &mut each));
        gate.outcome()?;
        if gate.pieces == 0 {
            let header_only = gate.separator.is_some() && gate.parser.is_some();
            return Err(Unreadable::NoRecords { header_only });
        }
        Ok(())
    }

    fn begin(&mut self, head: &[u8], each: &mut impl FnMut(&Parser, Piece<'_>)) -> Result<(), Unreadable> {
        sniff(head, if self.gate.separator.is_some() { "CSV" } else { "NDJSON" })?;
        self.cut(without_bom(head), each)
    }

    fn cut(&mut self, bytes: &[u8], each: &mut impl FnMut(&Parser, Piece<'_>)) -> Result<(), Unreadable> {
        let Self { splitter, gate, .. } = self;
        splitter.feed(bytes, &mut |piece| gate.pass(piece, each));
        gate.outcome()
    }
}

/// Keeps CSV's first row as the header and lets the other pieces pass.
#[derive(Debug)]
struct Gate {
    columns: Arc<Columns>,
    /// `None` for NDJSON.
    separator: Option<u8>,
    /// For CSV there once the header has been read.
    parser: Option<Parser>,
    /// Pieces that have passed.
    pieces: u64,
    failed: Option<Unreadable>,
}

impl Gate {
    fn pass(&mut self, piece: Piece<'_>, each: &mut impl FnMut(&Parser, Piece<'_>)) {
        if self.failed.is_some() {
            return;
        }
        if let Some(parser) = &self.parser {
            self.pieces += 1;
            each(parser, piece);
            return;
        }
        match self.header(&piece) {
            Ok(parser) => self.parser = Some(parser),
            Err(error) => self.failed = Some(error),
        }
    }

    fn header(&self, piece: &Piece<'_>) -> Result<Parser, Unreadable> {
        let separator = self.separator.expect("invariant: a reader of NDJSON has its parser from the start");
        match piece {
            Piece::Record { raw, .. } => {
                let header = Arc::new(Header::parse(raw, separator, &self.columns)?);
                Ok(Parser { columns: Arc::clone(&self.columns), header: Some(header) })
            }
            Piece::Refused { refusal, .. } => {
                Err(Unreadable::BrokenHeader { expected: refusal.expected.clone() })
            }
        }
    }

    fn outcome(&self) -> Result<(), Unreadable> {
        self.failed.clone().map_or(Ok(()), Err)
    }
}
