//! Making a contact of one record, or of the records of a group.

use crate::asserted::Asserted;
use crate::ruleset::Ruleset;
use classify::{Classified, Input};
use domain::closed::{Direction, HandleBasis, ReasonBasis, Strength};
use domain::contact::Provenance;
use domain::fact::ContactRecorded;
use domain::{Body, CaseId, Contact, ContactId, FactId, Instant, Origin, Placed, Precision, Sequence, Words};
use std::collections::BTreeSet;

/// A record's newest state without its words, which were used up in classifying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) fact: FactId,
    pub(super) origin: Origin,
    pub(super) occurred_at: Instant,
    pub(super) precision: Precision,
    pub(super) recorded: ContactRecorded,
    pub(super) classified: Classified,
    pub(super) provenance: Provenance,
}

/// A contact in both its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Built {
    pub(super) contact: Contact,
    pub(super) asserted: Asserted,
}

/// The reason of one record: by the customer's words, the agent's code and the attributes.
pub(super) fn classify(rules: &Ruleset, recorded: &ContactRecorded) -> Classified {
    let words = recorded.words.open().map(domain::Spoken::customer_words).unwrap_or_default();
    rules.classify(&Input {
        text: &words,
        channel: recorded.channel,
        language: recorded.language.as_deref(),
        source_reason: recorded.source_reason.as_deref(),
        attributes: &recorded.attributes,
    })
}

impl Part {
    pub(super) fn new(placed: Placed<domain::Fact>, classified: Classified) -> Self {
        let provenance = Provenance {
            partition: placed.partition,
            offset: placed.offset,
            recorded_at: placed.recorded_at,
        };
        let fact = placed.value;
        let Body::ContactRecorded(recorded) = fact.body else {
            unreachable!("a part is made of a recorded contact only")
        };
        let recorded = ContactRecorded { words: Words::None, ..*recorded };
        Self {
            fact: fact.id,
            origin: fact.origin,
            occurred_at: fact.occurred_at,
            precision: fact.precision,
            recorded,
            classified,
            provenance,
        }
    }

    pub(super) fn record(&self) -> ContactId {
        ContactId::of_record(&self.origin.system, &self.origin.instance, &self.origin.record)
    }

    pub(super) const fn occurred_at(&self) -> Instant {
        self.occurred_at
    }

    pub(super) const fn direction(&self) -> Direction {
        self.recorded.direction
    }

    /// Neither spam nor deleted nor merged away.
    pub(super) const fn state_counts(&self) -> bool {
        self.recorded.state.counts()
    }

    /// A touch that the customer began.
    pub(super) const fn counts(&self) -> bool {
        self.state_counts() && !matches!(self.direction(), Direction::Outbound | Direction::Internal)
    }

    fn case(&self) -> Option<CaseId> {
        let case = self.recorded.case.as_ref()?;
        Some(CaseId::of_case(&self.origin.system, &self.origin.instance, case))
    }

    fn classifies(&self) -> bool {
        self.classified.basis != ReasonBasis::Unclassified
    }
}

/// The contact of a record that stands alone.
pub(super) fn alone(rules: &Ruleset, part: Part) -> Built {
    let asserted = asserted(rules, &part);
    Built { contact: contact(rules, part), asserted }
}

/// The contact of a root record's legs, which are in order and not empty.
pub(super) fn legs(rules: &Ruleset, root: ContactId, legs: &[&Part]) -> Built {
    let mut built = together(rules, legs);
    built.contact.id = root;
    built.asserted.contact = root;
    let count = u32::try_from(legs.len()).unwrap_or(u32::MAX);
    built.contact.legs = count;
    let hand_offs = i32::try_from(count - 1).unwrap_or(i32::MAX);
    if hand_offs > 0 || built.contact.transfers.is_some() {
        built.contact.transfers = Some(built.contact.transfers.unwrap_or(0).max(hand_offs));
    }
    built
}

/// The contact of a sitting's messages, which are in order and not empty.
pub(super) fn sitting(rules: &Ruleset, messages: &[&Part]) -> Built {
    let mut built = together(rules, messages);
    built.contact.messages = u32::try_from(messages.len()).unwrap_or(u32::MAX);
    built
}

fn together(rules: &Ruleset, parts: &[&Part]) -> Built {
    let (first, rest) = parts.split_first().expect("a group makes a contact only of at least one part");
    let mut built = alone(rules, (*first).clone());
    let mut classified = first.classifies();
    for part in rest {
        join_contact(&mut built.contact, part);
        join_asserted(&mut built.asserted, part, &mut classified);
    }
    normalise(&mut built.contact);
    let mut seen = BTreeSet::from([built.asserted.reason.to_string()]);
    built.contact.further_reasons.retain(|reason| seen.insert(reason.clone()));
    built.asserted.orders = boxed(&built.contact.orders);
    built
}

