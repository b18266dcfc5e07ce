//! The fields of a case that is done, and of one that opened again.

use super::{Mapped, needed, text, word};
use crate::mapping::build::{Build, Need};
use crate::mapping::fields::{TextField, WordField};
use crate::records::{Record, Refusal};
use domain::fact::{ContactReopened, ContactResolved};
use domain::{Body, Resolution};

/// Where each field of a resolved case comes from.
pub(in crate::mapping) struct ResolvedPlan {
    case: Option<TextField>,
    resolution: Option<WordField<Resolution>>,
}

impl ResolvedPlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self {
            case: b.text("case", Need::Always),
            resolution: b.word("resolution", Need::Optional, (Resolution::ALL, Resolution::WORDS)),
        }
    }

    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let resolved = ContactResolved {
            case: needed(text(&self.case, r)?),
            resolution: word(&self.resolution, r)?.unwrap_or(Resolution::Unknown),
        };
        Ok((Body::ContactResolved(Box::new(resolved)), None))
    }
}

/// Where the field of a reopened case comes from.
pub(in crate::mapping) struct ReopenedPlan {
    case: Option<TextField>,
}

impl ReopenedPlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self { case: b.text("case", Need::Always) }
    }

    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let reopened = ContactReopened { case: needed(text(&self.case, r)?) };
        Ok((Body::ContactReopened(Box::new(reopened)), None))
    }
}
