//! Folding and publishing: one thread owns the fold and does a round after the other.

use super::health::Job;
use super::rounds::{Chores, Drain, Round, rounds};
use super::told::Told;
use super::watcher::{Place, Reader};
use crate::instance::Instance;
use crate::pipeline::LiveFold;
use anyhow::Result;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// What the thread works with.
pub struct Folder {
    /// Log, lake and vault.
    pub instance: Arc<Instance>,
    /// Who hears how it goes.
    pub told: Told,
}

impl Folder {
    /// Works until it is asked for the last round, or whoever could ask has gone; whether that round did what it
    /// should.
    pub fn run(self, drain: &Receiver<Drain>) -> bool {
        let (mut live, mut chores) = (LiveFold::new(&self.instance), Chores::default());
        rounds(self.instance.config.serving.publish_every, drain, |round| {
            let done = self.told.job(Job::Fold, || self.fold(&mut live))
                && self.told.job(Job::Publish, || self.publish(&mut live));
            chores.turn(&self.instance, &self.told, || live.fold_others());
            done && (round == Round::Next || self.told.job(Job::Save, || live.save()))
        })
    }

    fn fold(&self, live: &mut LiveFold<'_>) -> Result<()> {
        let watermark = (self.instance.clock)();
        self.told.metrics.lag(live.behind()?);
        let folded = live.fold()?;
        self.told.metrics.folded(folded.fresh, Some(watermark));
        let place = |(topic, partition, offset)| (Place { reader: Reader::Fold, topic, partition }, offset);
        self.told.metrics.standing.set(live.stands().map(place).collect());
        self.told.health.caught_up();
        Ok(())
    }

    fn publish(&self, live: &mut LiveFold<'_>) -> Result<()> {
        let before = lake::current_cut(&*self.instance.store).ok().flatten();
        if let Some(cut) = live.publish()? {
            self.told.metrics.published(&cut, before.as_ref());
        }
        Ok(())
    }
}
