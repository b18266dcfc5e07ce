//! Rows in the order of days become the files of those days.

use crate::error::AnalyticsError;
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::partition;
use arrow::datatypes::Date32Type;
use datafusion::common::DataFusionError;
use domain::Day;
use lake::{CutWriter, ParquetOptions, PartitionWriter};
use std::collections::BTreeSet;
use tables::{DT, Table, publish};

/// Writes tables of a cut from rows that come day by day.
pub(super) struct Partitions<'a> {
    writer: &'a CutWriter,
    /// Each is written from the same rows.
    tables: &'a [&'static Table],
    /// The days to write; rows of others are passed over.
    write: &'a BTreeSet<Day>,
    open: Option<OpenDay>,
}

struct OpenDay {
    day: Day,
    files: Vec<(&'static Table, PartitionWriter)>,
}

impl<'a> Partitions<'a> {
    pub fn new(writer: &'a CutWriter, tables: &'a [&'static Table], write: &'a BTreeSet<Day>) -> Self {
        Self { writer, tables, write, open: None }
    }

    /// Appends rows, which do not lie before those appended earlier.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), AnalyticsError> {
        let days = batch.column_by_name(DT).expect("the rows to publish have their day");
        let values = days.as_primitive::<Date32Type>().values();
        let runs = partition(std::slice::from_ref(days)).map_err(unfit)?.ranges();
        for run in runs {
            let day = Day::from_epoch_days(values[run.start]).expect("the lake holds days of the domain");
            if self.write.contains(&day) {
                self.write_run(day, &batch.slice(run.start, run.len()))?;
            }
        }
        Ok(())
    }

    fn write_run(&mut self, day: Day, rows: &RecordBatch) -> Result<(), AnalyticsError> {
        let open = match self.open.take() {
            Some(open) if open.day == day => open,
            other => {
                other.map_or(Ok(()), OpenDay::finish)?;
                OpenDay::begin(self.writer, self.tables, day)?
            }
        };
        let open = self.open.insert(open);
        for (table, file) in &mut open.files {
            file.write(&publish(table, rows).map_err(unfit)?)?;
        }
        Ok(())
    }

    /// Ends the last day.
    pub fn finish(self) -> Result<(), AnalyticsError> {
        self.open.map_or(Ok(()), OpenDay::finish)
    }
}

impl OpenDay {
    fn begin(writer: &CutWriter, tables: &[&'static Table], day: Day) -> Result<Self, AnalyticsError> {
        let files = tables.iter().map(|&table| {
            let file = writer.partition(table.name, Some(day), &table.schema(), &file_options(table))?;
            Ok((table, file))
        });
        Ok(Self { day, files: files.collect::<Result<_, AnalyticsError>>()? })
    }

    fn finish(self) -> Result<(), AnalyticsError> {
        for (_, file) in self.files {
            file.finish()?;
        }
        Ok(())
    }
}

/// Columns whose values are nearly all distinct: a dictionary of them would be as big as they are.
const DISTINCT: &[&str] = &[
    "contact_id",
    "record_id",
    "case_id",
    "reject_id",
    "occurred_at",
    "chain_root",
    "started_at",
    "last_at",
    "melts_at",
    "mature_at",
    "offset",
    "recorded_at",
];

/// How the files of a table are written.
pub(super) fn file_options(table: &Table) -> ParquetOptions {
    let plain: Vec<&str> = DISTINCT.iter().copied().filter(|name| table.column(name).is_some()).collect();
    ParquetOptions::published(&plain)
}

/// Rows of the lake that are not rows of the table.
pub(super) fn unfit(e: arrow::error::ArrowError) -> AnalyticsError {
    AnalyticsError::failed("make rows of a published table", &DataFusionError::from(e))
}
