//! The end of a batch: what changed is said once, in a stable order.

use super::build::Built;
use super::{Assemble, Assembled, Erased, Pending};
use crate::asserted::{Asserted, JudgeInput, Override, Replaced};
use domain::closed::ReasonBasis;
use domain::contact::{ContactChange, Provenance};
use domain::reject::Refused;
use domain::{ContactId, FactId, Placed, ReasonId, RejectKind, Sequence, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Assemble {
    pub(super) fn flush(&mut self, sequence: Sequence) -> Assembled {
        self.remake_groups();
        let Pending {
            built,
            restated,
            facts,
            stated,
            company_stated,
            sessions,
            refused,
            counts,
            company,
            ..
        } = std::mem::take(&mut self.pending);
        let mut out =
            Assembled { refused, counts, company, stated, company_stated, sessions, ..Assembled::default() };
        out.sessions.iter_mut().for_each(|session| session.judged = sequence);
        out.touched.extend(out.sessions.iter().map(|session| session.day));
        for (contact, built) in built {
            match built {
                Some(built) => self.emit(contact, *built, sequence, &mut out),
                None => self.retract(contact, sequence, &mut out),
            }
        }
        for contact in restated {
            self.restate(contact, sequence, &mut out);
        }
        out.judge.extend(facts);
        out
    }

    /// Makes the contacts of every group that has new parts, and unmakes those it no longer gives.
    fn remake_groups(&mut self) {
        for id in std::mem::take(&mut self.pending.groups) {
            let Some(group) = self.groups.get(&id) else { continue };
            let mut made = BTreeMap::new();
            for built in group.contacts(id, &self.rules) {
                let contact = built.contact.id;
                if self.belongs_elsewhere(contact, id) {
                    self.pending.refused.extend(inconsistent(&built.contact));
                    continue;
                }
                made.insert(contact, built.contact.facts.clone());
                if group.made.get(&contact) != Some(&built.contact.facts) {
                    self.pending.built.insert(contact, Some(Box::new(built)));
                }
            }
            let candidates: Vec<ContactId> = group.made.keys().chain(group.parts.keys()).copied().collect();
            for contact in candidates {
                if !made.contains_key(&contact) && !self.belongs_elsewhere(contact, id) {
                    self.pending.built.insert(contact, None);
                }
            }
            if let Some(group) = self.groups.get_mut(&id) {
                group.made = made;
            }
        }
    }

    /// A record of this id was taken in as something else than a part of this group.
    fn belongs_elsewhere(&self, contact: ContactId, group: super::GroupId) -> bool {
        self.entries
            .get(&contact)
            .is_some_and(|e| !e.versions.as_slice().is_empty() && e.group != Some(group))
    }

    fn emit(&mut self, id: ContactId, built: Built, sequence: Sequence, out: &mut Assembled) {
        let Built { mut contact, asserted } = built;
        contact.sequence = sequence;
        out.touched.insert(contact.day);
        out.contacts.push(ContactChange::Is(Box::new(contact)));
        if let Some(case) = asserted.case {
            self.cases.join(case, id);
        }
        self.entries.entry(id).or_default().base = Some(Arc::new(asserted));
        self.restate(id, sequence, out);
    }

    fn retract(&mut self, id: ContactId, sequence: Sequence, out: &mut Assembled) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.base = None;
        let Some(gone) = entry.emitted.take() else { return };
        out.touched.insert(gone.day);
        out.contacts.push(ContactChange::Gone { id, sequence, day: gone.day });
        out.judge.push(JudgeInput::Retract { sequence, customer: gone.customer, contact: id });
    }

    /// Asserts the contact again if what is said of it differs from what was said.
    fn restate(&mut self, id: ContactId, sequence: Sequence, out: &mut Assembled) {
        let Some(base) = self.entries.get(&id).and_then(|e| e.base.clone()) else { return };
        let now = self.final_form(&base);
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let before = entry.emitted.replace(Arc::clone(&now));
        if before.as_ref() == Some(&now) {
            return;
        }
        if let Some(before) = before {
            out.touched.insert(before.day);
            if before.customer != now.customer {
                out.judge.push(JudgeInput::Retract { sequence, customer: before.customer, contact: id });
            }
        }
        out.touched.insert(now.day);
        out.judge.push(JudgeInput::Assert { sequence, asserted: now });
    }

    /// The base after changes of its case, merges, erasures and overrides, in that order; the base itself where
    /// none applies.
    pub(super) fn final_form(&self, base: &Arc<Asserted>) -> Arc<Asserted> {
        let changes = base.case.map_or(&[][..], |case| self.cases.changes(case));
        let merged = base.customer.map_or(&[][..], |c| self.merges.way(c));
        let (erased, said) = (self.erased.get(&base.contact), self.overrides.get(&base.contact));
        let customer = base.customer.map(|c| self.merges.resolve(c));
        let is_plain = changes.is_empty() && merged.is_empty() && customer == base.customer;
        if is_plain && erased.is_none() && said.is_none() {
            return Arc::clone(base);
        }
        let mut now = Asserted { customer, ..Asserted::clone(base) };
        now.with_more(|more| {
            more.case_changes = changes.into();
            more.merged = merged.into();
        });
        if let Some(erased) = erased {
            erase(&mut now, erased);
        }
        if let Some(said) = said {
            overrule(&mut now, said);
        }
        Arc::new(now)
    }
}

/// The reason that a fact gives. Where the contact has it anyway, proofs rest on what gave it before.
fn give_reason(now: &mut Asserted, reason: &ReasonId, fact: FactId) {
    if now.reason != *reason {
        now.reason = reason.clone();
        now.reason_fact = fact;
    }
}

/// What only the words said is what was carried forward.
fn erase(now: &mut Asserted, erased: &Erased) {
    give_reason(now, &erased.reason, erased.fact);
    now.basis = ReasonBasis::Erased;
    now.evidence = None;
    now.confidence_ppm = 0;
    now.carried = Some(erased.mechanisms.clone());
    now.with_more(|more| {
        more.further = Box::default();
        more.asked = Box::default();
        if std::mem::take(&mut more.step_heard) {
            more.step = None;
        }
    });
}

/// A person's word wins.
fn overrule(now: &mut Asserted, said: &Override) {
    if let Some(reason) = &said.reason {
        let replaced =
            Replaced { reason: now.reason.clone(), fact: now.reason_fact, carried: now.carried.clone() };
        if replaced.reason != *reason {
            now.with_more(|more| more.replaced = Some(replaced));
        }
        give_reason(now, reason, said.fact);
        now.basis = ReasonBasis::Override;
        now.evidence = None;
        now.confidence_ppm = 1_000_000;
        now.carried = None;
        now.with_more(|more| more.further = more.further.iter().filter(|r| *r != reason).cloned().collect());
    }
    now.dumb = said.dumb.map(|dumb| (dumb, said.fact));
}

/// The facts of a contact whose id belongs to a record of another kind: legs of a root that was recorded as a
/// whole contact. They stay in the log; what names them is a row of refused facts.
fn inconsistent(contact: &domain::Contact) -> impl Iterator<Item = Placed<Refused>> + '_ {
    let Provenance { partition, offset, recorded_at } = contact.provenance;
    let kind = RejectKind::Inconsistent;
    let place = Placed { topic: Topic::Facts, partition, offset, recorded_at, value: () };
    contact.facts.iter().map(move |fact| place.with(Refused { fact: *fact, kind }))
}
