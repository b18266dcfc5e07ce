//! What a part says to the lake, and what it keeps so that the next to take it over need not begin from the beginning.

use super::{Topics, frame, last_said, say, wire};
use crate::instance::Instance;
use crate::pipeline::rows::Rows;
use anyhow::{Context as _, Result};
use domain::{EpochId, Partition, Sequence};
use std::sync::Arc;

/// One part's place in the topic that the lake reads.
pub(super) struct Voice {
    instance: Arc<Instance>,
    epoch: EpochId,
    topics: Topics,
    at: Partition,
    /// The part's name among the snapshots.
    name: String,
    /// The last step of which the log holds what this part says.
    said: Option<Sequence>,
    /// What was folded since the last snapshot.
    unsaved: u64,
}

impl Voice {
    pub(super) fn open(
        instance: &Arc<Instance>,
        epoch: EpochId,
        topics: &Topics,
        at: Partition,
        name: String,
    ) -> Result<Self> {
        let said = last_said(instance, &topics.verdicts, at)?;
        let (instance, topics) = (Arc::clone(instance), topics.clone());
        Ok(Self { instance, epoch, topics, at, name, said, unsaved: 0 })
    }

    /// The state of the newest snapshot that holds no more than what was said; `None` where there is none, or where it
    /// does not load: then the part begins from the beginning.
    pub(super) fn restored<S>(&self, restore: impl FnOnce(&[u8]) -> Result<S>) -> Result<Option<S>> {
        let most = Sequence(self.said.map_or(0, |said| said.0 + 1));
        let snapshot = lake::latest_part(&*self.instance.store, self.epoch, &self.name, most)
            .context("cannot read the snapshots")?;
        let restored = snapshot.map(|snapshot| restore(&snapshot.bytes)).transpose();
        Ok(restored.unwrap_or_else(|error| {
            tracing::warn!(
                error = format!("{error:#}"),
                "the snapshot does not load: beginning from the beginning"
            );
            None
        }))
    }

    /// Others may have spoken in between: what they said is not said again.
    pub(super) fn listen(&mut self) -> Result<()> {
        self.said = last_said(&self.instance, &self.topics.verdicts, self.at)?;
        Ok(())
    }

    /// Whether the log holds what this part says of a step.
    pub(super) fn has_said(&self, step: Sequence) -> bool {
        self.said >= Some(step)
    }

    /// Says the rows of a step: the last that the part says of it, since whoever takes over believes this.
    pub(super) fn say(&mut self, step: Sequence, rows: &Rows) -> Result<()> {
        let word = frame::cut(step, self.at.0, fastrand::u64(..), &wire::encode(rows)?);
        say(&self.instance, &self.topics.verdicts, vec![(self.at, word)])?;
        self.said = Some(step);
        Ok(())
    }

    /// The state was taken from the fold of one process, whose snapshot holds all parts: this part's own is due at once,
    /// so that the next to take it over need not load, or fold, the whole again.
    pub(super) fn owes_snapshot(&mut self) {
        self.unsaved = u64::MAX;
    }

    /// Counts what was folded; whether a state of so many records wants a snapshot before the step `next`.
    pub(super) fn folded(&mut self, folded: u64, records: usize, next: Sequence) -> bool {
        self.unsaved = self.unsaved.saturating_add(folded);
        self.unsaved >= save_every(records) && self.is_level(next)
    }

    /// Whether there is anything to save before the step `next`.
    pub(super) fn is_unsaved(&self, next: Sequence) -> bool {
        self.unsaved > 0 && self.is_level(next)
    }

    /// Keeps the state before the step `next`.
    pub(super) fn save(&mut self, next: Sequence, bytes: &[u8]) -> Result<()> {
        lake::put_part(&*self.instance.store, self.epoch, &self.name, next, bytes)
            .context("cannot write a snapshot")?;
        self.unsaved = 0;
        Ok(())
    }

    /// Everything folded before the step `next` has been said.
    fn is_level(&self, next: Sequence) -> bool {
        self.said.is_some_and(|said| said.0 + 1 >= next.0)
    }
}

/// After how many records a part writes a snapshot: as many as take about as long to fold again as the snapshot takes to
/// read, so that a part is taken over in twice that time.
fn save_every(records: usize) -> u64 {
    const LEAST: u64 = 50_000;
    LEAST.max(records as u64 / 4)
}
