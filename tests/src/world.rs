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
        match rng.u8(0..28) {
            0..10 => self.contact(rng, n),
            10..13 => self.message(rng, n),
            13..15 => self.leg(rng, n),
            15 => self.happenings.push(Happening::Merge(self.identifier(rng), self.identifier(rng))),
            16 => self.upstream(rng, n),
            17 => self.recovery(rng, n),
            18 => self.promise(rng, n),
            19 => self.units(rng),
            20 => self.costs(rng),
            21 | 22 => self.session(rng, n),
            23 => self.notice(rng, n),
            24 => self.order(rng, n),
            25 | 26 => self.case(rng, n),
            _ => self.overridden(rng, n),
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
        if rng.u8(0..3) == 0 {
            recorded.words = Words::Open(transcript(rng));
        }
        recorded.products = (rng.u8(0..4) == 0).then(|| "lamp".to_owned()).into_iter().collect();
        recorded.transfers = (rng.u8(0..6) == 0).then_some(1);
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
        let kinds = [
            UpstreamKind::Delivered,
            UpstreamKind::RefundIssued,
            UpstreamKind::ShipmentDelayed,
            UpstreamKind::OutageStarted,
            UpstreamKind::OutageEnded,
            UpstreamKind::DocumentSent,
            UpstreamKind::CalendarDay,
        ];
        let of_order = rng.bool();
        let event = UpstreamEvent {
            kind: kinds[rng.usize(0..kinds.len())],
            customer: None,
            order: of_order.then(|| format!("ORD-{}", rng.u8(0..5))),
            subject: (!of_order).then(|| subject(rng)),
            affected: None,
            planned_at: (rng.u8(0..4) == 0).then(|| instant(rng)),
        };
        let identifier = (rng.u8(0..4) > 0).then(|| self.identifier(rng));
        self.record(rng, format!("u{n}"), 0, Body::UpstreamEvent(Box::new(event)), identifier);
    }

    fn session(&mut self, rng: &mut Rng, n: u16) {
        let outcomes =
            [SelfServiceOutcome::Failed, SelfServiceOutcome::Abandoned, SelfServiceOutcome::Completed];
        let ended = SelfServiceEnded {
            customer: None,
            path: subject(rng),
            step: rng.bool().then(|| rng.u8(1..4).to_string()),
            outcome: outcomes[rng.usize(0..3)],
            error_code: None,
            duration_ms: None,
        };
        let identifier = (rng.u8(0..4) > 0).then(|| self.identifier(rng));
        self.record(rng, format!("s{n}"), 0, Body::SelfServiceEnded(Box::new(ended)), identifier);
    }

    fn notice(&mut self, rng: &mut Rng, n: u16) {
        let sent =
            NotificationSent { topic: subject(rng), customer: None, recipients: 1, channel: Channel::Email };
        let identifier = rng.bool().then(|| self.identifier(rng));
        self.record(rng, format!("t{n}"), 0, Body::NotificationSent(Box::new(sent)), identifier);
    }

    fn order(&mut self, rng: &mut Rng, n: u16) {
        let placed = OrderPlaced {
            customer: None,
            order: format!("ORD-{}", rng.u8(0..5)),
            products: vec![],
            total_micros: None,
            currency: None,
        };
        let identifier = Some(self.identifier(rng));
        self.record(rng, format!("o{n}"), 0, Body::OrderPlaced(Box::new(placed)), identifier);
    }

    /// The cases of whole contacts and those of conversations.
    fn case(&mut self, rng: &mut Rng, n: u16) {
        let case =
            if rng.bool() { format!("case {}", rng.u8(2..5)) } else { format!("talk {}", rng.u8(0..3)) };
        let body = if rng.bool() {
            Body::ContactResolved(Box::new(ContactResolved { case, resolution: Resolution::Solved }))
        } else {
            Body::ContactReopened(Box::new(ContactReopened { case }))
        };
        self.record(rng, format!("c{n}"), 0, body, None);
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

    /// Counts of a few days, which are corrected now and then.
    fn units(&mut self, rng: &mut Rng) {
        let day = instant(rng).day(&Zone::utc());
        let counted = UnitsCounted { unit: "orders".into(), day, count: i64::from(rng.u16(0..500)) };
        let revision = i64::from(rng.u8(0..3));
        self.record(rng, format!("orders/{day}"), revision, Body::UnitsCounted(Box::new(counted)), None);
    }

    fn costs(&mut self, rng: &mut Rng) {
        let from = instant(rng).day(&Zone::utc());
        let rate = |channel, rng: &mut Rng| CostRate {
            channel,
            per_contact_micros: i64::from(rng.u32(0..2_000_000)),
            per_second_micros: i64::from(rng.u32(0..10_000)),
        };
        let rates = vec![rate(Channel::Phone, rng), rate(Channel::WebForm, rng)];
        let published = CostRatePublished { from, currency: "EUR".into(), rates };
        let revision = i64::from(rng.u8(0..3));
        self.record(
            rng,
            format!("costs/{from}"),
            revision,
            Body::CostRatePublished(Box::new(published)),
            None,
        );
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

fn instant(rng: &mut Rng) -> Instant {
    // Twenty days, to the minute, so that equal times and exact windows occur.
    let minute = i64::from(rng.u32(0..20 * 24 * 60)) / 30 * 30;
    Instant::from_micros((START + minute * 60) * 1_000_000).expect("2025 is an instant")
}

/// What reasons of the world are about, a product, and something that nothing is about.
fn subject(rng: &mut Rng) -> String {
    ["delivery", "checkout", "hours", "lamp", "weather"][rng.usize(0..5)].to_owned()
}

/// The company asks for a datum, once or twice.
fn transcript(rng: &mut Rng) -> Spoken {
    let lines = [
        (Speaker::Ivr, "Por favor, ingrese su número de identidad."),
        (Speaker::Customer, "es el 12345678Z"),
        (Speaker::Customer, WORDS[rng.usize(0..WORDS.len())]),
        (Speaker::Agent, "¿Me indica su DNI?"),
        (Speaker::Customer, "12345678Z, ya lo di"),
    ];
    let turn = |(at, (speaker, text)): (i64, &(Speaker, &str))| Turn {
        speaker: *speaker,
        at_ms: Some(at * 10_000),
        text: (*text).to_owned(),
    };
    let turns = (0..).zip(&lines[..rng.usize(2..=lines.len())]).map(turn).collect();
    Spoken { subject: None, text: None, turns }
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