fn asserted(rules: &Ruleset, part: &Part) -> Asserted {
    let c = &part.classified;
    let mut orders = part.recorded.orders.clone();
    sort_once(&mut orders);
    Asserted {
        contact: part.record(),
        fact: part.fact,
        reason_fact: part.fact,
        occurred_at: part.occurred_at,
        day: part.occurred_at.day(rules.zone()),
        customer: part.recorded.customer,
        strength: if part.recorded.customer.is_some() { part.recorded.strength } else { Strength::None },
        case: part.case(),
        orders: boxed(&orders),
        reason: c.reason.clone(),
        basis: c.basis,
        confidence_ppm: c.confidence_ppm,
        evidence: c.evidence.clone(),
        dumb: None,
        carried: None,
    }
}

fn contact(rules: &Ruleset, part: Part) -> Contact {
    let (id, day) = (part.record(), part.occurred_at.day(rules.zone()));
    let Part { fact, origin, occurred_at, precision, recorded: r, classified, provenance } = part;
    let mut contact = Contact {
        id,
        // The real one is set when the contact is emitted.
        sequence: Sequence(0),
        system: origin.system,
        instance: origin.instance,
        record: origin.record,
        revision: origin.revision,
        occurred_at,
        precision,
        day,
        week: day.week(),
        case: r.case,
        channel: r.channel,
        channel_raw: r.channel_raw,
        direction: r.direction,
        customer_kind: r.customer_kind,
        language: r.language,
        country: r.country,
        products: r.products,
        orders: r.orders,
        step: r.step,
        queue: r.queue,
        agent: r.agent,
        wait_ms: r.wait_ms,
        handle_ms: r.handle_ms,
        handle_basis: r.handle_basis,
        abandoned: r.abandoned,
        transfers: r.transfers,
        resolved: r.resolved,
        legs: 1,
        messages: 1,
        source_reason: r.source_reason,
        source_reasons: r.source_reasons,
        further_reasons: classified.further.iter().map(ToString::to_string).collect(),
        attributes: r.attributes,
        flags: r.flags,
        facts: vec![fact],
        provenance,
    };
    normalise(&mut contact);
    contact
}

fn join_contact(into: &mut Contact, part: &Part) {
    let r = &part.recorded;
    first(&mut into.language, r.language.as_ref());
    first(&mut into.country, r.country.as_ref());
    first(&mut into.step, r.step.as_ref());
    first(&mut into.queue, r.queue.as_ref());
    first(&mut into.agent, r.agent.as_ref());
    first(&mut into.wait_ms, r.wait_ms.as_ref());
    first(&mut into.source_reason, r.source_reason.as_ref());
    if let Some(ms) = r.handle_ms {
        let before = into.handle_ms.replace(into.handle_ms.unwrap_or(0).saturating_add(ms));
        into.handle_basis = if before.is_some() { HandleBasis::Derived } else { r.handle_basis };
    }
    into.abandoned = r.abandoned.or(into.abandoned);
    into.resolved = r.resolved.or(into.resolved);
    into.transfers = r.transfers.max(into.transfers);
    into.products.extend(r.products.iter().cloned());
    into.orders.extend(r.orders.iter().cloned());
    into.source_reasons.extend(r.source_reasons.iter().cloned());
    into.flags.extend(r.flags.iter().cloned());
    let c = &part.classified;
    let said = part.classifies().then_some(&c.reason);
    into.further_reasons.extend(said.into_iter().chain(&c.further).map(ToString::to_string));
    for (name, value) in &r.attributes {
        into.attributes.entry(name.clone()).or_insert_with(|| value.clone());
    }
    into.facts.push(part.fact);
    if into.provenance.offset < part.provenance.offset {
        into.provenance = part.provenance;
    }
}

/// The first part that is classified gives the reason; the first that names the customer best, the customer.
fn join_asserted(into: &mut Asserted, part: &Part, classified: &mut bool) {
    if !*classified && part.classifies() {
        *classified = true;
        let c = &part.classified;
        into.reason = c.reason.clone();
        into.basis = c.basis;
        into.confidence_ppm = c.confidence_ppm;
        into.evidence = c.evidence.clone();
        into.reason_fact = part.fact;
    }
    if part.recorded.customer.is_some() && (into.customer.is_none() || part.recorded.strength > into.strength)
    {
        into.customer = part.recorded.customer;
        into.strength = part.recorded.strength;
    }
    if into.case.is_none() {
        into.case = part.case();
    }
}

fn first<T: Clone>(into: &mut Option<T>, other: Option<&T>) {
    if into.is_none() {
        *into = other.cloned();
    }
}

fn normalise(contact: &mut Contact) {
    sort_once(&mut contact.products);
    sort_once(&mut contact.orders);
    sort_once(&mut contact.flags);
    contact.facts.sort_unstable();
}

fn sort_once(items: &mut Vec<String>) {
    items.sort_unstable();
    items.dedup();
}

fn boxed(orders: &[String]) -> Box<[Box<str>]> {
    orders.iter().map(|o| o.as_str().into()).collect()
}
