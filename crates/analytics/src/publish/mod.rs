//! The publishing jobs: the rows of the lake at one commit become the tables of a cut. First `contacts` and
//! `provenance`, then what is refused and the dimensions, then what is counted from all of them.
//!
//! Full and incremental publishing give the same bytes (P11); what nothing has touched since an earlier cut is taken
//! over from it. Publishing never shows the cut, and never publishes a table that contradicts the lake.

mod calendar;
mod chains;
mod contacts;
mod dimensions;
mod partitions;
mod rejects;
mod self_service;
mod spans;
mod touched;
mod trends;

use crate::engine::{Engine, Resources};
use crate::error::AnalyticsError;
use crate::files::FileTable;
use crate::measures;
use crate::rows::Rows;
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Date32Type;
use calendar::Today;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionConfig;
use domain::invariant::Counts;
use domain::{Day, EpochId, Instant, Zone};
use lake::{Begin, Commit, Cut, CutParts, CutWriter, FileRef, Lake, SegmentKind};
use partitions::file_options;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use tables::{DT, Table};

/// Under this name the manifest says by which version of the job the tables of contacts were made.
const MADE_BY: &str = "made_by";
/// The same of all other tables. A cut without it is older than they are.
pub(crate) const TRENDS_MADE_BY: &str = "trends_made_by";

/// What publishing led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The cut. [`lake::make_current`] shows it.
    pub cut: Cut,
    /// Files written now.
    pub written: usize,
    /// Files taken over from the earlier cut.
    pub kept: usize,
}

/// Publishes the cut `parts` of the lake, or finds it published. The positions must be those of a commit, or
/// the beginning of an empty lake. `zone` is the tenant's, which decides when a week has ended; it is that of the
/// epoch.
///
/// `earlier` is any cut to take over what is unchanged from; one of another epoch, of a later commit or made by
/// another version of the job is passed over, and everything is written anew.
///
/// # Panics
/// When the cut is of another epoch than the lake.
pub fn publish(
    lake: &Lake,
    parts: &CutParts,
    zone: &Zone,
    earlier: Option<&Cut>,
    resources: &Resources,
) -> Result<Published, AnalyticsError> {
    assert!(parts.epoch == lake.epoch(), "a cut of epoch {} is published from its own lake", parts.epoch);
    let commits = commits_within(lake, parts)?;
    let writer = match CutWriter::begin(Arc::clone(lake.store()), parts.clone())? {
        Begin::Finished(cut) => return Ok(Published { cut, written: 0, kept: 0 }),
        Begin::Started(writer) => writer,
    };
    let base = earlier.and_then(|cut| Base::of(cut, lake.epoch(), commits));
    let engine = Engine::new(&**lake.store(), resources, config())?;
    measures::register(&engine.context);
    let (as_of, zone, kept) = (parts.as_of, zone.clone(), Cell::new(0));
    Job { engine, commits, writer, as_of, zone, kept }.run(base.as_ref())
}

/// The commits of the cut.
fn commits_within<'a>(lake: &'a Lake, parts: &CutParts) -> Result<&'a [Commit], AnalyticsError> {
    let within = lake.newest_within(&parts.positions);
    let ends_at = within.map_or_else(Default::default, |c| c.to.clone());
    if ends_at != parts.positions {
        return Err(AnalyticsError::NotAtCommit { positions: parts.positions.clone() });
    }
    let count = within.map_or(0, |c| c.ordinal.0 + 1);
    Ok(&lake.commits()[..usize::try_from(count).expect("the chain lies in memory")])
}

/// An earlier cut that files can be taken over from.
struct Base<'a> {
    cut: &'a Cut,
    /// The commits since.
    since: &'a [Commit],
}

impl<'a> Base<'a> {
    fn of(cut: &'a Cut, epoch: EpochId, commits: &'a [Commit]) -> Option<Self> {
        let manifest = &cut.manifest;
        let alike = manifest.parts.epoch == epoch && manifest.extra.get(MADE_BY) == Some(&made_by());
        let at = commits.iter().position(|c| c.to == manifest.parts.positions)?;
        alike.then_some(Self { cut, since: &commits[at + 1..] })
    }

    /// Whether rows of these kinds have come since.
    fn has_new(&self, kinds: &[SegmentKind]) -> bool {
        self.since.iter().flat_map(|c| &c.segments).any(|s| kinds.contains(&s.kind))
    }

    fn as_of(&self) -> Instant {
        self.cut.manifest.parts.as_of
    }
}

/// A fingerprint of everything that decides the bytes of the tables of contacts besides their rows.
fn made_by() -> String {
    fingerprint(&[contacts::LIVE, contacts::GATHER], &contacts::TABLES())
}

