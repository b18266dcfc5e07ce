//! Importing files: chunks are parsed, mapped, redacted and sealed by workers; one thread appends them in the
//! order of the files, a batch at a time.

use super::keep::{Refused, draft, keep};
use super::{outgoing, prepare};
use crate::instance::Instance;
use crate::progress::Meter;
use crate::sources::{Chunk, Place, SourceReader, in_order};
use anyhow::Result;
use codec::mapping::{Collected, Collector, Draft, Mapping};
use domain::{Day, Topic};
use log::Outgoing;
use report::{FirstRefusal, ImportSummary};
use std::sync::Arc;

/// Reads the source to its end and appends facts and rejects durably; returns what it counted.
pub fn import(
    instance: &Instance,
    mapping: &Mapping,
    source: &mut SourceReader,
    meter: &Meter,
) -> Result<ImportSummary> {
    let mut import = Import::new(instance, mapping, meter);
    let collects = import.collector.is_some();
    in_order(
        source,
        instance.config.threads,
        |chunk| work(instance, mapping, chunk, collects),
        |done| import.take(done?),
    )?;
    import.finish()
}

/// A draft that waits for the other rows of its record.
struct Row {
    draft: Draft,
    place: Place,
    raw: Vec<u8>,
}

/// What a worker made of a chunk.
struct Done {
    bytes: u64,
    records: u64,
    facts: Facts,
    rows: Vec<Row>,
    refused: Vec<Refused>,
}

/// Facts that are ready for the log.
#[derive(Default)]
struct Facts {
    facts: Vec<(Topic, Outgoing)>,
    suppressed: u64,
}

fn work(instance: &Instance, mapping: &Mapping, chunk: &Chunk, collects: bool) -> Result<Done> {
    let mut drafts = Vec::with_capacity(chunk.len());
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for read in chunk.reads() {
        match draft(mapping, read) {
            Ok((draft, place, raw)) if collects => {
                rows.push(Row { draft, place, raw: raw.bytes().into_owned() })
            }
            Ok((draft, ..)) => drafts.push(draft),
            Err(record) => refused.push(record),
        }
    }
    let facts = ready(instance, drafts)?;
    Ok(Done { bytes: chunk.bytes_read, records: chunk.len() as u64, facts, rows, refused })
}

fn ready(instance: &Instance, drafts: Vec<Draft>) -> Result<Facts> {
    let mut out = Facts::default();
    for prepared in prepare(&instance.vault, drafts)? {
        out.suppressed += u64::from(prepared.suppressed);
        let topic = prepared.topic();
        out.facts.push((topic, outgoing(instance, topic, &prepared.fact)));
    }
    Ok(out)
}

/// The appending side of an import.
struct Import<'i> {
    instance: &'i Instance,
    mapping: &'i Mapping,
    meter: &'i Meter,
    /// Day under whose key this import's rejects are sealed.
    day: Day,
    collector: Option<Collector>,
    /// File whose rows the collector holds.
    collecting: Option<Arc<str>>,
    waiting: Facts,
    refused: Vec<Refused>,
    summary: ImportSummary,
}

impl<'i> Import<'i> {
    fn new(instance: &'i Instance, mapping: &'i Mapping, meter: &'i Meter) -> Self {
        Self {
            instance,
            mapping,
            meter,
            day: (instance.clock)().day(&instance.config.zone),
            collector: mapping.collector(Collector::BUDGET_BYTES),
            collecting: None,
            waiting: Facts::default(),
            refused: Vec::new(),
            summary: ImportSummary { system: mapping.system().to_owned(), ..ImportSummary::default() },
        }
    }

    fn take(&mut self, done: Done) -> Result<()> {
        self.meter.read(done.bytes, done.records, done.refused.len() as u64);
        self.summary.rows += done.records;
        self.summary.accepted += done.facts.facts.len() as u64;
        self.hold(done.facts);
        self.refused.extend(done.refused);
        for row in done.rows {
            self.collect(row)?;
        }
        if self.waiting.facts.len() + self.refused.len() >= self.instance.config.import_batch {
            self.append()?;
        }
        Ok(())
    }

    fn hold(&mut self, facts: Facts) {
        self.waiting.facts.extend(facts.facts);
        self.waiting.suppressed += facts.suppressed;
    }

    /// Rows of one record are collected within one file.
    fn collect(&mut self, row: Row) -> Result<()> {
        if self.collecting.as_ref().is_some_and(|file| *file != row.place.file) {
            self.finish_file()?;
        }
        self.collecting = Some(Arc::clone(&row.place.file));
        if let Some(collector) = &mut self.collector {
            collector.push(row.draft, row.place.line, &row.raw)?;
        }
        Ok(())
    }

    fn finish_file(&mut self) -> Result<()> {
        let (Some(file), Some(collector)) = (self.collecting.take(), self.collector.take()) else {
            return Ok(());
        };
        self.collector = self.mapping.collector(Collector::BUDGET_BYTES);
        let mut drafts = Vec::new();
        for collected in collector.finish() {
            match collected {
                Collected::Draft { draft, lines } => {
                    self.summary.accepted += lines.len() as u64;
                    drafts.push(draft);
                }
                Collected::Refused { line, raw, refusal } => {
                    let place = Place { file: Arc::clone(&file), line };
                    self.meter.read(0, 0, 1);
                    self.refused.push(Refused { refusal, place, raw, whole: true });
                }
            }
            if drafts.len() + self.refused.len() >= self.instance.config.import_batch {
                let facts = ready(self.instance, std::mem::take(&mut drafts))?;
                self.hold(facts);
                self.append()?;
            }
        }
        let facts = ready(self.instance, drafts)?;
        self.hold(facts);
        Ok(())
    }

    /// Makes durable what waits. From here on it is acknowledged.
    fn append(&mut self) -> Result<()> {
        let Facts { facts, suppressed } = std::mem::take(&mut self.waiting);
        self.summary.facts += facts.len() as u64;
        self.summary.suppressed += suppressed;
        let refused = std::mem::take(&mut self.refused);
        self.count_refused(&refused);
        keep(self.instance, facts, self.mapping.system(), self.day, &refused).map(drop)
    }

    fn count_refused(&mut self, refused: &[Refused]) {
        for r in refused {
            self.summary.refusals.add(r.refusal.kind, || FirstRefusal {
                file: r.place.file.to_string(),
                line: r.place.line,
                field: r.refusal.field.clone(),
                expected: r.refusal.expected.clone(),
            });
        }
    }

    fn finish(mut self) -> Result<ImportSummary> {
        self.finish_file()?;
        self.append()?;
        Ok(self.summary)
    }
}
