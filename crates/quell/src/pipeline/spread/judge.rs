//! One shard of customers, judged by whoever has it at the time.

use super::inbox::Inbox;
use super::step::Steps;
use super::voice::Voice;
use super::{Topics, saved};
use crate::instance::Instance;
use crate::pipeline::fold::{Fold, check_memory};
use crate::pipeline::rows::Rows;
use anyhow::{Context as _, Result};
use domain::{Offset, Partition, Sequence};
use engine::{Judge, Ruleset, messages};
use log::TopicName;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A shard of customers under way.
pub struct JudgePart {
    instance: Arc<Instance>,
    rules: Arc<Ruleset>,
    topics: Topics,
    shard: u32,
    state: Judge,
    inbox: Inbox,
    next: Sequence,
    /// The next step is known: from a snapshot, or since the first step was named.
    begun: bool,
    voice: Voice,
}

/// Where a snapshot goes on.
#[derive(Serialize, Deserialize, Default)]
struct At {
    offset: u64,
    next: u64,
}

impl JudgePart {
    /// Takes the shard over: from its newest snapshot, else from the beginning. Steps that it has spoken of are
    /// repeated silently, turn by turn.
    pub fn open(instance: Arc<Instance>, rules: Arc<Ruleset>, shard: u32) -> Result<Self> {
        let topics = Topics::open(&instance, rules.epoch())?;
        let name = format!("judge-{shard}");
        let voice = Voice::open(&instance, rules.epoch(), &topics, topics.judged(shard), name)?;
        let (state, at) = voice
            .restored(|bytes| restore(&rules, bytes))?
            .unwrap_or_else(|| (Judge::new(Arc::clone(&rules)), At::default()));
        let begun = at.next > 0;
        let next = Sequence(at.next);
        let inbox =
            Inbox::new(&topics.contacts, Partition(shard), 0..topics.partitions, Offset(at.offset), next);
        Ok(Self { instance, rules, topics, shard, state, inbox, next, begun, voice })
    }

    /// Goes on with a part that others may have had in between: what they said is not said again.
    pub fn resume(&mut self) -> Result<()> {
        self.voice.listen()
    }

    /// Does the next step; false where not every partition of facts has spoken of it yet.
    pub fn turn(&mut self) -> Result<bool> {
        if !self.begun && !self.begin()? {
            return Ok(false);
        }
        let step = self.next;
        if !self.inbox.hears(&self.instance, step)? {
            return Ok(false);
        }
        check_memory(self.state.len(), &self.instance)?;
        let words = self.inbox.take(step).unwrap_or_default();
        let inputs = words.iter().map(|word| messages::decode(word)).collect::<Result<Vec<_>, _>>();
        let inputs = inputs.with_context(|| format!("cannot understand what is said of step {}", step.0))?;
        let heard = inputs.iter().map(Vec::len).sum::<usize>() as u64;
        let said = self.state.apply(inputs.into_iter().flatten(), step);
        if !self.voice.has_said(step) {
            self.voice.say(step, &Rows::judged(&said))?;
        }
        self.next = Sequence(step.0 + 1);
        if self.voice.folded(heard, self.state.len(), self.next) {
            self.save()?;
        }
        Ok(true)
    }

    /// Looks for the first step, and takes what one process had judged before it; false where none is named yet.
    fn begin(&mut self) -> Result<bool> {
        let mut steps = Steps::new(super::step::At::default());
        steps.refresh(&self.instance, &self.topics)?;
        let Some(first) = steps.first() else { return Ok(false) };
        if first.ordinal > Sequence(0) {
            let states =
                Fold::states_at(&self.instance, Arc::clone(&self.rules), &first.from, first.ordinal)?;
            let state = states.judge.into_iter().nth(self.shard as usize);
            self.state = state.context("as many states as shards")?;
            self.inbox.forget(first.ordinal);
            self.next = first.ordinal;
            self.voice.owes_snapshot();
        }
        self.begun = true;
        Ok(true)
    }

    /// Writes a snapshot where messages were heard since the last one.
    pub fn save_unsaved(&mut self) -> Result<()> {
        if self.voice.is_unsaved(self.next) { self.save() } else { Ok(()) }
    }

    /// What it has heard.
    pub fn stands(&self) -> (TopicName, Partition, Offset) {
        (self.topics.contacts.clone(), Partition(self.shard), self.inbox.offset())
    }

    fn save(&mut self) -> Result<()> {
        let at = At { offset: self.inbox.offset().0, next: self.next.0 };
        let bytes = saved::encode(&at, &self.state.snapshot())?;
        self.voice.save(self.next, &bytes)
    }
}

fn restore(rules: &Arc<Ruleset>, bytes: &[u8]) -> Result<(Judge, At)> {
    let (at, state) = saved::decode::<At>(bytes)?;
    Ok((Judge::restore(Arc::clone(rules), state, |_| None)?, at))
}
