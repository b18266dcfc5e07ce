//! The fold of the embedded topology: facts → assemble → judge → lake, in one process.
//!
//! One step reads a batch, applies it synchronously and carries out the effects as one lake commit, whose
//! ordinal is the sequence of everything said in it. Only the lake's own end says where to go on.

use super::decode::{Decoded, decode};
use super::governance::{Governance, News};
use super::rejected::{self, Rejected};
use super::snapshot::States;
use crate::instance::{Instance, topic_name};
use crate::parallel;
use crate::progress::Meter;
use anyhow::{Context as _, Result, bail};
use arrow::array::RecordBatch;
use domain::invariant::Counts;
use domain::reject::Refused;
use domain::{
    ContactId, Day, EpochId, Instant, Offset, Partition, Placed, Positions, Sequence, Topic, Verdict, Zone,
};
use engine::{Assemble, Assembled, Judge, JudgeInput, Ruleset, shard_of};
use lake::{CommitInput, Lake, SegmentKind, Store};
use log::{Batch, Limits};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// A snapshot is written after this many records at least; writing one costs time in the size of the state,
/// missing one costs refolding these records.
const SNAPSHOT_EVERY: u64 = 200_000;

/// A fold under way.
pub(crate) struct Fold<'i> {
    instance: &'i Instance,
    rules: Arc<Ruleset>,
    states: States,
    governance: Governance,
    lake: Lake,
    /// Records folded since the last snapshot.
    unsaved: u64,
    /// Where it stops, as far as it is told to.
    until: Option<Positions>,
}

/// What one reading of the log gave.
struct Input {
    facts: Vec<Batch>,
    company: Batch,
}

/// What a commit carries besides what the facts came to.
struct Beside {
    rejected: Rejected,
    news: Option<News>,
    /// The lake has no dimensions yet.
    lacks_dimensions: bool,
    /// The lake has commits.
    begun: bool,
}

impl Beside {
    /// Whether it is worth a commit without facts.
    const fn any(&self) -> bool {
        self.rejected.any || self.news.is_some() || (self.begun && self.lacks_dimensions)
    }
}

/// What a shard of customers says.
struct Rows {
    verdicts: RecordBatch,
    sessions: RecordBatch,
    touched: BTreeSet<Day>,
}

/// What a partition of facts came to.
struct Half {
    said: Assembled,
    refused: Vec<Placed<Refused>>,
}

impl<'i> Fold<'i> {
    /// Opens the epoch of these rules and brings the state to the lake's end: from the newest good snapshot,
    /// silently through what the lake already has.
    pub(crate) fn open(instance: &'i Instance, rules: Arc<Ruleset>) -> Result<Self> {
        Self::open_in(instance, &instance.store, rules)
    }

    /// The same over the lake of another store.
    pub(crate) fn open_in(
        instance: &'i Instance,
        store: &Arc<dyn Store>,
        rules: Arc<Ruleset>,
    ) -> Result<Self> {
        let lake = Lake::open(Arc::clone(store), rules.epoch()).context("cannot open the lake")?;
        let (partitions, shards) = (instance.config.partitions as usize, instance.config.shards as usize);
        let mut from = Positions::start();
        let mut states = States::new(&rules, partitions, shards);
        if let Some(snapshot) = lake.latest_snapshot().context("cannot read the snapshots")? {
            match States::load(&rules, partitions, shards, &snapshot.bytes) {
                Ok(Some(loaded)) => (states, from) = (loaded, snapshot.up_to),
                Ok(None) => tracing::info!(
                    "the snapshot is of other partitions or shards: folding from the beginning"
                ),
                Err(error) => {
                    tracing::warn!(%error, "the snapshot does not load: folding from the beginning")
                }
            }
        }
        let end = lake.end().positions;
        let governance = Governance::at(instance, &end)?;
        // These two topics leave nothing in the state that a snapshot holds.
        for topic in [Topic::Governance, Topic::Rejects] {
            from.set(topic, Partition(0), end.get(topic, Partition(0)));
        }
        let mut fold = Self { instance, rules, states, governance, lake, unsaved: 0, until: None };
        fold.replay_silently(from)?;
        Ok(fold)
    }

    pub(crate) fn epoch(&self) -> EpochId {
        self.rules.epoch()
    }

    /// The tenant's zone, which decides when a week has ended.
    pub(crate) fn zone(&self) -> &Zone {
        self.rules.zone()
    }