fn fingerprint(texts: &[&str], tables: &[&Table]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text);
    }
    for table in tables {
        hash.update(format!("{} {:?} {:?}", table.name, table.schema(), file_options(table)));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// One publication at work.
struct Job<'a> {
    engine: Engine,
    /// Those of the cut.
    commits: &'a [Commit],
    writer: CutWriter,
    as_of: Instant,
    zone: Zone,
    /// Files taken over so far.
    kept: Cell<usize>,
}

impl Job<'_> {
    fn run(self, base: Option<&Base<'_>>) -> Result<Published, AnalyticsError> {
        let touched = contacts::publish(&self, base)?;
        let base =
            base.filter(|base| base.cut.manifest.extra.get(TRENDS_MADE_BY) == Some(&trends::made_by()));
        rejects::publish(&self, base)?;
        dimensions::publish(&self, base)?;
        trends::publish(&self, base, &touched)?;
        self_service::publish(&self, base, &touched)?;
        let counts = self.commits.last().map_or_else(Counts::default, |c| c.counts);
        let made_by = [(MADE_BY, made_by()), (TRENDS_MADE_BY, trends::made_by())];
        let extra = made_by.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (kept, cut) = (self.kept.get(), self.writer.finish(counts, extra)?);
        Ok(Published { written: cut.manifest.files.len() - kept, kept, cut })
    }

    /// Takes over the files of a table whose day passes; of a table without days the file.
    fn keep(
        &self,
        base: Option<&Base<'_>>,
        table: &Table,
        passes: impl Fn(Day) -> bool,
    ) -> Result<(), AnalyticsError> {
        let Some(base) = base else { return Ok(()) };
        for file in base.cut.files(table.name).filter(|f| f.day.is_none_or(&passes)) {
            self.writer.keep(table.name, file.day, base.cut)?;
            self.kept.set(self.kept.get() + 1);
        }
        Ok(())
    }

    /// Names segments of a kind as a table.
    fn segments(
        &self,
        name: &str,
        table: &Table,
        kind: SegmentKind,
        of: &[Commit],
    ) -> Result<(), AnalyticsError> {
        let segments = of.iter().flat_map(|c| &c.segments).filter(|s| s.kind == kind);
        self.replace(name, FileTable::of_segments(table, segments))
    }

    /// Names published files of a table as a table.
    fn files<'f>(
        &self,
        name: &str,
        table: &Table,
        files: impl IntoIterator<Item = &'f FileRef>,
    ) -> Result<(), AnalyticsError> {
        self.replace(name, FileTable::of_cut(table, files))
    }

    fn replace(&self, name: &str, table: FileTable) -> Result<(), AnalyticsError> {
        self.engine.replace(name, Arc::new(table)).map_err(|e| failure(&e))
    }

    fn query(
        &self,
        text: &str,
        parameters: Vec<(&'static str, ScalarValue)>,
    ) -> Result<Rows, AnalyticsError> {
        self.engine.query(text, parameters, SQLOptions::new(), failure)
    }

    /// The days that a query gives.
    fn days(
        &self,
        text: &str,
        parameters: Vec<(&'static str, ScalarValue)>,
    ) -> Result<BTreeSet<Day>, AnalyticsError> {
        let mut out = BTreeSet::new();
        for batch in self.query(text, parameters)? {
            out.extend(days_of(&batch?));
        }
        Ok(out)
    }

    fn today(&self, as_of: Instant) -> Today {
        Today::at(as_of, &self.zone)
    }
}

fn config() -> SessionConfig {
    SessionConfig::new()
        // A segment holds rows of many days in their order: only those asked for are decoded.
        .set_bool("datafusion.execution.parquet.pushdown_filters", true)
        // What a join knows of ids that are hashes excludes no page, and testing it costs time for each row.
        .set_bool("datafusion.optimizer.enable_dynamic_filter_pushdown", false)
        // The narrow side of a join is held once for all threads; wide rows are not moved between them.
        .set_u64("datafusion.optimizer.hash_join_single_partition_threshold", u64::MAX >> 1)
        .set_u64("datafusion.optimizer.hash_join_single_partition_threshold_rows", u64::MAX >> 1)
}

/// An instant as SQL has it.
fn instant(at: Instant) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(at.micros()), Some(tables::UTC.into()))
}

fn failure(e: &DataFusionError) -> AnalyticsError {
    AnalyticsError::failed("publish the cut", e)
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a ArrayRef {
    batch.column_by_name(name).expect("a column that our own SQL names")
}

fn days_of(batch: &RecordBatch) -> impl Iterator<Item = Day> + '_ {
    let days = column(batch, DT).as_primitive::<Date32Type>();
    days.values().iter().map(|day| Day::from_epoch_days(*day).expect("the lake holds days of the domain"))
}
