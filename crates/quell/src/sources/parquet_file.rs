//! Parquet files: their rows in batches. All columns are read, not only the wanted ones, so that a refused row
//! is kept whole.

use super::arrow_value::{Path, Rows, understands};
use super::chunk::{Body, Chunk};
use super::{CHUNK_RECORDS, open};
use crate::bug;
use anyhow::{Result, anyhow, bail};
use arrow::datatypes::{DataType, Fields, SchemaRef};
use codec::mapping::Format;
use codec::records::Columns;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::collections::VecDeque;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

/// A Parquet file that is being read.
pub(super) struct ParquetFile {
    path: PathBuf,
    name: Arc<str>,
    reader: ParquetRecordBatchReader,
    wanted: Arc<Columns>,
    paths: Vec<Path>,
    rows_read: u64,
    rows_total: u64,
    bytes_total: u64,
}

impl ParquetFile {
    pub(super) fn open(path: &FilePath, wanted: &Arc<Columns>) -> Result<Self> {
        let (file, metadata) = open::open(path, Format::Parquet)?;
        let broken = |error: &dyn std::fmt::Display| broken(path, error);
        let builder = sound(path, || ParquetRecordBatchReaderBuilder::try_new(file))?;
        let rows_total = u64::try_from(builder.metadata().file_metadata().num_rows())
            .map_err(|_| broken(&"a negative number of rows"))?;
        if rows_total == 0 {
            bail!("cannot import {}: no rows; expected at least one", path.display());
        }
        let paths = find_columns(path, builder.schema(), wanted)?;
        let reader = sound(path, || builder.with_batch_size(CHUNK_RECORDS).build())?;
        Ok(Self {
            path: path.to_owned(),
            name: open::short_name(path),
            reader,
            wanted: Arc::clone(wanted),
            paths,
            rows_read: 0,
            rows_total,
            bytes_total: metadata.len(),
        })
    }

    /// Reads a batch; false after the end.
    pub(super) fn advance(&mut self, ready: &mut VecDeque<Chunk>) -> Result<bool> {
        let reader = &mut self.reader;
        let Some(batch) = sound(&self.path, || reader.next().transpose())? else { return self.check_end() };
        let first = self.rows_read + 1;
        let before = self.bytes_up_to(self.rows_read);
        self.rows_read += batch.num_rows() as u64;
        let bytes_read = self.bytes_up_to(self.rows_read) - before;
        let rows = Rows::new(batch, Arc::clone(&self.wanted), &self.paths, first)?;
        ready.push_back(Chunk { file: Arc::clone(&self.name), bytes_read, body: Body::Rows(rows) });
        Ok(true)
    }

    fn check_end(&self) -> Result<bool> {
        if self.rows_read != self.rows_total {
            let (read, total) = (self.rows_read, self.rows_total);
            return Err(broken(&self.path, &format!("{read} rows, but its footer promises {total}")));
        }
        Ok(false)
    }

    /// Progress in bytes, as if all rows were equally long.
    fn bytes_up_to(&self, rows: u64) -> u64 {
        let share = u128::from(self.bytes_total) * u128::from(rows.min(self.rows_total))
            / u128::from(self.rows_total);
        u64::try_from(share).unwrap_or(self.bytes_total)
    }
}

/// Calls the reader of Parquet, which returns an error for most damaged files and panics on some.
fn sound<T, E: std::fmt::Display>(path: &FilePath, read: impl FnOnce() -> Result<T, E>) -> Result<T> {
    match bug::contain(read) {
        Some(result) => result.map_err(|error| broken(path, &error)),
        None => Err(broken(path, &"a damaged page or footer")),
    }
}

fn broken(path: &FilePath, error: &dyn std::fmt::Display) -> anyhow::Error {
    let error = error.to_string();
    let error = error.trim_start_matches("Parquet argument error: ").trim_start_matches("Parquet error: ");
    anyhow!("cannot read {} as Parquet: {error}; is the file complete?", path.display())
}

/// Where each wanted column is. A name with points reaches into structs, unless a column has that very name.
fn find_columns(path: &FilePath, schema: &SchemaRef, wanted: &Columns) -> Result<Vec<Path>> {
    let mut missing = Vec::new();
    let mut paths = Vec::with_capacity(wanted.names().len());
    for name in wanted.names() {
        match find(schema.fields(), name) {
            Some((_, data_type)) if !understands(data_type) => bail!(
                "cannot import {}: column `{name}` has the type {data_type}; expected text, a number, true or \
                 false, a date, a time, or a list or struct of these",
                path.display()
            ),
            Some((found, _)) => paths.push(found),
            None => missing.push(name.as_str()),
        }
    }
    if missing.is_empty() {
        return Ok(paths);
    }
    let listed = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
    };
    let found = listed(&mut schema.fields().iter().map(|f| f.name().as_str()));
    bail!(
        "cannot import {}: expected column {}, found {found}",
        path.display(),
        listed(&mut missing.into_iter())
    )
}

fn find<'a>(fields: &'a Fields, name: &str) -> Option<(Path, &'a DataType)> {
    if let Some(at) = fields.iter().position(|field| field.name() == name) {
        return Some((vec![at], fields[at].data_type()));
    }
    let (outer, inner) = name.split_once('.')?;
    let at = fields.iter().position(|field| field.name() == outer)?;
    let DataType::Struct(fields) = fields[at].data_type() else { return None };
    let (mut path, data_type) = find(fields, inner)?;
    path.insert(0, at);
    Some((path, data_type))
}
