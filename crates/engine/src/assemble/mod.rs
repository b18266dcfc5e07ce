//! The per-case half of the fold: facts of one partition in, contacts and assertions out.
//!
//! Dedupe happens at two levels: a fact id seen before is an exact redelivery and is dropped; of one record
//! the highest revision counts, and equal revisions with other content are a conflict, of which the smallest
//! fact id counts and the others are refused. Nothing here depends on which came first.
//!
//! A source that has legs records *every* leg, the first included, as `leg` with the first leg's record as
//! its root; conversations record every message, the agents' included, as `message`.

mod build;
mod cases;
mod emit;
mod entry;
mod group;
mod happened;
mod merges;
mod snapshot;

use crate::asserted::{Asserted, CustomerFact, JudgeInput, Override};
use crate::idmap::{IdMap, IdSet};
use crate::ruleset::Ruleset;
use build::Part;
use cases::Cases;
use domain::closed::{Mechanism, RecordKind};
use domain::fact::ContactRecorded;
use domain::invariant::Counts;
use domain::reject::Refused;
use domain::{
    Body, ContactId, CustomerKey, Day, Fact, FactId, Placed, ReasonId, RejectKind, Sequence, Session, Stated,
    contact::ContactChange,
};
use entry::{Arrival, Entry};
use group::{Group, GroupId};
use merges::Merges;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What an erased text had been found to mean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Erased {
    pub(crate) fact: FactId,
    pub(crate) reason: ReasonId,
    pub(crate) mechanisms: Box<[Mechanism]>,
}

/// What one batch did.
#[derive(Debug, Default)]
pub struct Assembled {
    /// Contacts that are new, different or gone, in order of contact id.
    pub contacts: Vec<ContactChange>,
    /// Messages for judge, in a stable order.
    pub judge: Vec<JudgeInput>,
    /// Facts refused by this batch, at the place where that was found.
    pub refused: Vec<Placed<Refused>>,
    /// What became of the batch's facts of this partition.
    pub counts: Counts,
    /// What became of the facts of the topic `company`: the same in every partition, so it counts once.
    pub company: Counts,
    /// Facts of this batch and partition that are no contacts.
    pub stated: Vec<Stated>,
    /// Such facts of the topic `company`: the same in every partition, so that they count once.
    pub company_stated: Vec<Stated>,
    /// Sessions of self-service of nobody known: there is nothing to judge them by.
    pub sessions: Vec<Session>,
    /// Days whose published rows may have changed.
    pub touched: BTreeSet<Day>,
}

/// The state of one partition of facts.
pub struct Assemble {
    rules: Arc<Ruleset>,
    entries: IdMap<ContactId, Entry>,
    groups: IdMap<GroupId, Group>,
    /// Facts that are no contacts: their ids, for the dedupe.
    others: IdSet<FactId>,
    /// What happened to customers, by the key that the fact names, re-sent when that key is merged.
    happened: BTreeMap<CustomerKey, Vec<Arc<CustomerFact>>>,
    overrides: IdMap<ContactId, Override>,
    erased: IdMap<ContactId, Erased>,
    merges: Merges,
    cases: Cases,
    pending: Pending,
}

/// What the batch at hand has changed; empty between batches.
#[derive(Default)]
struct Pending {
    /// Contacts rebuilt from facts of this batch.
    built: BTreeMap<ContactId, Option<Box<build::Built>>>,
    /// Contacts whose assertion may differ although their facts do not.
    restated: BTreeSet<ContactId>,
    /// Groups with new parts.
    groups: BTreeSet<GroupId>,
    /// Messages about customers and everybody that are no assertions.
    facts: Vec<JudgeInput>,
    stated: Vec<Stated>,
    company_stated: Vec<Stated>,
    sessions: Vec<Session>,
    refused: Vec<Placed<Refused>>,
    counts: Counts,
    company: Counts,
}

impl Assemble {
    /// An empty state.
    pub fn new(rules: Arc<Ruleset>) -> Self {
        Self {
            rules,
            entries: IdMap::default(),
            groups: IdMap::default(),
            others: IdSet::default(),
            happened: BTreeMap::new(),
            overrides: IdMap::default(),
            erased: IdMap::default(),
            merges: Merges::default(),
            cases: Cases::default(),
            pending: Pending::default(),
        }
    }

    /// Folds one batch. Words must have been opened. `company` are facts of the topic `company` not yet seen
    /// by this partition (seeing one again changes nothing). `sequence` must be higher than in every earlier
    /// call, and equal in a repetition of the same call.
    pub fn apply(
        &mut self,
        facts: Vec<Placed<Fact>>,
        company: &[Placed<Fact>],
        sequence: Sequence,
    ) -> Assembled {
        self.learn_company(company);
        for fact in facts {
            self.pending.counts.accepted += 1;
            self.learn(fact);
        }
        self.flush(sequence)
    }

