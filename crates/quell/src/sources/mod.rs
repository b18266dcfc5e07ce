//! Files to records: opening and checking files, cutting them into chunks of raw records, and parsing a chunk.
//! Cutting is sequential; a [`Chunk`] parses itself on any thread. What a field means is the mapping's business;
//! this module never sees a fact.

mod arrow_value;
mod chunk;
mod csv_rows;
mod filling;
mod open;
mod parallel;
mod parquet_file;
mod posted;
mod text_file;

#[cfg(test)]
mod tests;

pub use chunk::{Chunk, Place, Raw, Read};
pub use csv_rows::each_csv_row;
pub use parallel::in_order;
pub use posted::{Form, NoEvents, PostLimits, posted};

use anyhow::Result;
use codec::mapping::{Format, Mapping};
use codec::records::{Limits, Reader};
use parquet_file::ParquetFile;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use text_file::TextFile;

/// Records of one chunk: enough that handing it to a worker costs nothing beside its work, few enough that
/// two per worker are small (P7).
pub const CHUNK_RECORDS: usize = 1_000;

/// Bytes after which a chunk is full although it holds fewer records.
pub const CHUNK_BYTES: usize = 1 << 20;

/// What is wanted from the files.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The mapping, which names the columns.
    pub mapping: Arc<Mapping>,
    /// Format of all the files.
    pub format: Format,
    /// Longest record, in bytes.
    pub record_bytes_max: usize,
}

/// Reads the records of some files, in their order, as chunks.
pub struct SourceReader {
    wanted: Wanted,
    /// Files that are still to be read.
    files: VecDeque<PathBuf>,
    current: Option<Current>,
    /// Chunks that are complete.
    ready: VecDeque<Chunk>,
    bytes_total: Option<u64>,
}

enum Current {
    Text(TextFile),
    Parquet(ParquetFile),
}

impl SourceReader {
    /// Checks every file before any of them is read: that it is there, can be read, is of the format, and
    /// has the wanted columns. A pipe is only checked when its turn comes.
    pub fn open(files: &[PathBuf], wanted: Wanted) -> Result<Self> {
        let mut bytes_total = Some(0);
        for path in files {
            let size = open::check(path, &wanted)?;
            bytes_total = bytes_total.zip(size).map(|(sum, size)| sum + size);
        }
        let files = files.iter().cloned().collect();
        Ok(Self { wanted, files, current: None, ready: VecDeque::new(), bytes_total })
    }

    /// Bytes of all files together, where all of them are files.
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// The next chunk; `None` at the end of the last file. Chunks never span files.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Ok(Some(chunk));
            }
            match &mut self.current {
                Some(current) => {
                    if !current.advance(&mut self.ready)? {
                        self.current = None;
                    }
                }
                None => match self.files.pop_front() {
                    Some(path) => self.current = Some(Current::open(&path, &self.wanted)?),
                    None => return Ok(None),
                },
            }
        }
    }
}

impl Current {
    fn open(path: &Path, wanted: &Wanted) -> Result<Self> {
        match wanted.reader() {
            Some(reader) => Ok(Self::Text(TextFile::open(path, wanted.format, reader)?)),
            None => Ok(Self::Parquet(ParquetFile::open(path, wanted.mapping.columns())?)),
        }
    }

    /// Reads some more into `ready`; false at the end of the file.
    fn advance(&mut self, ready: &mut VecDeque<Chunk>) -> Result<bool> {
        match self {
            Self::Text(file) => file.advance(ready),
            Self::Parquet(file) => file.advance(ready),
        }
    }
}

impl Wanted {
    /// What cuts the bytes of a file; `None` for Parquet, which has rows of its own.
    fn reader(&self) -> Option<Reader> {
        let limits = Limits { record_bytes: self.record_bytes_max, ..Limits::default() };
        self.mapping.reader(self.format, limits)
    }
}

/// Name of a format for people.
fn name_of(format: Format) -> &'static str {
    match format {
        Format::Csv => "CSV",
        Format::Ndjson => "NDJSON",
        Format::Parquet => "Parquet",
    }
}
