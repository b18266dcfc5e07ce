//! Making a contact of one record, or of the records of a group.

use crate::asserted::{Asserted, Question, Source};
use crate::ruleset::Ruleset;
use classify::heard::{self, Asked};
use classify::{Classified, Input};
use domain::Turn;
use domain::closed::{Channel, Direction, HandleBasis, ReasonBasis, Speaker, Strength};
use domain::contact::Provenance;
use domain::fact::ContactRecorded;
use domain::{
    Body, CaseId, Contact, ContactId, Day, FactId, Instant, Origin, Placed, Precision, Sequence, Span, Words,
};
use std::collections::BTreeSet;

/// A record's newest state without its words, which were used up in classifying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) fact: FactId,
    /// The contact that the record is by itself.
    pub(super) record: ContactId,
    /// Its case.
    pub(super) case: Option<CaseId>,
    pub(super) origin: Origin,
    pub(super) occurred_at: Instant,
    pub(super) precision: Precision,
    pub(super) recorded: ContactRecorded,
    pub(super) classified: Classified,
    pub(super) heard: Heard,
    pub(super) provenance: Provenance,
}

/// What the words say besides the reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Heard {
    /// The step that the customer names.
    pub(super) step: Option<u32>,
    /// The data that the company asked for.
    pub(super) asked: Vec<Asked>,
    /// Of the company only a bot or a voice menu speaks.
    pub(super) by_machine: bool,
}

/// A contact in both its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Built {
    pub(super) contact: Contact,
    pub(super) asserted: Asserted,
}

/// The reason of one record, by the customer's words, the agent's code and the attributes; and what else the words say.
pub(super) fn classify(rules: &Ruleset, recorded: &ContactRecorded) -> (Classified, Heard) {
    let spoken = recorded.words.open();
    let words = spoken.map(domain::Spoken::customer_words).unwrap_or_default();
    let classified = rules.classify(&Input {
        text: &words,
        channel: recorded.channel,
        language: recorded.language.as_deref(),
        source_reason: recorded.source_reason.as_deref(),
        attributes: &recorded.attributes,
    });
    let turns = spoken.map_or(&[][..], |spoken| &spoken.turns);
    let step = if rules.asks_for_step(&classified.reason) { heard::step(&words) } else { None };
    (classified, Heard { step, asked: heard::asked(turns), by_machine: by_machine(turns) })
}

/// The case that a record names.
pub(super) fn case_of(origin: &Origin, recorded: &ContactRecorded) -> Option<CaseId> {
    let case = recorded.case.as_ref()?;
    Some(CaseId::of_case(&origin.system, &origin.instance, case))
}

fn by_machine(turns: &[Turn]) -> bool {
    let speaks = |speaker| turns.iter().any(|turn| turn.speaker == speaker);
    (speaks(Speaker::Bot) || speaks(Speaker::Ivr)) && !speaks(Speaker::Agent)
}

impl Part {
    pub(super) fn new(
        placed: Placed<domain::Fact>,
        record: ContactId,
        (classified, heard): (Classified, Heard),
    ) -> Self {
        let provenance = Provenance {
            partition: placed.partition,
            offset: placed.offset,
            recorded_at: placed.recorded_at,
        };
        let domain::Fact { id: fact, origin, occurred_at, precision, body } = placed.value;
        let Body::ContactRecorded(recorded) = body else {
            unreachable!("a part is made of a recorded contact only")
        };
        let recorded = ContactRecorded { words: Words::None, ..*recorded };
        let case = case_of(&origin, &recorded);
        Self { fact, record, case, origin, occurred_at, precision, recorded, classified, heard, provenance }
    }

