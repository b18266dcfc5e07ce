//! One shard of customers, judged by whoever has it at the time.

use super::inbox::Inbox;
use super::step::Steps;
use super::{Topics, frame, last_said, saved, say, wire};
use crate::instance::Instance;
use crate::pipeline::fold::{Fold, check_memory};
use crate::pipeline::rows::Rows;
use anyhow::{Context as _, Result};
use domain::{Offset, Partition, Sequence};
use engine::{Judge, Judged, Ruleset, messages};
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
    /// The last step of which the log holds what this part says.
    said: Option<Sequence>,
    /// Messages heard since the last snapshot.
    unsaved: u64,
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
        let said = last_said(&instance, &topics.verdicts, topics.judged(shard))?;
        let most = Sequence(said.map_or(0, |said| said.0 + 1));
        let snapshot = lake::latest_part(&*instance.store, rules.epoch(), &name(shard), most)
            .context("cannot read the snapshots")?;
        let (state, at) = match snapshot.map(|snapshot| restore(&rules, &snapshot.bytes)) {
            Some(Ok(restored)) => restored,
            Some(Err(error)) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the snapshot does not load: judging from the beginning"
                );
                (Judge::new(Arc::clone(&rules)), At::default())
            }
            None => (Judge::new(Arc::clone(&rules)), At::default()),
        };
        let begun = at.next > 0;
        let next = Sequence(at.next);
        let inbox =
            Inbox::new(&topics.contacts, Partition(shard), 0..topics.partitions, Offset(at.offset), next);
        Ok(Self { instance, rules, topics, shard, state, inbox, next, begun, said, unsaved: 0 })
    }

    /// Goes on with a part that others may have had in between: what they said is not said again.
    pub fn resume(&mut self) -> Result<()> {
        self.said = last_said(&self.instance, &self.topics.verdicts, self.topics.judged(self.shard))?;
        Ok(())
    }

    /// Does the next step; `None` where not every partition of facts has spoken of it yet. Gives the messages heard.
    pub fn turn(&mut self) -> Result<Option<u64>> {
        if !self.begun && !self.begin()? {
            return Ok(None);
        }
        let step = self.next;
        if !self.inbox.hears(&self.instance, step)? {
            return Ok(None);
        }
        check_memory(self.state.len(), &self.instance)?;
        let words = self.inbox.take(step).unwrap_or_default();
        let inputs = words.iter().map(|word| messages::decode(word)).collect::<Result<Vec<_>, _>>();
        let inputs = inputs.with_context(|| format!("cannot understand what is said of step {}", step.0))?;
        let heard = inputs.iter().map(Vec::len).sum::<usize>() as u64;
        let said = self.state.apply(inputs.into_iter().flatten(), step);
        if self.said < Some(step) {
            self.say(step, &said)?;
        }
        self.next = Sequence(step.0 + 1);
        self.unsaved += heard;
        if self.unsaved >= super::save_every(self.state.len()) && self.is_level() {
            self.save()?;
        }
        Ok(Some(heard))
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
        }
        self.begun = true;
        Ok(true)
    }

    /// Writes a snapshot where messages were heard since the last one.
    pub fn save_unsaved(&mut self) -> Result<()> {
        if self.unsaved > 0 && self.is_level() { self.save() } else { Ok(()) }
    }

    /// The next step.
    pub const fn next(&self) -> Sequence {
        self.next
    }

    fn is_level(&self) -> bool {
        self.said.is_some_and(|said| said.0 + 1 >= self.next.0)
    }

    fn say(&mut self, step: Sequence, said: &Judged) -> Result<()> {
        let at = self.topics.judged(self.shard);
        let word = frame::cut(step, at.0, fastrand::u64(..), &wire::encode(&Rows::judged(said))?);
        say(&self.instance, &self.topics.verdicts, vec![(at, word)])?;
        self.said = Some(step);
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        let at = At { offset: self.inbox.offset().0, next: self.next.0 };
        let bytes = saved::encode(&at, &self.state.snapshot())?;
        lake::put_part(&*self.instance.store, self.rules.epoch(), &name(self.shard), self.next, &bytes)
            .context("cannot write a snapshot")?;
        self.unsaved = 0;
        Ok(())
    }
}

fn restore(rules: &Arc<Ruleset>, bytes: &[u8]) -> Result<(Judge, At)> {
    let (at, state) = saved::decode::<At>(bytes)?;
    Ok((Judge::restore(Arc::clone(rules), state, |_| None)?, at))
}

fn name(shard: u32) -> String {
    format!("judge-{shard}")
}
