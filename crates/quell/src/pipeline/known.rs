//! What was known at an instant, as log positions: those of a cut that was taken, or those before the first record that
//! the log appended after a time.

use super::taxonomy::each_fact;
use crate::instance::{Instance, partitions, topic_name};
use anyhow::{Context as _, Result};
use domain::fact::CutTaken;
use domain::governance::states_dimension;
use domain::{Body, CutId, Fact, Instant, Offset, Partition, Positions, Topic};
use log::Limits;

/// The topics whose records are folded one by one.
const FOLDED: [Topic; 3] = [Topic::Facts, Topic::Company, Topic::Rejects];

/// What the log had recorded up to an instant, inclusive; `None` where it had recorded nothing: then the log is younger,
/// its history was imported afterwards, and it cannot say what was known.
pub(super) fn known_at(instance: &Instance, at: Instant) -> Result<Option<Positions>> {
    let mut known = Positions::start();
    for topic in FOLDED {
        for partition in (0..partitions(topic, &instance.config)).map(Partition) {
            known.set(topic, partition, recorded_by(instance, topic, partition, at)?);
        }
    }
    if known == Positions::start() {
        return Ok(None);
    }
    let (topic, only) = (Topic::Governance, Partition(0));
    let by = recorded_by(instance, topic, only, at)?;
    known.set(topic, only, behind_dimensions(instance, by)?);
    Ok(Some(known))
}

/// Behind the last record of a partition that was appended by then: `recorded_at` never decreases, so it is searched by
/// halves.
fn recorded_by(instance: &Instance, topic: Topic, partition: Partition, at: Instant) -> Result<Offset> {
    let failed = || format!("cannot read the topic {}", topic.name());
    let ends = instance.log.ends(&topic_name(topic)).with_context(failed)?;
    let (mut from, mut to) = (0, ends.get(&partition).map_or(0, |end| end.0));
    let one = Limits { records: 1, ..Limits::default() };
    while from < to {
        let middle = from + (to - from) / 2;
        let batch =
            instance.log.read(&topic_name(topic), partition, Offset(middle), one).with_context(failed)?;
        match batch.records.first() {
            Some(record) if record.recorded_at <= at => from = batch.next.0,
            _ => to = middle,
        }
    }
    Ok(Offset(from))
}

/// In the lake the position in `governance` moves only past what states rows of a dimension.
fn behind_dimensions(instance: &Instance, by: Offset) -> Result<Offset> {
    let (mut from, mut behind) = (Offset(0), Offset(0));
    while from < by {
        let batch = instance
            .log
            .read(&topic_name(Topic::Governance), Partition(0), from, Limits::default())
            .context("cannot read the topic governance")?;
        if batch.is_empty() {
            break;
        }
        let states = |value: &[u8]| codec::decode_fact(value).is_ok_and(|fact| states_dimension(&fact.body));
        let mut within = batch.records.iter().filter(|record| record.offset < by);
        if let Some(last) = within.rfind(|record| states(&record.value)) {
            behind = Offset(last.offset.0 + 1);
        }
        from = batch.next;
    }
    Ok(behind)
}

/// A cut that was taken, from the log: its tables may be gone.
pub(super) fn cut_taken(instance: &Instance, cut: CutId) -> Result<Option<CutTaken>> {
    let (id, mut taken) = (cut.to_string(), None);
    each_fact(instance, Topic::Governance, Partition(0), |fact: Fact| {
        if let Body::CutTaken(found) = fact.body
            && found.cut == id
        {
            taken = Some(*found);
        }
    })?;
    Ok(taken)
}
