//! Rounds on a thread of its own, and what is done beside them once in a while. What a round is, is its owner's business,
//! and when the next one begins the schedule's.

use super::health::Job;
use super::schedule::{Next, Schedule};
use super::told::Told;
use crate::instance::Instance;
use crate::pipeline;
use anyhow::Result;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Asks for the last round.
pub struct Drain;

/// Which round it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Others come after it.
    Next,
    /// Nothing comes after it.
    Last,
}

/// Does a round every so often, until the last one is asked for, or whoever could ask has gone. A round gives whether it
/// did what it should; so does this, of the last one.
pub fn rounds(every: Duration, drain: &Receiver<Drain>, mut round: impl FnMut(Round) -> bool) -> bool {
    let (started, mut schedule) = (Instant::now(), Schedule::new(every));
    loop {
        let which = match schedule.next(started.elapsed()) {
            Next::Wait(wait) => {
                match drain.recv_timeout(wait) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(Drain) | Err(RecvTimeoutError::Disconnected) => schedule.drain(),
                }
                continue;
            }
            Next::Round => Round::Next,
            Next::LastRound => Round::Last,
            Next::Finished { done } => return done,
        };
        let began = started.elapsed();
        let done = round(which);
        schedule.over(began, started.elapsed(), done);
    }
}

/// How often. Old cuts stay for a day, so a quarter of an hour more is little; to fold an epoch on that is not served
/// costs the loading of its state, which is not kept in memory beside the one that is.
const EVERY: Duration = Duration::from_secs(15 * 60);

/// What is done beside rounds. Whatever fails of it costs room, or the time of whoever promotes an epoch.
#[derive(Debug, Default)]
pub struct Chores {
    done: Option<Instant>,
}

impl Chores {
    /// Does all of it where it is due; `fold_others` folds the epochs on that are not served.
    pub fn turn(&mut self, instance: &Instance, told: &Told, fold_others: impl FnOnce() -> Result<()>) {
        if self.done.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.done = Some(Instant::now());
        told.job(Job::Epochs, fold_others);
        told.job(Job::Archive, || pipeline::archive_if_asked(instance));
        told.job(Job::Prune, || prune(instance));
    }
}

fn prune(instance: &Instance) -> Result<()> {
    let gone = pipeline::prune(instance, instance.config.serving.keep_cuts)?;
    if !gone.is_empty() {
        tracing::info!(cuts = gone.len(), "removed old cuts");
    }
    Ok(())
}
