//! The lake of a spread fold: names steps, hears what every part says of them, commits. One process leads; another one
//! that believes it does is refused by the lake and passed over by every reader of steps.

use super::inbox::Inbox;
use super::step::{At, Step, Steps, WireAt};
use super::{Topics, wire};
use crate::instance::Instance;
use crate::pipeline::beside::Beside;
use crate::pipeline::governance::Governance;
use crate::pipeline::live::stands;
use crate::pipeline::range::{folded, log_end};
use crate::pipeline::rows::{Rows, commit_input};
use anyhow::{Context as _, Result, ensure};
use domain::{Offset, Partition, Positions, Sequence, Topic};
use engine::Ruleset;
use lake::{CommitInput, Lake};
use log::TopicName;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Steps that may be under way at once: while one is judged the next is assembled. It bounds what inboxes hold.
const UNDER_WAY: usize = 3;

/// Commits between two notes of how far the lake has read.
const NOTE_EVERY: u64 = 64;

/// The name of these notes among the snapshots.
const NAME: &str = "lake";

/// The lake's part under way.
pub struct Keeper {
    instance: Arc<Instance>,
    rules: Arc<Ruleset>,
    topics: Topics,
    lake: Lake,
    governance: Governance,
    /// What comes with the next commit besides facts, where it was looked for already.
    beside: Option<Beside>,
    steps: Steps,
    /// By partition of the topic of verdicts.
    inboxes: Vec<Inbox>,
}

/// Where a note goes on.
#[derive(Serialize, Deserialize)]
struct Note {
    steps: WireAt,
    inboxes: Vec<u64>,
}

impl Keeper {
    /// Takes the lake over at its end.
    pub fn open(instance: Arc<Instance>, rules: Arc<Ruleset>) -> Result<Self> {
        let topics = Topics::open(&instance, rules.epoch())?;
        let lake = Lake::open(Arc::clone(&instance.store), rules.epoch()).context("cannot open the lake")?;
        let end = lake.end();
        let governance = Governance::at(&instance, &end.positions)?;
        let (at, offsets) = noted(&instance, &rules, end.next)?;
        let from = Sequence(at.next);
        let inbox = |q: u32| {
            let offset = offsets.get(q as usize).copied().unwrap_or(0);
            Inbox::new(&topics.verdicts, Partition(q), q..q + 1, Offset(offset), from)
        };
        let inboxes = (0..topics.partitions + topics.shards).map(inbox).collect();
        let mut keeper =
            Self { instance, rules, topics, lake, governance, beside: None, steps: Steps::new(at), inboxes };
        keeper.pass_over()?;
        Ok(keeper)
    }

    /// The lake, as far as this process has read or written it.
    pub const fn lake(&self) -> &Lake {
        &self.lake
    }

    /// Commits the next step if everybody has spoken of it, and names a new one if there is anything to fold. Whether
    /// it did either.
    pub fn turn(&mut self) -> Result<bool> {
        self.steps.refresh(&self.instance, &self.topics)?;
        let committed = self.commit()?;
        let named = self.steps.ahead() < UNDER_WAY && self.name()?;
        Ok(committed || named)
    }

    /// What is committed of each partition that is folded.
    pub fn stands(&self) -> impl Iterator<Item = (TopicName, Partition, Offset)> + use<> {
        stands(&self.instance, &self.lake.end().positions)
    }

    /// Where the topics that are folded end now.
    pub fn log_ends(&self) -> Result<Positions> {
        log_end(&self.instance)
    }

    /// Whether steps are under way.
    pub fn is_under_way(&self) -> bool {
        self.steps.ahead() > 0
    }

    /// Passes over the steps that the lake has. Where there are none yet, they will begin at its end.
    fn pass_over(&mut self) -> Result<()> {
        let end = self.lake.end();
        self.steps.refresh(&self.instance, &self.topics)?;
        while self.steps.first().is_some_and(|step| step.ordinal < end.next) {
            self.steps.take();
            if self.steps.ahead() == 0 {
                self.steps.refresh(&self.instance, &self.topics)?;
            }
        }
        for inbox in &mut self.inboxes {
            inbox.forget(end.next);
        }
        let (at, first) = (self.steps.at(), self.steps.first());
        let next = first.map_or(at.next, |step| step.ordinal.0);
        let positions = first.map_or(&at.positions, |step| &step.from);
        let begun = at.begun || first.is_some();
        ensure!(
            !begun || next == end.next.0 && folded(&end.positions) == *positions,
            "the lake ends at commit {} ({}), and its steps go on with commit {next} ({positions}): one process has \
             folded this epoch since several shared it. Go on with fold.spread = false, or replay the epoch under \
             another data folder",
            end.next.0,
            end.positions
        );
        Ok(())
    }

