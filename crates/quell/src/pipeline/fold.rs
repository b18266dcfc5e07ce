//! The fold of the embedded topology: facts → assemble → judge → lake, in one process.
//!
//! One step reads a batch, applies it synchronously and carries out the effects as one lake commit, whose
//! ordinal is the sequence of everything said in it. Only the lake's own end says where to go on.

use super::beside::Beside;
use super::decode::{Decoded, decode};
use super::governance::Governance;
use super::rows::{Rows, commit_input};
use super::snapshot::States;
use crate::instance::{Instance, topic_name};
use crate::parallel;
use crate::progress::Meter;
use anyhow::{Context as _, Result, bail, ensure};
use domain::reject::Refused;
use domain::{ContactId, EpochId, Instant, Partition, Placed, Positions, Sequence, Topic, Verdict, Zone};
use engine::{Assemble, Assembled, Judge, JudgeInput, Ruleset, shard_of};
use lake::{CommitInput, Lake, Store};
use log::{Batch, Limits};
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
    /// Where the state stands: at the lake's end, or beyond it where other processes commit what is folded.
    at: Positions,
    /// Other processes commit what is folded: steps of this epoch are named in the log.
    is_shared: bool,
    /// Where it stops, as far as it is told to.
    until: Option<Positions>,
}

