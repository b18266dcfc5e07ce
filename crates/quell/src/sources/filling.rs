//! Pieces of a text, gathered into chunks.

use super::chunk::{Body, Chunk, Piece};
use super::{CHUNK_BYTES, CHUNK_RECORDS};
use codec::records::{self, Parser};
use std::sync::Arc;

/// The chunk that is being filled.
#[derive(Default)]
pub(super) struct Filling {
    parser: Option<Parser>,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    /// Bytes read from the file since the last chunk.
    pub bytes_read: u64,
    pub full: Vec<Chunk>,
}

impl Filling {
    pub fn take(&mut self, name: &Arc<str>, parser: &Parser, piece: records::Piece<'_>) {
        let (line, raw, refused) = match piece {
            records::Piece::Record { line, raw } => (line, raw, None),
            records::Piece::Refused { line, raw, whole, refusal } => (line, raw, Some((refusal, whole))),
        };
        if self.parser.is_none() {
            self.parser = Some(parser.clone());
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(raw);
        self.pieces.push(Piece { line, range: from..self.bytes.len(), refused });
        if self.pieces.len() >= CHUNK_RECORDS || self.bytes.len() >= CHUNK_BYTES {
            self.close(name);
        }
    }

    pub fn close(&mut self, name: &Arc<str>) {
        let Some(parser) = self.parser.clone().filter(|_| !self.pieces.is_empty()) else { return };
        let (bytes, pieces) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.pieces));
        let bytes_read = std::mem::take(&mut self.bytes_read);
        self.full.push(Chunk {
            file: Arc::clone(name),
            bytes_read,
            body: Body::Text { parser, bytes, pieces },
        });
    }
}