    pub(super) const fn record(&self) -> ContactId {
        self.record
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

    const fn case(&self) -> Option<CaseId> {
        self.case
    }

    fn classifies(&self) -> bool {
        self.classified.basis != ReasonBasis::Unclassified
    }

    fn questions(&self) -> impl Iterator<Item = Question> + '_ {
        self.heard.asked.iter().map(|asked| {
            let at = asked.at_ms.map(|ms| self.occurred_at.plus(Span::from_millis(ms)));
            Question { fact: self.fact, asked: *asked, at }
        })
    }

    /// A bot or a voice menu handled it.
    fn is_machine(&self) -> bool {
        self.recorded.channel == Channel::Bot || self.heard.by_machine
    }

    /// The source counts as many hand-offs as prove a wrong route.
    fn was_handed_on(&self, rules: &Ruleset) -> bool {
        let counted = self.recorded.transfers.and_then(|n| u32::try_from(n).ok());
        counted.is_some_and(|n| n >= rules.settings().transfers) && !self.is_machine()
    }
}

/// The contact of a record that stands alone.
pub(super) fn alone(rules: &Ruleset, part: Part) -> Built {
    let asserted = asserted(rules, &part);
    Built { contact: contact(part, asserted.day), asserted }
}

/// The contact of a root record's legs, which are in order and not empty.
pub(super) fn legs(rules: &Ruleset, root: ContactId, legs: &[&Part]) -> Built {
    let mut built = together(rules, legs);
    built.contact.id = root;
    built.asserted.contact = root;
    built.asserted.of_legs = true;
    built.asserted.fact = built.asserted.reason_fact;
    // Where the source counts them in one leg, that leg is enough.
    if built.asserted.more().handed_on.is_empty() {
        let handed_on = hand_offs(rules, legs);
        built.asserted.with_more(|more| more.handed_on = handed_on);
    }
    let count = u32::try_from(legs.len()).unwrap_or(u32::MAX);
    built.contact.legs = count;
    let hand_offs = i32::try_from(count - 1).unwrap_or(i32::MAX);
    if hand_offs > 0 || built.contact.transfers.is_some() {
        built.contact.transfers = Some(built.contact.transfers.unwrap_or(0).max(hand_offs));
    }
    built
}

/// The legs that prove as many hand-offs as the settings ask for: each with another queue than the one before. A hand-over
/// by a bot or a voice menu is none, and legs of unknown queues are taken for different ones.
fn hand_offs(rules: &Ruleset, legs: &[&Part]) -> Box<[FactId]> {
    let mut moved: Vec<&Part> = Vec::new();
    for leg in legs.iter().filter(|leg| !leg.is_machine()) {
        let queue = |part: &Part| part.recorded.queue.clone();
        let stays = moved.last().is_some_and(|last| queue(last).is_some() && queue(last) == queue(leg));
        if !stays {
            moved.push(leg);
        }
    }
    let needed = rules.settings().transfers as usize + 1;
    moved.get(..needed).unwrap_or_default().iter().map(|leg| leg.fact).collect()
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
        join_asserted(rules, &mut built.asserted, part, &mut classified);
    }
    normalise(&mut built.contact);
    if !rest.is_empty() {
        beside(&mut built, parts);
    }
    built
}

/// What the parts give together that is not the first's.
fn beside(built: &mut Built, parts: &[&Part]) {
    let Built { contact, asserted } = built;
    asserted.orders = boxed(&contact.orders);
    asserted.with_more(|more| more.products = boxed(&contact.products));
    let sources = sources(asserted, parts);
    let questions: Box<[Question]> = parts.iter().flat_map(|part| part.questions()).collect();
    let mut seen = BTreeSet::from([asserted.reason.clone()]);
    let reasons = parts.iter().flat_map(|part| {
        part.classifies().then_some(&part.classified.reason).into_iter().chain(&part.classified.further)
    });
    let further = reasons.filter(|reason| seen.insert((*reason).clone())).cloned().collect();
    asserted.with_more(|more| {
        more.further = further;
        more.asked = questions;
        more.sources = sources;
    });
}

