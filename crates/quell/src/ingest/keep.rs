//! What every way into the log shares: a record becomes a draft or is refused, and facts and refused inputs become
//! durable together.

use super::append;
use crate::instance::Instance;
use crate::rejects::{RefusedInput, RejectId, seal_rejects};
use crate::sources::{Place, Raw, Read};
use anyhow::Result;
use codec::mapping::{Draft, Mapping};
use codec::records::Refusal;
use domain::{Day, Topic};
use log::Outgoing;
use std::collections::BTreeMap;

/// A record that was refused.
pub(super) struct Refused {
    pub refusal: Refusal,
    pub place: Place,
    pub raw: Vec<u8>,
    pub whole: bool,
}

/// Maps what was read.
pub(super) fn draft<'r>(
    mapping: &Mapping,
    read: Read<'r>,
) -> std::result::Result<(Draft, Place, Raw<'r>), Refused> {
    let refused = |refusal, place, raw: Raw<'_>, whole| {
        let raw = raw.bytes().into_owned();
        Refused { refusal, place, raw, whole }
    };
    match read {
        Read::Record { record, place, raw } => match mapping.map(&record) {
            Ok(draft) => Ok((draft, place, raw)),
            Err(refusal) => Err(refused(refusal, place, raw, true)),
        },
        Read::Refused { refusal, place, raw, whole } => Err(refused(refusal, place, raw, whole)),
    }
}

/// Appends facts, each to its topic, and then refused inputs of a source, sealed under the key of the day. When
/// this returns all of it is durable; the ids are those of the rejects, in their order.
pub(super) fn keep(
    instance: &Instance,
    facts: Vec<(Topic, Outgoing)>,
    source: &str,
    day: Day,
    refused: &[Refused],
) -> Result<Vec<RejectId>> {
    let mut by_topic: BTreeMap<Topic, Vec<Outgoing>> = BTreeMap::new();
    facts.into_iter().for_each(|(topic, record)| by_topic.entry(topic).or_default().push(record));
    for (topic, records) in by_topic {
        append(instance, topic, &records)?;
    }
    let inputs: Vec<RefusedInput<'_>> = refused.iter().map(|r| r.input(source)).collect();
    let (ids, rejects): (Vec<_>, Vec<_>) = seal_rejects(&instance.vault, day, &inputs)?.into_iter().unzip();
    append(instance, Topic::Rejects, &rejects)?;
    Ok(ids)
}

impl Refused {
    fn input<'r>(&'r self, source: &'r str) -> RefusedInput<'r> {
        RefusedInput {
            source,
            file: &self.place.file,
            line: self.place.line,
            stage: self.refusal.stage,
            kind: self.refusal.kind,
            field: self.refusal.field.as_deref(),
            expected: &self.refusal.expected,
            raw: &self.raw,
            whole: self.whole,
        }
    }
}
