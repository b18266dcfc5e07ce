//! Ranges of the log: positions as files and records hold them, and all records between two of them.

use crate::instance::{Instance, topic_name};
use anyhow::{Context as _, Result, ensure};
use domain::{Offset, Partition, Positions, Topic};
use log::{Batch, Limits};

/// Positions as files and records hold them: topic, partition, offset.
pub(super) type List = Vec<(String, u32, u64)>;

pub(super) fn list(positions: &Positions) -> List {
    positions.iter().map(|(t, p, o)| (t.name().to_owned(), p.0, o.0)).collect()
}

pub(super) fn positions(list: &[(String, u32, u64)]) -> Option<Positions> {
    list.iter().map(|(t, p, o)| Some((Topic::from_name(t)?, Partition(*p), Offset(*o)))).collect()
}

/// The topics that are folded.
const FOLDED: [Topic; 2] = [Topic::Facts, Topic::Company];

/// The positions of the topics that are folded.
pub(super) fn folded(positions: &Positions) -> Positions {
    positions.iter().filter(|(topic, ..)| FOLDED.contains(topic)).collect()
}

/// Where the topics that are folded end now.
pub(super) fn log_end(instance: &Instance) -> Result<Positions> {
    let mut end = Positions::start();
    for topic in FOLDED {
        let ends = instance.log.ends(&topic_name(topic)).context("cannot read the log's end")?;
        ends.into_iter().for_each(|(partition, offset)| end.set(topic, partition, offset));
    }
    Ok(end)
}

/// All records in `[from, to)`.
pub(super) fn read_range(
    instance: &Instance,
    topic: Topic,
    partition: Partition,
    from: Offset,
    to: Offset,
) -> Result<Batch> {
    let mut all = Batch { partition, from, next: from, records: Vec::new() };
    while all.next < to {
        let records = usize::try_from(to.0 - all.next.0).unwrap_or(usize::MAX);
        let batch = instance
            .log
            .read(&topic_name(topic), partition, all.next, Limits { records, bytes: usize::MAX })
            .with_context(|| {
                format!("cannot read the topic {} from {}/{}", topic.name(), partition.0, all.next.0)
            })?;
        if batch.is_empty() {
            // What comes before the end of a partition may be no records; an end before `to` is a loss.
            let ends = instance.log.ends(&topic_name(topic)).context("cannot read the log's end")?;
            ensure!(
                ends.get(&partition).is_some_and(|end| *end >= to),
                "the topic {} ends before a step does: records are missing from the log",
                topic.name()
            );
            break;
        }
        all.next = batch.next;
        all.records.extend(batch.records.into_iter().filter(|record| record.offset < to));
    }
    all.next = to;
    Ok(all)
}
