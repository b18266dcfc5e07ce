//! Random histories and what the engine says of them, one JSON object a line, for the brute-force recount of chains and
//! first-contact resolution in `tests/python/chains_bruteforce.py`:
//!
//! ```text
//! target/debug/histories FIRST_SEED COUNT | tests/python/chains_bruteforce.py
//! ```

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a generator for a test")]

use classify::Taxonomy;
use domain::closed::*;
use domain::contact::ContactChange;
use domain::fact::{ContactRecorded, CustomerMerged};
use domain::*;
use engine::{Assemble, Judge, JudgeInput, Ruleset, shard_of};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const REASONS: [&str; 3] = ["delivery", "invoice", "repair"];
/// Facts of a history at most.
const FACTS: usize = 30;
const HOUR_US: i64 = 3_600_000_000;
/// Histories are as long as the widest window and half of it again.
const HOURS: i64 = 45 * 24;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let (first, count) = (arguments.next().unwrap_or(0), arguments.next().unwrap_or(10));
    let rules = rules();
    for seed in first..first + count {
        println!("{}", history(&rules, seed));
    }
}

fn rules() -> Arc<Ruleset> {
    let mut toml = "name = \"t\"\nversion = \"1\"\nlanguages = [\"en\"]\n".to_owned();
    for (at, reason) in REASONS.iter().enumerate() {
        toml.push_str(&format!(
            "[[reason]]\nid = \"{reason}\"\nlabel.en = \"{reason}\"\nvotes = {{ customer = \"irritant\", company = \"irritant\" }}\n[[reason.rule]]\nid = \"{reason}.1\"\npriority = {}\nphrases = [\"{reason}\"]\n",
            at + 1
        ));
    }
    let taxonomy = Taxonomy::parse(&toml, "t").unwrap();
    Arc::new(Ruleset::new(taxonomy, None, EngineSettings::default(), Zone::utc()))
}

/// Small numbers that differ in no pattern: splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }
}

fn key(n: u64) -> CustomerKey {
    CustomerKey::from_bytes([u8::try_from(n + 1).unwrap(); 16])
}

/// A fact and how the recount reads it.
fn fact(dice: &mut Dice, customers: u64) -> (Fact, Value) {
    if dice.one_in(8) {
        let (surviving, absorbed) = (key(dice.roll(customers)), key(dice.roll(customers)));
        let body = Body::CustomerMerged(Box::new(CustomerMerged { surviving, absorbed }));
        let fact = stamped("m", 0, Instant::MIN, body);
        let told = json!({"id": fact.id.to_string(), "kind": "merge", "surviving": surviving.to_string(), "absorbed": absorbed.to_string()});
        return (fact, told);
    }
    let (record, revision) = (dice.roll(20), i64::try_from(dice.roll(3)).unwrap());
    // Times meet on the hour, so that gaps are often exactly a window, or a microsecond beside it.
    let hours = i64::try_from(dice.roll(u64::try_from(HOURS).unwrap())).unwrap() / 12 * 12;
    let at_us = hours * HOUR_US + [-1, 0, 0, 1][usize::try_from(dice.roll(4)).unwrap()];
    let customer = (!dice.one_in(6)).then(|| key(dice.roll(customers)));
    let strengths = [Strength::Name, Strength::Device, Strength::Phone, Strength::Email, Strength::Account];
    let strength =
        customer.map_or(Strength::None, |_| strengths[usize::try_from(dice.roll(12)).unwrap().min(4)]);
    // A record keeps its case from its first revision on.
    let case = (record % 3 == 0).then(|| format!("c{}", record % 2));
    let orders: BTreeSet<String> = (0..dice.roll(3)).map(|_| format!("o{}", dice.roll(3))).collect();
    let reason = REASONS.get(usize::try_from(dice.roll(4)).unwrap());
    let counts = !dice.one_in(12);
    let recorded = ContactRecorded {
        kind: RecordKind::Contact,
        root_record: None,
        case: case.clone(),
        channel: Channel::Email,
        channel_raw: String::new(),
        direction: Direction::Inbound,
        customer,
        strength,
        customer_kind: CustomerKind::External,
        words: Words::Open(Spoken {
            text: Some(reason.copied().unwrap_or("hm").to_owned()),
            ..Spoken::default()
        }),
        language: None,
        country: None,
        products: vec![],
        orders: orders.iter().cloned().collect(),
        step: None,
        queue: None,
        agent: None,
        wait_ms: None,
        handle_ms: None,
        handle_basis: HandleBasis::Unknown,
        abandoned: None,
        transfers: None,
        resolved: None,
        state: if counts { SourceState::Open } else { SourceState::Spam },
        source_reason: None,
        source_reasons: vec![],
        attributes: BTreeMap::new(),
        flags: vec![],
    };
    let at = Instant::from_micros(at_us).unwrap();
    let record = format!("r{record}");
    let fact = stamped(&record, revision, at, Body::ContactRecorded(Box::new(recorded)));
    let told = json!({
        "id": fact.id.to_string(), "kind": "contact", "record": record, "revision": revision, "at_us": at_us,
        "customer": customer.map(|c| c.to_string()), "strength": strength.word(), "case": case, "orders": orders,
        "reason": reason.copied().unwrap_or(UNCLASSIFIED), "channel": "email", "resolved": null, "counts": counts,
    });
    (fact, told)
}

