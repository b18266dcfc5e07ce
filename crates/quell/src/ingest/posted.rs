//! The events of requests: mapped where they came in, then kept for many requests at once, because one synced
//! write costs the same for a thousand events as for one.

use super::keep::{Refused, draft, keep};
use super::{outgoing, prepare};
use crate::instance::Instance;
use crate::rejects::RejectId;
use crate::sources::Chunk;
use anyhow::Result;
use codec::mapping::{Draft, Mapping};
use codec::records::Refusal;
use domain::{Body, Channel, ContactId, Fact, FactId, RecordKind};

/// The events of one request, in its order, mapped and not yet kept. Words and identifiers lie in it in clear.
pub struct Posted {
    events: Vec<std::result::Result<Draft, Refused>>,
}

/// What became of one event, which is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is a fact on the log.
    Accepted {
        /// The fact.
        fact: FactId,
        /// The contact that the fact is, or is a leg of; `None` for a message, whose sitting is only found when
        /// the log is folded.
        contact: Option<ContactId>,
        /// Its channel.
        channel: Channel,
    },
    /// It was refused, and its bytes lie sealed in the rejects.
    Refused {
        /// The reject.
        reject: RejectId,
        /// Why.
        refusal: Refusal,
    },
}

impl Posted {
    /// Maps every event of a body.
    pub fn map(mapping: &Mapping, chunks: &[Chunk]) -> Self {
        let reads = chunks.iter().flat_map(Chunk::reads);
        Self { events: reads.map(|read| draft(mapping, read).map(|(draft, ..)| draft)).collect() }
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// Makes the events of some requests durable, accepted and refused ones, and says what became of each. After an
/// error nothing is known of any of them; kept again they are the same facts and the same rejects.
pub fn keep_posted(
    instance: &Instance,
    mapping: &Mapping,
    requests: Vec<Posted>,
) -> Result<Vec<Vec<Outcome>>> {
    let (mut drafts, mut refused) = (Vec::new(), Vec::new());
    let mut shapes: Vec<Vec<Option<Refusal>>> = Vec::with_capacity(requests.len());
    for request in requests {
        let sort = |event| match event {
            Ok(draft) => {
                drafts.push(draft);
                None
            }
            Err(record) => {
                let Refused { refusal, .. } = &record;
                let refusal = refusal.clone();
                refused.push(record);
                Some(refusal)
            }
        };
        shapes.push(request.events.into_iter().map(sort).collect());
    }
    let prepared = prepare(&instance.vault, drafts)?;
    let records = prepared.iter().map(|p| (p.topic(), outgoing(instance, p.topic(), &p.fact))).collect();
    let facts: Vec<Fact> = prepared.into_iter().map(|p| p.fact).collect();
    let day = (instance.clock)().day(&instance.config.zone);
    let rejects = keep(instance, records, mapping.system(), day, &refused)?;
    let (mut facts, mut rejects) = (facts.iter(), rejects.into_iter());
    let mut outcome = |refusal: Option<Refusal>| match refusal {
        None => accepted(facts.next().expect("every draft is a fact")),
        Some(refusal) => {
            Outcome::Refused { reject: rejects.next().expect("every refused event is a reject"), refusal }
        }
    };
    Ok(shapes.into_iter().map(|shape| shape.into_iter().map(&mut outcome).collect()).collect())
}

fn accepted(fact: &Fact) -> Outcome {
    let channel = match &fact.body {
        Body::ContactRecorded(contact) => contact.channel,
        _ => Channel::Unknown,
    };
    Outcome::Accepted { fact: fact.id, contact: contact_of(fact), channel }
}

fn contact_of(fact: &Fact) -> Option<ContactId> {
    let Body::ContactRecorded(contact) = &fact.body else { return None };
    (contact.kind != RecordKind::Message).then(|| fact.root_contact_id())
}