    /// Records in the state, each of a stated size (P7).
    pub fn len(&self) -> usize {
        self.entries.len() + self.others.len()
    }

    /// Nothing was folded yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of state a record is counted with against the limit on memory: entry, assertion, judge's share and
    /// index slots of a contact with one order, from the sizes of the types. `benches` prints what a run takes.
    pub const BYTES_PER_RECORD: usize = 480;

    /// The contacts now asserted for a customer or any key merged with it, with the reason and the
    /// mechanisms that only their words can prove: what an erasure must carry forward, besides the contacts of
    /// [`crate::Judge::reasked`].
    pub fn contacts_of(&self, customer: CustomerKey) -> Vec<(Arc<Asserted>, Vec<Mechanism>)> {
        let customer = self.merges.resolve(customer);
        let mut found: Vec<_> = self
            .entries
            .values()
            .filter_map(|e| e.emitted.as_ref())
            .filter(|a| a.customer == Some(customer))
            .map(|a| (Arc::clone(a), crate::mechanisms::from_words(&self.rules, a)))
            .collect();
        found.sort_by_key(|(a, _)| a.contact);
        found
    }

    /// The contact asserted under this id, and every customer key merged with its customer.
    pub fn contact(&self, contact: ContactId) -> Option<Arc<Asserted>> {
        self.entries.get(&contact)?.emitted.clone()
    }

    /// Contacts now asserted whose words were erased: they keep the reason that was carried forward.
    pub fn erased_contacts(&self) -> u64 {
        self.erased.keys().filter(|contact| self.contact(**contact).is_some()).count() as u64
    }

    /// All keys that merges have made one customer with this one, itself included.
    pub fn keys_of(&self, customer: CustomerKey) -> Vec<CustomerKey> {
        self.merges.component(customer)
    }

    fn learn_company(&mut self, company: &[Placed<Fact>]) {
        for placed in company {
            self.pending.company.accepted += 1;
            let fact = &placed.value;
            if !self.others.insert(fact.id) {
                self.pending.company.duplicate += 1;
                continue;
            }
            self.pending.company.stored += 1;
            self.pending.company_stated.push(happened::stated(fact, self.rules.zone()));
            match &fact.body {
                Body::CustomerMerged(merge) => self.merges.learn(merge.surviving, merge.absorbed, fact.id),
                _ => self.pending.facts.extend(happened::to_everybody(fact)),
            }
        }
        if self.merges.is_unsettled() {
            let before = self.merges.clone();
            self.merges.settle();
            self.restate_moved(&before);
        }
    }

    /// Says again what belongs to keys that have become something else.
    fn restate_moved(&mut self, before: &Merges) {
        let now = &self.merges;
        let moved = |k: &CustomerKey| before.resolve(*k) != now.resolve(*k) || before.way(*k) != now.way(*k);
        let restated = self
            .entries
            .iter()
            .filter(|(_, e)| e.base.as_ref().and_then(|b| b.customer.as_ref()).is_some_and(moved));
        self.pending.restated.extend(restated.map(|(id, _)| *id));
        for (key, facts) in self.happened.iter().filter(|(key, _)| moved(key)) {
            let (was, is) = (before.resolve(*key), now.resolve(*key));
            if was != is {
                let gone = facts.iter().map(|f| JudgeInput::FactGone { customer: was, fact: f.id });
                self.pending.facts.extend(gone);
            }
            let said = facts.iter().map(|f| to_customer(now, *key, f));
            self.pending.facts.extend(said);
        }
    }

    fn learn(&mut self, placed: Placed<Fact>) {
        if matches!(placed.value.body, Body::ContactRecorded(_)) {
            return self.learn_contact(placed);
        }
        if !self.others.insert(placed.value.id) {
            self.pending.counts.duplicate += 1;
            return;
        }
        self.pending.counts.stored += 1;
        let fact = placed.value;
        self.pending.stated.push(happened::stated(&fact, self.rules.zone()));
        match &fact.body {
            Body::VerdictOverridden(said) => {
                let said_now = Override {
                    at: fact.occurred_at,
                    fact: fact.id,
                    reason: said.reason.clone(),
                    dumb: said.dumb,
                };
                self.learn_override(said.contact, said_now);
            }
            Body::TextErased(e) => {
                let erased = Erased {
                    fact: fact.id,
                    reason: e.reason.clone(),
                    mechanisms: e.mechanisms.clone().into(),
                };
                self.learn_erased(e.contact, erased);
            }
            Body::ContactResolved(_) | Body::ContactReopened(_) => {
                self.pending.restated.extend(self.cases.learn(&fact));
            }
            _ => self.learn_happened(&fact),
        }
    }

