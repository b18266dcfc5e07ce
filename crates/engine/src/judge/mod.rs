//! The per-customer half of the fold: asserted contacts in, verdicts out.
//!
//! A verdict is a function of what is known of the customer, and of what concerns everybody, whatever order it came
//! in. After each batch the customers that it touched are judged again, and what changed is said.

mod chains;
mod customer;
mod digest;
mod everybody;
mod snapshot;
mod windows;

use crate::asserted::{Asserted, CustomerFact, Happened, JudgeInput};
use crate::idmap::IdMap;
use crate::mechanisms::{self, Context, Found};
use crate::ruleset::Ruleset;
pub(crate) use chains::{Chains, Edge, edges, shared_order};
pub(crate) use customer::Customer;
use customer::Held;
use digest::Digest;
use domain::{ContactId, CustomerKey, Day, Instant, Mechanism, Sequence, Session, Verdict};
pub(crate) use everybody::Everybody;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The shard of an input among `shards`; `None`: every shard.
pub fn shard_of(input: &JudgeInput, shards: usize) -> Option<usize> {
    let id = input.shard_id()?;
    // The first eight bytes; IdMap hashes by the last, so that shards do not thin out its buckets.
    let head = u64::from_le_bytes(std::array::from_fn(|i| id[i]));
    Some(usize::try_from(head % shards.max(1) as u64).unwrap_or(0))
}

/// The state of one shard of customers.
pub struct Judge {
    rules: Arc<Ruleset>,
    customers: IdMap<CustomerKey, Customer>,
    /// Contacts of nobody known that something which concerns everybody may still concern.
    nobody: IdMap<ContactId, Held>,
    /// What concerns everybody.
    everybody: Everybody,
}

/// What one batch did.
#[derive(Debug, Default)]
pub struct Judged {
    /// Verdicts that are new or different, in a stable order.
    pub verdicts: Vec<Verdict>,
    /// Sessions of self-service of which something new is known, in a stable order.
    pub sessions: Vec<Session>,
    /// Days whose published rows may have changed.
    pub touched: BTreeSet<Day>,
}

impl Judge {
    /// An empty state.
    pub fn new(rules: Arc<Ruleset>) -> Self {
        Self { rules, customers: IdMap::default(), nobody: IdMap::default(), everybody: Everybody::default() }
    }

    /// Takes in one batch of messages of this shard. `judged` must be higher than in every earlier call.
    pub fn apply(&mut self, inputs: impl IntoIterator<Item = JudgeInput>, judged: Sequence) -> Judged {
        let mut out = Judged::default();
        let (mut dirty, mut nobodies, mut news) = (Vec::new(), Vec::new(), Vec::new());
        for input in inputs {
            match input {
                JudgeInput::Assert { sequence, asserted } => match asserted.customer {
                    Some(key) => {
                        dirty.push(key);
                        self.customers.entry(key).or_default().assert(sequence, asserted);
                    }
                    None => {
                        nobodies.push(asserted.contact);
                        self.hold_nobody(sequence, asserted);
                    }
                },
                JudgeInput::Retract { sequence, customer: Some(customer), contact } => {
                    dirty.push(customer);
                    self.customers.entry(customer).or_default().retract(sequence, contact);
                }
                JudgeInput::Retract { sequence, customer: None, contact } => {
                    if self.nobody.get(&contact).is_some_and(|held| held.sequence <= sequence) {
                        self.nobody.remove(&contact);
                    }
                }
                JudgeInput::Fact { customer, fact } => {
                    dirty.push(customer);
                    self.customers.entry(customer).or_default().learn(fact);
                }
                JudgeInput::FactGone { customer, fact } => {
                    dirty.push(customer);
                    self.customers.entry(customer).or_default().unlearn(fact);
                }
                JudgeInput::Company { fact } => news.extend(self.learn_company(fact)),
            }
        }
        if !news.is_empty() {
            // What concerns everybody is rare enough for a look at all customers.
            dirty.extend(self.concerned(&news));
            nobodies.extend(self.concerned_nobodies(&news));
        }
        for contact in each_once(nobodies) {
            self.judge_nobody(contact, judged, &mut out);
        }
        for key in each_once(dirty) {
            self.judge_customer(key, judged, &mut out);
        }
        out
    }

