//! A small company made from a seed: customers with several identifiers, contacts, legs, conversations,
//! revisions, and everything else that the fold reads. Equal seeds give equal worlds.

use codec::mapping::Draft;
use domain::closed::*;
use domain::fact::*;
use domain::*;
use fastrand::Rng;
use std::collections::BTreeMap;

/// Something that is recorded in the world, before it has a fact id.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A source's record.
    Record(Draft),
    /// Two identifiers turn out to be one customer.
    Merge(Identifier, Identifier),
    /// Units or costs are stated.
    Stated(Origin, Instant, Body),
}

/// A world.
#[derive(Debug)]
pub struct World {
    /// What happens, in order of its making.
    pub happenings: Vec<Happening>,
    /// Records of kind `contact` that count as a contact at their highest revision, counted by the generator
    /// and not by the engine.
    pub whole_contacts: usize,
}

/// Monday, 2025-01-06, 00:00 UTC, in seconds.
const START: i64 = 1_736_121_600;

/// What customers say; each begins one rule of [`TAXONOMY`], the last of none.
const WORDS: [&str; 5] = [
    "¿Dónde está mi pedido?",
    "Cannot get past step 3 of the checkout",
    "What are your opening hours?",
    "Quiero contratar otra línea",
    "hm, call me at +34 612 345 678 or ana@example.com",
];

/// The taxonomy of the world.
pub const TAXONOMY: &str = include_str!("../fixtures/world.toml");

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut maker = Maker { customers: rng.u8(2..7), happenings: Vec::new(), counts: BTreeMap::new() };
        for n in 0..rng.u16(15..60) {
            maker.happen(&mut rng, n);
        }
        let whole_contacts = maker.counts.values().filter(|(_, counts)| *counts).count();
        Self { happenings: maker.happenings, whole_contacts }
    }
}

struct Maker {
    customers: u8,
    happenings: Vec<Happening>,
    /// Record → its highest revision, and whether it counts there.
    counts: BTreeMap<String, (i64, bool)>,
}

impl Maker {
    fn happen(&mut self, rng: &mut Rng, n: u16) {
        match rng.u8(0..22) {
            0..10 => self.contact(rng, n),
            10..13 => self.message(rng, n),
            13..15 => self.leg(rng, n),
            15 => self.happenings.push(Happening::Merge(self.identifier(rng), self.identifier(rng))),
            16 => self.upstream(rng, n),
            17 => self.recovery(rng, n),
            18 => self.promise(rng, n),
            19 => self.overridden(rng, n),
            20 => self.units(rng),
            _ => self.costs(rng),
        }
    }

    fn identifier(&self, rng: &mut Rng) -> Identifier {
        let who = rng.u8(0..self.customers);
        let (strength, value) = match rng.u8(0..4) {
            0 => (Strength::Email, format!("c{who}@example.com")),
            1 => (Strength::Device, format!("device {who}")),
            _ => (Strength::Account, format!("C{who}")),
        };
        Identifier {
            strength,
            namespace: if strength == Strength::Account { "crm".into() } else { String::new() },
            value,
        }
    }

    fn record(
        &mut self,
        rng: &mut Rng,
        record: String,
        revision: i64,
        body: Body,
        identifier: Option<Identifier>,
    ) {
        let origin = Origin { system: "sim".into(), instance: String::new(), record, revision };
        let occurred_at = instant(rng);
        self.happenings.push(Happening::Record(Draft {
            origin,
            occurred_at,
            precision: Precision::Second,
            identifier,
            body,
        }));
    }

    fn contact(&mut self, rng: &mut Rng, n: u16) {
        // A few records come in several revisions, with another customer, time or words.
        let record = if rng.u8(0..4) == 0 { format!("k{}", rng.u16(0..5)) } else { format!("n{n}") };
        let revision = i64::from(rng.u8(0..3));
        let spam = rng.u8(0..12) == 0;
        let mut recorded = blank(rng, RecordKind::Contact);
        recorded.case = (record.len() % 2 == 0)
            .then(|| format!("case {}", record.len() + usize::from(n) % 2))
            .filter(|_| record.starts_with('n'));
        recorded.state = if spam { SourceState::Spam } else { SourceState::Open };
        recorded.orders = (0..rng.u8(0..3)).map(|_| format!("ORD-{}", rng.u8(0..5))).collect();
        let identifier = (rng.u8(0..6) > 0).then(|| self.identifier(rng));
        let seen = self.counts.get(&record).map_or(-1, |(r, _)| *r);
        // Two versions of one revision would be a conflict, whose winner only the ids know; those worlds are
        // the engine's own property test.
        if revision <= seen && revision == seen {
            return;
        }
        if revision > seen {
            self.counts.insert(record.clone(), (revision, !spam));
        }
        self.record(rng, record, revision, Body::ContactRecorded(Box::new(recorded)), identifier);
    }

    fn message(&mut self, rng: &mut Rng, n: u16) {
        let mut recorded = blank(rng, RecordKind::Message);
        recorded.case = Some(format!("talk {}", rng.u8(0..3)));
        recorded.channel = if rng.bool() { Channel::Email } else { Channel::Chat };
        recorded.direction = if rng.u8(0..3) == 0 { Direction::Outbound } else { Direction::Inbound };
        let identifier = Some(self.identifier(rng));
        self.record(rng, format!("m{n}"), 0, Body::ContactRecorded(Box::new(recorded)), identifier);
    }

