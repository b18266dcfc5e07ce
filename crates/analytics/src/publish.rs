//! The publishing job: the rows of the lake at one commit become the tables `contacts` and `provenance` of a
//! cut. Full and incremental publishing give the same bytes (P11); days that nothing has touched since an
//! earlier cut are taken over from it. It never shows the cut, and never publishes a table that contradicts
//! the lake: then it fails and names the contact.

use crate::engine::{Engine, Resources};
use crate::error::{AnalyticsError, Wrong};
use crate::files::FileTable;
use crate::partitions::{Partitions, file_options};
use crate::rows::Rows;
use crate::spans::{Limits, Span, spans};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type, Schema};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionConfig;
use domain::invariant::Counts;
use domain::{ContactId, Day, EpochId};
use lake::{Begin, Commit, Cut, CutParts, CutWriter, Lake, SegmentKind};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use tables::{CONTACT_ROWS, CONTACTS, DT, PROVENANCE, Table, VERDICT_ROWS};

const DAYS: &str = include_str!("../sql/days.sql");
const TOUCHED: &str = include_str!("../sql/touched.sql");
const LIVE: &str = include_str!("../sql/live.sql");
const GATHER: &str = include_str!("../sql/gather.sql");
/// Under this name the manifest says by which version of the job its files were made.
const MADE_BY: &str = "made_by";

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
/// the beginning of an empty lake.
///
/// `earlier` is any cut to take unchanged days over from; one of another epoch, of a later commit or made by
/// another version of the job is passed over, and everything is written anew.
///
/// # Panics
/// When the cut is of another epoch than the lake.
pub fn publish(
    lake: &Lake,
    parts: &CutParts,
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
    Job::new(lake, commits, resources)?.run(writer, base)
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

/// An earlier cut that days can be taken over from.
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
}