    /// Customers in the state, with contacts of nobody known and what concerns everybody.
    pub fn len(&self) -> usize {
        self.customers.len() + self.nobody.len() + self.everybody.len()
    }

    /// Nothing is known yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The contacts of a customer that are proven to have been asked for the same datum again: an erasure must carry
    /// that forward, because it rests on the words of several contacts.
    pub fn reasked(&self, customer: CustomerKey) -> Vec<ContactId> {
        let Some(customer) = self.customers.get(&customer) else { return Vec::new() };
        let verdicts = judge_all(&self.rules, customer, &self.everybody);
        let reasked = verdicts.iter().filter(|v| v.mechanisms().any(|m| m == Mechanism::ReaskedData));
        reasked.map(|v| v.contact).collect()
    }

    /// Whom something new may concern; `None` where it was known.
    fn learn_company(&mut self, fact: Arc<CustomerFact>) -> Option<Concerned> {
        self.everybody.learn(&fact).then(|| Concerned::by(&self.rules, fact))
    }

    fn hold_nobody(&mut self, sequence: Sequence, asserted: Arc<Asserted>) {
        match self.nobody.get_mut(&asserted.contact) {
            Some(held) if held.sequence > sequence => {}
            Some(held) => (held.sequence, held.asserted) = (sequence, asserted),
            None => {
                self.nobody.insert(asserted.contact, Held { sequence, asserted, said: None });
            }
        }
    }

    /// The customers with a contact that something new may concern.
    fn concerned(&self, news: &[Concerned]) -> Vec<CustomerKey> {
        let has = |customer: &Customer| customer.contacts().iter().any(|h| is_concerned(news, h));
        self.customers.iter().filter(|(_, customer)| has(customer)).map(|(key, _)| *key).collect()
    }

    fn concerned_nobodies(&self, news: &[Concerned]) -> Vec<ContactId> {
        self.nobody.iter().filter(|(_, held)| is_concerned(news, held)).map(|(id, _)| *id).collect()
    }

    fn judge_customer(&mut self, key: CustomerKey, judged: Sequence, out: &mut Judged) {
        let Some(customer) = self.customers.get_mut(&key) else { return };
        customer.settle();
        let verdicts = judge_all(&self.rules, customer, &self.everybody);
        let sessions = sessions(&self.rules, key, customer, &verdicts);
        for (verdict, held) in verdicts.into_iter().zip(customer.contacts_mut()) {
            if is_news(&mut held.said, &verdict) {
                out.say(Verdict { judged, ..verdict });
            }
        }
        for (at, session) in sessions {
            if is_news(&mut customer.held_facts_mut()[at].said, &session) {
                out.touched.insert(session.day);
                out.sessions.push(Session { judged, ..session });
            }
        }
    }

    /// A contact of nobody known has no history. It is kept only where what concerns everybody may concern it.
    fn judge_nobody(&mut self, contact: ContactId, judged: Sequence, out: &mut Judged) {
        let Some(held) = self.nobody.get_mut(&contact) else { return };
        let mut nobody = Customer::default();
        nobody.assert(held.sequence, Arc::clone(&held.asserted));
        for verdict in judge_all(&self.rules, &nobody, &self.everybody) {
            if is_news(&mut held.said, &verdict) {
                out.say(Verdict { judged, ..verdict });
            }
        }
        if !mechanisms::may_be_concerned(&self.rules, &held.asserted) {
            self.nobody.remove(&contact);
        }
    }
}

/// In order; a batch names most of them once, so that sorting costs less than keeping them sorted.
fn each_once<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all.dedup();
    all
}

/// Which contacts something that concerns everybody may concern.
struct Concerned {
    from: Instant,
    to: Instant,
    fact: Arc<CustomerFact>,
}

impl Concerned {
    fn by(rules: &Ruleset, fact: Arc<CustomerFact>) -> Self {
        let (from, to) = mechanisms::concerned(rules, &fact);
        Self { from, to, fact }
    }

    fn takes(&self, a: &Asserted) -> bool {
        let order = match &self.fact.what {
            Happened::Upstream { order, .. } => order.as_ref(),
            _ => None,
        };
        self.from <= a.occurred_at
            && a.occurred_at <= self.to
            && order.is_none_or(|order| a.orders.contains(order))
    }
}