fn stamped(record: &str, revision: i64, occurred_at: Instant, body: Body) -> Fact {
    let origin = Origin { system: "s".into(), instance: String::new(), record: record.into(), revision };
    let mut content = [0u8; 32];
    for (i, byte) in format!("{body:?}{occurred_at}").bytes().enumerate() {
        content[i % 32] = content[i % 32].wrapping_mul(31).wrapping_add(byte);
    }
    let id = FactId::derive(body.name(), &origin, &content);
    Fact { id, origin, occurred_at, precision: Precision::Microsecond, body }
}

fn history(rules: &Arc<Ruleset>, seed: u64) -> Value {
    let mut dice = Dice(seed);
    let (customers, count) = (1 + dice.roll(5), 1 + dice.roll(FACTS as u64));
    let mut facts: Vec<(Fact, Value)> = (0..count).map(|_| fact(&mut dice, customers)).collect();
    // Some arrive again.
    for _ in 0..dice.roll(4) {
        let at = usize::try_from(dice.roll(facts.len() as u64)).unwrap();
        facts.push(facts[at].clone());
    }
    let (told, facts): (Vec<Value>, Vec<Fact>) = facts.into_iter().map(|(fact, told)| (told, fact)).unzip();
    let batch = 1 + usize::try_from(dice.roll(7)).unwrap();
    let (names, verdicts) = fold(rules, &facts, batch, 1 + usize::try_from(dice.roll(3)).unwrap());
    let ids: serde_json::Map<String, Value> =
        names.iter().map(|(id, name)| (name.clone(), hex(*id).into())).collect();
    let verdicts: Vec<Value> = verdicts.values().map(|v| verdict(v, &names)).collect();
    json!({"seed": seed, "window_s": 7 * 86_400, "facts": told, "verdicts": verdicts, "contact_ids": ids})
}

/// The contacts by name and their last verdicts; of contacts that are gone none.
fn fold(
    rules: &Arc<Ruleset>,
    facts: &[Fact],
    batch: usize,
    shards: usize,
) -> (BTreeMap<ContactId, String>, BTreeMap<ContactId, Verdict>) {
    let mut assemble = Assemble::new(Arc::clone(rules));
    let mut judges: Vec<Judge> = (0..shards).map(|_| Judge::new(Arc::clone(rules))).collect();
    let (mut live, mut verdicts) = (BTreeMap::new(), BTreeMap::<ContactId, Verdict>::new());
    let names = facts
        .iter()
        .filter(|f| matches!(f.body, Body::ContactRecorded(_)))
        .map(|f| (f.contact_id(), f.origin.record.clone()))
        .collect();
    for (n, batch) in facts.chunks(batch).enumerate() {
        let sequence = Sequence(n as u64 + 1);
        let placed = batch.iter().map(|value| Placed {
            topic: value.topic(),
            partition: Partition(0),
            offset: Offset(0),
            recorded_at: value.occurred_at,
            value: value.clone(),
        });
        let (company, facts): (Vec<_>, Vec<_>) = placed.partition(|f| f.topic == Topic::Company);
        let said = assemble.apply(facts, &company, sequence);
        for change in said.contacts {
            match change {
                ContactChange::Is(contact) => live.insert(contact.id, ()),
                ContactChange::Gone { id, .. } => live.remove(&id),
            };
        }
        let mut inputs: Vec<Vec<JudgeInput>> = vec![vec![]; shards];
        for input in said.judge {
            match shard_of(&input, shards) {
                Some(shard) => inputs[shard].push(input),
                None => inputs.iter_mut().for_each(|inputs| inputs.push(input.clone())),
            }
        }
        for (judge, inputs) in judges.iter_mut().zip(inputs) {
            for v in judge.apply(inputs, sequence).verdicts {
                let older = verdicts.get(&v.contact).map(|o| (o.sequence, o.judged));
                if older.is_none_or(|older| older <= (v.sequence, v.judged)) {
                    verdicts.insert(v.contact, v);
                }
            }
        }
    }
    verdicts.retain(|id, _| live.contains_key(id));
    (names, verdicts)
}

fn verdict(v: &Verdict, names: &BTreeMap<ContactId, String>) -> Value {
    let why =
        v.proofs.iter().find(|p| p.mechanism == Mechanism::Repeat).and_then(|p| match p.rule.as_ref() {
            "repeat/same_case" => Some("case"),
            "repeat/same_order" => Some("order"),
            "repeat/same_reason" => Some("reason"),
            _ => None,
        });
    let [a, b, c] = v.at_windows;
    json!({
        "contact": names[&v.contact], "customer": v.customer.map(|c| c.to_string()), "root": names[&v.chain_root],
        "position": v.chain_position, "repeat": v.repeat, "previous": v.previous.map(|p| names[&p].clone()),
        "previous_why": why, "repeat_7d": a.repeat, "repeat_14d": b.repeat, "repeat_30d": c.repeat,
        "again_7d": a.again, "again_14d": b.again, "again_30d": c.again, "answered_once": v.answered_once,
        "melts_at_us": v.melts_at.micros(),
    })
}

fn hex(id: ContactId) -> String {
    id.as_bytes().iter().map(|b| format!("{b:02x}")).collect()
}