/// What each part gives of what proofs rest on.
fn sources(asserted: &Asserted, parts: &[&Part]) -> Box<[Source]> {
    let source = |part: &&Part| Source {
        fact: part.fact,
        customer: part.recorded.customer.is_some() && part.recorded.customer == asserted.customer,
        case: part.case().is_some() && part.case() == asserted.case,
        // Of what the records themselves say: a person's word is a fact of its own.
        reason: part.classified.reason == asserted.reason,
        step: part.recorded.step.is_some()
            && part.recorded.step.as_deref() == asserted.more().step.as_deref(),
        orders: places(&asserted.orders, &part.recorded.orders),
        products: places(&asserted.more().products, &part.recorded.products),
    };
    parts.iter().map(source).collect()
}

/// Where among all the names those of one part stand.
fn places(all: &[Box<str>], named: &[String]) -> Box<[u32]> {
    let is_named = |name: &str| named.iter().any(|n| n == name);
    let places = all.iter().enumerate().filter(|(_, name)| is_named(name));
    places.filter_map(|(at, _)| u32::try_from(at).ok()).collect()
}

fn asserted(rules: &Ruleset, part: &Part) -> Asserted {
    let c = &part.classified;
    let r = &part.recorded;
    let (mut orders, mut products) = (r.orders.clone(), r.products.clone());
    sort_once(&mut orders);
    sort_once(&mut products);
    let mut asserted = Asserted {
        contact: part.record(),
        fact: part.fact,
        reason_fact: part.fact,
        occurred_at: part.occurred_at,
        day: part.occurred_at.day(rules.zone()),
        customer: part.recorded.customer,
        strength: if part.recorded.customer.is_some() { part.recorded.strength } else { Strength::None },
        channel: r.channel,
        of_legs: false,
        resolved: r.resolved == Some(true),
        case: part.case(),
        orders: boxed(&orders),
        reason: c.reason.clone(),
        basis: c.basis,
        confidence_ppm: c.confidence_ppm,
        evidence: c.evidence.clone(),
        dumb: None,
        carried: None,
        more: None,
    };
    asserted.with_more(|more| {
        more.products = boxed(&products);
        more.further = c.further.iter().cloned().collect();
        more.asked = part.questions().collect();
        if part.was_handed_on(rules) {
            more.handed_on = [part.fact].into();
        }
        (more.step, more.step_heard) = step_of(rules, part);
    });
    asserted
}

/// The source's step, else the one that the customer names, under the first topic of the reason; and whether it was heard.
fn step_of(rules: &Ruleset, part: &Part) -> (Option<Box<str>>, bool) {
    if let Some(step) = &part.recorded.step {
        return (Some(step.as_str().into()), false);
    }
    let Some(number) = part.heard.step else { return (None, false) };
    let step = match rules.topics(&part.classified.reason).first() {
        Some(topic) => format!("{topic}/{number}"),
        None => number.to_string(),
    };
    (Some(step.into()), true)
}

fn contact(part: Part, day: Day) -> Contact {
    let id = part.record();
    let Part { fact, origin, occurred_at, precision, recorded: r, provenance, .. } = part;
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
    for (name, value) in &r.attributes {
        into.attributes.entry(name.clone()).or_insert_with(|| value.clone());
    }
    into.facts.push(part.fact);
    if into.provenance.offset < part.provenance.offset {
        into.provenance = part.provenance;
    }
}

/// The first part that is classified gives the reason; the first that names the customer best, the customer.
fn join_asserted(rules: &Ruleset, into: &mut Asserted, part: &Part, classified: &mut bool) {
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
    into.resolved = part.recorded.resolved.unwrap_or(into.resolved);
    into.with_more(|more| {
        if more.step.is_none() {
            (more.step, more.step_heard) = step_of(rules, part);
        }
        if more.handed_on.is_empty() && part.was_handed_on(rules) {
            more.handed_on = [part.fact].into();
        }
    });
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
