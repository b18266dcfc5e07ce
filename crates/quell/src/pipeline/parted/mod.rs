//! The fold of an epoch from nothing, part by part.
//!
//! The fold of every day holds the state of every part, because it goes on. A fold of a whole history need not: each
//! partition of facts is assembled by itself from its beginning to its end, then each shard of customers is judged by
//! itself, and a state lives no longer than its part is worked on. So memory holds as many parts as there are threads,
//! however many there are.
//!
//! ```text
//! plan              positions of each commit to come
//! assemble p        for each commit: rows, staged in the lake; what judges hear, in a file       ─▶ state in a file
//! judge j           for each commit, in the order of partitions: rows, staged in the lake        ─▶ state in a file
//! commit            one after the other, of rows that lie there; then the states as a snapshot
//! ```
//!
//! Each part says of each commit what it would say in the fold of every day, so the tables are the same bytes. A part that
//! is done is not done again after a crash.

mod files;
mod plan;

use super::beside::Beside;
use super::decode::{Decoded, decode};
use super::fold::{by_shard, check_memory};
use super::governance::Governance;
use super::range::read_range;
use super::rows::Rows;
use crate::instance::Instance;
use crate::parallel;
use crate::progress::Meter;
use anyhow::{Context as _, Result};
use domain::invariant::Counts;
use domain::{EpochId, Partition, Positions, Sequence, Topic};
use engine::{Assemble, Judge, Ruleset, messages};
use files::{Done, Frames, Heard, Said, Saying, Work};
use lake::{CommitInput, Lake};
use plan::Planned;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

pub(super) use files::is_under_way;

/// From so many records on a history that nothing was folded of is folded part by part whoever asks: a state of some
/// hundred megabytes is worth the files.
pub(super) const WORTH: u64 = 500_000;

/// A fold from nothing under way.
struct Parted<'i> {
    instance: &'i Instance,
    rules: &'i Arc<Ruleset>,
    work: Work,
    lake: Lake,
}

/// Folds an epoch of which the lake has nothing to the log's end; a commit ends at `stop` where given. Gives the contacts
/// whose words were erased; `None` where another fold has begun the epoch, or where there is nothing to fold.
///
/// # Errors
/// The log, the vault, the lake or the files of the work failed, or memory would be exceeded. What is done is kept: called
/// again, it goes on. [`super::is_fenced`]: another process folds the same epoch.
pub(super) fn fold(
    instance: &Instance,
    rules: &Arc<Ruleset>,
    stop: Option<&Positions>,
) -> Result<Option<u64>> {
    let epoch = rules.epoch();
    if super::spread::is_shared(instance, epoch)? {
        return Ok(None);
    }
    let work = Work::lock(instance, epoch)?;
    let lake = Lake::open(Arc::clone(&instance.store), epoch).context("cannot open the lake")?;
    let Some(work) = work.planned(instance, &lake, stop)? else { return Ok(None) };
    let mut parted = Parted { instance, rules, work, lake };
    parted.assemble()?;
    parted.judge()?;
    let erased = parted.commit()?;
    parted.work.remove();
    Ok(Some(erased))
}

