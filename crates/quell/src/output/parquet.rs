//! Parquet to a file or a pipe, with the types of the query.

use anyhow::{Context as _, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::Write;

/// Writes all rows.
pub(super) fn write(
    out: &mut (impl Write + Send),
    schema: &SchemaRef,
    rows: impl Iterator<Item = Result<RecordBatch>>,
) -> Result<()> {
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))
        .context("cannot write the answer as parquet")?;
    for batch in rows {
        writer.write(&batch?).context("cannot write the answer as parquet")?;
    }
    writer.close().context("cannot write the answer as parquet")?;
    Ok(())
}
