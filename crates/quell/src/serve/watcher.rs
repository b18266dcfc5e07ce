//! Where the log ends, and how far each part that this process has is behind it. A thread of its own asks, because a
//! broker that does not answer must hold up neither the fold nor whoever asks for metrics.

use super::health::Job;
use super::metrics::Metrics;
use crate::instance::{Instance, topic_name};
use anyhow::{Context as _, Result};
use domain::{Offset, Partition, Topic};
use log::{Marks, TopicName};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often, at most; oftener where tables are published oftener.
const EVERY: Duration = Duration::from_secs(10);

/// What reads: a kind of part, or the fold of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reader {
    /// A partition of facts in a shared fold.
    Assemble,
    /// A shard of customers in a shared fold.
    Judge,
    /// The lake of a shared fold: what is not behind it is committed.
    Lake,
    /// The whole fold, in one process.
    Fold,
}

impl Reader {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Assemble, Self::Judge, Self::Lake, Self::Fold];

    /// Whether it is one thing, whatever it reads.
    pub const fn is_one(self) -> bool {
        matches!(self, Self::Lake | Self::Fold)
    }

    /// Its word in metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Assemble => "assemble",
            Self::Judge => "judge",
            Self::Lake => "lake",
            Self::Fold => "fold",
        }
    }
}

/// A place that somebody reads from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Who.
    pub reader: Reader,
    /// The topic.
    pub topic: TopicName,
    /// The partition.
    pub partition: Partition,
}

/// Where the parts of this process stand, as they last said. Held for a few instructions at a time.
#[derive(Debug, Default)]
pub struct Standing(Mutex<BTreeMap<Place, Offset>>);

impl Standing {
    /// These are all; what is not among them is another process's.
    pub fn set(&self, all: BTreeMap<Place, Offset>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }

    fn all(&self) -> BTreeMap<Place, Offset> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One look at the log.
#[derive(Debug, Default)]
pub struct Seen {
    /// Where partitions end.
    pub ends: BTreeMap<(TopicName, Partition), Marks>,
    /// Records that a part has still to read.
    pub lags: BTreeMap<Place, u64>,
}

/// What the thread works with.
pub struct Watcher {
    /// The log.
    pub instance: Arc<Instance>,
    /// What hears of it.
    pub metrics: Arc<Metrics>,
}

impl Watcher {
    /// Looks again and again until nobody is left who could end it. What fails is counted and tried again; readiness
    /// does not depend on it.
    pub fn run(self, end: &Receiver<()>) {
        let every = self.instance.config.serving.publish_every.min(EVERY);
        loop {
            let began = Instant::now();
            match look(&self.instance, &self.metrics.standing) {
                Ok(seen) => {
                    self.metrics.seen(&seen);
                    self.metrics.worked(Job::Watch, began.elapsed(), (self.instance.clock)());
                }
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the log's ends are not known");
                    self.metrics.failed(Job::Watch, began.elapsed());
                }
            }
            if !matches!(end.recv_timeout(every), Err(RecvTimeoutError::Timeout)) {
                return;
            }
        }
    }
}

fn look(instance: &Instance, standing: &Standing) -> Result<Seen> {
    // Before the ends: what is folded in between then counts as behind, and never as ahead.
    let standing = standing.all();
    let own = Topic::ALL.iter().map(|topic| topic_name(*topic));
    let topics: BTreeSet<TopicName> = own.chain(standing.keys().map(|place| place.topic.clone())).collect();
    let mut seen = Seen::default();
    for topic in topics {
        let marks = match instance.log.marks(&topic) {
            // Of an epoch that was dropped meanwhile.
            Err(log::Error::UnknownTopic { .. }) => continue,
            marks => marks.with_context(|| format!("cannot read where the topic {topic} ends"))?,
        };
        seen.ends.extend(marks.into_iter().map(|(partition, marks)| ((topic.clone(), partition), marks)));
    }
    for (place, offset) in standing {
        if let Some(marks) = seen.ends.get(&(place.topic.clone(), place.partition)) {
            seen.lags.insert(place, marks.stable_end.0.saturating_sub(offset.0));
        }
    }
    Ok(seen)
}

/// The word for a topic in metrics: those of an epoch are called alike for each.
pub fn word(topic: &TopicName) -> &str {
    topic.as_str().split('.').next().unwrap_or_default()
}
