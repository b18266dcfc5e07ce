//! From a source's records to facts on the log. What is refused goes to the rejects log, sealed. A record is
//! acknowledged when the append that holds its fact, or its reject, has returned (P1).

mod costs;
mod import;
mod keep;
mod posted;
mod prepare;
mod taxonomy;
mod units;

pub use costs::set_costs;
pub use import::import;
pub use posted::{Outcome, Posted, keep_posted};
pub use prepare::{Prepared, fact, prepare};
pub use taxonomy::{Publication, parse_taxonomy, publish_taxonomy};
pub use units::import_units;

use crate::instance::{Instance, topic_name};
use anyhow::{Context as _, Result};
use codec::mapping::Draft;
use domain::{Body, Fact, FactId, Instant, Origin, Partition, Topic};
use log::{Outgoing, partition_of};

/// Records drafts and returns their facts' ids once they are durable.
pub fn record(instance: &Instance, drafts: Vec<Draft>) -> Result<Vec<FactId>> {
    let prepared = prepare(&instance.vault, drafts)?;
    let ids = prepared.iter().map(|p| p.fact.id).collect();
    append_all(instance, &prepared.iter().map(|p| (p.topic(), &p.fact)).collect::<Vec<_>>())?;
    Ok(ids)
}

/// States a fact that no source recorded; false where the same fact was stated before.
pub fn state(instance: &Instance, body: Body, occurred_at: Instant, origin: Origin) -> Result<bool> {
    let fact = fact(&instance.vault, origin, occurred_at, body);
    let mut known = false;
    let topic = fact.topic();
    crate::pipeline::each_fact(instance, topic, partition(instance, topic, &fact), |other| {
        known |= other.id == fact.id
    })?;
    if !known {
        append_facts(instance, vec![fact])?;
    }
    Ok(!known)
}

/// Appends facts, each to its topic, and returns when all are durable.
pub fn append_facts(instance: &Instance, facts: Vec<Fact>) -> Result<()> {
    append_all(instance, &facts.iter().map(|fact| (fact.topic(), fact)).collect::<Vec<_>>())
}

fn append_all(instance: &Instance, facts: &[(Topic, &Fact)]) -> Result<()> {
    for topic in [Topic::Facts, Topic::Company, Topic::Governance] {
        let of_topic = facts.iter().filter(|(of, _)| *of == topic);
        let records: Vec<Outgoing> = of_topic.map(|(_, fact)| outgoing(instance, topic, fact)).collect();
        append(instance, topic, &records)?;
    }
    Ok(())
}

fn append(instance: &Instance, topic: Topic, records: &[Outgoing]) -> Result<()> {
    if !records.is_empty() {
        let appended = instance.log.append(&topic_name(topic), records);
        appended.with_context(|| format!("cannot append to the topic {}", topic.name()))?;
    }
    Ok(())
}

/// A fact as a record of a topic of the log.
fn outgoing(instance: &Instance, topic: Topic, fact: &Fact) -> Outgoing {
    Outgoing {
        partition: partition(instance, topic, fact),
        key: fact.key().into_bytes(),
        value: codec::encode_fact(fact),
    }
}

fn partition(instance: &Instance, topic: Topic, fact: &Fact) -> Partition {
    match topic {
        Topic::Facts => partition_of(fact.key().as_bytes(), instance.config.partitions),
        Topic::Company | Topic::Governance | Topic::Rejects => Partition(0),
    }
}
