//! CSV and NDJSON files: their bytes, cut into chunks of raw records by `codec`.

use super::chunk::Chunk;
use super::filling::Filling;
use super::open;
use anyhow::{Context as _, Result};
use codec::mapping::Format;
use codec::records::{self, Parser, Reader, SNIFFED_BYTES};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 1 << 18;

/// Longest part of a file that is looked at before anything is imported. Beyond the sniffed start it only has
/// to hold a CSV header.
const CHECKED_BYTES: usize = 1 << 20;

/// A text file that is being read.
pub(super) struct TextFile {
    path: PathBuf,
    name: Arc<str>,
    file: File,
    /// `None` after the end.
    reader: Option<Reader>,
    block: Vec<u8>,
    filling: Filling,
}

impl TextFile {
    pub(super) fn open(path: &Path, format: Format, reader: Reader) -> Result<Self> {
        let (file, _) = open::open(path, format)?;
        let (path, name) = (path.to_owned(), open::short_name(path));
        let filling = Filling::default();
        Ok(Self { path, name, file, reader: Some(reader), block: vec![0; BLOCK_BYTES], filling })
    }

    /// Looks at the start: whether it is text of the format, with a header that has the wanted columns.
    pub(super) fn check_start(mut self) -> Result<()> {
        let mut head = Vec::with_capacity(SNIFFED_BYTES);
        let file = self.file.by_ref().take(CHECKED_BYTES as u64);
        std::io::BufReader::new(file).read_to_end(&mut head).with_context(|| self.cannot_read())?;
        let mut reader = self.reader.take().expect("a file that was just opened has its reader");
        reader.feed(&head, |_, _| {}).map_err(|e| self.unreadable(&e))?;
        if head.len() < CHECKED_BYTES {
            reader.finish(|_, _| {}).map_err(|e| self.unreadable(&e))?;
        }
        Ok(())
    }

    /// Reads a block; false after the end.
    pub(super) fn advance(&mut self, ready: &mut VecDeque<Chunk>) -> Result<bool> {
        let Some(mut reader) = self.reader.take() else { return Ok(false) };
        let n = self.file.read(&mut self.block).with_context(|| self.cannot_read())?;
        self.filling.bytes_read += n as u64;
        let name = Arc::clone(&self.name);
        let filling = &mut self.filling;
        let mut take = |parser: &Parser, piece: records::Piece<'_>| filling.take(&name, parser, piece);
        let result = if n == 0 {
            let result = reader.finish(&mut take);
            self.filling.close(&self.name);
            result
        } else {
            let result = reader.feed(&self.block[..n], &mut take);
            self.reader = Some(reader);
            result
        };
        ready.extend(self.filling.full.drain(..));
        result.map_err(|e| self.unreadable(&e))?;
        Ok(true)
    }

    fn cannot_read(&self) -> String {
        format!("cannot read {}", self.path.display())
    }

    fn unreadable(&self, error: &records::Unreadable) -> anyhow::Error {
        anyhow::Error::new(error.clone()).context(format!("cannot import {}", self.path.display()))
    }
}