    pub(crate) const fn lake(&self) -> &Lake {
        &self.lake
    }

    pub(crate) fn assemble(&self) -> &[Assemble] {
        &self.states.assemble
    }

    /// When a contact began and what judge says of it now. Judge says a verdict only where it differs from the one
    /// said last, so the contact is taken out of the state and asserted again; that uses the fold up.
    pub(crate) fn into_verdict(mut self, contact: ContactId) -> Option<(Instant, Verdict)> {
        let asserted = self.assemble().iter().find_map(|assemble| assemble.contact(contact))?;
        let (sequence, occurred_at) = (self.lake.end().next, asserted.occurred_at);
        let retract = JudgeInput::Retract { sequence, customer: asserted.customer, contact };
        let assert = JudgeInput::Assert { sequence, asserted };
        let shard = shard_of(&assert, self.states.judge.len())?;
        let judge = &mut self.states.judge[shard];
        judge.apply([retract], sequence);
        let verdicts = judge.apply([assert], sequence).verdicts;
        verdicts.into_iter().find(|verdict| verdict.contact == contact).map(|verdict| (occurred_at, verdict))
    }

    pub(crate) fn judges(&self) -> &[Judge] {
        &self.states.judge
    }

    /// From now on it reads nothing at these positions or behind them, `None` = to the log's end. A commit then ends
    /// exactly there.
    pub(crate) fn stop_at(&mut self, until: Option<Positions>) {
        self.until = until;
    }

    /// Folds to the log's end and writes a snapshot; returns the records folded.
    pub(crate) fn catch_up(&mut self, meter: &Meter) -> Result<u64> {
        let folded = self.advance(meter)?;
        self.save_unsaved()?;
        Ok(folded)
    }

    /// Folds to the log's end, for a fold that goes on: a snapshot is written only where one is due.
    pub(crate) fn advance(&mut self, meter: &Meter) -> Result<u64> {
        let mut folded = 0;
        while let Some(step) = self.step()? {
            folded += step;
            meter.read(0, step, 0);
            self.unsaved += step;
            if self.unsaved >= SNAPSHOT_EVERY.max(self.states.len() as u64) {
                self.save()?;
            }
        }
        Ok(folded)
    }

    /// Writes a snapshot where records were folded since the last one.
    pub(crate) fn save_unsaved(&mut self) -> Result<()> {
        if self.unsaved > 0 { self.save() } else { Ok(()) }
    }

    /// One batch and its commit; returns the facts of the batch, `None` where there is nothing to commit.
    fn step(&mut self) -> Result<Option<u64>> {
        let end = self.lake.end();
        let (input, mut to) = self.read(&end.positions, self.until.as_ref())?;
        let beside = self.read_beside(&end.positions, &mut to)?;
        let records = input.records();
        if records == 0 && !beside.any() {
            return Ok(None);
        }
        self.check_memory()?;
        let (halves, company) = self.assemble_batch(input, end.next)?;
        let mut commit = self.commit_input(halves, company, end.next)?;
        commit.segments.extend(self.segments_beside(&beside));
        let counts = end.counts.plus(commit.counts);
        self.lake
            .commit(CommitInput { from: end.positions, to, counts, ..commit })
            .context("cannot commit a batch to the lake")?;
        Ok(Some(records))
    }

    /// What the commit carries that is no contact, and moves the positions behind it.
    fn read_beside(&mut self, from: &Positions, to: &mut Positions) -> Result<Beside> {
        let until = |topic| self.until.as_ref().map_or(Offset(u64::MAX), |u| u.get(topic, Partition(0)));
        let at = from.get(Topic::Rejects, Partition(0));
        let rejected =
            rejected::read(self.instance, at, until(Topic::Rejects), self.instance.config.fold_batch)?;
        to.set(Topic::Rejects, Partition(0), rejected.next);
        let news = self.governance.news(self.instance, until(Topic::Governance))?;
        if let Some(news) = news {
            to.set(Topic::Governance, Partition(0), news.to);
        }
        // An epoch begun by a program without dimensions gets them with the next commit, and gets one for them.
        let has_dimensions = self.lake.segments(SegmentKind::Reasons).next().is_some();
        let begun = !self.lake.commits().is_empty();
        Ok(Beside { rejected, news, lacks_dimensions: !has_dimensions, begun })
    }

