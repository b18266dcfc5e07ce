//! A list of Parquet files of the store as a table. The list is fixed when the table is made, by the lake's
//! commits or a cut's manifest: a file that is missing is an error and never an empty table, and a file that
//! nobody named is never read.

use crate::engine::store_url;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::{FileFormat, parquet::ParquetFormat};
use datafusion::datasource::listing::{PartitionedFile, helpers::expr_applicable_for_cols};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use domain::Day;
use lake::{FileRef, SegmentRef};
use std::sync::Arc;
use tables::{DT, Table};

/// A table made of files.
#[derive(Debug)]
pub(crate) struct FileTable {
    schema: TableSchema,
    files: Vec<PartitionedFile>,
}

impl FileTable {
    /// The segments of one kind, whose columns all lie in the files.
    pub fn of_segments<'a>(table: &Table, segments: impl IntoIterator<Item = &'a SegmentRef>) -> Self {
        let files = segments.into_iter().map(|s| (s.path.as_str(), s.bytes, s.rows, None));
        Self::new(TableSchema::from(table.schema()), files)
    }

    /// The files of a published table; of a dated one the day stands in their path.
    pub fn of_cut<'a>(table: &Table, files: impl IntoIterator<Item = &'a FileRef>) -> Self {
        let dt = table.dated.then(|| Arc::new(Field::new(DT, DataType::Date32, false)));
        let schema = TableSchema::builder(table.schema());
        let files = files.into_iter().map(|f| (f.path.as_str(), f.bytes, f.rows, f.day));
        Self::new(schema.with_table_partition_cols(dt.into_iter().collect::<Vec<_>>()).build(), files)
    }

    fn new<'a>(schema: TableSchema, files: impl Iterator<Item = (&'a str, u64, u64, Option<Day>)>) -> Self {
        let mut table = Self { schema, files: Vec::new() };
        for (path, bytes, rows, day) in files {
            let rows = usize::try_from(rows).expect("rows of a file count in memory");
            let day = day.map(|day| ScalarValue::Date32(Some(day.epoch_days())));
            let known = Statistics { num_rows: Precision::Exact(rows), ..table.unknown_of_file() };
            table.files.push(
                PartitionedFile::new(path, bytes)
                    .with_partition_values(day.into_iter().collect())
                    .with_statistics(Arc::new(known)),
            );
        }
        table
    }

    /// The files of the days that the filters leave. A filter that cannot be decided here excludes nothing: the
    /// plan filters the rows all the same.
    fn files_within(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionedFile>> {
        let days = self.files.iter().filter_map(|file| file.partition_values.first());
        let Some(days) =
            ScalarValue::iter_to_array(days.cloned()).ok().filter(|d| d.len() == self.files.len())
        else {
            return Ok(self.files.clone());
        };
        let schema = Arc::new(Schema::new(self.schema.table_partition_cols().clone()));
        let days = RecordBatch::try_new(Arc::clone(&schema), vec![days])?;
        let schema = DFSchema::try_from(schema)?;
        let mut within = vec![true; self.files.len()];
        for filter in filters.iter().filter(|f| expr_applicable_for_cols(&[DT], f)) {
            let decided = state.create_physical_expr(filter.clone(), &schema).and_then(|e| e.evaluate(&days));
            let Ok(answers) = decided.and_then(|d| d.into_array(self.files.len())) else { continue };
            let Some(answers) = answers.as_boolean_opt() else { continue };
            for (within, yes) in within.iter_mut().zip(answers) {
                *within &= yes == Some(true);
            }
        }
        Ok(self
            .files
            .iter()
            .zip(within)
            .filter(|(_, within)| *within)
            .map(|(file, _)| file.clone())
            .collect())
    }

    fn unknown_of_file(&self) -> Statistics {
        Statistics::new_unknown(self.schema.file_schema())
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Every filter stays in the plan, where the physical optimiser hands it on to the Parquet source. Those
    /// over the day alone also decide here which files are read at all: a table may have thousands.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.files_within(state, filters)?;
        if files.is_empty() {
            let schema = self.schema();
            let schema =
                projection.map_or_else(|| Ok(schema.clone()), |p| schema.project(p).map(Arc::new))?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let format = ParquetFormat::default().with_options(state.table_options().parquet.clone());
        let rows = files.iter().map(|f| f.statistics.as_ref().map_or(Precision::Absent, |s| s.num_rows));
        let known = Statistics {
            num_rows: rows.fold(Precision::Exact(0), |sum, rows| sum.add(&rows)),
            ..Statistics::new_unknown(self.schema.table_schema())
        };
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let scan = FileScanConfigBuilder::new(store_url(), format.file_source(self.schema.clone()))
            .with_file_groups(groups)
            .with_statistics(known)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        format.create_physical_plan(state, scan).await
    }
}
