//! Records that are not contacts of their own: legs of a call and messages of a conversation.

use super::build::{self, Built, Part};
use crate::ruleset::Ruleset;
use domain::closed::{Channel, Direction};
use domain::{CaseId, ContactId, EngineSettings, FactId};
use std::collections::BTreeMap;

/// Names a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum GroupId {
    /// The legs of one root record.
    Legs(ContactId),
    /// The messages of one case on one channel.
    Messages(CaseId, Channel),
}

impl GroupId {
    pub(super) const fn legs(root: ContactId) -> Self {
        Self::Legs(root)
    }

    pub(super) const fn messages(case: CaseId, channel: Channel) -> Self {
        Self::Messages(case, channel)
    }
}

/// The records of a group, and the contacts last made of them.
#[derive(Default)]
pub(super) struct Group {
    pub(super) parts: BTreeMap<ContactId, Box<Part>>,
    /// Each contact with the facts it was made from: equal facts make an equal contact.
    pub(super) made: BTreeMap<ContactId, Vec<FactId>>,
}

impl Group {
    /// The contacts that the parts make now.
    pub(super) fn contacts(&self, id: GroupId, rules: &Ruleset) -> Vec<Built> {
        match id {
            GroupId::Legs(root) => self.legs(root, rules).into_iter().collect(),
            GroupId::Messages(_, channel) => {
                self.sittings(channel, rules.settings()).iter().map(|s| build::sitting(rules, s)).collect()
            }
        }
    }

    fn legs(&self, root: ContactId, rules: &Ruleset) -> Option<Built> {
        let mut legs: Vec<&Part> = self.parts.values().map(Box::as_ref).filter(|p| p.counts()).collect();
        // The root first, even where its clock is late; then by time.
        legs.sort_by_key(|p| (p.record() != root, p.occurred_at(), p.record()));
        (!legs.is_empty()).then(|| build::legs(rules, root, &legs))
    }

    /// The sitting rule (field.md, event-model.md §1): messages of the customer at most `sitting_gap` apart
    /// are one contact; on e-mail at most `email_sitting_gap` apart where no agent answered in between.
    fn sittings(&self, channel: Channel, settings: &EngineSettings) -> Vec<Vec<&Part>> {
        let mut messages: Vec<&Part> =
            self.parts.values().map(Box::as_ref).filter(|p| p.state_counts()).collect();
        messages.sort_by_key(|p| (p.occurred_at(), p.record()));
        let mut sittings: Vec<Vec<&Part>> = Vec::new();
        let mut answered = false;
        for message in messages {
            if !message.counts() {
                answered |= message.direction() == Direction::Outbound;
                continue;
            }
            match sittings.last_mut() {
                Some(open) if continues(open, message, answered, channel, settings) => open.push(message),
                _ => sittings.push(vec![message]),
            }
            answered = false;
        }
        sittings
    }
}

fn continues(
    open: &[&Part],
    message: &Part,
    answered: bool,
    channel: Channel,
    settings: &EngineSettings,
) -> bool {
    let Some(last) = open.last() else { return false };
    let gap = message.occurred_at().since(last.occurred_at());
    gap <= settings.sitting_gap
        || (channel == Channel::Email && !answered && gap <= settings.email_sitting_gap)
}