    fn segments_beside(&self, beside: &Beside) -> Vec<(SegmentKind, Vec<RecordBatch>)> {
        let changed = beside.news.map(|news| news.changed).unwrap_or_default();
        let taxonomy = self.rules.taxonomy();
        let mut segments = self.governance.segments(changed, beside.lacks_dimensions, taxonomy);
        segments.push((SegmentKind::Rejects, vec![tables::reject_rows(&beside.rejected.rows)]));
        segments
    }

    /// Repeats what the lake already has, without saying anything. Everything counts as said in the newest
    /// commit: a later change then has a higher sequence than anything the lake holds of the contact.
    fn replay_silently(&mut self, mut from: Positions) -> Result<()> {
        let end = self.lake.end();
        let newest = Sequence(end.next.0.saturating_sub(1));
        while from != end.positions {
            let (input, to) = self.read(&from, Some(&end.positions))?;
            if input.records() == 0 {
                bail!(
                    "the log ends before the lake does (log: {from}, lake: {}): records are missing from the log",
                    end.positions
                );
            }
            self.unsaved += input.records();
            let (mut halves, _) = self.assemble_batch(input, newest)?;
            self.judge_batch(&mut halves, newest);
            from = to;
        }
        Ok(())
    }

    /// The next batch of every partition, together at most `fold.batch` records, up to `until` where given.
    fn read(&self, from: &Positions, until: Option<&Positions>) -> Result<(Input, Positions)> {
        let mut to = from.clone();
        let company =
            self.read_one(Topic::Company, Partition(0), from, until, self.instance.config.fold_batch)?;
        let each = self.instance.config.fold_batch.div_ceil(self.states.assemble.len()).max(1);
        let partitions: Vec<Partition> = self.instance.fact_partitions().collect();
        let facts =
            parallel::map(self.threads(), partitions, |p| self.read_one(Topic::Facts, p, from, until, each));
        let facts = facts.into_iter().collect::<Result<Vec<_>>>()?;
        to.set(Topic::Company, Partition(0), company.next);
        facts.iter().for_each(|b| to.set(Topic::Facts, b.partition, b.next));
        Ok((Input { facts, company }, to))
    }

    fn read_one(
        &self,
        topic: Topic,
        partition: Partition,
        from: &Positions,
        until: Option<&Positions>,
        records: usize,
    ) -> Result<Batch> {
        let at = from.get(topic, partition);
        let left = until.map_or(u64::MAX, |u| u.get(topic, partition).0.saturating_sub(at.0));
        if left == 0 {
            return Ok(Batch { partition, from: at, next: at, records: Vec::new() });
        }
        let records = records.min(usize::try_from(left).unwrap_or(usize::MAX));
        let limits = Limits { records, bytes: usize::MAX };
        let read = self.instance.log.read(&topic_name(topic), partition, at, limits);
        read.with_context(|| format!("cannot read the topic {} from {}/{}", topic.name(), partition.0, at.0))
    }

    /// Decodes, opens and assembles each partition by itself.
    fn assemble_batch(&mut self, input: Input, sequence: Sequence) -> Result<(Vec<Half>, Decoded)> {
        let (vault, threads) = (&self.instance.vault, self.threads());
        let company = decode(vault, Topic::Company, input.company)?;
        let work: Vec<(&mut Assemble, Batch)> = self.states.assemble.iter_mut().zip(input.facts).collect();
        let halves = parallel::map(threads, work, |(assemble, batch)| -> Result<Half> {
            let Decoded { facts, refused } = decode(vault, Topic::Facts, batch)?;
            Ok(Half { said: assemble.apply(facts, &company.facts, sequence), refused })
        });
        Ok((halves.into_iter().collect::<Result<_>>()?, company))
    }

    /// Judges each shard by itself; what concerns everybody goes to all of them.
    fn judge_batch(&mut self, halves: &mut [Half], sequence: Sequence) -> Vec<Rows> {
        let shards = self.states.judge.len();
        let mut inputs: Vec<Vec<JudgeInput>> = (0..shards).map(|_| Vec::new()).collect();
        for input in halves.iter_mut().flat_map(|h| std::mem::take(&mut h.said.judge)) {
            match shard_of(&input, shards) {
                Some(shard) => inputs[shard].push(input),
                None => inputs.iter_mut().for_each(|inputs| inputs.push(input.clone())),
            }
        }
        let threads = self.threads();
        let work: Vec<(&mut Judge, Vec<JudgeInput>)> = self.states.judge.iter_mut().zip(inputs).collect();
        parallel::map(threads, work, |(judge, inputs)| {
            let said = judge.apply(inputs, sequence);
            let (verdicts, sessions) =
                (tables::verdict_rows(&said.verdicts), tables::session_rows(&said.sessions));
            Rows { verdicts, sessions, touched: said.touched }
        })
    }

