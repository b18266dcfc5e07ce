//! The fields of a notice, to one customer or to many.

use super::{Mapped, needed, number, text, word};
use crate::mapping::build::{Build, Need};
use crate::mapping::customer::{IdentifierField, first_of};
use crate::mapping::fields::{NumberField, TextField, WordField};
use crate::records::{Record, Refusal};
use domain::fact::NotificationSent;
use domain::{Body, Channel, RejectKind};

/// Where each field of a notice comes from.
pub(in crate::mapping) struct NotificationPlan {
    topic: Option<TextField>,
    customer: Vec<IdentifierField>,
    recipients: Option<NumberField>,
    channel: Option<WordField<Channel>>,
}

impl NotificationPlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        let of_customers = if b.fields.has("customer") { Need::Optional } else { Need::Always };
        Self {
            topic: b.text("topic", Need::Always),
            customer: b.identifiers("customer"),
            // A notice that nobody got tells nobody anything.
            recipients: b.number("recipients", of_customers, 1, i64::MAX),
            channel: b.word("channel", Need::Optional, (Channel::ALL, Channel::WORDS)),
        }
    }

    /// A notice without a customer counts for everybody. So that a cell left empty does not make it one, it has to
    /// say how many it went to.
    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let customer = first_of(&self.customer, r)?;
        let recipients = match (number(&self.recipients, r)?, &customer) {
            (Some(recipients), _) => recipients,
            (None, Some(_)) => 1,
            (None, None) => {
                let expected = "a customer, or how many a notice to all of them went to";
                return Err(Refusal::map(RejectKind::Missing, "recipients", expected));
            }
        };
        let notice = NotificationSent {
            topic: needed(text(&self.topic, r)?),
            customer: None,
            recipients,
            channel: word(&self.channel, r)?.unwrap_or(Channel::Unknown),
        };
        Ok((Body::NotificationSent(Box::new(notice)), customer))
    }
}
