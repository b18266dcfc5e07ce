//! A small world in which everything happens that a mechanism looks at: few customers, orders and hours, so that
//! things meet.

use classify::Taxonomy;
use domain::closed::*;
use domain::fact::*;
use domain::*;
use engine::Ruleset;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// id, words, mechanism, votes, topics
type Reason = (&'static str, &'static str, Option<&'static str>, [&'static str; 2], &'static [&'static str]);

const IRRITANT: [&str; 2] = ["irritant", "irritant"];

const REASONS: [Reason; 11] = [
    ("where_is_it", "where", Some("status_chase"), IRRITANT, &["delivery"]),
    ("refund", "refund", Some("status_chase"), IRRITANT, &["refund_issued"]),
    ("late", "late", Some("preventable_by_notice"), IRRITANT, &["delivery"]),
    ("hours", "open", Some("public_info"), IRRITANT, &["hours"]),
    ("blocked", "stuck", Some("site_blocked"), IRRITANT, &["checkout"]),
    ("broken", "broken", Some("company_error"), IRRITANT, &[]),
    ("promised", "promised", Some("broken_promise"), IRRITANT, &[]),
    ("route", "wrong desk", Some("wrong_route"), IRRITANT, &[]),
    ("policy", "letter", Some("policy_made"), IRRITANT, &[]),
    ("too_dear", "dear", None, ["irritant", "value"], &["invoice", "outage_started"]),
    ("want_more", "more", Some("public_info"), ["value", "value"], &["checkout"]),
];
/// Words of no reason.
const NOTHING: &str = "hm";
/// What reasons are about, and a product.
const SUBJECTS: [&str; 4] = ["delivery", "checkout", "invoice", "lamp"];

/// Rules of the world: a window of ten hours, so that exact gaps are common.
pub fn rules() -> Arc<Ruleset> {
    static RULES: LazyLock<Arc<Ruleset>> = LazyLock::new(make_rules);
    Arc::clone(&RULES)
}