    fn leg(&mut self, rng: &mut Rng, n: u16) {
        let mut recorded = blank(rng, RecordKind::Leg);
        recorded.root_record = Some(format!("call {}", rng.u8(0..3)));
        recorded.channel = Channel::Phone;
        let identifier = rng.bool().then(|| self.identifier(rng));
        self.record(rng, format!("l{n}"), 0, Body::ContactRecorded(Box::new(recorded)), identifier);
    }

    fn upstream(&mut self, rng: &mut Rng, n: u16) {
        let kinds = [UpstreamKind::Delivered, UpstreamKind::RefundIssued, UpstreamKind::OutageStarted];
        let event = UpstreamEvent {
            kind: kinds[rng.usize(0..3)],
            customer: None,
            order: Some(format!("ORD-{}", rng.u8(0..5))),
            subject: None,
            affected: None,
            planned_at: None,
        };
        let identifier = (rng.u8(0..4) > 0).then(|| self.identifier(rng));
        self.record(rng, format!("u{n}"), 0, Body::UpstreamEvent(Box::new(event)), identifier);
    }

    fn recovery(&mut self, rng: &mut Rng, n: u16) {
        let offered = RecoveryOffered {
            customer: None,
            record: Some(format!("n{}", rng.u16(0..=n))),
            option: RecoveryOption::Credit,
            cost_micros: Some(5_000_000),
            currency: Some("EUR".into()),
        };
        let identifier = Some(self.identifier(rng));
        self.record(rng, format!("r{n}"), 0, Body::RecoveryOffered(Box::new(offered)), identifier);
    }

    fn promise(&mut self, rng: &mut Rng, n: u16) {
        let promise = format!("p{}", rng.u8(0..3));
        let body = if rng.bool() {
            let due_at = instant(rng);
            Body::PromiseMade(Box::new(PromiseMade {
                customer: None,
                promise,
                kind: PromiseKind::CallBack,
                due_at,
            }))
        } else {
            Body::PromiseSettled(Box::new(PromiseSettled { customer: None, promise, kept: rng.bool() }))
        };
        let identifier = Some(self.identifier(rng));
        self.record(rng, format!("q{n}"), 0, body, identifier);
    }

    /// Counts of few units and days, so that they are corrected, also by two of one revision.
    fn units(&mut self, rng: &mut Rng) {
        let (unit, day) = (["orders", "visits"][rng.usize(0..2)], day(rng));
        let origin = Origin {
            system: "units".into(),
            instance: String::new(),
            record: format!("{unit}/{day}"),
            revision: i64::from(rng.u8(0..3)),
        };
        let counted = UnitsCounted { unit: unit.into(), day, count: i64::from(rng.u16(0..500)) };
        self.happenings.push(Happening::Stated(origin, instant(rng), Body::UnitsCounted(Box::new(counted))));
    }

    fn costs(&mut self, rng: &mut Rng) {
        let rate = |channel| CostRate {
            channel,
            per_contact_micros: i64::from(rng.u16(..)),
            per_second_micros: i64::from(rng.u16(..)),
        };
        let rates = [Channel::Phone, Channel::Email].map(rate).into();
        let published = CostRatePublished { from: day(rng), currency: "EUR".into(), rates };
        let record = format!("costs/{}", published.from);
        let origin = Origin { system: "quell".into(), record, ..Origin::default() };
        let body = Body::CostRatePublished(Box::new(published));
        self.happenings.push(Happening::Stated(origin, instant(rng), body));
    }

    fn overridden(&mut self, rng: &mut Rng, n: u16) {
        let record = format!("k{}", rng.u16(0..5));
        let said = VerdictOverridden {
            contact: ContactId::of_record("sim", "", &record),
            facts_key: record_key("sim", "", &record),
            reason: rng.bool().then(|| ReasonId::new("site_blocked_checkout")),
            dumb: [None, Some(true), Some(false)][rng.usize(0..3)],
            by: "analyst-1".into(),
            why: "checked by hand".into(),
        };
        self.record(rng, format!("v{n}"), 0, Body::VerdictOverridden(Box::new(said)), None);
    }
}

fn day(rng: &mut Rng) -> Day {
    Day::new(2025, 1, rng.i8(1..31)).expect("January has these days")
}

fn instant(rng: &mut Rng) -> Instant {
    // Twenty days, to the minute, so that equal times and exact windows occur.
    let minute = i64::from(rng.u32(0..20 * 24 * 60)) / 30 * 30;
    Instant::from_micros((START + minute * 60) * 1_000_000).expect("2025 is an instant")
}

fn blank(rng: &mut Rng, kind: RecordKind) -> ContactRecorded {
    let text = WORDS[rng.usize(0..WORDS.len())].to_owned();
    ContactRecorded {
        kind,
        root_record: None,
        case: None,
        channel: [Channel::Phone, Channel::WebForm][rng.usize(0..2)],
        channel_raw: "raw".into(),
        direction: Direction::Inbound,
        customer: None,
        strength: Strength::None,
        customer_kind: CustomerKind::External,
        words: Words::Open(Spoken { text: Some(text), ..Spoken::default() }),
        language: Some("es".into()),
        country: None,
        products: vec![],
        orders: vec![],
        step: None,
        queue: None,
        agent: None,
        wait_ms: None,
        handle_ms: Some(i64::from(rng.u16(0..900)) * 1_000),
        handle_basis: HandleBasis::Measured,
        abandoned: None,
        transfers: None,
        resolved: Some(rng.bool()),
        state: SourceState::Open,
        source_reason: Some("?".into()),
        source_reasons: vec![],
        attributes: BTreeMap::from([("shop".to_owned(), "Madrid".to_owned())]),
        flags: vec![],
    }
}