fn is_concerned(news: &[Concerned], held: &Held) -> bool {
    news.iter().any(|concerned| concerned.takes(&held.asserted))
}

impl Judged {
    fn say(&mut self, verdict: Verdict) {
        self.touched.insert(verdict.day);
        self.verdicts.push(verdict);
    }
}

/// The verdict of each contact, in the customer's order; `judged` is put in where it is said.
fn judge_all(rules: &Ruleset, customer: &Customer, everybody: &Everybody) -> Vec<Verdict> {
    let contacts = customer.contacts();
    let chains = Chains::of(contacts, rules.settings().chain_window);
    let windows = windows::of(contacts, &chains, rules.settings().chain_window);
    let reasons = contacts.iter().map(|held| rules.reason(&held.asserted.reason)).collect();
    let context = Context { rules, customer, everybody, chains: &chains, reasons };
    (0..contacts.len()).map(|i| verdict(&context, i, windows.at(i))).collect()
}

fn verdict(context: &Context<'_>, i: usize, windows: windows::Place) -> Verdict {
    let (held, settings) = (&context.customer.contacts()[i], context.rules.settings());
    let a = &held.asserted;
    let link = &context.chains.links[i];
    let Found { proofs, cleared } = mechanisms::find_all(context, i);
    Verdict {
        contact: a.contact,
        sequence: held.sequence,
        judged: Sequence(0),
        day: a.day,
        customer: a.customer,
        strength: a.strength,
        reason: a.reason.clone(),
        basis: a.basis,
        confidence_ppm: a.confidence_ppm,
        evidence: a.evidence.clone(),
        dumb: a.dumb.map_or(!proofs.is_empty(), |(dumb, _)| dumb),
        proofs,
        cleared,
        said: a.dumb.map(|(_, fact)| fact),
        further: a.more().further.to_vec(),
        step: a.more().step.as_deref().map(str::to_owned),
        repeat: link.position > 1,
        previous: link.previous.map(|(p, _)| context.customer.contacts()[p].asserted.contact),
        chain_root: context.customer.contacts()[link.root].asserted.contact,
        chain_position: link.position,
        at_windows: windows.at_windows,
        answered_once: windows.answered_once,
        melts_at: a.occurred_at.plus(settings.chain_window),
        mature_at: a.occurred_at.plus(settings.maturity),
        due_at: context.customer.due_at(a.occurred_at),
    }
}

/// What is known of each session of the customer, with its place among the customer's facts.
fn sessions(
    rules: &Ruleset,
    key: CustomerKey,
    customer: &Customer,
    verdicts: &[Verdict],
) -> Vec<(usize, Session)> {
    let contacts = customer.contacts();
    let session = |(at, held): (usize, &customer::HeldFact)| {
        let fact = &held.fact;
        let Happened::Session { path, step, outcome } = &fact.what else { return None };
        let to = fact.at.plus(rules.settings().self_service_window);
        let first =
            contacts.iter().map(|h| &h.asserted).find(|a| fact.at <= a.occurred_at && a.occurred_at <= to);
        let of_self_service = |v: &&Verdict| {
            v.proofs.iter().any(|p| p.mechanism == Mechanism::SelfServiceFailed && p.facts.contains(&fact.id))
        };
        let session = Session {
            fact: fact.id,
            judged: Sequence(0),
            occurred_at: fact.at,
            day: fact.at.day(rules.zone()),
            customer: Some(key),
            path: path.clone(),
            step: step.clone(),
            outcome: *outcome,
            contact: first.map(|a| a.contact),
            leak: verdicts.iter().find(of_self_service).map(|v| v.contact),
        };
        Some((at, session))
    };
    customer.held_facts().iter().enumerate().filter_map(session).collect()
}

/// Whether something differs from what was last said, which is decided by 64 bits of it: a collision (one in 1.8e19
/// changes) would keep the older one until the next change.
fn is_news(said: &mut Option<u64>, now: &impl Hash) -> bool {
    let mut hasher = Digest::default();
    now.hash(&mut hasher);
    let digest = hasher.finish();
    said.replace(digest) != Some(digest)
}
