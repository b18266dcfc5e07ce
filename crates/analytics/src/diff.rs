//! Two epochs at one cut, contact by contact. It reads the published tables of both, which have passed every check of
//! publishing and which anybody can count again.
//!
//! The contacts are joined in slices by id: ids are hashes, so that slices are alike, and memory follows from the
//! rows of one. What is counted in each adds up.

use crate::engine::{Engine, Resources};
use crate::error::AnalyticsError;
use crate::files::FileTable;
use crate::measures;
use arrow::array::{ArrayRef, Date32Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionConfig;
use domain::{Day, IsoWeek};
use lake::{Cut, FileRef, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tables::diff::SAMPLES_MOST;
use tables::{CONTACTS, COSTS, REASONS};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/diff/", $name, ".sql"))
    };
}

const CHAINS: &str = sql!("chains");
const SIDE: &str = sql!("side");
const PAIRS: &str = sql!("pairs");
const COUNT: &str = sql!("count");
const PICK: &str = sql!("pick");
const RATES: &str = include_str!("../sql/trends/rates.sql");

/// The questions that are asked in the end, by name.
const QUESTIONS: [(&str, &str); 4] = [
    ("cells", sql!("cells")),
    ("reasons", sql!("reasons")),
    ("samples", "SELECT * FROM picked ORDER BY reason_a NULLS LAST, reason_b NULLS LAST, place"),
    ("summary", sql!("summary")),
];

/// Contacts of a slice: of each pair some 200 bytes are held, and as many while it is joined and sorted.
const SLICE_ROWS: u64 = 1_000_000;
/// Slices are bounded by the first four digits of an id.
const BOUNDS: u64 = 1 << 16;

/// What each question was answered, by its name in [`tables::diff`].
pub type DiffAnswers = BTreeMap<&'static str, Vec<RecordBatch>>;

/// Compares two epochs: the first is A, the second is B. With a week, its contacts alone: each epoch's own, in the
/// zone of that epoch.
///
/// # Errors
/// The tables lack what a question needs, or cannot be read.
///
/// # Panics
/// When the two were not cut at the same positions and the same instant: then what differs need not be due to the
/// epochs.
pub fn diff(
    store: &dyn Store,
    cuts: [&Cut; 2],
    week: Option<IsoWeek>,
    resources: &Resources,
) -> Result<DiffAnswers, AnalyticsError> {
    diff_in_slices(store, cuts, week, resources, SLICE_ROWS)
}

/// The same in slices of about so many contacts; the answers do not depend on it.
///
/// # Errors
/// # Panics
/// As [`diff`] does.
pub fn diff_in_slices(
    store: &dyn Store,
    [a, b]: [&Cut; 2],
    week: Option<IsoWeek>,
    resources: &Resources,
    slice_rows: u64,
) -> Result<DiffAnswers, AnalyticsError> {
    let place = |cut: &Cut| (cut.manifest.parts.positions.clone(), cut.manifest.parts.as_of);
    assert!(place(a) == place(b), "two epochs are compared at one cut");
    Job::open(store, [a, b], week, resources, slice_rows)?.run()
}

/// A comparison at work.
struct Job {
    engine: Engine,
    slices: u64,
}

impl Job {
    fn open(
        store: &dyn Store,
        cuts: [&Cut; 2],
        week: Option<IsoWeek>,
        resources: &Resources,
        slice_rows: u64,
    ) -> Result<Self, AnalyticsError> {
        let engine = Engine::new(store, resources, config())?;
        measures::register(&engine.context);
        let job = Self { engine, slices: slices(cuts, week, slice_rows) };
        job.calendar(cuts)?;
        for (side, cut) in ["a", "b"].into_iter().zip(cuts) {
            job.know(side, cut, week)?;
        }
        Ok(job)
    }

    /// Names what one epoch has published, and holds what is small.
    fn know(&self, side: &str, cut: &Cut, week: Option<IsoWeek>) -> Result<(), AnalyticsError> {
        self.replace("every_contact", FileTable::of_cut(&CONTACTS, cut.files(CONTACTS.name)))?;
        self.engine.hold(&format!("chains_{side}"), self.query(CHAINS, Vec::new())?)?;
        self.replace(COSTS.name, FileTable::of_cut(&COSTS, cut.files(COSTS.name)))?;
        self.engine.hold(&format!("rates_{side}"), self.query(RATES, Vec::new())?)?;
        self.replace(&format!("reasons_{side}"), FileTable::of_cut(&REASONS, cut.files(REASONS.name)))?;
        self.replace(&format!("contacts_{side}"), FileTable::of_cut(&CONTACTS, of_week(cut, week)))
    }

