//! `mechanisms [CONTACTS]`: contacts a second of assemble and judge on one thread with every mechanism at work, and the
//! bytes of state a customer costs. The reasons come as agents' codes: nothing is classified here. Release build only.

use classify::Taxonomy;
use domain::closed::*;
use domain::fact::*;
use domain::{
    Body, CustomerKey, EngineSettings, Fact, FactId, Instant as At, Offset, Origin, Partition, Placed,
    Precision, Sequence, Span, Topic, Words, Zone,
};
use engine::{Assemble, Judge, JudgeInput, Ruleset};
use quell_benches::resident_bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// id, mechanism, topics
const REASONS: [(&str, Option<&str>, &str); 8] = [
    ("where_is_it", Some("status_chase"), "delivery"),
    ("late", Some("preventable_by_notice"), "delivery"),
    ("hours", Some("public_info"), "hours"),
    ("blocked", Some("site_blocked"), "checkout"),
    ("broken", Some("company_error"), "returns"),
    ("promised", Some("broken_promise"), "promises"),
    ("letter", Some("policy_made"), "account"),
    ("dear", None, "invoice"),
];
/// A customer has so many contacts on average.
const CONTACTS_EACH: u64 = 4;
const SECONDS: u64 = 84 * 86_400;
const BATCH: usize = 50_000;

fn main() {
    let contacts: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(400_000);
    let rules = Arc::new(Ruleset::new(taxonomy(), None, EngineSettings::default(), Zone::utc()));
    let before = resident_bytes();
    let mut assemble = Assemble::new(Arc::clone(&rules));
    let mut judge = Judge::new(Arc::clone(&rules));
    let (mut in_assemble, mut in_judge, mut proofs) = (0.0, 0.0, BTreeMap::<String, u64>::new());
    let (mut customers, mut last, mut facts) = (BTreeSet::new(), BTreeMap::new(), 0);
    for first in (0..contacts).step_by(BATCH) {
        let sequence = Sequence(first / BATCH as u64 + 1);
        let batch = batch(first, contacts);
        facts += batch.len();
        let placed = batch.into_iter().map(|value| Placed {
            topic: value.topic(),
            partition: Partition(0),
            offset: Offset(0),
            recorded_at: value.occurred_at,
            value,
        });
        let (company, facts): (Vec<_>, Vec<_>) = placed.partition(|f| f.topic == Topic::Company);
        let started = Instant::now();
        let said = assemble.apply(facts, &company, sequence);
        in_assemble += started.elapsed().as_secs_f64();
        for input in &said.judge {
            if let JudgeInput::Assert { asserted, .. } = input {
                customers.extend(asserted.customer);
            }
        }
        let started = Instant::now();
        let judged = judge.apply(said.judge, sequence);
        in_judge += started.elapsed().as_secs_f64();
        for v in judged.verdicts {
            last.insert(v.contact, v.mechanisms().collect::<Vec<_>>());
        }
    }
    for mechanism in last.into_values().flatten() {
        *proofs.entry(mechanism.word().to_owned()).or_default() += 1;
    }
    let seconds = in_assemble + in_judge;
    say(&format!("{contacts} contacts, {facts} facts, {} customers, proofs {proofs:?}", customers.len()));
    say(&format!("assemble                {:>8.2} µs a contact", in_assemble * 1e6 / contacts as f64));
    say(&format!("judge                   {:>8.2} µs a contact", in_judge * 1e6 / contacts as f64));
    say(&format!("both, one thread        {:>8.0} contacts/s", contacts as f64 / seconds));
    let bytes = resident_bytes().saturating_sub(before);
    say(&format!("state                   {:>8} bytes a customer", bytes / customers.len() as u64));
    let snapshot = assemble.snapshot().len() + judge.snapshot().len();
    say(&format!("in a snapshot           {:>8} bytes a customer", snapshot / customers.len()));
}

/// Made when it is needed, for else the state would take the memory that the facts before it have left.
fn batch(first: u64, contacts: u64) -> Vec<Fact> {
    let numbers = first..contacts.min(first + BATCH as u64);
    numbers.flat_map(|n| std::iter::once(contact(n, contacts)).chain(beside(n, contacts))).collect()
}

fn taxonomy() -> Taxonomy {
    let mut toml = "name = \"bench\"\nversion = \"1\"\nlanguages = [\"en\"]\n".to_owned();
    for (at, (id, mechanism, topic)) in REASONS.iter().enumerate() {
        let mechanism = mechanism.map(|m| format!("mechanism = \"{m}\"\n")).unwrap_or_default();
        toml.push_str(&format!(
            "[[reason]]\nid = \"{id}\"\nlabel.en = \"{id}\"\nvotes = {{ customer = \"irritant\", company = \"irritant\" }}\n{mechanism}topics = [\"{topic}\"]\n[[reason.rule]]\nid = \"{id}.1\"\npriority = {}\nsource_reason = [\"{id}\"]\n",
            at + 1
        ));
    }
    Taxonomy::parse(&toml, "bench").unwrap_or_else(|m| panic!("{}", m[0]))
}

