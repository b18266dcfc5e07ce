//! Making events durable, for many requests with one synced write: while one write is under way the requests that
//! come in gather, and the next write takes all of them. One thread owns this; the vault and the log block.
//!
//! Its queue has a bound: each request in it holds its permit, and there are only so many of those.

use super::answer::Problem;
use super::health::Job;
use super::told::Told;
use crate::ingest::{Outcome, Posted, keep_posted};
use crate::instance::Instance;
use codec::mapping::Mapping;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// The events of a request on their way to the log.
pub struct Submission {
    /// The events.
    pub posted: Posted,
    /// Where the answer goes. A client that has gone does not take it, and its events are kept all the same.
    pub answer: oneshot::Sender<Result<Vec<Outcome>, Problem>>,
    /// Given back when the events are dealt with.
    pub permit: OwnedSemaphorePermit,
}

/// Whoever waits for an answer.
struct Waiting {
    answer: oneshot::Sender<Result<Vec<Outcome>, Problem>>,
    permit: OwnedSemaphorePermit,
}

impl Submission {
    fn split(self) -> (Posted, Waiting) {
        (self.posted, Waiting { answer: self.answer, permit: self.permit })
    }
}

impl Waiting {
    fn answer(self, answer: Result<Vec<Outcome>, Problem>) {
        // First: a client that sends its next request after this answer must find its place free.
        drop(self.permit);
        // A client that has gone takes no answer.
        let _ = self.answer.send(answer);
    }
}

/// What the thread works with.
pub struct Appender {
    /// Vault and log.
    pub instance: Arc<Instance>,
    /// What events are.
    pub mapping: Arc<Mapping>,
    /// Who hears how it goes.
    pub told: Told,
}

impl Appender {
    /// Works until nobody can submit anything any more, and everything submitted is dealt with.
    pub fn run(self, mut inbox: mpsc::Receiver<Submission>) {
        while let Some(first) = inbox.blocking_recv() {
            let batch = gather(first, &mut inbox, self.instance.config.import_batch);
            self.keep(batch);
        }
    }

    fn keep(&self, batch: Vec<Submission>) {
        let began = Instant::now();
        let (requests, waiting): (Vec<_>, Vec<_>) = batch.into_iter().map(Submission::split).unzip();
        match keep_posted(&self.instance, &self.mapping, requests) {
            Ok(outcomes) => {
                self.told.works(Job::Append, began.elapsed());
                self.told.metrics.kept(&outcomes);
                for (waiting, outcomes) in waiting.into_iter().zip(outcomes) {
                    waiting.answer(Ok(outcomes));
                }
            }
            Err(error) => {
                self.told.fails(Job::Append, began.elapsed(), &error);
                waiting.into_iter().for_each(|waiting| waiting.answer(Err(Problem::NotKept)));
            }
        }
    }
}

/// This submission and those that wait, up to about so many events.
fn gather(first: Submission, inbox: &mut mpsc::Receiver<Submission>, most: usize) -> Vec<Submission> {
    let mut events = first.posted.len();
    let mut batch = vec![first];
    while events < most
        && let Ok(next) = inbox.try_recv()
    {
        events += next.posted.len();
        batch.push(next);
    }
    batch
}
