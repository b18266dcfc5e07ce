//! Folding and publishing: one thread owns the fold and does a round after the other. When the next one begins is
//! the schedule's business; what a round is, stands here.

use super::health::Job;
use super::schedule::{Next, Schedule};
use super::told::Told;
use crate::instance::Instance;
use crate::pipeline::{self, LiveFold};
use anyhow::Result;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often old cuts are removed: they stay for a day, so a quarter of an hour more is little.
pub const PRUNE_EVERY: Duration = Duration::from_secs(15 * 60);
/// How often epochs that are not served are folded on. Each time costs the loading of its state, which is not kept in
/// memory beside the one that is served.
pub const OTHERS_EVERY: Duration = Duration::from_secs(15 * 60);

/// Asks for the last round.
pub struct Drain;

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
        let mut rounds = Rounds {
            folder: &self,
            live: LiveFold::new(&self.instance),
            started: Instant::now(),
            others: None,
            pruned: None,
        };
        let mut schedule = Schedule::new(self.instance.config.serving.publish_every);
        loop {
            match schedule.next(rounds.now()) {
                Next::Wait(wait) => match drain.recv_timeout(wait) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(Drain) | Err(RecvTimeoutError::Disconnected) => schedule.drain(),
                },
                Next::Round => {
                    let began = rounds.now();
                    let done = rounds.round();
                    schedule.over(began, rounds.now(), done);
                }
                Next::LastRound => {
                    let began = rounds.now();
                    let done = rounds.round() && rounds.save();
                    schedule.over(began, rounds.now(), done);
                }
                Next::Finished { done } => return done,
            }
        }
    }
}

/// The rounds of one run.
struct Rounds<'f> {
    folder: &'f Folder,
    live: LiveFold<'f>,
    started: Instant,
    /// When the other epochs were folded on last.
    others: Option<Duration>,
    /// When old cuts were removed last.
    pruned: Option<Duration>,
}

impl Rounds<'_> {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Folds what is new and publishes it; whether both went well.
    fn round(&mut self) -> bool {
        let done = self.job(Job::Fold, Self::fold) && self.job(Job::Publish, Self::publish);
        if self.others.is_none_or(|at| self.now() >= at + OTHERS_EVERY) {
            // Whoever promotes one folds the rest of it, however far behind it is.
            self.job(Job::Epochs, Self::fold_others);
            self.job(Job::Archive, |rounds| pipeline::archive_if_asked(&rounds.folder.instance));
        }
        if self.pruned.is_none_or(|at| self.now() >= at + PRUNE_EVERY) {
            // Old cuts that stay for longer cost room and nothing else.
            self.job(Job::Prune, Self::prune);
        }
        done
    }

    fn fold(&mut self) -> Result<()> {
        let watermark = (self.folder.instance.clock)();
        self.folder.told.metrics.lag(self.live.behind()?);
        let folded = self.live.fold()?;
        self.folder.told.metrics.folded(folded.fresh, Some(watermark));
        self.folder.told.health.caught_up();
        Ok(())
    }

    fn publish(&mut self) -> Result<()> {
        let before = lake::current_cut(&*self.folder.instance.store).ok().flatten();
        if let Some(cut) = self.live.publish()? {
            self.folder.told.metrics.published(&cut, before.as_ref());
        }
        Ok(())
    }

    fn fold_others(&mut self) -> Result<()> {
        self.others = Some(self.now());
        self.live.fold_others()
    }

    fn prune(&mut self) -> Result<()> {
        self.pruned = Some(self.now());
        let instance = &self.folder.instance;
        let gone = pipeline::prune(instance, instance.config.serving.keep_cuts)?;
        if !gone.is_empty() {
            tracing::info!(cuts = gone.len(), "removed old cuts");
        }
        Ok(())
    }

    fn save(&mut self) -> bool {
        self.job(Job::Save, |rounds| rounds.live.save())
    }

    /// Does a job and says how it went.
    fn job(&mut self, job: Job, work: impl FnOnce(&mut Self) -> Result<()>) -> bool {
        let began = Instant::now();
        let done = work(self);
        self.folder.told.of(job, began.elapsed(), done)
    }
}
