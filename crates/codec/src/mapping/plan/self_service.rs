//! The fields of a session of self-service.

use super::{DURATION_MS_MAX, Mapped, needed, number, text, word};
use crate::mapping::build::{Build, Need};
use crate::mapping::customer::{IdentifierField, first_of};
use crate::mapping::fields::{NumberField, TextField, WordField};
use crate::records::{Record, Refusal};
use domain::fact::SelfServiceEnded;
use domain::{Body, SelfServiceOutcome};

/// Where each field of a session comes from.
pub(in crate::mapping) struct SelfServicePlan {
    customer: Vec<IdentifierField>,
    path: Option<TextField>,
    step: Option<TextField>,
    outcome: Option<WordField<SelfServiceOutcome>>,
    error_code: Option<TextField>,
    duration_ms: Option<NumberField>,
}

impl SelfServicePlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self {
            customer: b.identifiers("customer"),
            path: b.text("path", Need::Always),
            step: b.text("step", Need::Optional),
            outcome: b.word("outcome", Need::Always, (SelfServiceOutcome::ALL, SelfServiceOutcome::WORDS)),
            error_code: b.text("error_code", Need::Optional),
            duration_ms: b.number("duration_ms", Need::Optional, 0, DURATION_MS_MAX),
        }
    }

    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let session = SelfServiceEnded {
            customer: None,
            path: needed(text(&self.path, r)?),
            step: text(&self.step, r)?,
            outcome: needed(word(&self.outcome, r)?),
            error_code: text(&self.error_code, r)?,
            duration_ms: number(&self.duration_ms, r)?,
        };
        Ok((Body::SelfServiceEnded(Box::new(session)), first_of(&self.customer, r)?))
    }
}