impl Parted<'_> {
    fn plan(&self) -> &plan::Plan {
        self.work.plan()
    }

    /// Parts that are worked on at the same time.
    fn at_once(&self, parts: u32) -> usize {
        self.instance.config.threads.get().min(parts as usize)
    }

    fn threads(&self) -> NonZeroUsize {
        self.instance.config.threads
    }

    fn assemble(&self) -> Result<()> {
        let meter = Meter::of_records(self.plan().records());
        let parts: Vec<u32> = (0..self.plan().partitions).collect();
        let done = parallel::map(self.threads(), parts, |p| {
            if self.work.is_done(&assemble_name(p)) {
                meter.read(0, self.plan().records_of(Partition(p)), 0);
                return Ok(());
            }
            self.assemble_one(p, &meter).with_context(|| format!("cannot assemble partition {p}"))
        });
        done.into_iter().collect()
    }

    fn assemble_one(&self, p: u32, meter: &Meter) -> Result<()> {
        let mut state = Assemble::new(Arc::clone(self.rules));
        let name = assemble_name(p);
        let mut saying = Saying::create(&self.work, &name)?;
        let mut done = Done::default();
        for Planned { ordinal, from, to, .. } in self.plan().steps() {
            let read = |topic, partition| {
                let at = |positions: &Positions| positions.get(topic, partition);
                read_range(self.instance, topic, partition, at(from), at(to))
            };
            let facts = read(Topic::Facts, Partition(p))?;
            let company = decode(&self.instance.vault, Topic::Company, read(Topic::Company, Partition(0))?)?;
            let records = facts.records.len() as u64;
            let Decoded { facts, refused } = decode(&self.instance.vault, Topic::Facts, facts)?;
            let mut said = state.apply(facts, &company.facts, ordinal);
            check_memory(state.len() * self.at_once(self.plan().partitions), self.instance)?;
            let heard = by_shard(std::mem::take(&mut said.judge), self.plan().shards as usize);
            let frames = heard.iter().map(|inputs| saying.say(&messages::encode(inputs)));
            done.frames.push(frames.collect::<Result<Frames>>()?);
            done.heard += heard.iter().map(|inputs| inputs.len() as u64).sum::<u64>();
            let rows = Rows::assembled(&said, &refused, (p == 0).then_some(&company));
            done.said.push(self.stage(ordinal, rows)?);
            meter.read(0, records, 0);
        }
        done.erased = state.erased_contacts();
        saying.finish()?;
        self.work.finish(&name, &state.snapshot(), &done)
    }

    fn judge(&self) -> Result<()> {
        let names = (0..self.plan().partitions).map(assemble_name);
        let spoken = names.map(|name| Heard::open(&self.work, &name)).collect::<Result<Vec<_>>>()?;
        let meter = Meter::of_records(spoken.iter().map(|heard| heard.done.heard).sum());
        let shards: Vec<u32> = (0..self.plan().shards).collect();
        let done = parallel::map(self.threads(), shards, |j| {
            if self.work.is_done(&judge_name(j)) {
                return Ok(());
            }
            self.judge_one(j, &spoken, &meter).with_context(|| format!("cannot judge shard {j}"))
        });
        done.into_iter().collect()
    }

    fn judge_one(&self, j: u32, spoken: &[Heard], meter: &Meter) -> Result<()> {
        let mut state = Judge::new(Arc::clone(self.rules));
        let mut done = Done::default();
        for (at, Planned { ordinal, .. }) in self.plan().steps().enumerate() {
            let hear = |partition: &Heard| -> Result<_> {
                messages::decode(&partition.frame(at, j)?).context("cannot understand what was said")
            };
            let inputs = spoken.iter().map(hear).collect::<Result<Vec<_>>>()?;
            let heard = inputs.iter().map(Vec::len).sum::<usize>() as u64;
            let said = state.apply(inputs.into_iter().flatten(), ordinal);
            check_memory(state.len() * self.at_once(self.plan().shards), self.instance)?;
            done.said.push(self.stage(ordinal, Rows::judged(&said))?);
            meter.read(0, heard, 0);
        }
        self.work.finish(&judge_name(j), &state.snapshot(), &done)
    }

    /// Writes rows of a commit to come.
    fn stage(&self, ordinal: Sequence, rows: Rows) -> Result<Said> {
        let stage = |(kind, batch)| self.lake.stage(ordinal, kind, &[batch]);
        let staged = rows.segments.into_iter().map(stage).collect::<Result<Vec<_>, _>>();
        let segments = staged.context("cannot write rows to the lake")?.into_iter().flatten().collect();
        Ok(Said { segments, counts: rows.counts, touched: rows.touched })
    }

    /// Commits what the lake does not have yet, then the states of all parts; gives the contacts that were erased.
    fn commit(&mut self) -> Result<u64> {
        let parts = self.part_names();
        let done = parts.iter().map(|part| self.work.done(part)).collect::<Result<Vec<_>>>()?;
        let mut governance = Governance::at(self.instance, &self.lake.end().positions)?;
        let begun = usize::try_from(self.lake.end().next.0).context("a commit counts in memory")?;
        let planned: Vec<(Positions, Option<Positions>)> =
            self.plan().steps().map(|step| (step.to.clone(), step.until.cloned())).collect();
        for (at, (to, until)) in planned.iter().enumerate().skip(begun) {
            let said = done.iter().map(|part| &part.said[at]);
            let beside = Beside::read_all(self.instance, &mut governance, &self.lake, until.as_ref())?;
            self.commit_step(&beside, &governance, Some(to), said)?;
        }
        // What came besides facts since the last of them.
        let beside = Beside::read_all(self.instance, &mut governance, &self.lake, None)?;
        if beside.any() {
            self.commit_step(&beside, &governance, None, [].into_iter())?;
        }
        let files: Vec<_> = parts.iter().map(|part| self.work.state(part)).collect();
        let (assemble, judge) = files.split_at(self.plan().partitions as usize);
        let end = self.lake.end();
        self.lake
            .put_snapshot_of(&end.positions, Sequence(end.next.0 - 1), &mut |out| {
                super::snapshot::write_files(out, assemble, judge)
            })
            .context("cannot write a snapshot")?;
        Ok(done.iter().map(|part| part.erased).sum())
    }

    fn commit_step<'s>(
        &mut self,
        beside: &Beside,
        governance: &Governance,
        folded: Option<&Positions>,
        said: impl Iterator<Item = &'s Said>,
    ) -> Result<()> {
        let end = self.lake.end();
        let mut to = end.positions.clone();
        folded.into_iter().flat_map(Positions::iter).for_each(|(topic, p, offset)| to.set(topic, p, offset));
        beside.advance(&mut to);
        let mut commit = CommitInput {
            from: end.positions,
            to,
            segments: beside.segments(governance, self.rules.taxonomy()),
            counts: end.counts,
            touched: BTreeSet::new(),
        };
        let mut staged = Vec::new();
        for part in said {
            staged.extend(part.segments.iter().cloned());
            commit.counts = Counts::plus(commit.counts, part.counts);
            commit.touched.extend(&part.touched);
        }
        self.lake.commit_staged(commit, staged).context("cannot commit to the lake")?;
        Ok(())
    }

    /// Partitions, then shards.
    fn part_names(&self) -> Vec<String> {
        let assembled = (0..self.plan().partitions).map(assemble_name);
        assembled.chain((0..self.plan().shards).map(judge_name)).collect()
    }
}

fn assemble_name(partition: u32) -> String {
    format!("assemble-{partition}")
}

fn judge_name(shard: u32) -> String {
    format!("judge-{shard}")
}

/// Ends the work of an epoch that is dropped.
pub(super) fn forget(instance: &Instance, epoch: EpochId) -> Result<()> {
    Work::lock(instance, epoch).map(Work::remove)
}
