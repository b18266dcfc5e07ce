//! The per-customer half of the fold: asserted contacts in, verdicts out.
//!
//! A verdict is a function of what is known of the customer, whatever order it came in. After each batch the
//! customers that it touched are judged again, and what changed is said.

mod chains;
mod customer;
mod snapshot;

use crate::asserted::{Asserted, JudgeInput};
use crate::idmap::IdMap;
use crate::mechanisms::{self, Context};
use crate::ruleset::Ruleset;
pub(crate) use chains::{Chains, Edge};
pub(crate) use customer::Customer;
use domain::{CustomerKey, Day, Sequence, Verdict};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// The shard of an input among `shards`.
pub fn shard_of(input: &JudgeInput, shards: usize) -> usize {
    let id = input.shard_id();
    // The first eight bytes; IdMap hashes by the last, so that shards do not thin out its buckets.
    let head = u64::from_le_bytes(std::array::from_fn(|i| id[i]));
    usize::try_from(head % shards.max(1) as u64).unwrap_or(0)
}

/// The state of one shard of customers.
pub struct Judge {
    rules: Arc<Ruleset>,
    customers: IdMap<CustomerKey, Customer>,
}

/// What one batch did.
#[derive(Debug, Default)]
pub struct Judged {
    /// Verdicts that are new or different, in a stable order.
    pub verdicts: Vec<Verdict>,
    /// Days whose published rows may have changed.
    pub touched: BTreeSet<Day>,
}

impl Judge {
    /// An empty state.
    pub fn new(rules: Arc<Ruleset>) -> Self {
        Self { rules, customers: IdMap::default() }
    }

    /// Takes in one batch of messages of this shard. `judged` must be higher than in every earlier call.
    pub fn apply(&mut self, inputs: impl IntoIterator<Item = JudgeInput>, judged: Sequence) -> Judged {
        let mut out = Judged::default();
        let mut dirty = BTreeSet::new();
        for input in inputs {
            match input {
                JudgeInput::Assert { sequence, asserted } => match asserted.customer {
                    Some(key) => {
                        dirty.insert(key);
                        self.customers.entry(key).or_default().assert(sequence, asserted);
                    }
                    None => out.say(self.anonymous(asserted, sequence, judged)),
                },
                JudgeInput::Retract { sequence, customer, contact } => {
                    dirty.insert(customer);
                    self.customers.entry(customer).or_default().retract(sequence, contact);
                }
                JudgeInput::Fact { customer, fact } => {
                    dirty.insert(customer);
                    self.customers.entry(customer).or_default().learn(fact);
                }
            }
        }
        for key in dirty {
            self.judge_customer(key, judged, &mut out);
        }
        out
    }

    /// Customers in the state.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Nobody is known yet.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    fn judge_customer(&mut self, key: CustomerKey, judged: Sequence, out: &mut Judged) {
        let Some(customer) = self.customers.get_mut(&key) else { return };
        customer.settle();
        let verdicts = judge_all(&self.rules, customer, judged);
        for (verdict, held) in verdicts.into_iter().zip(customer.contacts_mut()) {
            let said = digest(&verdict);
            if held.said != Some(said) {
                held.said = Some(said);
                out.say(verdict);
            }
        }
    }

    /// A contact of nobody known: it has no history, so nothing is kept of it.
    fn anonymous(&self, asserted: Arc<Asserted>, sequence: Sequence, judged: Sequence) -> Verdict {
        let mut nobody = Customer::default();
        nobody.assert(sequence, asserted);
        judge_all(&self.rules, &nobody, judged).remove(0)
    }
}

impl Judged {
    fn say(&mut self, verdict: Verdict) {
        self.touched.insert(verdict.day);
        self.verdicts.push(verdict);
    }
}

/// The verdict of each contact, in the customer's order.
fn judge_all(rules: &Ruleset, customer: &Customer, judged: Sequence) -> Vec<Verdict> {
    let chains = Chains::of(customer.contacts(), rules.settings().chain_window);
    let context = Context { rules, customer, chains: &chains };
    (0..customer.contacts().len()).map(|i| verdict(&context, i, judged)).collect()
}

fn verdict(context: &Context<'_>, i: usize, judged: Sequence) -> Verdict {
    let (held, settings) = (&context.customer.contacts()[i], context.rules.settings());
    let a = &held.asserted;
    let link = &context.chains.links[i];
    let proofs = mechanisms::prove_all(context, i);
    Verdict {
        contact: a.contact,
        sequence: held.sequence,
        judged,
        day: a.day,
        customer: a.customer,
        strength: a.strength,
        reason: a.reason.clone(),
        basis: a.basis,
        confidence_ppm: a.confidence_ppm,
        evidence: a.evidence.clone(),
        dumb: a.dumb.map_or(!proofs.is_empty(), |(dumb, _)| dumb),
        proofs,
        repeat: link.position > 1,
        previous: link.previous.map(|(p, _)| context.customer.contacts()[p].asserted.contact),
        chain_root: context.customer.contacts()[link.root].asserted.contact,
        chain_position: link.position,
        melts_at: a.occurred_at.plus(settings.chain_window),
        mature_at: a.occurred_at.plus(settings.maturity),
        due_at: context.customer.due_at(a.occurred_at),
    }
}

/// Whether a verdict differs from the one last said is decided by 64 bits of it, `judged` left out.
/// A collision (one in 1.8e19 changes) would keep an older verdict until the next change.
fn digest(verdict: &Verdict) -> u64 {
    let mut hasher = DefaultHasher::new();
    Verdict { judged: Sequence(0), ..verdict.clone() }.hash(&mut hasher);
    hasher.finish()
}
