//! Counting what an import would do. Nothing is kept, redacted or sealed, and nothing is approximate: customers
//! and contacts are counted by their identities, in memory.

use crate::progress::Meter;
use crate::sources::{Chunk, Place, Read, SourceReader, in_order};
use anyhow::Result;
use codec::mapping::{Collected, Collector, Draft, Mapping};
use codec::records::Refusal;
use domain::{Body, Channel, ContactId, Identifier, RecordKind};
use report::{DryRunSummary, FirstRefusal};
use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Reads the source to its end and counts.
pub(super) fn run(
    mapping: &Mapping,
    source: &mut SourceReader,
    threads: NonZeroUsize,
    meter: &Meter,
) -> Result<DryRunSummary> {
    let mut tally = Tally::new(mapping);
    let collects = tally.collector.is_some();
    in_order(source, threads, |chunk| work(mapping, chunk, collects), |done| tally.take(done, meter))?;
    tally.finish()
}

/// A row that can be understood, with its bytes where they may be needed again.
struct Row {
    draft: Draft,
    place: Place,
    raw: Vec<u8>,
}

/// What a worker made of a chunk.
struct Done {
    bytes: u64,
    rows: Vec<Row>,
    refused: Vec<(Refusal, Place)>,
}

fn work(mapping: &Mapping, chunk: &Chunk, collects: bool) -> Done {
    let mut done =
        Done { bytes: chunk.bytes_read, rows: Vec::with_capacity(chunk.len()), refused: Vec::new() };
    for read in chunk.reads() {
        match read {
            Read::Record { record, place, raw } => match mapping.map(&record) {
                Ok(draft) => {
                    let raw = if collects { raw.bytes().into_owned() } else { Vec::new() };
                    done.rows.push(Row { draft, place, raw });
                }
                Err(refusal) => done.refused.push((refusal, place)),
            },
            Read::Refused { refusal, place, .. } => done.refused.push((refusal, place)),
        }
    }
    done
}

/// Everything that is counted.
struct Tally<'m> {
    mapping: &'m Mapping,
    collector: Option<Collector>,
    /// File whose rows the collector holds.
    collecting: Option<Arc<str>>,
    contacts: HashSet<ContactId>,
    customers: HashSet<Identifier>,
    channels: BTreeMap<Channel, u64>,
    summary: DryRunSummary,
}

impl<'m> Tally<'m> {
    fn new(mapping: &'m Mapping) -> Self {
        Self {
            mapping,
            collector: mapping.collector(Collector::BUDGET_BYTES),
            collecting: None,
            contacts: HashSet::new(),
            customers: HashSet::new(),
            channels: BTreeMap::new(),
            summary: DryRunSummary { system: mapping.system().to_owned(), ..DryRunSummary::default() },
        }
    }

    fn take(&mut self, done: Done, meter: &Meter) -> Result<()> {
        let (rows, refused) = (done.rows.len() as u64, done.refused.len() as u64);
        meter.read(done.bytes, rows + refused, refused);
        self.summary.rows += rows + refused;
        for (refusal, place) in done.refused {
            self.refuse(refusal, &place);
        }
        for row in done.rows {
            if self.collector.is_some() {
                self.collect(row)?;
            } else {
                self.accept(row.draft, 1);
            }
        }
        Ok(())
    }

    /// Rows of one record are collected within one file.
    fn collect(&mut self, row: Row) -> Result<()> {
        if self.collecting.as_ref().is_some_and(|file| *file != row.place.file) {
            self.finish_file();
        }
        self.collecting = Some(row.place.file);
        if let Some(collector) = &mut self.collector {
            collector.push(row.draft, row.place.line, &row.raw)?;
        }
        Ok(())
    }

    fn finish_file(&mut self) {
        let (Some(file), Some(collector)) = (self.collecting.take(), self.collector.take()) else { return };
        self.collector = self.mapping.collector(Collector::BUDGET_BYTES);
        for collected in collector.finish() {
            match collected {
                Collected::Draft { draft, lines } => self.accept(draft, lines.len() as u64),
                Collected::Refused { line, refusal, .. } => {
                    self.refuse(refusal, &Place { file: Arc::clone(&file), line });
                }
            }
        }
    }

    fn accept(&mut self, draft: Draft, rows: u64) {
        let summary = &mut self.summary;
        summary.accepted += rows;
        let at = draft.occurred_at;
        summary.dates = Some(summary.dates.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        match draft.identifier {
            Some(identifier) => {
                self.customers.insert(identifier);
            }
            None => summary.anonymous += rows,
        }
        let origin = &draft.origin;
        let Body::ContactRecorded(recorded) = &draft.body else { return };
        *self.channels.entry(recorded.channel).or_default() += rows;
        let record = match (recorded.kind, &recorded.root_record) {
            (RecordKind::Message, _) => {
                summary.messages += rows;
                return;
            }
            (RecordKind::Leg, Some(root)) => root,
            (RecordKind::Leg | RecordKind::Contact, _) => &origin.record,
        };
        self.contacts.insert(ContactId::of_record(&origin.system, &origin.instance, record));
    }

    fn refuse(&mut self, refusal: Refusal, place: &Place) {
        let Refusal { kind, field, expected, .. } = refusal;
        let first = || FirstRefusal { file: place.file.to_string(), line: place.line, field, expected };
        self.summary.refusals.add(kind, first);
    }

    fn finish(mut self) -> Result<DryRunSummary> {
        self.finish_file();
        self.summary.contacts = self.contacts.len() as u64;
        self.summary.customers = self.customers.len() as u64;
        self.summary.channels = self.channels.into_iter().collect();
        Ok(self.summary)
    }
}
