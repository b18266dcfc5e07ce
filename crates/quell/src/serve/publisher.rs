//! Publishing where the fold is shared: a thread of its own, so that folding goes on meanwhile. It works only in the
//! process that leads the lake.

use super::health::Job;
use super::rounds::{Chores, Drain, rounds};
use super::told::Told;
use crate::instance::Instance;
use crate::pipeline;
use anyhow::{Context as _, Result};
use domain::Zone;
use domain::invariant::Counts;
use lake::{Lake, live};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

/// What the thread works with.
pub struct Publisher {
    /// Lake and log.
    pub instance: Arc<Instance>,
    /// Who hears how it goes.
    pub told: Told,
    /// Whether the lake is this process's.
    pub leads: Arc<AtomicBool>,
}

/// The epoch that is served, as far as it was read.
struct Served {
    lake: Lake,
    zone: Zone,
    /// What was told of the fold already.
    counted: Counts,
}

impl Publisher {
    /// Works until it is asked to end, or whoever could ask has gone; whether the last publication did what it should.
    pub fn run(self, drain: &Receiver<Drain>) -> bool {
        let (mut served, mut chores) = (None, Chores::default());
        rounds(self.instance.config.serving.publish_every, drain, |_| {
            if !self.leads.load(Ordering::SeqCst) {
                return true;
            }
            let done = self.told.job(Job::Publish, || self.publish(&mut served));
            if !done {
                // What failed may have left the lake half read.
                served = None;
            }
            chores.turn(&self.instance, &self.told, || match &served {
                Some(served) => pipeline::fold_others(&self.instance, &served.lake),
                None => Ok(()),
            });
            done
        })
    }

    fn publish(&self, served: &mut Option<Served>) -> Result<()> {
        let Self { instance, told, .. } = self;
        let watermark = (instance.clock)();
        self.open(served)?;
        let Some(Served { lake, zone, counted }) = served else { return Ok(()) };
        lake.refresh().context("cannot read the lake")?;
        let (end, lag) = (lake.end(), pipeline::behind(instance, &lake.end().positions)?);
        told.metrics.lag(lag);
        let fresh = end.counts.minus(std::mem::replace(counted, end.counts));
        // What lies behind the lake's end is not folded yet, whatever the time is.
        told.metrics.folded(fresh, (lag == 0).then_some(watermark));
        let before = lake::current_cut(&*instance.store).ok().flatten();
        if let Some(cut) = pipeline::publish_due(instance, lake, zone)? {
            told.metrics.published(&cut, before.as_ref());
        }
        Ok(())
    }

    /// Opens the epoch that is served, where it is another one than before.
    fn open(&self, served: &mut Option<Served>) -> Result<()> {
        let store = &self.instance.store;
        let epoch = live(&**store).context("cannot read which epoch is live")?;
        let Some(epoch) = epoch else { return Ok(()) };
        if served.as_ref().is_none_or(|served| served.lake.epoch() != epoch) {
            let lake = Lake::open(Arc::clone(store), epoch).context("cannot open the lake")?;
            let (zone, counted) = (pipeline::zone_of(&self.instance, epoch)?, lake.end().counts);
            *served = Some(Served { lake, zone, counted });
        }
        Ok(())
    }
}
