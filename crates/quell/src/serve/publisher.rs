//! Publishing where the fold is shared: a thread of its own, so that folding goes on meanwhile. It works only in the
//! process that leads the lake.

use super::folder::{Drain, OTHERS_EVERY, PRUNE_EVERY};
use super::health::Job;
use super::schedule::{Next, Schedule};
use super::told::Told;
use crate::instance::Instance;
use crate::pipeline;
use anyhow::{Context as _, Result};
use domain::invariant::Counts;
use lake::{Lake, live};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

/// What the thread works with.
pub struct Publisher {
    /// Lake and log.
    pub instance: Arc<Instance>,
    /// Who hears how it goes.
    pub told: Told,
    /// Whether the lake is this process's.
    pub leads: Arc<AtomicBool>,
}

impl Publisher {
    /// Works until it is asked to end, or whoever could ask has gone; whether the last publication did what it should.
    pub fn run(self, drain: &Receiver<Drain>) -> bool {
        let mut rounds =
            Rounds { publisher: &self, lake: None, counted: Counts::default(), others: None, pruned: None };
        let started = Instant::now();
        let mut schedule = Schedule::new(self.instance.config.serving.publish_every);
        loop {
            match schedule.next(started.elapsed()) {
                Next::Wait(wait) => match drain.recv_timeout(wait) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(Drain) | Err(RecvTimeoutError::Disconnected) => schedule.drain(),
                },
                Next::Round | Next::LastRound => {
                    let began = started.elapsed();
                    let done = !self.leads.load(Ordering::SeqCst) || rounds.round();
                    schedule.over(began, started.elapsed(), done);
                }
                Next::Finished { done } => return done,
            }
        }
    }
}

struct Rounds<'p> {
    publisher: &'p Publisher,
    lake: Option<Lake>,
    /// What was told of the fold already.
    counted: Counts,
    /// When the other epochs were folded on last.
    others: Option<Instant>,
    pruned: Option<Instant>,
}

impl Rounds<'_> {
    fn round(&mut self) -> bool {
        let done = self.job(Job::Publish, Self::publish);
        if self.others.is_none_or(|at| at.elapsed() >= OTHERS_EVERY) {
            self.others = Some(Instant::now());
            // Whoever promotes one folds the rest of it, however far behind it is.
            self.job(Job::Epochs, |rounds| {
                let Rounds { publisher, lake, .. } = rounds;
                lake.as_ref().map_or(Ok(()), |lake| pipeline::fold_others(&publisher.instance, lake))
            });
        }
        if self.pruned.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
            self.pruned = Some(Instant::now());
            // Old cuts that stay for longer cost room and nothing else.
            self.job(Job::Prune, |rounds| {
                let instance = &rounds.publisher.instance;
                pipeline::prune(instance, instance.config.serving.keep_cuts).map(drop)
            });
        }
        done
    }

    fn publish(&mut self) -> Result<()> {
        let Publisher { instance, told, .. } = self.publisher;
        let watermark = (instance.clock)();
        let Some(epoch) = live(&*instance.store).context("cannot read which epoch is live")? else {
            return Ok(());
        };
        if self.lake.as_ref().is_none_or(|lake| lake.epoch() != epoch) {
            let lake = Lake::open(Arc::clone(&instance.store), epoch).context("cannot open the lake")?;
            self.counted = lake.end().counts;
            self.lake = Some(lake);
        }
        let Some(lake) = &mut self.lake else { return Ok(()) };
        lake.refresh().context("cannot read the lake")?;
        let (end, lag) = (lake.end(), pipeline::behind(instance, &lake.end().positions)?);
        told.metrics.lag(lag);
        let fresh = end.counts.minus(std::mem::replace(&mut self.counted, end.counts));
        // What lies behind the lake's end is not folded yet, whatever the time is.
        told.metrics.folded(fresh, (lag == 0).then_some(watermark));
        let before = lake::current_cut(&*instance.store).ok().flatten();
        let zone = pipeline::zone_of(instance, epoch)?;
        if let Some(cut) = pipeline::publish_due(instance, lake, &zone)? {
            told.metrics.published(&cut, before.as_ref());
        }
        Ok(())
    }

    /// Does a job and says how it went.
    fn job(&mut self, job: Job, work: impl FnOnce(&mut Self) -> Result<()>) -> bool {
        let began = Instant::now();
        let done = work(self);
        // What failed may have left the lake half read.
        if done.is_err() {
            self.lake = None;
        }
        self.publisher.told.of(job, began.elapsed(), done)
    }
}
