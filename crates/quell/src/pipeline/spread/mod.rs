//! The fold spread over several processes, joined by topics of the log.
//!
//! ```text
//! lake            ─▶ steps.<epoch>      what the next commit covers: positions [from, to), one order for everybody
//! assemble p      ─▶ contacts.<epoch>   of each step: what it tells judge j, in partition j
//! assemble p      ─▶ verdicts.<epoch>   of each step: rows of the lake, in partition p
//! judge j         ─▶ verdicts.<epoch>   of each step: rows of the lake, in partition P + j
//! lake                                  once every part has spoken of a step: its commit
//! ```
//!
//! A step is what the fold of one process calls a batch. What a part says of a step follows from the log alone, so
//! whoever takes a part over, and whoever still has it without knowing that it was taken from them, says the same:
//! of what is said twice the first counts, for every reader alike. So neither fencing nor transactions are needed, and
//! a broker that delivers what it should have hidden changes nothing. The tables are, byte for byte, those of the fold
//! in one process.
//!
//! A part that says several things says last what only the lake reads: who takes it over looks there for the last step
//! that was said as a whole.

mod assemble;
mod frame;
mod inbox;
mod judge;
mod keeper;
mod saved;
mod step;
mod voice;
mod wire;

pub use assemble::AssemblePart;
pub use judge::JudgePart;
pub use keeper::Keeper;

use crate::instance::{Instance, topic_name};
use anyhow::{Context as _, Result};
use domain::{EpochId, Offset, Partition, Sequence, Topic};
use log::{Limits, Outgoing, ReaderName, Roster, TopicName};

/// The topics of an epoch that is folded by several processes.
#[derive(Debug, Clone)]
struct Topics {
    steps: TopicName,
    contacts: TopicName,
    verdicts: TopicName,
    /// Partitions of facts, each assembled by itself.
    partitions: u32,
    /// Shards of customers, each judged by itself.
    shards: u32,
}

impl Topics {
    /// Finds the topics, made where they are missing.
    fn open(instance: &Instance, epoch: EpochId) -> Result<Self> {
        let (partitions, shards) = (instance.config.partitions, instance.config.shards);
        let topics = Self {
            steps: name("steps", epoch)?,
            contacts: name("contacts", epoch)?,
            verdicts: name("verdicts", epoch)?,
            partitions,
            shards,
        };
        for (topic, partitions) in
            [(&topics.steps, 1), (&topics.contacts, shards), (&topics.verdicts, partitions + shards)]
        {
            instance.log.create_passing(topic, partitions).context("cannot open the topics of the epoch")?;
        }
        Ok(topics)
    }

    /// Where assemble says rows.
    const fn assembled(facts: Partition) -> Partition {
        facts
    }

    /// Where judge says rows.
    const fn judged(&self, shard: u32) -> Partition {
        Partition(self.partitions + shard)
    }
}

/// Takes part in sharing out the parts of one kind: those of the topic that has one partition for each of them.
pub fn share(instance: &Instance, epoch: EpochId, share: Share) -> Result<Box<dyn Roster>> {
    let topics = Topics::open(instance, epoch)?;
    let facts = topic_name(Topic::Facts);
    let (topic, name) = match share {
        Share::Assemble => (&facts, "assemble"),
        Share::Judge => (&topics.contacts, "judge"),
        Share::Lake => (&topics.steps, "lake"),
    };
    let group = ReaderName::new(&format!("{name}.{epoch}")).context("cannot name a group")?;
    instance.log.share(topic, &group).context("cannot share the fold")
}

/// Whether an epoch is folded by steps. Once it is, it stays so.
pub(super) fn is_shared(instance: &Instance, epoch: EpochId) -> Result<bool> {
    if !instance.config.spread {
        return Ok(false);
    }
    match instance.log.ends(&name("steps", epoch)?) {
        Ok(ends) => Ok(ends.values().any(|end| *end > Offset(0))),
        Err(log::Error::UnknownTopic { .. }) => Ok(false),
        Err(error) => Err(error).context("cannot read the topic of steps"),
    }
}

fn name(topic: &str, epoch: EpochId) -> Result<TopicName> {
    TopicName::new(&format!("{topic}.{epoch}")).context("cannot name a topic")
}

/// Kinds of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    /// Partitions of facts.
    Assemble,
    /// Shards of customers.
    Judge,
    /// The lake: steps and commits.
    Lake,
}

/// Appends one part's word on a step; it is durable when this returns.
fn say(instance: &Instance, topic: &TopicName, words: Vec<(Partition, Vec<Vec<u8>>)>) -> Result<()> {
    let records: Vec<Outgoing> = words
        .into_iter()
        .flat_map(|(partition, records)| {
            records.into_iter().map(move |value| Outgoing { partition, key: Vec::new(), value })
        })
        .collect();
    instance.log.append(topic, &records).with_context(|| format!("cannot append to the topic {topic}"))?;
    Ok(())
}

/// The last step that a partition holds a whole word on. Only its tail is read.
fn last_said(instance: &Instance, topic: &TopicName, partition: Partition) -> Result<Option<Sequence>> {
    let ends = instance.log.ends(topic).with_context(|| format!("cannot read the topic {topic}"))?;
    let end = ends.get(&partition).copied().unwrap_or(Offset(0));
    let mut back = 16;
    loop {
        let from = Offset(end.0.saturating_sub(back));
        let last = last_whole(instance, topic, partition, from, end)?;
        if last.is_some() || from == Offset(0) {
            return Ok(last);
        }
        back *= 8;
    }
}

fn last_whole(
    instance: &Instance,
    topic: &TopicName,
    partition: Partition,
    mut from: Offset,
    end: Offset,
) -> Result<Option<Sequence>> {
    let mut collector = frame::Collector::default();
    while from < end {
        let batch = instance
            .log
            .read(topic, partition, from, Limits::default())
            .with_context(|| format!("cannot read the topic {topic}"))?;
        if batch.is_empty() {
            break;
        }
        from = batch.next;
        for record in &batch.records {
            collector
                .push(&record.value, record.offset)
                .with_context(|| strange(topic, partition, record.offset))?;
        }
    }
    Ok(collector.newest())
}

/// A record that no version of ours wrote: the topic is not ours alone.
fn strange(topic: &TopicName, partition: Partition, offset: Offset) -> String {
    format!(
        "topic {topic}, partition {}, offset {}: expected a word on a step, as this version writes them",
        partition.0, offset.0
    )
}
