//! Answers as text or a file: a table for people, CSV, JSON and Parquet for programs. Rows are written as they
//! come; only the table for people holds them all, because its columns are as wide as their widest value.

use crate::error::AnalyticsError;
use crate::rows::Rows;
use arrow::array::{Array, ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, JsonArray, WriterBuilder, make_encoder};
use arrow::util::pretty::pretty_format_batches_with_schema;
use datafusion::common::DataFusionError;
use lake::{ParquetFile, ParquetOptions};
use std::io::Write;
use std::sync::Arc;

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// RFC 4180 with a header; lists, maps and structs as JSON in their cell.
    Csv,
    /// One array of objects.
    Json,
    /// A Parquet file.
    Parquet,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Table, Self::Csv, Self::Json, Self::Parquet];

    /// Its word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }

    /// The format with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.word() == word)
    }
}

/// Writes an answer.
pub fn write_rows(rows: Rows, format: Format, out: &mut (dyn Write + Send)) -> Result<(), AnalyticsError> {
    match format {
        Format::Table => write_table(rows, out),
        Format::Csv => write_csv(rows, out),
        Format::Json => write_json(rows, out),
        Format::Parquet => write_parquet(rows, out),
    }
}

fn write_table(rows: Rows, out: &mut dyn Write) -> Result<(), AnalyticsError> {
    let schema = Arc::clone(rows.schema());
    let batches: Vec<RecordBatch> = rows.collect::<Result<_, _>>()?;
    let table = pretty_format_batches_with_schema(schema, &batches).map_err(unwritten)?;
    writeln!(out, "{table}").map_err(|e| unwritten(e.into()))
}

fn write_csv(rows: Rows, out: &mut dyn Write) -> Result<(), AnalyticsError> {
    let schema = flat_schema(rows.schema());
    let mut csv = arrow::csv::WriterBuilder::new().with_header(true).build(out);
    // The header comes with the first batch, so that an empty answer has one too.
    csv.write(&RecordBatch::new_empty(Arc::clone(&schema))).map_err(unwritten)?;
    for batch in rows {
        csv.write(&flat(&batch?, &schema).map_err(unwritten)?).map_err(unwritten)?;
    }
    Ok(())
}

fn write_json(rows: Rows, mut out: &mut dyn Write) -> Result<(), AnalyticsError> {
    let mut json = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(&mut out);
    for batch in rows {
        json.write(&batch?).map_err(unwritten)?;
    }
    json.finish().map_err(unwritten)?;
    drop(json);
    writeln!(out).map_err(|e| unwritten(e.into()))
}

fn write_parquet(rows: Rows, out: &mut (dyn Write + Send)) -> Result<(), AnalyticsError> {
    let schema = Arc::clone(rows.schema());
    let mut file = ParquetFile::new(out, "the answer", &schema, &ParquetOptions::published(&[]))?;
    for batch in rows {
        file.write(&batch?)?;
    }
    file.finish()?;
    Ok(())
}

/// The schema with every nested column as text.
fn flat_schema(schema: &SchemaRef) -> SchemaRef {
    let flat = |f: &Arc<Field>| {
        if f.data_type().is_nested() {
            Arc::new(Field::new(f.name(), DataType::Utf8, true))
        } else {
            Arc::clone(f)
        }
    };
    Arc::new(Schema::new(schema.fields().iter().map(flat).collect::<Vec<_>>()))
}

fn flat(batch: &RecordBatch, to: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if field.data_type().is_nested() { as_json(column, field) } else { Ok(Arc::clone(column)) }
    });
    RecordBatch::try_new(Arc::clone(to), columns.collect::<Result<_, _>>()?)
}

/// Each value as JSON; null stays null.
fn as_json(column: &ArrayRef, field: &Arc<Field>) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, column, &options)?;
    let mut text = StringBuilder::with_capacity(column.len(), 0);
    let mut bytes = Vec::new();
    for row in 0..column.len() {
        if column.is_null(row) {
            text.append_null();
            continue;
        }
        bytes.clear();
        encoder.encode(row, &mut bytes);
        text.append_value(std::str::from_utf8(&bytes).map_err(|e| ArrowError::JsonError(e.to_string()))?);
    }
    Ok(Arc::new(text.finish()))
}

fn unwritten(e: ArrowError) -> AnalyticsError {
    AnalyticsError::failed("write the answer", &DataFusionError::from(e))
}