    /// Every day that has contacts, as the table `calendar`.
    fn calendar(&self, cuts: [&Cut; 2]) -> Result<(), AnalyticsError> {
        let days: BTreeSet<Day> =
            cuts.iter().flat_map(|cut| cut.files(CONTACTS.name)).filter_map(|f| f.day).collect();
        let days: Date32Array = days.into_iter().map(|day| Some(day.epoch_days())).collect();
        let rows = RecordBatch::try_from_iter([("dt", Arc::new(days) as ArrayRef)]).expect("one column");
        self.hold("calendar", rows.schema(), vec![rows])
    }

    fn run(self) -> Result<DiffAnswers, AnalyticsError> {
        let (mut counted, mut picked) = (Parts::default(), Parts::default());
        for slice in 0..self.slices {
            for side in ["a", "b"] {
                let text = SIDE.replace("{side}", side);
                let named = self.engine.view(&format!("side_{side}"), &text, self.bounds(slice));
                named.map_err(|e| failure(&e))?;
            }
            self.engine.hold("pairs", self.query(PAIRS, Vec::new())?)?;
            counted.add(self.query(COUNT, Vec::new())?)?;
            picked.add(self.pick("pairs")?)?;
        }
        self.hold_parts("counted", counted)?;
        self.hold_parts("picked_of_slices", picked)?;
        self.engine.hold("picked", self.pick("picked_of_slices")?)?;
        let ask =
            |(name, text): (&'static str, &str)| Ok((name, self.query(text, Vec::new())?.collect_all()?));
        QUESTIONS.into_iter().map(ask).collect()
    }

    fn pick(&self, rows: &str) -> Result<crate::Rows, AnalyticsError> {
        let most = ScalarValue::Int64(Some(SAMPLES_MOST.into()));
        self.query(&PICK.replace("{rows}", rows), vec![("most", most)])
    }

    /// `[from, to)` of a slice, as texts: no id begins with a letter beyond `f`.
    fn bounds(&self, slice: u64) -> Vec<(&'static str, ScalarValue)> {
        let bound = |slice: u64| match slice * BOUNDS / self.slices {
            BOUNDS => "g".to_owned(),
            bound => format!("{bound:04x}"),
        };
        let text = |text: String| ScalarValue::Utf8(Some(text));
        vec![("from", text(bound(slice))), ("to", text(bound(slice + 1)))]
    }

    fn query(
        &self,
        text: &str,
        parameters: Vec<(&'static str, ScalarValue)>,
    ) -> Result<crate::Rows, AnalyticsError> {
        self.engine.query(text, parameters, SQLOptions::new(), failure)
    }

    fn replace(&self, name: &str, table: FileTable) -> Result<(), AnalyticsError> {
        self.engine.replace(name, Arc::new(table)).map_err(|e| failure(&e))
    }

    fn hold(&self, name: &str, schema: SchemaRef, rows: Vec<RecordBatch>) -> Result<(), AnalyticsError> {
        let table = MemTable::try_new(schema, vec![rows]);
        table.and_then(|table| self.engine.replace(name, Arc::new(table))).map_err(|e| failure(&e))
    }

    fn hold_parts(&self, name: &str, parts: Parts) -> Result<(), AnalyticsError> {
        let schema = parts.schema.expect("there is one slice at least");
        self.hold(name, schema, parts.rows)
    }
}

/// The answers of one question over all slices.
#[derive(Default)]
struct Parts {
    schema: Option<SchemaRef>,
    rows: Vec<RecordBatch>,
}

impl Parts {
    fn add(&mut self, rows: crate::Rows) -> Result<(), AnalyticsError> {
        self.schema = Some(Arc::clone(rows.schema()));
        self.rows.extend(rows.collect_all()?);
        Ok(())
    }
}

/// The contacts of a week, or all.
fn of_week(cut: &Cut, week: Option<IsoWeek>) -> impl Iterator<Item = &FileRef> {
    cut.files(CONTACTS.name).filter(move |f| week.is_none_or(|week| f.day.is_some_and(|d| d.week() == week)))
}

fn slices(cuts: [&Cut; 2], week: Option<IsoWeek>, slice_rows: u64) -> u64 {
    let rows = cuts.map(|cut| of_week(cut, week).map(|f| f.rows).sum::<u64>());
    rows.into_iter().max().unwrap_or(0).div_ceil(slice_rows.max(1)).clamp(1, BOUNDS)
}

fn config() -> SessionConfig {
    // Of the contacts outside a slice only the ids are decoded.
    SessionConfig::new().set_bool("datafusion.execution.parquet.pushdown_filters", true)
}

fn failure(e: &DataFusionError) -> AnalyticsError {
    AnalyticsError::failed("compare the epochs", e)
}
