//! When cases were resolved and opened again, and which contacts belong to them.

use crate::asserted::CaseChange;
use crate::idmap::IdMap;
use domain::{Body, CaseId, ContactId, Fact};

/// The cases of one partition: a case and its contacts lie in the same one.
#[derive(Default)]
pub(super) struct Cases {
    cases: IdMap<CaseId, Case>,
}

#[derive(Default)]
struct Case {
    /// In order.
    changes: Box<[CaseChange]>,
    /// Contacts that named it; which of them still do, they say themselves.
    members: Members,
}

/// Most cases have one contact, which needs no allocation.
#[derive(Default)]
enum Members {
    #[default]
    None,
    One(ContactId),
    Many(Vec<ContactId>),
}

impl Cases {
    /// Takes in a change; returns the contacts that it may concern.
    pub(super) fn learn(&mut self, fact: &Fact) -> Vec<ContactId> {
        let (case, open) = match &fact.body {
            Body::ContactResolved(c) => (&c.case, false),
            Body::ContactReopened(c) => (&c.case, true),
            _ => return Vec::new(),
        };
        let change = CaseChange { at: fact.occurred_at, fact: fact.id, open };
        self.change(fact.case_id(case), change)
    }

    pub(super) fn change(&mut self, case: CaseId, change: CaseChange) -> Vec<ContactId> {
        let case = self.cases.entry(case).or_default();
        let mut changes = std::mem::take(&mut case.changes).into_vec();
        changes.push(change);
        changes.sort_unstable();
        case.changes = changes.into();
        case.members.as_slice().to_vec()
    }

    /// The contact names the case.
    pub(super) fn join(&mut self, case: CaseId, contact: ContactId) {
        let members = &mut self.cases.entry(case).or_default().members;
        if members.as_slice().contains(&contact) {
            return;
        }
        *members = match std::mem::take(members) {
            Members::None => Members::One(contact),
            Members::One(first) => Members::Many(vec![first, contact]),
            Members::Many(mut many) => {
                many.push(contact);
                Members::Many(many)
            }
        };
    }

    /// The changes of a case, in order.
    pub(super) fn changes(&self, case: CaseId) -> &[CaseChange] {
        self.cases.get(&case).map_or(&[], |case| &case.changes)
    }

    /// Every case that was changed, in the order of their ids.
    pub(super) fn changed(&self) -> Vec<(CaseId, &[CaseChange])> {
        let changed = self.cases.iter().filter(|(_, case)| !case.changes.is_empty());
        let mut changed: Vec<_> = changed.map(|(id, case)| (*id, &*case.changes)).collect();
        changed.sort_unstable_by_key(|(id, _)| *id);
        changed
    }
}

impl Members {
    fn as_slice(&self) -> &[ContactId] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}
