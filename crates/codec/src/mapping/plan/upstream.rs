//! The fields of an event upstream.

use super::{Mapped, needed, number, text, time, word};
use crate::mapping::build::{Build, Need};
use crate::mapping::customer::{IdentifierField, first_of};
use crate::mapping::fields::{NumberField, TextField, WordField};
use crate::mapping::time::TimeField;
use crate::records::{Record, Refusal};
use domain::fact::UpstreamEvent;
use domain::{Body, UpstreamKind};

/// Where each field of an upstream event comes from.
pub(in crate::mapping) struct UpstreamPlan {
    kind: Option<WordField<UpstreamKind>>,
    customer: Vec<IdentifierField>,
    order: Option<TextField>,
    subject: Option<TextField>,
    affected: Option<NumberField>,
    planned_at: Option<TimeField>,
}

impl UpstreamPlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self {
            kind: b.word("kind", Need::Always, (UpstreamKind::ALL, UpstreamKind::WORDS)),
            customer: b.identifiers("customer"),
            order: b.text("order", Need::Optional),
            subject: b.text("subject", Need::Optional),
            affected: b.number("affected", Need::Optional, 0, i64::MAX),
            planned_at: b.time("planned_at", Need::Optional),
        }
    }

    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let event = UpstreamEvent {
            kind: needed(word(&self.kind, r)?),
            customer: None,
            order: text(&self.order, r)?,
            subject: text(&self.subject, r)?,
            affected: number(&self.affected, r)?,
            planned_at: time(&self.planned_at, r)?,
        };
        Ok((Body::UpstreamEvent(Box::new(event)), first_of(&self.customer, r)?))
    }
}
