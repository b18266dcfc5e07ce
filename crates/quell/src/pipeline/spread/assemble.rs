//! One partition of facts, assembled by whoever has it at the time.

use super::step::{At, Step, Steps, WireAt};
use super::voice::Voice;
use super::{Topics, frame, saved, say};
use crate::instance::{Instance, topic_name};
use crate::pipeline::decode::{Decoded, decode};
use crate::pipeline::fold::{Fold, by_shard, check_memory};
use crate::pipeline::range::read_range;
use crate::pipeline::rows::Rows;
use anyhow::{Context as _, Result};
use domain::reject::Refused;
use domain::{Offset, Partition, Placed, Positions, Sequence, Topic};
use engine::{Assemble, Assembled, Ruleset, messages};
use log::{Batch, TopicName};
use std::sync::Arc;

/// A partition of facts under way.
pub struct AssemblePart {
    instance: Arc<Instance>,
    rules: Arc<Ruleset>,
    topics: Topics,
    partition: Partition,
    state: Assemble,
    steps: Steps,
    voice: Voice,
}

impl AssemblePart {
    /// Takes the partition over: from its newest snapshot, else from the beginning. Steps that it has spoken of are
    /// repeated silently, turn by turn.
    pub fn open(instance: Arc<Instance>, rules: Arc<Ruleset>, partition: Partition) -> Result<Self> {
        let topics = Topics::open(&instance, rules.epoch())?;
        let name = format!("assemble-{}", partition.0);
        let voice = Voice::open(&instance, rules.epoch(), &topics, Topics::assembled(partition), name)?;
        let (state, at) = voice
            .restored(|bytes| restore(&rules, bytes))?
            .unwrap_or_else(|| (Assemble::new(Arc::clone(&rules)), At::default()));
        Ok(Self { instance, rules, topics, partition, state, steps: Steps::new(at), voice })
    }

    /// Goes on with a part that others may have had in between: what they said is not said again.
    pub fn resume(&mut self) -> Result<()> {
        self.voice.listen()
    }

    /// Does the next step; false where there is none.
    pub fn turn(&mut self) -> Result<bool> {
        if self.steps.ahead() == 0 {
            self.steps.refresh(&self.instance, &self.topics)?;
        }
        let Some(step) = self.steps.first().cloned() else { return Ok(false) };
        if !self.steps.at().begun && step.ordinal > Sequence(0) {
            self.state = self.before(&step)?;
            self.voice.owes_snapshot();
        }
        let records = self.fold(&step)?;
        self.steps.take();
        if self.voice.folded(records, self.state.len(), self.next()) {
            self.save()?;
        }
        Ok(true)
    }

    /// Writes a snapshot where records were folded since the last one.
    pub fn save_unsaved(&mut self) -> Result<()> {
        if self.voice.is_unsaved(self.next()) { self.save() } else { Ok(()) }
    }

    /// What it has read of its partition of facts.
    pub fn stands(&self) -> (TopicName, Partition, Offset) {
        let at = self.steps.at().positions.get(Topic::Facts, self.partition);
        (topic_name(Topic::Facts), self.partition, at)
    }

    fn next(&self) -> Sequence {
        Sequence(self.steps.at().next)
    }

    /// What one process had folded before the first step.
    fn before(&self, step: &Step) -> Result<Assemble> {
        let states = Fold::states_at(&self.instance, Arc::clone(&self.rules), &step.from, step.ordinal)?;
        let at = self.partition.0 as usize;
        states.assemble.into_iter().nth(at).context("as many states as partitions")
    }

    fn fold(&mut self, step: &Step) -> Result<u64> {
        check_memory(self.state.len(), &self.instance)?;
        let facts = self.read(Topic::Facts, self.partition, step)?;
        let company = self.read(Topic::Company, Partition(0), step)?;
        let records = (facts.records.len() + company.records.len()) as u64;
        let company = decode(&self.instance.vault, Topic::Company, company)?;
        let Decoded { facts, refused } = decode(&self.instance.vault, Topic::Facts, facts)?;
        let said = self.state.apply(facts, &company.facts, step.ordinal);
        if !self.voice.has_said(step.ordinal) {
            self.say(step.ordinal, said, &refused, &company)?;
        }
        Ok(records)
    }

    /// First what judges hear, then what the lake reads: whoever takes over believes the second.
    fn say(
        &mut self,
        step: Sequence,
        mut said: Assembled,
        refused: &[Placed<Refused>],
        company: &Decoded,
    ) -> Result<()> {
        let (part, speaker) = (self.partition.0, fastrand::u64(..));
        let heard = by_shard(std::mem::take(&mut said.judge), self.topics.shards as usize);
        let heard = (0..).map(Partition).zip(heard);
        let words = heard.map(|(j, inputs)| (j, frame::cut(step, part, speaker, &messages::encode(&inputs))));
        say(&self.instance, &self.topics.contacts, words.collect())?;
        self.voice.say(step, &Rows::assembled(&said, refused, (part == 0).then_some(company)))
    }

    /// All records that the step covers of a partition.
    fn read(&self, topic: Topic, partition: Partition, step: &Step) -> Result<Batch> {
        let at = |positions: &Positions| positions.get(topic, partition);
        read_range(&self.instance, topic, partition, at(&step.from), at(&step.to))
    }

    fn save(&mut self) -> Result<()> {
        let bytes = saved::encode(&self.steps.at().to_wire(), &self.state.snapshot())?;
        self.voice.save(self.next(), &bytes)
    }
}

fn restore(rules: &Arc<Ruleset>, bytes: &[u8]) -> Result<(Assemble, At)> {
    let (at, state) = saved::decode::<WireAt>(bytes)?;
    let at = At::from_wire(&at).context("a snapshot of strange positions")?;
    Ok((Assemble::restore(Arc::clone(rules), state)?, at))
}