    fn commit(&mut self) -> Result<bool> {
        let Some(step) = self.steps.first().cloned() else { return Ok(false) };
        for inbox in &mut self.inboxes {
            if !inbox.hears(&self.instance, step.ordinal)? {
                return Ok(false);
            }
        }
        let words = self.inboxes.iter_mut().filter_map(|inbox| inbox.take(step.ordinal)).flatten();
        let parts = words.map(|word| wire::decode(&word)).collect::<Result<Vec<Rows>>>();
        let parts =
            parts.with_context(|| format!("cannot understand what is said of step {}", step.ordinal.0))?;
        self.keep(&step, parts)?;
        self.steps.take();
        if self.lake.end().next.0.is_multiple_of(NOTE_EVERY) {
            self.note()?;
        }
        Ok(true)
    }

    fn keep(&mut self, step: &Step, parts: Vec<Rows>) -> Result<()> {
        let end = self.lake.end();
        let beside = match self.beside.take() {
            Some(beside) => beside,
            None => Beside::read(&self.instance, &mut self.governance, &self.lake, None)?,
        };
        let mut to = end.positions.clone();
        step.to.iter().for_each(|(topic, partition, offset)| to.set(topic, partition, offset));
        beside.advance(&mut to);
        let mut commit = commit_input(parts);
        commit.segments.extend(beside.segments(&self.governance, self.rules.taxonomy()));
        let counts = end.counts.plus(commit.counts);
        self.lake
            .commit(CommitInput { from: end.positions, to, counts, ..commit })
            .context("cannot commit a step to the lake")?;
        Ok(())
    }

    /// Names the next step; false where there is nothing to fold.
    fn name(&mut self) -> Result<bool> {
        let (ordinal, from) = self.ends_at();
        let to = self.ahead_of(&from)?;
        if to == from && (self.steps.ahead() > 0 || !self.is_beside_due()?) {
            return Ok(false);
        }
        Step { ordinal, from, to }.propose(&self.instance, &self.topics)?;
        self.steps.refresh(&self.instance, &self.topics)?;
        Ok(true)
    }

    /// The next ordinal to name, and where it begins.
    fn ends_at(&self) -> (Sequence, Positions) {
        let (steps, lake) = (self.steps.end(), self.lake.end());
        if steps.begun {
            (Sequence(steps.next), steps.positions.clone())
        } else {
            (lake.next, folded(&lake.positions))
        }
    }

    /// At most `fold.batch` records further, spread over the partitions.
    fn ahead_of(&self, from: &Positions) -> Result<Positions> {
        let batch = self.instance.config.fold_batch;
        let each = batch.div_ceil(self.topics.partitions as usize).max(1) as u64;
        let mut to = from.clone();
        for (topic, partition, end) in self.log_ends()?.iter() {
            let most = if topic == Topic::Facts { each } else { batch as u64 };
            let at = from.get(topic, partition);
            to.set(topic, partition, at.max(Offset(end.0.min(at.0 + most))));
        }
        Ok(to)
    }

    /// Whether there is anything to commit besides facts. Looked for only where no step is under way, so that what is
    /// found goes with the next one.
    fn is_beside_due(&mut self) -> Result<bool> {
        let beside = Beside::read(&self.instance, &mut self.governance, &self.lake, None)?;
        let due = beside.any();
        if due {
            self.beside = Some(beside);
        }
        Ok(due)
    }

    /// Notes how far the lake has read, so that the next to take it over need not read from the beginning.
    pub fn note(&self) -> Result<()> {
        let inboxes = self.inboxes.iter().map(|inbox| inbox.offset().0).collect();
        let note = Note { steps: self.steps.at().to_wire(), inboxes };
        let bytes = serde_json::to_vec(&note).context("cannot encode a note")?;
        lake::put_part(&*self.instance.store, self.rules.epoch(), NAME, self.lake.end().next, &bytes)
            .context("cannot write a note")
    }
}

/// Where the newest note goes on; else the beginning.
fn noted(instance: &Instance, rules: &Ruleset, most: Sequence) -> Result<(At, Vec<u64>)> {
    let snapshot =
        lake::latest_part(&*instance.store, rules.epoch(), NAME, most).context("cannot read the notes")?;
    let Some(snapshot) = snapshot else { return Ok((At::default(), Vec::new())) };
    let note: Note = serde_json::from_slice(&snapshot.bytes).context("a note that cannot be read")?;
    let at = At::from_wire(&note.steps).context("a note of strange positions")?;
    Ok((at, note.inboxes))
}
