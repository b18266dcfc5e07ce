//! The fields of what was offered to make good a failure.

use super::{Mapped, needed, number, text, word};
use crate::mapping::build::{Build, Need};
use crate::mapping::customer::{IdentifierField, first_of};
use crate::mapping::fields::{Code, NumberField, TextField, WordField};
use crate::records::{Record, Refusal};
use domain::fact::RecoveryOffered;
use domain::{Body, RecoveryOption};

/// Where each field of a recovery comes from.
pub(in crate::mapping) struct RecoveryPlan {
    customer: Vec<IdentifierField>,
    /// The record of the contact that it answers; `record` is its own.
    contact: Option<TextField>,
    option: Option<WordField<RecoveryOption>>,
    cost_micros: Option<NumberField>,
    currency: Option<TextField>,
}

impl RecoveryPlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self {
            customer: b.identifiers("customer"),
            contact: b.text("contact", Need::Optional),
            option: b.word("option", Need::Always, (RecoveryOption::ALL, RecoveryOption::WORDS)),
            cost_micros: b.number("cost_micros", Need::Optional, 0, i64::MAX),
            currency: b.code("currency", Code::Currency),
        }
    }

    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let offered = RecoveryOffered {
            customer: None,
            record: text(&self.contact, r)?,
            option: needed(word(&self.option, r)?),
            cost_micros: number(&self.cost_micros, r)?,
            currency: text(&self.currency, r)?,
        };
        Ok((Body::RecoveryOffered(Box::new(offered)), first_of(&self.customer, r)?))
    }
}
