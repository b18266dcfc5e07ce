//! The fields of a promise, and of what became of it.

use super::{Mapped, flag, needed, text, word};
use crate::mapping::build::{Build, Need};
use crate::mapping::customer::{IdentifierField, first_of};
use crate::mapping::fields::{FlagField, TextField, WordField};
use crate::mapping::time::TimeField;
use crate::records::{Record, Refusal};
use domain::fact::{PromiseMade, PromiseSettled};
use domain::{Body, PromiseKind};

/// Where each field of a promise comes from.
pub(in crate::mapping) struct PromisePlan {
    customer: Vec<IdentifierField>,
    promise: Option<TextField>,
    kind: Option<WordField<PromiseKind>>,
    due_at: Option<TimeField>,
}

impl PromisePlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self {
            customer: b.identifiers("customer"),
            promise: b.text("promise", Need::Always),
            kind: b.word("kind", Need::Optional, (PromiseKind::ALL, PromiseKind::WORDS)),
            due_at: b.time("due_at", Need::Always),
        }
    }

    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let due_at = self.due_at.as_ref().map_or(Ok(None), |field| field.last(r))?;
        let made = PromiseMade {
            customer: None,
            promise: needed(text(&self.promise, r)?),
            kind: word(&self.kind, r)?.unwrap_or(PromiseKind::Other),
            due_at: needed(due_at),
        };
        Ok((Body::PromiseMade(Box::new(made)), first_of(&self.customer, r)?))
    }
}

/// Where each field of a promise that was kept or broken comes from.
pub(in crate::mapping) struct SettledPlan {
    customer: Vec<IdentifierField>,
    promise: Option<TextField>,
    kept: Option<FlagField>,
}

impl SettledPlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self {
            customer: b.identifiers("customer"),
            promise: b.text("promise", Need::Always),
            kept: b.flag("kept", Need::Always),
        }
    }

    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let settled = PromiseSettled {
            customer: None,
            promise: needed(text(&self.promise, r)?),
            kept: needed(flag(&self.kept, r)?),
        };
        Ok((Body::PromiseSettled(Box::new(settled)), first_of(&self.customer, r)?))
    }
}
