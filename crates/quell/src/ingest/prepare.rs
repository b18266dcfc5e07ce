//! From drafts to facts as they lie on the log: redacted, named, sealed.
//!
//! In this order, because each step rests on the one before: the customer's key is durable before the fact
//! that needs it; the content hash is made from redacted words, without the customer, before sealing.

use anyhow::{Context as _, Result};
use codec::mapping::Draft;
use domain::{
    Body, CustomerKey, Fact, FactId, Identifier, Instant, KeyId, Origin, Precision, Strength, Topic, Words,
    Zone,
};
use vault::{Resolution, Vault};

/// A fact that is ready for the log.
pub struct Prepared {
    /// The fact, its words sealed.
    pub fact: Fact,
    /// Its customer had asked to be forgotten: it names nobody and has no words.
    pub suppressed: bool,
}

impl Prepared {
    /// The topic it goes to. What was stated of somebody who had asked to be forgotten concerns nobody: without a name
    /// it must not be taken for a statement about everybody.
    pub fn topic(&self) -> Topic {
        if self.suppressed { Topic::Facts } else { self.fact.topic() }
    }
}

/// Prepares a batch: one look-up and one synced write of the vault for all of it.
pub fn prepare(vault: &Vault, drafts: Vec<Draft>) -> Result<Vec<Prepared>> {
    let identifiers: Vec<Identifier> = drafts.iter().filter_map(|d| d.identifier.clone()).collect();
    let resolved = vault.resolve(&identifiers).context("cannot look up the customers of a batch")?;
    let mut resolved = resolved.into_iter();
    let mut batch: Vec<(Prepared, Option<KeyId>)> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let who = draft.identifier.as_ref().and_then(|_| resolved.next());
        let strength = draft.identifier.as_ref().map_or(Strength::None, |i| i.strength);
        batch.push(name(vault, draft, who, strength));
    }
    let day_keys: Vec<KeyId> = batch.iter().filter_map(|(_, key)| *key).collect();
    vault.ensure_keys(&day_keys).context("cannot make the day keys of a batch")?;
    batch.into_iter().map(|(prepared, day_key)| seal(vault, prepared, day_key)).collect()
}

/// A fact that states something which no source recorded, such as a person's or the program's own.
pub fn fact(vault: &Vault, origin: Origin, occurred_at: Instant, body: Body) -> Fact {
    identified(
        vault,
        Fact {
            id: FactId::from_bytes([0; 16]),
            origin,
            occurred_at,
            precision: Precision::Microsecond,
            body,
        },
    )
}

/// Gives a fact its id: by the keyed hash of its content.
fn identified(vault: &Vault, mut fact: Fact) -> Fact {
    let hash = vault.content_hash(&codec::content_bytes(&fact));
    fact.id = FactId::derive(fact.body.name(), &fact.origin, &hash);
    fact
}

/// Redacts, names, and puts the customer in; also says which day key will seal the words of nobody known.
fn name(
    vault: &Vault,
    draft: Draft,
    who: Option<Resolution>,
    strength: Strength,
) -> (Prepared, Option<KeyId>) {
    let Draft { origin, occurred_at, precision, body, .. } = draft;
    let mut fact = Fact { id: FactId::from_bytes([0; 16]), origin, occurred_at, precision, body };
    codec::redact::redact_fact(&mut fact);
    let mut fact = identified(vault, fact);
    let suppressed = who == Some(Resolution::Suppressed);
    let customer = match who {
        Some(Resolution::Customer(customer)) => Some(customer),
        Some(Resolution::Suppressed) | None => None,
    };
    set_customer(&mut fact.body, customer, strength);
    if suppressed {
        forget_words(&mut fact.body);
    }
    let sealed_by_day = customer.is_none() && open_words(&fact.body);
    let day = fact.occurred_at.day(&Zone::utc());
    let day_key =
        sealed_by_day.then(|| KeyId::of_source_day(&fact.origin.system, &fact.origin.instance, day));
    (Prepared { fact, suppressed }, day_key)
}

/// Seals the words under the customer's own key, or under the day key.
fn seal(vault: &Vault, mut prepared: Prepared, day_key: Option<KeyId>) -> Result<Prepared> {
    let id = prepared.fact.id;
    if let Some((words, customer)) = words_of(&mut prepared.fact.body)
        && let Words::Open(spoken) = words
        && let Some(key) = day_key.or(customer.map(KeyId::of_customer))
    {
        let sealed = vault.seal(key, &codec::encode_spoken(spoken), id.as_bytes());
        *words = Words::Sealed(sealed.context("cannot seal the words of a contact")?);
    }
    Ok(prepared)
}

fn words_of(body: &mut Body) -> Option<(&mut Words, Option<CustomerKey>)> {
    match body {
        Body::ContactRecorded(c) => Some((&mut c.words, c.customer)),
        Body::SurveyAnswered(s) => Some((&mut s.comment, s.customer)),
        _ => None,
    }
}

fn open_words(body: &Body) -> bool {
    match body {
        Body::ContactRecorded(c) => c.words.open().is_some(),
        Body::SurveyAnswered(s) => s.comment.open().is_some(),
        _ => false,
    }
}

fn forget_words(body: &mut Body) {
    if let Some((words, _)) = words_of(body)
        && words.open().is_some()
    {
        *words = Words::Gone;
    }
}

/// The customer of a fact, with how far it can be trusted; nobody has no strength.
fn set_customer(body: &mut Body, customer: Option<CustomerKey>, strength: Strength) {
    match body {
        Body::ContactRecorded(c) => {
            c.customer = customer;
            c.strength = customer.map_or(Strength::None, |_| strength);
        }
        Body::SurveyAnswered(s) => s.customer = customer,
        Body::SelfServiceEnded(s) => s.customer = customer,
        Body::UpstreamEvent(e) => e.customer = customer,
        Body::OrderPlaced(o) => o.customer = customer,
        Body::NotificationSent(n) => n.customer = customer,
        Body::PromiseMade(p) => p.customer = customer,
        Body::PromiseSettled(p) => p.customer = customer,
        Body::RecoveryOffered(r) => r.customer = customer,
        _ => {}
    }
}
