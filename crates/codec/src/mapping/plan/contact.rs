//! The fields of a contact.

use super::{DURATION_MS_MAX, Mapped, flag, list, number, text, word};
use crate::mapping::build::{Build, Need};
use crate::mapping::customer::{IdentifierField, first_of};
use crate::mapping::fields::{Code, FlagField, ListField, NumberField, TextField, WordField};
use crate::mapping::turns::TurnsField;
use crate::records::{Record, Refusal};
use domain::fact::ContactRecorded;
use domain::{
    Body, Channel, CustomerKind, Direction, HandleBasis, RecordKind, SourceState, Spoken, Strength, Words,
};
use std::collections::BTreeMap;

/// Marks a contact whose record named a field more than once.
const DUPLICATE_KEY: &str = "duplicate_key";

/// Where each field of a contact comes from.
pub(in crate::mapping) struct ContactPlan {
    kind: Option<WordField<RecordKind>>,
    root_record: Option<TextField>,
    case: Option<TextField>,
    channel: Option<WordField<Channel>>,
    channel_raw: Option<TextField>,
    direction: Option<WordField<Direction>>,
    customer: Vec<IdentifierField>,
    customer_kind: Option<WordField<CustomerKind>>,
    subject: Option<TextField>,
    text: Option<TextField>,
    turns: Option<TurnsField>,
    language: Option<TextField>,
    country: Option<TextField>,
    products: Option<ListField>,
    orders: Option<ListField>,
    step: Option<TextField>,
    queue: Option<TextField>,
    agent: Option<TextField>,
    wait_ms: Option<NumberField>,
    handle_ms: Option<NumberField>,
    handle_basis: Option<WordField<HandleBasis>>,
    abandoned: Option<FlagField>,
    transfers: Option<NumberField>,
    resolved: Option<FlagField>,
    state: Option<WordField<SourceState>>,
    source_reason: Option<TextField>,
    source_reasons: Option<ListField>,
    attributes: Vec<(String, TextField)>,
}

impl ContactPlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self {
            kind: b.word("kind", Need::Optional, (RecordKind::ALL, RecordKind::WORDS)),
            root_record: b.text("root_record", Need::Optional),
            case: b.text("case", Need::Optional),
            channel: b.word("channel", Need::Always, (Channel::ALL, Channel::WORDS)),
            channel_raw: b.text("channel_raw", Need::Optional),
            direction: b.word("direction", Need::Optional, (Direction::ALL, Direction::WORDS)),
            customer: b.identifiers("customer"),
            customer_kind: b.word("customer_kind", Need::Optional, (CustomerKind::ALL, CustomerKind::WORDS)),
            subject: b.text("subject", Need::Optional),
            text: b.text("text", Need::Optional),
            turns: b.turns("turns"),
            language: b.text("language", Need::Optional),
            country: b.code("country", Code::Country),
            products: b.list("products"),
            orders: b.list("orders"),
            step: b.text("step", Need::Optional),
            queue: b.text("queue", Need::Optional),
            agent: b.text("agent", Need::Optional),
            wait_ms: b.number("wait_ms", Need::Optional, 0, DURATION_MS_MAX),
            handle_ms: b.number("handle_ms", Need::Optional, 0, DURATION_MS_MAX),
            handle_basis: b.word("handle_basis", Need::Optional, (HandleBasis::ALL, HandleBasis::WORDS)),
            abandoned: b.flag("abandoned", Need::Optional),
            transfers: b.number("transfers", Need::Optional, 0, i64::from(i32::MAX)),
            resolved: b.flag("resolved", Need::Optional),
            state: b.word("state", Need::Optional, (SourceState::ALL, SourceState::WORDS)),
            source_reason: b.text("source_reason", Need::Optional),
            source_reasons: b.list("source_reasons"),
            attributes: b.attributes("attributes"),
        }
    }

    /// The contact of a record, with its customer in clear beside it.
    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let customer = first_of(&self.customer, r)?;
        let handle_ms = number(&self.handle_ms, r)?;
        let contact = ContactRecorded {
            kind: word(&self.kind, r)?.unwrap_or(RecordKind::Contact),
            root_record: text(&self.root_record, r)?,
            case: text(&self.case, r)?,
            channel: word(&self.channel, r)?.unwrap_or(Channel::Unknown),
            channel_raw: self.channel_raw(r)?,
            direction: word(&self.direction, r)?.unwrap_or(Direction::Unknown),
            customer: None,
            strength: customer.as_ref().map_or(Strength::None, |identifier| identifier.strength),
            customer_kind: word(&self.customer_kind, r)?.unwrap_or(CustomerKind::Unknown),
            words: self.words(r)?,
            language: text(&self.language, r)?,
            country: text(&self.country, r)?,
            products: list(&self.products, r)?,
            orders: list(&self.orders, r)?,
            step: text(&self.step, r)?,
            queue: text(&self.queue, r)?,
            agent: text(&self.agent, r)?,
            wait_ms: number(&self.wait_ms, r)?,
            handle_ms,
            handle_basis: self.handle_basis(r, handle_ms)?,
            abandoned: flag(&self.abandoned, r)?,
            transfers: number(&self.transfers, r)?.and_then(|n| i32::try_from(n).ok()),
            resolved: flag(&self.resolved, r)?,
            state: word(&self.state, r)?.unwrap_or(SourceState::Unknown),
            source_reason: text(&self.source_reason, r)?,
            source_reasons: list(&self.source_reasons, r)?,
            attributes: self.attributes(r)?,
            flags: if r.duplicate_keys { vec![DUPLICATE_KEY.to_owned()] } else { Vec::new() },
        };
        Ok((Body::ContactRecorded(Box::new(contact)), customer))
    }

    fn channel_raw(&self, r: &Record<'_>) -> Result<String, Refusal> {
        match &self.channel_raw {
            Some(field) => Ok(field.get(r)?.unwrap_or_default()),
            None => Ok(self.channel.as_ref().map(|field| field.raw(r)).unwrap_or_default()),
        }
    }

    fn words(&self, r: &Record<'_>) -> Result<Words, Refusal> {
        let turns = self.turns.as_ref().map_or(Ok(Vec::new()), |field| field.get(r))?;
        let spoken = Spoken { subject: text(&self.subject, r)?, text: text(&self.text, r)?, turns };
        Ok(if spoken.is_empty() { Words::None } else { Words::Open(spoken) })
    }

    /// A handle time is measured unless the mapping says otherwise.
    fn handle_basis(&self, r: &Record<'_>, handle_ms: Option<i64>) -> Result<HandleBasis, Refusal> {
        let said = word(&self.handle_basis, r)?;
        Ok(handle_ms.map_or(HandleBasis::Unknown, |_| said.unwrap_or(HandleBasis::Measured)))
    }

    fn attributes(&self, r: &Record<'_>) -> Result<BTreeMap<String, String>, Refusal> {
        let mut found = BTreeMap::new();
        for (name, field) in &self.attributes {
            if let Some(value) = field.get(r)? {
                found.insert(name.clone(), value);
            }
        }
        Ok(found)
    }
}
