//! Looking up facts that are no contacts: what a proof rests on, by when and what it was.

use crate::engine::{Engine, Resources};
use crate::error::AnalyticsError;
use crate::files::FileTable;
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::DataFusionError;
use datafusion::datasource::MemTable;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionConfig;
use domain::{FactId, Instant};
use lake::{Cut, Lake, SegmentKind};
use std::sync::Arc;
use tables::STATED_ROWS;

/// A fact as it is named in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFact {
    /// The fact.
    pub fact: FactId,
    /// When it happened.
    pub occurred_at: Instant,
    /// Which kind of fact, such as `OrderPlaced`.
    pub kind: String,
    /// What of that kind: an upstream kind, an outcome, kept or broken.
    pub word: Option<String>,
    /// What it is about: order, subject, path, promise or case.
    pub about: Option<String>,
}

/// Those of the facts that the cut's lake has and that are no contacts, by time. The others are left out.
pub fn stated(
    lake: &Lake,
    cut: &Cut,
    facts: &[FactId],
    resources: &Resources,
) -> Result<Vec<FoundFact>, AnalyticsError> {
    if facts.is_empty() {
        return Ok(Vec::new());
    }
    let engine = Engine::new(&**lake.store(), resources, SessionConfig::new())?;
    let within = lake.newest_within(&cut.manifest.parts.positions).map(|commit| commit.ordinal);
    let commits = lake.commits().iter().filter(|c| Some(c.ordinal) <= within);
    let segments = commits.flat_map(|c| &c.segments).filter(|s| s.kind == SegmentKind::Stated);
    let table = FileTable::of_segments(&STATED_ROWS, segments);
    engine.replace(STATED_ROWS.name, Arc::new(table)).map_err(|e| failure(&e))?;
    let wanted = wanted(facts).map_err(|e| failure(&e))?;
    engine.replace("wanted", Arc::new(wanted)).map_err(|e| failure(&e))?;
    let text = "SELECT s.fact_id, s.occurred_at, s.kind, s.word, s.about
                FROM wanted AS w JOIN stated_rows AS s ON s.fact_id = w.fact_id
                ORDER BY s.occurred_at, s.fact_id";
    let mut found = Vec::new();
    for batch in engine.query(text, Vec::new(), SQLOptions::new(), failure)?.collect_all()? {
        found.extend((0..batch.num_rows()).map(|row| found_fact(&batch, row)));
    }
    Ok(found)
}

fn wanted(facts: &[FactId]) -> Result<MemTable, DataFusionError> {
    let ids = FixedSizeBinaryArray::try_from_iter(facts.iter().map(FactId::as_bytes))?;
    let rows = RecordBatch::try_from_iter([("fact_id", Arc::new(ids) as ArrayRef)])?;
    MemTable::try_new(rows.schema(), vec![vec![rows]])
}

fn found_fact(batch: &RecordBatch, row: usize) -> FoundFact {
    let text = |at: usize| {
        let column =
            batch.column(at).as_string_opt::<i32>().map(|texts| (texts.is_valid(row), texts.value(row)));
        column.filter(|(is_there, _)| *is_there).map(|(_, text)| text.to_owned())
    };
    let id = batch.column(0).as_fixed_size_binary().value(row);
    let at = batch.column(1).as_primitive::<TimestampMicrosecondType>().value(row);
    FoundFact {
        fact: FactId::from_bytes(id.try_into().expect("an id has sixteen bytes")),
        occurred_at: Instant::from_micros(at).expect("the lake holds instants of the domain"),
        kind: text(2).unwrap_or_default(),
        word: text(3),
        about: text(4),
    }
}

fn failure(e: &DataFusionError) -> AnalyticsError {
    AnalyticsError::failed("look up the facts of a proof", e)
}