/// Small numbers that differ in no pattern: splitmix64.
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn customer(n: u64, contacts: u64) -> CustomerKey {
    let who = mix(n ^ 0xc0ffee) % (contacts / CONTACTS_EACH).max(1);
    let (a, b) = (mix(who), mix(who ^ 1));
    CustomerKey::from_bytes((u128::from(a) << 64 | u128::from(b)).to_be_bytes())
}

fn at(n: u64, contacts: u64) -> At {
    // The stream is in order, as a log is.
    let seconds = n.saturating_mul(SECONDS) / contacts;
    At::from_micros(1_767_225_600_000_000)
        .expect("2026")
        .plus(Span::from_seconds(i64::try_from(seconds).expect("small")))
}

fn stamped(record: String, occurred_at: At, body: Body) -> Fact {
    let origin = Origin { system: "bench".into(), instance: String::new(), record, revision: 0 };
    let id = FactId::derive(body.name(), &origin, &[0; 32]);
    Fact { id, origin, occurred_at, precision: Precision::Second, body }
}

fn contact(n: u64, contacts: u64) -> Fact {
    let dice = mix(n);
    let known = !dice.is_multiple_of(5);
    let (reason, ..) = REASONS[usize::try_from(dice >> 8).expect("64 bits") % REASONS.len()];
    let recorded = ContactRecorded {
        kind: RecordKind::Contact,
        root_record: None,
        case: (dice >> 16).is_multiple_of(8).then(|| format!("c{}", n / 3)),
        channel: [Channel::Phone, Channel::Email, Channel::Chat]
            [usize::try_from((dice >> 20) % 3).expect("small")],
        channel_raw: String::new(),
        direction: Direction::Inbound,
        customer: known.then(|| customer(n, contacts)),
        strength: if known { Strength::Account } else { Strength::None },
        customer_kind: CustomerKind::External,
        words: Words::None,
        language: None,
        country: None,
        products: vec![],
        orders: if (dice >> 24).is_multiple_of(2) { vec![format!("o{}", n / 4)] } else { vec![] },
        step: None,
        queue: None,
        agent: None,
        wait_ms: None,
        handle_ms: Some(300_000),
        handle_basis: HandleBasis::Measured,
        abandoned: None,
        transfers: (dice >> 28).is_multiple_of(10).then_some(1),
        resolved: None,
        state: SourceState::Closed,
        source_reason: Some(reason.to_owned()),
        source_reasons: vec![],
        attributes: BTreeMap::new(),
        flags: vec![],
    };
    stamped(format!("n{n}"), at(n, contacts), Body::ContactRecorded(Box::new(recorded)))
}

/// What happens besides: about one fact for two contacts.
fn beside(n: u64, contacts: u64) -> Option<Fact> {
    let (dice, when) = (mix(n ^ 0xbe51de), at(n, contacts));
    let who = Some(customer(n, contacts));
    let body = match dice % 40 {
        0..5 => Body::SelfServiceEnded(Box::new(SelfServiceEnded {
            customer: who,
            path: "checkout".into(),
            step: Some("3".into()),
            outcome: [SelfServiceOutcome::Failed, SelfServiceOutcome::Completed][usize::from(dice & 64 > 0)],
            error_code: None,
            duration_ms: None,
        })),
        5..12 => Body::OrderPlaced(Box::new(OrderPlaced {
            customer: who,
            order: format!("o{}", n / 4),
            products: vec![],
            total_micros: None,
            currency: None,
        })),
        12..17 => Body::UpstreamEvent(Box::new(UpstreamEvent {
            kind: [UpstreamKind::Delivered, UpstreamKind::ShipmentDelayed][usize::from(dice & 64 > 0)],
            customer: who,
            order: Some(format!("o{}", n / 4)),
            subject: None,
            affected: None,
            planned_at: None,
        })),
        17..19 => Body::PromiseMade(Box::new(PromiseMade {
            customer: who,
            promise: format!("p{n}"),
            kind: PromiseKind::CallBack,
            due_at: when.plus(Span::from_days(2)),
        })),
        19 => Body::ContactResolved(Box::new(ContactResolved {
            case: format!("c{}", n / 3),
            resolution: Resolution::Solved,
        })),
        // Rare, and heard by everybody.
        20 if dice.is_multiple_of(20_000) => Body::UpstreamEvent(Box::new(UpstreamEvent {
            kind: UpstreamKind::OutageStarted,
            customer: None,
            order: None,
            subject: Some("checkout".into()),
            affected: None,
            planned_at: None,
        })),
        _ => return None,
    };
    Some(stamped(format!("b{n}"), when, body))
}

#[expect(clippy::print_stdout, reason = "this program's answer")]
fn say(line: &str) {
    println!("{line}");
}
