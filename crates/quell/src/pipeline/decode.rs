//! From records of the log to facts whose words are open. What no schema decodes, and what no longer opens
//! although its key exists, is refused in its place: one bad record never stops the log.

use anyhow::Context;
use domain::reject::Refused;
use domain::{Body, Fact, FactId, Origin, Partition, Placed, RejectKind, Topic, Words};
use log::Batch;
use vault::{Opened, Vault, VaultError};

/// The facts of a batch, and the records that are none.
pub(crate) struct Decoded {
    pub(crate) facts: Vec<Placed<Fact>>,
    pub(crate) refused: Vec<Placed<Refused>>,
}

/// The facts of a batch with their words open, for whoever only reads.
pub(crate) fn decoded(vault: &Vault, topic: Topic, batch: Batch) -> anyhow::Result<Vec<Placed<Fact>>> {
    Ok(decode(vault, topic, batch)?.facts)
}

/// Decodes a batch of one partition and opens the words of its contacts.
pub(crate) fn decode(vault: &Vault, topic: Topic, batch: Batch) -> anyhow::Result<Decoded> {
    let mut out = Decoded { facts: Vec::with_capacity(batch.records.len()), refused: Vec::new() };
    for record in batch.records {
        let place = |value| Placed {
            topic,
            partition: batch.partition,
            offset: record.offset,
            recorded_at: record.recorded_at,
            value,
        };
        match codec::decode_fact(&record.value) {
            Ok(fact) => out.facts.push(place(fact)),
            Err(error) => {
                tracing::warn!(topic = topic.name(), partition = batch.partition.0, offset = record.offset.0, %error, "record refused");
                let value = undecodable(topic, batch.partition, record.offset.0);
                out.refused.push(Placed {
                    topic,
                    partition: batch.partition,
                    offset: record.offset,
                    recorded_at: record.recorded_at,
                    value,
                });
            }
        }
    }
    open_all(vault, &mut out)?;
    Ok(out)
}

/// One look-up for all the keys of the batch, then each box.
fn open_all(vault: &Vault, decoded: &mut Decoded) -> anyhow::Result<()> {
    let keys: Vec<_> = decoded.facts.iter().filter_map(|f| sealed_key(&f.value)).collect();
    vault.load_keys(&keys).context("cannot read the keys of a batch")?;
    let mut damaged = Vec::new();
    for (at, placed) in decoded.facts.iter_mut().enumerate() {
        if !open_words(vault, &mut placed.value)? {
            damaged.push(at);
        }
    }
    for at in damaged.into_iter().rev() {
        let placed = decoded.facts.remove(at);
        tracing::warn!(
            partition = placed.partition.0,
            offset = placed.offset.0,
            "sealed words are damaged, record refused"
        );
        decoded.refused.push(placed.with(Refused { fact: placed.value.id, kind: RejectKind::Undecodable }));
    }
    Ok(())
}

fn sealed_key(fact: &Fact) -> Option<domain::KeyId> {
    match &fact.body {
        Body::ContactRecorded(c) => match &c.words {
            Words::Sealed(sealed) => Some(sealed.key),
            Words::None | Words::Open(_) | Words::Gone => None,
        },
        _ => None,
    }
}

/// False where the box is damaged.
fn open_words(vault: &Vault, fact: &mut Fact) -> anyhow::Result<bool> {
    let Body::ContactRecorded(contact) = &mut fact.body else { return Ok(true) };
    let Words::Sealed(sealed) = &contact.words else { return Ok(true) };
    contact.words = match vault.open_box(sealed, fact.id.as_bytes()) {
        Ok(Opened::KeyDestroyed) => Words::Gone,
        Ok(Opened::Plain(plain)) => match codec::decode_spoken(&plain) {
            Ok(spoken) => Words::Open(spoken),
            Err(_) => return Ok(false),
        },
        Err(VaultError::BadBox { .. }) => return Ok(false),
        Err(error) => return Err(error).context("cannot open the words of a contact"),
    };
    Ok(true)
}

/// A record that is no fact has no fact id; its place stands for it.
fn undecodable(topic: Topic, partition: Partition, offset: u64) -> Refused {
    let origin = Origin {
        system: topic.name().to_owned(),
        instance: partition.0.to_string(),
        record: offset.to_string(),
        revision: 0,
    };
    Refused { fact: FactId::derive("undecodable", &origin, &[0; 32]), kind: RejectKind::Undecodable }
}
