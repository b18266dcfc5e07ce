//! Files whose columns are fixed, so that they need no mapping.

use super::Read;
use super::text_file::TextFile;
use anyhow::Result;
use codec::mapping::Format;
use codec::records::{Columns, Limits, Reader};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// Reads a comma-separated file that has these columns in its header, row by row.
pub fn each_csv_row(
    path: &Path,
    columns: Arc<Columns>,
    record_bytes_max: usize,
    mut each: impl FnMut(Read<'_>),
) -> Result<()> {
    let limits = Limits { record_bytes: record_bytes_max, ..Limits::default() };
    let mut file = TextFile::open(path, Format::Csv, Reader::csv(columns, b',', limits))?;
    let mut ready = VecDeque::new();
    while file.advance(&mut ready)? {
        for chunk in ready.drain(..) {
            chunk.reads().for_each(&mut each);
        }
    }
    Ok(())
}