/// A fingerprint of everything that decides the bytes of a file besides its rows.
fn made_by() -> String {
    let mut hash = Sha256::new();
    for text in [LIVE, GATHER] {
        hash.update(text);
    }
    for table in [&CONTACTS, &PROVENANCE] {
        hash.update(format!("{} {:?} {:?}", table.name, table.schema(), file_options(table)));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// One publication at work.
struct Job<'a> {
    engine: Engine,
    commits: &'a [Commit],
}

impl<'a> Job<'a> {
    fn new(lake: &Lake, commits: &'a [Commit], resources: &Resources) -> Result<Self, AnalyticsError> {
        let job = Self { engine: Engine::new(&**lake.store(), resources, config())?, commits };
        job.register("contact_rows", &CONTACT_ROWS, SegmentKind::Contacts, commits)?;
        job.register("verdict_rows", &VERDICT_ROWS, SegmentKind::Verdicts, commits)?;
        Ok(job)
    }

    fn register(
        &self,
        name: &str,
        table: &Table,
        kind: SegmentKind,
        of: &[Commit],
    ) -> Result<(), AnalyticsError> {
        let segments = of.iter().flat_map(|c| &c.segments).filter(|s| s.kind == kind);
        let table = Arc::new(FileTable::of_segments(table, segments));
        self.engine.context.register_table(name, table).map(|_| ()).map_err(|e| failure(&e))
    }

    fn run(&self, writer: CutWriter, base: Option<Base<'_>>) -> Result<Published, AnalyticsError> {
        let days = self.days()?;
        let (write, kept) = match base {
            Some(base) => {
                let touched = self.touched(base.since)?;
                let kept = keep(&writer, base.cut, &touched)?;
                (touched, kept)
            }
            None => (days.iter().map(|(day, _)| *day).collect(), 0),
        };
        for span in spans(&days, &write, Limits::default()) {
            self.write_span(span, &writer, &write)?;
        }
        let counts = self.commits.last().map_or_else(Counts::default, |c| c.counts);
        let cut = writer.finish(counts, BTreeMap::from([(MADE_BY.to_owned(), made_by())]))?;
        Ok(Published { written: cut.manifest.files.len() - kept, kept, cut })
    }

    /// Every day with its rows of contacts.
    fn days(&self) -> Result<Vec<(Day, u64)>, AnalyticsError> {
        let mut out = Vec::new();
        for batch in self.query(DAYS, Vec::new())? {
            let batch = batch?;
            let rows = column(&batch, "rows").as_primitive::<Int64Type>();
            out.extend(days_of(&batch).zip(rows.values().iter().map(|rows| rows.unsigned_abs())));
        }
        Ok(out)
    }

    /// The days that these commits may have changed. The commits say so themselves; what can be seen from
    /// their rows is added, so that no slip there leaves a stale day.
    fn touched(&self, since: &[Commit]) -> Result<BTreeSet<Day>, AnalyticsError> {
        let mut out: BTreeSet<Day> = since.iter().flat_map(|c| c.touched.iter().copied()).collect();
        self.register("new_contact_rows", &CONTACT_ROWS, SegmentKind::Contacts, since)?;
        self.register("new_verdict_rows", &VERDICT_ROWS, SegmentKind::Verdicts, since)?;
        for batch in self.query(TOUCHED, Vec::new())? {
            out.extend(days_of(&batch?));
        }
        Ok(out)
    }

    /// First the ids of the contacts to publish, which are few bytes each; then their rows, each of which must
    /// be one of these, once.
    fn write_span(
        &self,
        span: Span,
        writer: &CutWriter,
        write: &BTreeSet<Day>,
    ) -> Result<(), AnalyticsError> {
        let live: Vec<RecordBatch> = self.query(LIVE, bounds(span))?.collect::<Result<_, _>>()?;
        let mut expected = Expected::of(&live)?;
        self.register_live(live)?;
        let mut partitions = Partitions::new(writer, write);
        for batch in self.query(GATHER, bounds(span))? {
            let batch = batch?;
            expected.meet(&batch)?;
            partitions.write(&batch)?;
        }
        partitions.finish()?;
        expected.all_met()
    }

    fn register_live(&self, live: Vec<RecordBatch>) -> Result<(), AnalyticsError> {
        let context = &self.engine.context;
        let schema = live.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        let replaced = MemTable::try_new(schema, vec![live]).and_then(|table| {
            context.deregister_table("live")?;
            context.register_table("live", Arc::new(table))
        });
        replaced.map(|_| ()).map_err(|e| failure(&e))
    }

    fn query(
        &self,
        text: &str,
        parameters: Vec<(&'static str, ScalarValue)>,
    ) -> Result<Rows, AnalyticsError> {
        self.engine.query(text, parameters, SQLOptions::new(), failure)
    }
}

/// The ids that a span publishes and that have not been met yet.
struct Expected(HashSet<[u8; 16]>);

impl Expected {
    fn of(live: &[RecordBatch]) -> Result<Self, AnalyticsError> {
        let mut ids = HashSet::with_capacity(live.iter().map(RecordBatch::num_rows).sum());
        for batch in live {
            let twice = column(batch, "twice").as_boolean();
            for (row, id) in ids_of(batch).enumerate() {
                if twice.value(row) || !ids.insert(id) {
                    return Err(contradiction(id, Wrong::Twice));
                }
            }
        }
        Ok(Self(ids))
    }

    /// Each row's id is one that is expected, for the first time, and the row has a verdict.
    fn meet(&mut self, batch: &RecordBatch) -> Result<(), AnalyticsError> {
        let judged = column(batch, "judged");
        for (row, id) in ids_of(batch).enumerate() {
            if !self.0.remove(&id) {
                return Err(contradiction(id, Wrong::Twice));
            }
            if judged.is_null(row) {
                return Err(contradiction(id, Wrong::Unjudged));
            }
        }
        Ok(())
    }

    fn all_met(self) -> Result<(), AnalyticsError> {
        // The least, so that the message does not depend on chance.
        self.0.into_iter().min().map_or(Ok(()), |id| Err(contradiction(id, Wrong::Lost)))
    }
}

fn contradiction(id: [u8; 16], wrong: Wrong) -> AnalyticsError {
    AnalyticsError::Contact { contact: ContactId::from_bytes(id), wrong }
}

/// Takes over the files of all days that were not touched.
fn keep(writer: &CutWriter, from: &Cut, touched: &BTreeSet<Day>) -> Result<usize, AnalyticsError> {
    let untouched = from.manifest.files.iter().filter(|f| f.day.is_none_or(|day| !touched.contains(&day)));
    let mut kept = 0;
    for file in untouched {
        writer.keep(&file.table, file.day, from)?;
        kept += 1;
    }
    Ok(kept)
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

fn bounds(span: Span) -> Vec<(&'static str, ScalarValue)> {
    let day = |day: Day| ScalarValue::Date32(Some(day.epoch_days()));
    vec![("from", day(span.from)), ("to", day(span.to))]
}

fn failure(e: &DataFusionError) -> AnalyticsError {
    AnalyticsError::failed("publish the cut", e)
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a ArrayRef {
    batch.column_by_name(name).expect("a column that our own SQL names")
}

fn ids_of(batch: &RecordBatch) -> impl Iterator<Item = [u8; 16]> + '_ {
    let ids = column(batch, "contact_id").as_fixed_size_binary();
    (0..batch.num_rows()).map(|row| ids.value(row).try_into().expect("an id has sixteen bytes"))
}

fn days_of(batch: &RecordBatch) -> impl Iterator<Item = Day> + '_ {
    let days = column(batch, DT).as_primitive::<Date32Type>();
    days.values().iter().map(|day| Day::from_epoch_days(*day).expect("the lake holds days of the domain"))
}