fn make_rules() -> Arc<Ruleset> {
    let mut toml =
        "name = \"test\"\nversion = \"1\"\nlanguages = [\"en\"]\n[owners.shop]\nlabel.en = \"Shop\"\n"
            .to_owned();
    for (at, (id, words, mechanism, [customer, company], topics)) in REASONS.iter().enumerate() {
        let mechanism = mechanism.map(|m| format!("mechanism = \"{m}\"\n")).unwrap_or_default();
        let topics = if topics.is_empty() { String::new() } else { format!("topics = {topics:?}\n") };
        toml.push_str(&format!(
            "[[reason]]\nid = \"{id}\"\nlabel.en = \"{id}\"\nowner = \"shop\"\nvotes = {{ customer = \"{customer}\", company = \"{company}\" }}\n{mechanism}{topics}[[reason.rule]]\nid = \"{id}.1\"\npriority = {}\nphrases = [\"{words}\"]\n",
            10 * (at + 1)
        ));
    }
    let taxonomy = Taxonomy::parse(&toml, "test.toml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let hours = Span::from_hours;
    let settings = EngineSettings {
        chain_window: hours(10),
        correction_window: hours(12),
        document_window: hours(12),
        notice_window: hours(20),
        promise_window: hours(12),
        self_service_window: hours(6),
        ..EngineSettings::default()
    };
    Arc::new(Ruleset::new(taxonomy, None, settings, Zone::utc()))
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Act {
    Contact(Touch),
    Override { record: u8, reason: Option<u8>, dumb: Option<bool>, hour: i64 },
    Erase { record: u8, words: u8 },
    Merge { surviving: u8, absorbed: u8 },
    Recovered { customer: Option<u8>, record: u8, hour: i64 },
    Upstream { customer: Option<u8>, order: Option<u8>, subject: u8, kind: u8, planned: bool, hour: i64 },
    Ordered { customer: u8, order: u8, hour: i64 },
    Noticed { customer: Option<u8>, topic: u8, hour: i64 },
    Promised { customer: u8, name: u8, due: i64, hour: i64 },
    Settled { customer: u8, name: u8, kept: bool, hour: i64 },
    Session { customer: Option<u8>, path: u8, outcome: u8, hour: i64 },
    Case { case: u8, open: bool, hour: i64 },
}

/// A record of a contact.
#[derive(Debug, Clone)]
pub struct Touch {
    pub record: u8,
    pub revision: i64,
    pub customer: Option<u8>,
    pub weak: bool,
    pub hour: i64,
    pub order: Option<u8>,
    pub words: u8,
    pub transcript: u8,
    pub phone: bool,
    pub lamp: bool,
    pub handed_on: bool,
    pub resolved: bool,
    pub spam: bool,
}

const KINDS: [UpstreamKind; 8] = [
    UpstreamKind::Delivered,
    UpstreamKind::RefundIssued,
    UpstreamKind::OrderCancelled,
    UpstreamKind::ShipmentDelayed,
    UpstreamKind::OutageStarted,
    UpstreamKind::OutageEnded,
    UpstreamKind::DocumentSent,
    UpstreamKind::CalendarDay,
];
/// Place of a refund among them.
#[allow(dead_code, reason = "one of the test programs needs it")]
pub const REFUND: u8 = 1;
const OUTCOMES: [SelfServiceOutcome; 3] =
    [SelfServiceOutcome::Failed, SelfServiceOutcome::Abandoned, SelfServiceOutcome::Completed];
const HOURS: i64 = 24;
const CUSTOMERS: u8 = 3;
/// Records of contacts: 0 to 5 stand alone (1, 2 and 3 have cases), 6 and 7 are messages of one case, 8 and 9 legs of 8.
pub const RECORDS: u8 = 10;

fn touch() -> impl Strategy<Value = Act> {
    let who = (
        0..RECORDS,
        0i64..3,
        prop::option::weighted(0.85, 0..CUSTOMERS),
        prop::bool::weighted(0.1),
        0..HOURS,
    );
    let what = (prop::option::of(0u8..3), 0u8..12, 0u8..4, any::<bool>(), prop::bool::weighted(0.2));
    let how = (prop::bool::weighted(0.15), prop::bool::weighted(0.2), prop::bool::weighted(0.08));
    (who, what, how).prop_map(
        |(
            (record, revision, customer, weak, hour),
            (order, words, transcript, phone, lamp),
            (handed_on, resolved, spam),
        )| {
            Act::Contact(Touch {
                record,
                revision,
                customer,
                weak,
                hour,
                order,
                words,
                transcript,
                phone,
                lamp,
                handed_on,
                resolved,
                spam,
            })
        },
    )
}

/// Random histories.
pub fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    let (c, h) = (|| 0..CUSTOMERS, || 0..HOURS);
    let oc = || prop::option::weighted(0.7, 0..CUSTOMERS);
    let subjects = || 0..u8::try_from(SUBJECTS.len()).expect("few");
    let kinds = 0..u8::try_from(KINDS.len()).expect("few");
    let act = prop_oneof![
        14 => touch(),
        1 => (0..RECORDS, prop::option::of(0u8..11), prop::option::of(any::<bool>()), h()).prop_map(|(record, reason, dumb, hour)| Act::Override { record, reason, dumb, hour }),
        1 => (0..RECORDS, 0u8..11).prop_map(|(record, words)| Act::Erase { record, words }),
        2 => (c(), c()).prop_map(|(surviving, absorbed)| Act::Merge { surviving, absorbed }),
        1 => (oc(), 0..RECORDS, h()).prop_map(|(customer, record, hour)| Act::Recovered { customer, record, hour }),
        7 => (oc(), prop::option::of(0u8..3), subjects(), kinds, prop::bool::weighted(0.2), h()).prop_map(|(customer, order, subject, kind, planned, hour)| Act::Upstream { customer, order, subject, kind, planned, hour }),
        3 => (c(), 0u8..3, h()).prop_map(|(customer, order, hour)| Act::Ordered { customer, order, hour }),
        1 => (oc(), subjects(), h()).prop_map(|(customer, topic, hour)| Act::Noticed { customer, topic, hour }),
        2 => (c(), 0u8..3, 0..HOURS, h()).prop_map(|(customer, name, due, hour)| Act::Promised { customer, name, due, hour }),
        1 => (c(), 0u8..3, any::<bool>(), h()).prop_map(|(customer, name, kept, hour)| Act::Settled { customer, name, kept, hour }),
        4 => (oc(), subjects(), 0u8..3, h()).prop_map(|(customer, path, outcome, hour)| Act::Session { customer, path, outcome, hour }),
        1 => (0u8..2, any::<bool>(), h()).prop_map(|(case, open, hour)| Act::Case { case, open, hour }),
    ];
    prop::collection::vec(act, 1..most)
}

fn key(n: u8) -> CustomerKey {
    CustomerKey::from_bytes([n + 1; 16])
}

/// The fact as the log gives it; where it lies there does not matter.
pub fn placed(value: Fact) -> Placed<Fact> {
    let (topic, recorded_at) = (value.topic(), value.occurred_at);
    Placed { topic, partition: Partition(0), offset: Offset(0), recorded_at, value }
}

/// An hour of the world.
pub fn at(hour: i64) -> Instant {
    Instant::from_micros(0).expect("epoch").plus(Span::from_hours(hour))
}

fn minutes(hour: i64, minutes: i64) -> Instant {
    at(hour).plus(Span::from_seconds(60 * minutes))
}

fn kind_of(record: u8) -> RecordKind {
    match record {
        0..=5 => RecordKind::Contact,
        6 | 7 => RecordKind::Message,
        _ => RecordKind::Leg,
    }
}

fn case_of(record: u8) -> Option<String> {
    match record {
        1 | 2 => Some("case0".into()),
        3 => Some("case1".into()),
        6 | 7 => Some("talk".into()),
        _ => None,
    }
}

fn facts_key(record: u8) -> String {
    match case_of(record) {
        Some(case) => case_key("s", "", &case),
        None if kind_of(record) == RecordKind::Leg => record_key("s", "", "r8"),
        None => record_key("s", "", &format!("r{record}")),
    }
}

fn words(n: u8) -> String {
    REASONS.get(usize::from(n)).map_or(NOTHING, |(_, words, ..)| words).to_owned()
}

fn reason(n: u8) -> ReasonId {
    ReasonId::new(REASONS[usize::from(n) % REASONS.len()].0)
}

/// Asks for the identity number: not at all, once, twice, twice with excuse.
fn turns(transcript: u8) -> Vec<Turn> {
    let lines: &[(Speaker, &str)] = match transcript {
        1 => &[(Speaker::Agent, "Can I have your ID number?"), (Speaker::Customer, "<ID>")],
        2 => &[
            (Speaker::Ivr, "Please enter your ID number."),
            (Speaker::Customer, "<ID>"),
            (Speaker::Agent, "Can I have your ID number?"),
        ],
        3 => &[
            (Speaker::Ivr, "Please enter your ID number."),
            (Speaker::Customer, "<ID>"),
            (Speaker::Agent, "That is not valid. Can I have your ID number?"),
        ],
        _ => &[],
    };
    let turn = |(at, (speaker, text)): (i64, &(Speaker, &str))| Turn {
        speaker: *speaker,
        at_ms: Some(at * 10_000),
        text: (*text).to_owned(),
    };
    (0..).zip(lines).map(turn).collect()
}

fn recorded(t: &Touch) -> ContactRecorded {
    let kind = kind_of(t.record);
    ContactRecorded {
        kind,
        root_record: (kind == RecordKind::Leg).then(|| "r8".to_owned()),
        case: case_of(t.record),
        channel: if kind == RecordKind::Message || !t.phone { Channel::Email } else { Channel::Phone },
        channel_raw: String::new(),
        direction: Direction::Inbound,
        customer: t.customer.map(key),
        strength: match t.customer {
            None => Strength::None,
            Some(_) if t.weak => Strength::Device,
            Some(_) => Strength::Account,
        },
        customer_kind: CustomerKind::External,
        words: Words::Open(Spoken { subject: None, text: Some(words(t.words)), turns: turns(t.transcript) }),
        language: None,
        country: None,
        products: if t.lamp { vec!["lamp".into()] } else { vec![] },
        orders: t.order.iter().map(|o| format!("o{o}")).collect(),
        step: (t.lamp && t.phone).then(|| "checkout/3".to_owned()),
        queue: (t.record == 9).then(|| format!("q{}", t.words % 2)),
        agent: None,
        wait_ms: None,
        handle_ms: Some(i64::from(t.words)),
        handle_basis: HandleBasis::Measured,
        abandoned: None,
        transfers: t.handed_on.then_some(1),
        resolved: t.resolved.then_some(true),
        state: if t.spam { SourceState::Spam } else { SourceState::Open },
        source_reason: None,
        source_reasons: vec![],
        attributes: BTreeMap::new(),
        flags: vec![],
    }
}

fn body(act: &Act) -> (String, i64, Instant, Body) {
    let contact_of = |record: &u8| ContactId::of_record("s", "", &format!("r{record}"));
    let named = |name: &u8| ["o0", "case0", "p"][usize::from(*name)].to_owned();
    match act {
        Act::Contact(t) => {
            (format!("r{}", t.record), t.revision, at(t.hour), Body::ContactRecorded(Box::new(recorded(t))))
        }
        Act::Override { record, reason: r, dumb, hour } => {
            let said = VerdictOverridden {
                contact: contact_of(record),
                facts_key: facts_key(*record),
                reason: r.map(reason),
                dumb: *dumb,
                by: "a".into(),
                why: "b".into(),
            };
            ("v".into(), 0, at(*hour), Body::VerdictOverridden(Box::new(said)))
        }
        Act::Erase { record, words } => {
            let mechanism = REASONS[usize::from(*words)].2.and_then(Mechanism::from_word);
            let erased = TextErased {
                contact: contact_of(record),
                facts_key: facts_key(*record),
                reason: reason(*words),
                mechanisms: mechanism.into_iter().chain([Mechanism::ReaskedData]).collect(),
                epoch: "e".into(),
            };
            ("e".into(), 0, at(0), Body::TextErased(Box::new(erased)))
        }
        Act::Merge { surviving, absorbed } => {
            let merged = CustomerMerged { surviving: key(*surviving), absorbed: key(*absorbed) };
            ("m".into(), 0, at(0), Body::CustomerMerged(Box::new(merged)))
        }
        Act::Recovered { customer, record, hour } => {
            let offered = RecoveryOffered {
                customer: customer.map(key),
                record: Some(format!("r{record}")),
                option: RecoveryOption::Credit,
                cost_micros: None,
                currency: None,
            };
            ("k".into(), 0, at(*hour), Body::RecoveryOffered(Box::new(offered)))
        }
        Act::Upstream { customer, order, subject, kind, planned, hour } => {
            let event = UpstreamEvent {
                kind: KINDS[usize::from(*kind)],
                customer: customer.map(key),
                order: order.map(|o| format!("o{o}")),
                subject: order.is_none().then(|| SUBJECTS[usize::from(*subject)].to_owned()),
                affected: None,
                planned_at: planned.then(|| at(hour + 15)),
            };
            ("u".into(), 0, at(*hour), Body::UpstreamEvent(Box::new(event)))
        }
        Act::Ordered { customer, order, hour } => {
            let placed = OrderPlaced {
                customer: Some(key(*customer)),
                order: format!("o{order}"),
                products: vec![],
                total_micros: None,
                currency: None,
            };
            ("o".into(), 0, at(*hour), Body::OrderPlaced(Box::new(placed)))
        }
        Act::Noticed { customer, topic, hour } => {
            let sent = NotificationSent {
                topic: SUBJECTS[usize::from(*topic)].to_owned(),
                customer: customer.map(key),
                recipients: 1,
                channel: Channel::Email,
            };
            ("n".into(), 0, at(*hour), Body::NotificationSent(Box::new(sent)))
        }
        Act::Promised { customer, name, due, hour } => {
            let (customer, promise, due_at) = (Some(key(*customer)), named(name), at(*due));
            let made = PromiseMade { customer, promise, kind: PromiseKind::Fix, due_at };
            ("p".into(), 0, at(*hour), Body::PromiseMade(Box::new(made)))
        }
        Act::Settled { customer, name, kept, hour } => {
            let settled =
                PromiseSettled { customer: Some(key(*customer)), promise: named(name), kept: *kept };
            ("p".into(), 0, at(*hour), Body::PromiseSettled(Box::new(settled)))
        }
        Act::Session { customer, path, outcome, hour } => {
            let ended = SelfServiceEnded {
                customer: customer.map(key),
                path: SUBJECTS[usize::from(*path)].to_owned(),
                step: None,
                outcome: OUTCOMES[usize::from(*outcome)],
                error_code: None,
                duration_ms: None,
            };
            ("s".into(), 0, at(*hour), Body::SelfServiceEnded(Box::new(ended)))
        }
        Act::Case { case, open, hour } => {
            let case = format!("case{case}");
            let body = if *open {
                Body::ContactReopened(Box::new(ContactReopened { case }))
            } else {
                Body::ContactResolved(Box::new(ContactResolved { case, resolution: Resolution::Solved }))
            };
            ("c".into(), 0, at(*hour), body)
        }
    }
}

/// Equal acts give equal facts, so a repeated act is a redelivery.
#[allow(dead_code, reason = "one of the test programs needs it")]
pub fn fact(act: &Act) -> Fact {
    let (record, revision, occurred_at, body) = body(act);
    fact_of(record, revision, occurred_at, body)
}

fn fact_of(record: String, revision: i64, occurred_at: Instant, body: Body) -> Fact {
    let origin = Origin { system: "s".into(), instance: String::new(), record, revision };
    let mut content = [0u8; 32];
    for (i, byte) in format!("{body:?}{occurred_at}").bytes().enumerate() {
        content[i % 32] = content[i % 32].wrapping_mul(31).wrapping_add(byte);
    }
    let id = FactId::derive(body.name(), &origin, &content);
    Fact { id, origin, occurred_at, precision: Precision::Second, body }
}

/// Facts of a history in which taking one fact away takes away just what it says: a record has one revision, and the
/// parts of a contact lie so close together, and so far from every full hour, that without one of them the others
/// are the same contact at practically the same time.
#[allow(dead_code, reason = "one of the test programs needs it")]
pub fn tame(acts: &[Act]) -> Vec<Fact> {
    // The record that gives a contact of several its identity.
    let contact_of = |record: u8| if record >= 6 { record - record % 2 } else { record };
    let erased: Vec<u8> = acts
        .iter()
        .filter_map(|act| match act {
            Act::Erase { record, .. } => Some(contact_of(*record)),
            _ => None,
        })
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    let once = |act: &&Act| match act {
        Act::Contact(t) => seen.insert(t.record),
        Act::Override { record, .. } => seen.insert(100 + record),
        Act::Erase { record, .. } => seen.insert(200 + record),
        _ => true,
    };
    let fact = |act: &Act| {
        let (record, _, occurred_at, mut body) = body(act);
        if let Body::ContactRecorded(recorded) = &mut body
            && let Act::Contact(t) = act
            && erased.contains(&contact_of(t.record))
        {
            recorded.words = Words::Gone;
        }
        // Records of one contact name one customer.
        if let Body::ContactRecorded(recorded) = &mut body
            && recorded.kind != RecordKind::Contact
        {
            recorded.customer = recorded.customer.map(|_| key(0));
            recorded.strength = recorded.customer.map_or(Strength::None, |_| Strength::Account);
        }
        let occurred_at = match act {
            Act::Contact(t) => match t.record {
                6 | 7 => minutes(12, 15 + 10 * i64::from(t.record - 6)),
                8 | 9 => minutes(14, 35 + 10 * i64::from(t.record - 8)),
                _ => occurred_at,
            },
            _ => occurred_at,
        };
        fact_of(record, 0, occurred_at, body)
    };
    let mut facts: Vec<Fact> = acts.iter().filter(once).map(fact).collect();
    facts.sort_by_key(|f| f.id);
    facts.dedup_by_key(|f| f.id);
    facts
}
