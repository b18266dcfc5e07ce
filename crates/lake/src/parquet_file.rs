//! The one writer of Parquet files. Equal rows under an equal schema give equal bytes, however the rows were
//! cut into batches: they are cut anew into fixed sizes, and nothing of the time, the machine or the version
//! is written. It never knows what a column means.

use crate::sealed::Hash;
use crate::{LakeError, StoreError};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float32Type, Float64Type, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// Rows handed to the encoder at once. Pages end between such steps, so it is part of the bytes.
const STEP_ROWS: usize = 8_192;
/// Rows of a row group: sixteen steps, about what a scan task of DataFusion or DuckDB takes at once.
const ROW_GROUP_ROWS: usize = 16 * STEP_ROWS;
/// Named as the writer in every file. The form is the one that Parquet's Java readers can parse: they ignore
/// statistics of a writer they cannot. Constant, because a release must not change bytes.
const CREATED_BY: &str = "quell version 1.0.0";

/// How a file is written, where columns differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParquetOptions {
    /// Level of zstd, 1 to 22.
    pub level: i32,
    /// Columns of nearly distinct values, which a dictionary would only make bigger. Columns of fixed-size
    /// binary are ids and never get one.
    pub plain: Vec<String>,
}

impl ParquetOptions {
    /// For published tables: written once, read often.
    pub fn published(plain: &[&str]) -> Self {
        Self { level: 3, plain: plain.iter().map(|c| (*c).to_owned()).collect() }
    }

    /// For segments: written while the log waits.
    pub fn segment() -> Self {
        Self { level: 1, plain: Vec::new() }
    }

    fn properties(&self, schema: &SchemaRef) -> WriterProperties {
        let level = ZstdLevel::try_new(self.level).expect("a level of zstd lies in 1..=22");
        let base = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_offset_index_disabled(false);
        let is_id = |data_type: &DataType| matches!(data_type, DataType::FixedSizeBinary(_));
        let plain = schema.fields().iter().filter(|f| is_id(f.data_type()) || self.plain.contains(f.name()));
        let path = |name: &str| ColumnPath::from(name);
        plain.fold(base, |b, f| b.set_column_dictionary_enabled(path(f.name()), false)).build()
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Checksum of the file.
    pub sha256: [u8; 32],
}

/// A Parquet file in the making.
pub struct ParquetFile<W: Write + Send> {
    path: String,
    schema: SchemaRef,
    writer: ArrowWriter<Hashing<W>>,
    /// Slices that do not fill a step yet.
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    rows: u64,
}

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file. `path` is only its name in messages.
    pub fn new(out: W, path: &str, schema: &SchemaRef, options: &ParquetOptions) -> Result<Self, LakeError> {
        let out = Hashing { out: Some(out), hash: Sha256::new(), bytes: 0 };
        let writer = ArrowWriter::try_new(out, schema.clone(), Some(options.properties(schema)))
            .map_err(|e| parquet_error(path, e))?;
        Ok(Self {
            path: path.to_owned(),
            schema: schema.clone(),
            writer,
            pending: Vec::new(),
            pending_rows: 0,
            rows: 0,
        })
    }

    /// Appends rows. Their columns must have the names and types of the schema in its order; nullability and
    /// metadata are the schema's.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let batch = self.conform(batch)?;
        let mut at = 0;
        while at < batch.num_rows() {
            let take = (STEP_ROWS - self.pending_rows).min(batch.num_rows() - at);
            self.pending.push(batch.slice(at, take));
            self.pending_rows += take;
            at += take;
            if self.pending_rows == STEP_ROWS {
                self.flush_step()?;
            }
        }
        Ok(())
    }

    /// Writes the rest and the footer, and gives the sink back.
    pub fn finish(mut self) -> Result<(W, Written), LakeError> {
        self.flush_step()?;
        // Not `into_inner`, which flushes last and hides why that failed.
        self.writer.finish().map_err(|e| parquet_error(&self.path, e))?;
        let done = self.writer.inner_mut();
        let sha256 = std::mem::take(&mut done.hash).finalize().into();
        let out = done.out.take().expect("the sink is only taken here");
        Ok((out, Written { rows: self.rows, bytes: done.bytes, sha256 }))
    }

    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
        let columns = |source| LakeError::Columns { path: self.path.clone(), source };
        same_names(&self.schema, &batch.schema()).map_err(columns)?;
        let batch = RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec()).map_err(columns)?;
        match batch.columns().iter().position(|c| !all_finite(c)) {
            None => Ok(batch),
            Some(i) => {
                let column = self.schema.field(i).name().clone();
                Err(LakeError::NotFinite { path: self.path.clone(), column })
            }
        }
    }

    fn flush_step(&mut self) -> Result<(), LakeError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let columns = |source| LakeError::Columns { path: self.path.clone(), source };
        let step = concat_batches(&self.schema, &self.pending).map_err(columns)?;
        self.writer.write(&step).map_err(|e| parquet_error(&self.path, e))?;
        self.rows += step.num_rows() as u64;
        self.pending.clear();
        self.pending_rows = 0;
        Ok(())
    }
}

/// Writes a whole file from batches at hand.
pub fn write_parquet<'a, W: Write + Send>(
    out: W,
    path: &str,
    schema: &SchemaRef,
    options: &ParquetOptions,
    batches: impl IntoIterator<Item = &'a RecordBatch>,
) -> Result<(W, Written), LakeError> {
    let mut file = ParquetFile::new(out, path, schema, options)?;
    batches.into_iter().try_for_each(|batch| file.write(batch))?;
    file.finish()
}

/// Columns are matched by place, so that two of one type must not change places unseen.
fn same_names(expected: &SchemaRef, found: &SchemaRef) -> Result<(), ArrowError> {
    let names = |schema: &SchemaRef| schema.fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
    let (expected, found) = (names(expected), names(found));
    if expected == found {
        return Ok(());
    }
    Err(ArrowError::SchemaError(format!("expected the columns {expected:?}, found {found:?}")))
}

fn all_finite(column: &dyn Array) -> bool {
    match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().all(f64::is_finite),
        DataType::Float32 => column.as_primitive::<Float32Type>().iter().flatten().all(f32::is_finite),
        _ => true,
    }
}

/// A failed write is the store's failure (a full disk must be seen as one); anything else is the format's.
fn parquet_error(path: &str, e: ParquetError) -> LakeError {
    let path = path.to_owned();
    match e {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(source) => StoreError::Io { action: "write", path, source: *source }.into(),
            Err(inner) => LakeError::Parquet { path, source: ParquetError::External(inner) },
        },
        source => LakeError::Parquet { path, source },
    }
}

/// Counts and hashes what passes through.
struct Hashing<W> {
    /// There until the end.
    out: Option<W>,
    hash: Sha256,
    bytes: u64,
}

impl<W> Hashing<W> {
    fn sink(&mut self) -> io::Result<&mut W> {
        self.out.as_mut().ok_or_else(|| io::Error::other("written after its end"))
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.sink()?.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink()?.flush()
    }
}

/// The checksum and length of a stream.
pub(crate) fn hash_stream(mut from: impl io::Read) -> io::Result<(Hash, u64)> {
    let mut sink = Hashing { out: Some(io::sink()), hash: Sha256::new(), bytes: 0 };
    io::copy(&mut from, &mut sink)?;
    Ok((sink.hash.finalize().into(), sink.bytes))
}