    fn learn_happened(&mut self, fact: &Fact) {
        if let Some((customer, what)) = happened::to_customer(fact) {
            let (id, at) = (fact.id, fact.occurred_at);
            let happened = Arc::new(CustomerFact { id, at, everybody: false, merged: Box::default(), what });
            self.pending.facts.push(to_customer(&self.merges, customer, &happened));
            self.happened.entry(customer).or_default().push(happened);
        } else if let Some(session) = happened::of_nobody(fact, self.rules.zone()) {
            self.pending.sessions.push(session);
        } else {
            self.pending.facts.extend(happened::answer_to_nobody(fact));
        }
    }

    fn learn_override(&mut self, contact: ContactId, said: Override) {
        let newest = self.overrides.get(&contact).is_none_or(|old| (old.at, old.fact) < (said.at, said.fact));
        if newest {
            self.overrides.insert(contact, said);
            self.pending.restated.insert(contact);
        }
    }

    /// Of several erasures of one contact the smallest counts, so that their order does not matter.
    fn learn_erased(&mut self, contact: ContactId, erased: Erased) {
        if self.erased.get(&contact).is_none_or(|old| erased < *old) {
            self.erased.insert(contact, erased);
            self.pending.restated.insert(contact);
        }
    }

    fn learn_contact(&mut self, placed: Placed<Fact>) {
        let fact = &placed.value;
        let record = fact.contact_id();
        let (revision, id) = (fact.origin.revision, fact.id);
        let place = placed.with(());
        let arrival = self.entries.entry(record).or_default().arrive(revision, id);
        match arrival {
            Arrival::Again => self.pending.counts.duplicate += 1,
            Arrival::Older => self.pending.counts.stored += 1,
            Arrival::Newest => {
                self.pending.counts.stored += 1;
                self.take_in(record, placed);
            }
            Arrival::Loses => self.refuse_conflict(id, &place),
            Arrival::Beats(loser) => {
                self.refuse_conflict(loser, &place);
                self.take_in(record, placed);
            }
        }
    }

    fn refuse_conflict(&mut self, fact: FactId, place: &Placed<()>) {
        self.pending.counts.rejected += 1;
        self.pending.refused.push(place.with(Refused { fact, kind: RejectKind::Conflict }));
    }

    /// The record's newest state, as a contact of its own or as a part of a group.
    fn take_in(&mut self, record: ContactId, placed: Placed<Fact>) {
        let Body::ContactRecorded(recorded) = &placed.value.body else { return };
        let group = group_of(&placed.value, recorded);
        let before = self.entries.get(&record).and_then(|e| e.group);
        if let Some(old) = before.filter(|old| Some(*old) != group) {
            self.leave_group(record, old);
        }
        let said = build::classify(&self.rules, recorded);
        let part = Part::new(placed, record, said);
        if let Some(entry) = self.entries.get_mut(&record) {
            entry.group = group;
        }
        match group {
            Some(id) => {
                self.groups.entry(id).or_default().parts.insert(record, Box::new(part));
                self.pending.groups.insert(id);
            }
            None => {
                let built = part.counts().then(|| Box::new(build::alone(&self.rules, part)));
                self.pending.built.insert(record, built);
            }
        }
    }

    fn leave_group(&mut self, record: ContactId, old: GroupId) {
        if let Some(group) = self.groups.get_mut(&old) {
            group.parts.remove(&record);
            self.pending.groups.insert(old);
        }
    }
}

/// The group that a record's contact is made in: its conversation, or its root leg.
fn group_of(fact: &Fact, recorded: &ContactRecorded) -> Option<GroupId> {
    match recorded.kind {
        RecordKind::Contact => None,
        RecordKind::Leg => Some(GroupId::legs(fact.root_contact_id())),
        RecordKind::Message => {
            let case = build::case_of(&fact.origin, recorded)?;
            Some(GroupId::messages(case, recorded.channel))
        }
    }
}

/// The message that a fact happened to the customer whom the key it names stands for now.
fn to_customer(merges: &Merges, named: CustomerKey, fact: &Arc<CustomerFact>) -> JudgeInput {
    let merged = merges.way(named);
    let fact = match merged {
        [] => Arc::clone(fact),
        _ => Arc::new(CustomerFact { merged: merged.into(), ..CustomerFact::clone(fact) }),
    };
    JudgeInput::Fact { customer: merges.resolve(named), fact }
}