    /// Everything the batch says, as the rows of one commit; `counts` are those of the batch alone.
    fn commit_input(
        &mut self,
        mut halves: Vec<Half>,
        company: Decoded,
        sequence: Sequence,
    ) -> Result<CommitInput> {
        let judged = self.judge_batch(&mut halves, sequence);
        let contacts = parallel::map(self.threads(), halves.iter().collect(), |h: &Half| {
            tables::contact_rows(&h.said.contacts)
        });
        let mut touched: BTreeSet<Day> = halves.iter().flat_map(|h| h.said.touched.iter().copied()).collect();
        touched.extend(judged.iter().flat_map(|rows| rows.touched.iter().copied()));
        let (verdicts, mut sessions): (Vec<_>, Vec<_>) =
            judged.into_iter().map(|rows| (rows.verdicts, rows.sessions)).unzip();
        sessions.extend(halves.iter().map(|h| tables::session_rows(&h.said.sessions)));
        let company_stated = halves.first().map(|h| tables::stated_rows(&h.said.company_stated));
        let stated =
            halves.iter().map(|h| tables::stated_rows(&h.said.stated)).chain(company_stated).collect();
        let undecodable: Vec<_> = halves.iter().flat_map(|h| &h.refused).chain(&company.refused).collect();
        let of_company =
            halves.first().map(|h| h.said.company).unwrap_or_default().plus(refused_counts(&company.refused));
        let counts =
            halves.iter().fold(of_company, |sum, h| sum.plus(h.said.counts).plus(refused_counts(&h.refused)));
        let refused = halves.iter().flat_map(|h| &h.said.refused).chain(undecodable);
        let refused: Vec<_> = refused.map(|r| (r.value, r.topic, r.partition, r.offset)).collect();
        let segments = vec![
            (SegmentKind::Contacts, contacts),
            (SegmentKind::Verdicts, verdicts),
            (SegmentKind::Sessions, sessions),
            (SegmentKind::Stated, stated),
            (SegmentKind::Refused, vec![tables::refused_rows(&refused)]),
        ];
        let segments = segments
            .into_iter()
            .map(|(kind, rows)| (kind, not_empty(rows)))
            .filter(|(_, rows)| !rows.is_empty());
        let nowhere = Positions::start();
        Ok(CommitInput { from: nowhere.clone(), to: nowhere, segments: segments.collect(), counts, touched })
    }

    fn save(&mut self) -> Result<()> {
        let end = self.lake.end();
        let newest = Sequence(end.next.0.saturating_sub(1));
        let bytes = self.states.save(self.threads());
        self.lake.put_snapshot(&end.positions, newest, &bytes).context("cannot write a snapshot")?;
        self.unsaved = 0;
        Ok(())
    }

    /// P7: stops with a message before the machine runs out of memory.
    fn check_memory(&self) -> Result<()> {
        let bytes = self.states.len() as u64 * Assemble::BYTES_PER_RECORD as u64;
        let most = self.instance.config.state_bytes_max;
        if bytes > most {
            bail!(
                "the state of {} records takes about {bytes} bytes, more than memory.state_max = {most}: nothing is lost, raise the setting and run again",
                self.states.len()
            );
        }
        Ok(())
    }

    fn threads(&self) -> NonZeroUsize {
        self.instance.config.threads
    }
}

impl Input {
    fn records(&self) -> u64 {
        self.facts.iter().chain([&self.company]).map(|b| b.records.len() as u64).sum()
    }
}

fn not_empty(rows: Vec<RecordBatch>) -> Vec<RecordBatch> {
    rows.into_iter().filter(|b| b.num_rows() > 0).collect()
}

fn refused_counts(refused: &[Placed<Refused>]) -> Counts {
    let refused = refused.len() as u64;
    Counts { accepted: refused, stored: 0, duplicate: 0, rejected: refused }
}