/// What one reading of the log gave.
struct Input {
    facts: Vec<Batch>,
    company: Batch,
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
        let is_shared = super::spread::is_shared(instance, rules.epoch())?;
        Ok(Self { is_shared, ..Self::open_in(instance, &instance.store, rules)? })
    }

    /// The same over the lake of another store, where nobody else commits.
    pub(crate) fn open_in(
        instance: &'i Instance,
        store: &Arc<dyn Store>,
        rules: Arc<Ruleset>,
    ) -> Result<Self> {
        let lake = Lake::open(Arc::clone(store), rules.epoch()).context("cannot open the lake")?;
        let end = lake.end();
        Self::open_at(instance, lake, rules, &end.positions, end.next)
    }

    /// The states as they were before the commit `next`, which begins at these positions of facts and company.
    pub(crate) fn states_at(
        instance: &'i Instance,
        rules: Arc<Ruleset>,
        positions: &Positions,
        next: Sequence,
    ) -> Result<States> {
        let lake = Lake::open(Arc::clone(&instance.store), rules.epoch()).context("cannot open the lake")?;
        Ok(Self::open_at(instance, lake, rules, positions, next)?.states)
    }

    fn open_at(
        instance: &'i Instance,
        lake: Lake,
        rules: Arc<Ruleset>,
        end: &Positions,
        next: Sequence,
    ) -> Result<Self> {
        let (partitions, shards) = (instance.config.partitions as usize, instance.config.shards as usize);
        let mut from = Positions::start();
        let mut states = States::new(&rules, partitions, shards);
        let snapshot = lake.latest_snapshot().context("cannot read the snapshots")?;
        if let Some(snapshot) = snapshot.filter(|snapshot| snapshot.ordinal < next) {
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
        let governance = Governance::at(instance, &lake.end().positions)?;
        // These two topics leave nothing in the state that a snapshot holds.
        for topic in [Topic::Governance, Topic::Rejects] {
            from.set(topic, Partition(0), end.get(topic, Partition(0)));
        }
        let at = end.clone();
        let mut fold =
            Self { instance, rules, states, governance, lake, unsaved: 0, until: None, at, is_shared: false };
        fold.replay_silently(from, end, Sequence(next.0.saturating_sub(1)))?;
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

    pub(crate) fn into_lake(self) -> Lake {
        self.lake
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
        if self.is_shared {
            self.look_ahead()?;
            return Ok(0);
        }
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

    /// Brings the state to the log's end where other processes commit: nothing is said, and nothing is saved.
    fn look_ahead(&mut self) -> Result<()> {
        let next = self.lake.end().next;
        loop {
            let (input, to) = self.read(&self.at, None)?;
            if input.records() == 0 {
                return Ok(());
            }
            check_memory(self.states.len(), self.instance)?;
            let (mut halves, _) = self.assemble_batch(input, next)?;
            self.judge_batch(&mut halves, next);
            self.at = to;
        }
    }

    /// Writes a snapshot where records were folded since the last one.
    pub(crate) fn save_unsaved(&mut self) -> Result<()> {
        if self.unsaved > 0 && !self.is_shared { self.save() } else { Ok(()) }
    }

    /// One batch and its commit; returns the facts of the batch, `None` where there is nothing to commit.
    fn step(&mut self) -> Result<Option<u64>> {
        let end = self.lake.end();
        let (input, mut to) = self.read(&end.positions, self.until.as_ref())?;
        let beside = Beside::read(self.instance, &mut self.governance, &self.lake, self.until.as_ref())?;
        beside.advance(&mut to);
        let records = input.records();
        if records == 0 && !beside.any() {
            return Ok(None);
        }
        check_memory(self.states.len(), self.instance)?;
        let (halves, company) = self.assemble_batch(input, end.next)?;
        let mut commit = self.commit_input(halves, &company, end.next);
        commit.segments.extend(beside.segments(&self.governance, self.rules.taxonomy()));
        let counts = end.counts.plus(commit.counts);
        self.lake
            .commit(CommitInput { from: end.positions, to, counts, ..commit })
            .context("cannot commit a batch to the lake")?;
        Ok(Some(records))
    }

    /// Repeats what the lake already has, without saying anything. Everything counts as said in the newest
    /// commit: a later change then has a higher sequence than anything the lake holds of the contact.
    fn replay_silently(&mut self, mut from: Positions, end: &Positions, newest: Sequence) -> Result<()> {
        while from != *end {
            let (input, to) = self.read(&from, Some(end))?;
            if to == from {
                bail!(
                    "the log ends before the lake does (log: {from}, lake: {end}): records are missing from the log"
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
        let mut batch = read.with_context(|| {
            format!("cannot read the topic {} from {}/{}", topic.name(), partition.0, at.0)
        })?;
        // Where offsets have gaps, as many records reach further than as many offsets, and the end may lie in a gap.
        if let Some(until) = until {
            let end = until.get(topic, partition);
            batch.records.retain(|record| record.offset < end);
            batch.next = batch.next.min(end);
        }
        Ok(batch)
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
        let inputs = halves.iter_mut().flat_map(|h| std::mem::take(&mut h.said.judge));
        let inputs = by_shard(inputs, self.states.judge.len());
        let threads = self.threads();
        let work: Vec<(&mut Judge, Vec<JudgeInput>)> = self.states.judge.iter_mut().zip(inputs).collect();
        parallel::map(threads, work, |(judge, inputs)| Rows::judged(&judge.apply(inputs, sequence)))
    }

    /// Everything the batch says, as the rows of one commit; `counts` are those of the batch alone.
    fn commit_input(&mut self, mut halves: Vec<Half>, company: &Decoded, sequence: Sequence) -> CommitInput {
        let judged = self.judge_batch(&mut halves, sequence);
        let numbered: Vec<(usize, &Half)> = halves.iter().enumerate().collect();
        let assembled = parallel::map(self.threads(), numbered, |(at, half)| {
            Rows::assembled(&half.said, &half.refused, (at == 0).then_some(company))
        });
        commit_input(assembled.into_iter().chain(judged))
    }

    fn save(&mut self) -> Result<()> {
        let end = self.lake.end();
        let newest = Sequence(end.next.0.saturating_sub(1));
        let bytes = self.states.save(self.threads());
        self.lake.put_snapshot(&end.positions, newest, &bytes).context("cannot write a snapshot")?;
        self.unsaved = 0;
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

/// P7: stops with a message before the machine runs out of memory.
pub(crate) fn check_memory(records: usize, instance: &Instance) -> Result<()> {
    let most = instance.config.state_bytes_max;
    let bytes = records as u64 * Assemble::BYTES_PER_RECORD as u64;
    ensure!(
        bytes <= most,
        "the state of {records} records takes about {bytes} bytes, more than memory.state_max = {most}: nothing is \
         lost, raise the setting and run again"
    );
    Ok(())
}

/// The inputs of each shard, in their order.
pub(crate) fn by_shard(inputs: impl IntoIterator<Item = JudgeInput>, shards: usize) -> Vec<Vec<JudgeInput>> {
    let mut out: Vec<Vec<JudgeInput>> = (0..shards).map(|_| Vec::new()).collect();
    for input in inputs {
        match shard_of(&input, shards) {
            Some(shard) => out[shard].push(input),
            None => out.iter_mut().for_each(|inputs| inputs.push(input.clone())),
        }
    }
    out
}
