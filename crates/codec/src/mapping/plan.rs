//! What a mapping makes of a record: which fact, and where each of its fields comes from.

use super::build::{Build, Need};
use super::contact::ContactPlan;
use super::customer::{IdentifierField, first_of};
use super::fields::{Code, FlagField, ListField, NumberField, TextField, WordField};
use super::time::TimeField;
use crate::records::{Record, Refusal};
use domain::fact::{ContactReopened, ContactResolved, OrderPlaced, UpstreamEvent};
use domain::{Body, Identifier, Resolution, UpstreamKind};

/// Names of the facts that a mapping can make.
pub(super) const FACTS: &[&str] =
    &["ContactRecorded", "ContactResolved", "ContactReopened", "OrderPlaced", "UpstreamEvent"];

/// Where each field of a fact comes from.
pub(super) enum Plan {
    Contact(Box<ContactPlan>),
    Resolved { case: Option<TextField>, resolution: Option<WordField<Resolution>> },
    Reopened { case: Option<TextField> },
    Order(Box<OrderPlan>),
    Upstream(Box<UpstreamPlan>),
}

/// Where each field of an order comes from.
pub(super) struct OrderPlan {
    customer: Vec<IdentifierField>,
    order: Option<TextField>,
    products: Option<ListField>,
    total_micros: Option<NumberField>,
    currency: Option<TextField>,
}

/// Where each field of an upstream event comes from.
pub(super) struct UpstreamPlan {
    kind: Option<WordField<UpstreamKind>>,
    customer: Vec<IdentifierField>,
    order: Option<TextField>,
    subject: Option<TextField>,
    affected: Option<NumberField>,
    planned_at: Option<TimeField>,
}

impl Plan {
    /// The plan for a fact of [`FACTS`]. Missing fields are noted as mistakes.
    pub fn build(fact: &str, b: &mut Build<'_>) -> Self {
        match fact {
            "ContactResolved" => Self::Resolved {
                case: b.text("case", Need::Always),
                resolution: b.word("resolution", Need::Optional, (Resolution::ALL, Resolution::WORDS)),
            },
            "ContactReopened" => Self::Reopened { case: b.text("case", Need::Always) },
            "OrderPlaced" => Self::Order(Box::new(OrderPlan {
                customer: b.identifiers("customer"),
                order: b.text("order", Need::Always),
                products: b.list("products"),
                total_micros: b.number("total_micros", i64::MIN, i64::MAX),
                currency: b.code("currency", Code::Currency),
            })),
            "UpstreamEvent" => Self::Upstream(Box::new(UpstreamPlan {
                kind: b.word("kind", Need::Always, (UpstreamKind::ALL, UpstreamKind::WORDS)),
                customer: b.identifiers("customer"),
                order: b.text("order", Need::Optional),
                subject: b.text("subject", Need::Optional),
                affected: b.number("affected", 0, i64::MAX),
                planned_at: b.time("planned_at", Need::Optional),
            })),
            _ => Self::Contact(Box::new(ContactPlan::build(b))),
        }
    }

    /// The fact of a record, with its customer in clear beside it.
    pub fn map(&self, r: &Record<'_>) -> Result<(Body, Option<Identifier>), Refusal> {
        match self {
            Self::Contact(plan) => plan.map(r),
            Self::Resolved { case, resolution } => {
                let resolution = word(resolution, r)?.unwrap_or(Resolution::Unknown);
                let resolved = ContactResolved { case: needed(case, r)?, resolution };
                Ok((Body::ContactResolved(Box::new(resolved)), None))
            }
            Self::Reopened { case } => {
                Ok((Body::ContactReopened(Box::new(ContactReopened { case: needed(case, r)? })), None))
            }
            Self::Order(plan) => plan.map(r),
            Self::Upstream(plan) => plan.map(r),
        }
    }
}

impl OrderPlan {
    fn map(&self, r: &Record<'_>) -> Result<(Body, Option<Identifier>), Refusal> {
        let order = OrderPlaced {
            customer: None,
            order: needed(&self.order, r)?,
            products: list(&self.products, r)?,
            total_micros: number(&self.total_micros, r)?,
            currency: text(&self.currency, r)?,
        };
        Ok((Body::OrderPlaced(Box::new(order)), first_of(&self.customer, r)?))
    }
}

impl UpstreamPlan {
    fn map(&self, r: &Record<'_>) -> Result<(Body, Option<Identifier>), Refusal> {
        let planned_at = self.planned_at.as_ref().map_or(Ok(None), |field| field.get(r))?;
        let event = UpstreamEvent {
            kind: word(&self.kind, r)?.unwrap_or(UpstreamKind::Other),
            customer: None,
            order: text(&self.order, r)?,
            subject: text(&self.subject, r)?,
            affected: number(&self.affected, r)?,
            planned_at: planned_at.map(|stamp| stamp.at),
        };
        Ok((Body::UpstreamEvent(Box::new(event)), first_of(&self.customer, r)?))
    }
}

// A field that the mapping does not name is empty in every record.

pub(super) fn text(field: &Option<TextField>, r: &Record<'_>) -> Result<Option<String>, Refusal> {
    field.as_ref().map_or(Ok(None), |field| field.get(r))
}

pub(super) fn number(field: &Option<NumberField>, r: &Record<'_>) -> Result<Option<i64>, Refusal> {
    field.as_ref().map_or(Ok(None), |field| field.get(r))
}

pub(super) fn flag(field: &Option<FlagField>, r: &Record<'_>) -> Result<Option<bool>, Refusal> {
    field.as_ref().map_or(Ok(None), |field| field.get(r))
}

pub(super) fn word<E: Copy>(field: &Option<WordField<E>>, r: &Record<'_>) -> Result<Option<E>, Refusal> {
    field.as_ref().map_or(Ok(None), |field| field.get(r))
}

pub(super) fn list(field: &Option<ListField>, r: &Record<'_>) -> Result<Vec<String>, Refusal> {
    field.as_ref().map_or(Ok(Vec::new()), |field| field.get(r))
}

/// The text of a field that every record has.
pub(super) fn needed(field: &Option<TextField>, r: &Record<'_>) -> Result<String, Refusal> {
    Ok(text(field, r)?.expect("invariant: a field that is always needed is mapped, and refuses when empty"))
}
