//! Steps: what each commit of the lake covers, in one order for everybody.

use super::Topics;
use crate::instance::Instance;
use crate::pipeline::range::{List, list, positions};
use anyhow::{Context as _, Result};
use domain::{Offset, Partition, Positions, Sequence};
use log::{Limits, Outgoing};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The topic of steps has one partition: its order is the order of commits.
const ONLY: Partition = Partition(0);

/// What one commit covers of the topics that are folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The commit's ordinal, which is the sequence of everything said of it.
    pub(super) ordinal: Sequence,
    pub(super) from: Positions,
    pub(super) to: Positions,
}

/// A step as its record holds it.
#[derive(Serialize, Deserialize)]
struct Wire {
    step: u64,
    from: List,
    to: List,
}

impl Step {
    /// Appends it; whether it counts is found by reading.
    pub(super) fn propose(&self, instance: &Instance, topics: &Topics) -> Result<()> {
        let record = Outgoing { partition: ONLY, key: Vec::new(), value: self.encode() };
        instance.log.append(&topics.steps, &[record]).context("cannot append to the topic of steps")?;
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let wire = Wire { step: self.ordinal.0, from: list(&self.from), to: list(&self.to) };
        serde_json::to_vec(&wire).expect("lists of texts and numbers")
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(bytes).ok()?;
        Some(Self { ordinal: Sequence(wire.step), from: positions(&wire.from)?, to: positions(&wire.to)? })
    }
}

/// Where a reader of steps stands: everything before is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct At {
    /// The record to read next.
    pub(super) offset: u64,
    /// The ordinal that comes next.
    pub(super) next: u64,
    /// Where the step before it ended.
    pub(super) positions: Positions,
    /// A step was read. Before that the first one says where the others begin: at the end of what one process had folded.
    pub(super) begun: bool,
}

/// The same in a snapshot.
#[derive(Serialize, Deserialize)]
pub(super) struct WireAt {
    offset: u64,
    next: u64,
    positions: List,
    begun: bool,
}

impl At {
    pub(super) fn to_wire(&self) -> WireAt {
        let Self { offset, next, positions, begun } = self;
        WireAt { offset: *offset, next: *next, positions: list(positions), begun: *begun }
    }

    pub(super) fn from_wire(wire: &WireAt) -> Option<Self> {
        let positions = positions(&wire.positions)?;
        Some(Self { offset: wire.offset, next: wire.next, positions, begun: wire.begun })
    }
}

/// A reader of steps. Of several that name the same ordinal the first counts, and one that does not go on where the one
/// before ended counts for nobody: a leader that was replaced without knowing it may have written it.
pub(super) struct Steps {
    at: At,
    ahead: VecDeque<(Step, At)>,
}

impl Steps {
    pub(super) fn new(at: At) -> Self {
        Self { at, ahead: VecDeque::new() }
    }

    /// The place behind the last step that was taken.
    pub(super) const fn at(&self) -> &At {
        &self.at
    }

    /// The place behind the last step that is known.
    pub(super) fn end(&self) -> &At {
        self.ahead.back().map_or(&self.at, |(_, at)| at)
    }

    /// Steps that are known and not taken.
    pub(super) fn ahead(&self) -> usize {
        self.ahead.len()
    }

    /// The next step, without taking it.
    pub(super) fn first(&self) -> Option<&Step> {
        self.ahead.front().map(|(step, _)| step)
    }

    /// Takes the next step.
    pub(super) fn take(&mut self) -> Option<Step> {
        let (step, at) = self.ahead.pop_front()?;
        self.at = at;
        Some(step)
    }

    /// Reads what is new; at most a few thousand steps at once.
    pub(super) fn refresh(&mut self, instance: &Instance, topics: &Topics) -> Result<()> {
        let mut end = self.end().clone();
        let batch = instance
            .log
            .read(&topics.steps, ONLY, Offset(end.offset), Limits { records: 4_096, ..Limits::default() })
            .context("cannot read the topic of steps")?;
        for record in &batch.records {
            let step = Step::decode(&record.value)
                .with_context(|| super::strange(&topics.steps, ONLY, record.offset))?;
            end.offset = record.offset.0 + 1;
            let goes_on = step.ordinal.0 == end.next && step.from == end.positions;
            if (goes_on || !end.begun) && step.to.covers(&step.from) {
                end.next = step.ordinal.0 + 1;
                end.positions = step.to.clone();
                end.begun = true;
                self.ahead.push_back((step, end.clone()));
            } else {
                tracing::info!(step = step.ordinal.0, "a step of a leader that was replaced: passed over");
                // The place moves with the last step that counts; reading the record again costs nothing.
                if let Some((_, at)) = self.ahead.back_mut() {
                    at.offset = end.offset;
                } else {
                    self.at.offset = end.offset;
                }
            }
        }
        Ok(())
    }
}
