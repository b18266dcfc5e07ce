//! How a job went, told to everybody who wants to know: metrics, readiness, the log of the process, and whoever ends it.

use super::broken;
use super::health::{Health, Job};
use super::metrics::Metrics;
use crate::instance::Instance;
use anyhow::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// Everybody who wants to know.
#[derive(Clone)]
pub struct Told {
    /// Tells the time.
    pub instance: Arc<Instance>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What is said of readiness.
    pub health: Arc<Health>,
    /// Told once where only a new start can mend what is broken.
    pub broken: Sender<()>,
}

impl Told {
    /// Does a job and tells how it went; whether it went well.
    pub fn job(&self, job: Job, work: impl FnOnce() -> Result<()>) -> bool {
        let began = Instant::now();
        let done = work();
        match &done {
            Ok(()) => self.works(job, began.elapsed()),
            Err(error) => self.fails(job, began.elapsed(), error),
        }
        done.is_ok()
    }

    /// A job went well.
    pub fn works(&self, job: Job, took: Duration) {
        self.metrics.worked(job, took, (self.instance.clock)());
        self.health.works(job);
    }

    /// A job failed and will be tried again, if the process does not end.
    pub fn fails(&self, job: Job, took: Duration, error: &anyhow::Error) {
        tracing::error!(job = job.word(), error = format!("{error:#}"), "a job failed");
        self.metrics.failed(job, took);
        self.health.fails(job, format!("{error:#}"));
        if broken::for_good(error) {
            // Full: it was told already.
            let _ = self.broken.try_send(());
        }
    }
}
