//! P3, P4 and P5 of the engine by itself: whatever the order, the batches, the partitions and shards, and
//! wherever a snapshot is saved and restored, the same facts give the same contacts and verdicts.

use classify::Taxonomy;
use domain::closed::*;
use domain::contact::{ContactChange, Provenance};
use domain::fact::*;
use domain::invariant::{Counts, Promise};
use domain::*;
use engine::{Assemble, Judge, JudgeInput, Ruleset, shard_of};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const TAXONOMY: &str = r#"
name = "test"
version = "1"
languages = ["en"]

[owners.shop]
label.en = "Shop"

[[reason]]
id = "where_is_it"
label.en = "Where is my order?"
owner = "shop"
votes = { customer = "irritant", company = "irritant" }
mechanism = "status_chase"
[[reason.rule]]
id = "where_is_it.1"
priority = 10
phrases = ["where"]

[[reason]]
id = "too_dear"
label.en = "Why is my bill so high?"
owner = "shop"
votes = { customer = "irritant", company = "value" }
[[reason.rule]]
id = "too_dear.1"
priority = 20
phrases = ["dear"]

[[reason]]
id = "want_more"
label.en = "I want to buy more"
owner = "shop"
votes = { customer = "value", company = "value" }
mechanism = "public_info"
[[reason.rule]]
id = "want_more.1"
priority = 30
phrases = ["more"]
"#;

const WORDS: [&str; 4] = ["Where is it?", "so dear", "one more please", "hm"];

fn rules() -> Arc<Ruleset> {
    let taxonomy = Taxonomy::parse(TAXONOMY, "test.toml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let settings = EngineSettings { chain_window: Span::from_hours(10), ..EngineSettings::default() };
    Arc::new(Ruleset::new(taxonomy, None, settings, Zone::utc()))
}

/// One thing that happens in the small world of a test.
#[derive(Debug, Clone)]
enum Act {
    Contact {
        record: u8,
        revision: i64,
        customer: Option<u8>,
        hour: i64,
        order: Option<u8>,
        words: u8,
        state: SourceState,
        variant: u8,
    },
    Override {
        record: u8,
        reason: Option<u8>,
        dumb: Option<bool>,
        hour: i64,
    },
    Erase {
        record: u8,
        words: u8,
    },
    Merge {
        surviving: u8,
        absorbed: u8,
    },
    Recovered {
        customer: u8,
        record: u8,
        hour: i64,
    },
    Upstream {
        customer: u8,
        order: u8,
        kind: UpstreamKind,
        hour: i64,
    },
    Promise {
        customer: u8,
        settled: bool,
        hour: i64,
    },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let state = prop_oneof![8 => Just(SourceState::Open), 1 => Just(SourceState::Spam)];
    let kind = prop_oneof![
        Just(UpstreamKind::Delivered),
        Just(UpstreamKind::RefundIssued),
        Just(UpstreamKind::Shipped)
    ];
    let contact =
        (
            0u8..9,
            0i64..3,
            prop::option::weighted(0.8, 0u8..4),
            0i64..60,
            prop::option::of(0u8..3),
            0u8..4,
            state,
            0u8..2,
        )
            .prop_map(|(record, revision, customer, hour, order, words, state, variant)| {
                Act::Contact { record, revision, customer, hour, order, words, state, variant }
            });
    let act = prop_oneof![
        12 => contact,
        1 => (0u8..9, prop::option::of(0u8..3), prop::option::of(any::<bool>()), 0i64..60).prop_map(|(record, reason, dumb, hour)| Act::Override { record, reason, dumb, hour }),
        1 => (0u8..9, 0u8..3).prop_map(|(record, words)| Act::Erase { record, words }),
        1 => (0u8..4, 0u8..4).prop_map(|(surviving, absorbed)| Act::Merge { surviving, absorbed }),
        1 => (0u8..4, 0u8..9, 0i64..60).prop_map(|(customer, record, hour)| Act::Recovered { customer, record, hour }),
        1 => (0u8..4, 0u8..3, kind, 0i64..60).prop_map(|(customer, order, kind, hour)| Act::Upstream { customer, order, kind, hour }),
        1 => (0u8..4, any::<bool>(), 0i64..60).prop_map(|(customer, settled, hour)| Act::Promise { customer, settled, hour }),
    ];
    prop::collection::vec(act, 1..40)
}

fn key(n: u8) -> CustomerKey {
    CustomerKey::from_bytes([n + 1; 16])
}

fn at(hour: i64) -> Instant {
    Instant::from_micros(0).expect("epoch").plus(Span::from_hours(hour))
}

const REASONS: [&str; 3] = ["where_is_it", "too_dear", "want_more"];

/// Records 0–2 are contacts, 3–5 messages of two cases, 6–8 legs of record 6.
fn kind_of(record: u8) -> RecordKind {
    [RecordKind::Contact, RecordKind::Message, RecordKind::Leg][usize::from(record / 3)]
}

fn case_of(record: u8) -> Option<String> {
    (!record.is_multiple_of(3) || record == 3).then(|| format!("case{}", record % 2))
}

fn facts_key(record: u8) -> String {
    let case = if record >= 6 { None } else { case_of(record) };
    match case {
        Some(case) => case_key("s", "", &case),
        None if record >= 6 => record_key("s", "", "r6"),
        None => record_key("s", "", &format!("r{record}")),
    }
}

fn body(act: &Act) -> (String, i64, Instant, Body) {
    match act {
        Act::Contact { record, revision, customer, hour, order, words, state, variant } => {
            let (kind, case) = (kind_of(*record), if *record >= 6 { None } else { case_of(*record) });
            let recorded = ContactRecorded {
                kind,
                root_record: (kind == RecordKind::Leg).then(|| "r6".to_owned()),
                case,
                channel: if kind == RecordKind::Message { Channel::Email } else { Channel::Phone },
                channel_raw: String::new(),
                direction: if *record == 5 { Direction::Outbound } else { Direction::Inbound },
                customer: customer.map(key),
                strength: customer.map_or(Strength::None, |_| Strength::Account),
                customer_kind: CustomerKind::External,
                words: Words::Open(Spoken {
                    text: Some(WORDS[usize::from(*words)].to_owned()),
                    ..Spoken::default()
                }),
                language: None,
                country: None,
                products: vec![],
                orders: order.iter().map(|o| format!("o{o}")).collect(),
                step: None,
                queue: None,
                agent: None,
                wait_ms: None,
                handle_ms: Some(i64::from(*variant)),
                handle_basis: HandleBasis::Measured,
                abandoned: None,
                transfers: None,
                resolved: None,
                state: *state,
                source_reason: None,
                source_reasons: vec![],
                attributes: BTreeMap::new(),
                flags: vec![],
            };
            (format!("r{record}"), *revision, at(*hour), Body::ContactRecorded(Box::new(recorded)))
        }
        Act::Override { record, reason, dumb, hour } => {
            let said = VerdictOverridden {
                contact: ContactId::of_record("s", "", &format!("r{record}")),
                facts_key: facts_key(*record),
                reason: reason.map(|r| ReasonId::new(REASONS[usize::from(r)])),
                dumb: *dumb,
                by: "a".into(),
                why: "b".into(),
            };
            ("v".into(), 0, at(*hour), Body::VerdictOverridden(Box::new(said)))
        }
        Act::Erase { record, words } => {
            let erased = TextErased {
                contact: ContactId::of_record("s", "", &format!("r{record}")),
                facts_key: facts_key(*record),
                reason: ReasonId::new(REASONS[usize::from(*words)]),
                mechanisms: vec![Mechanism::StatusChase],
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
                customer: Some(key(*customer)),
                record: Some(format!("r{record}")),
                option: RecoveryOption::Credit,
                cost_micros: None,
                currency: None,
            };
            ("k".into(), 0, at(*hour), Body::RecoveryOffered(Box::new(offered)))
        }
        Act::Upstream { customer, order, kind, hour } => {
            let event = UpstreamEvent {
                kind: *kind,
                customer: Some(key(*customer)),
                order: Some(format!("o{order}")),
                subject: None,
                affected: None,
                planned_at: None,
            };
            ("u".into(), 0, at(*hour), Body::UpstreamEvent(Box::new(event)))
        }
        Act::Promise { customer, settled, hour } => {
            let (customer, promise) = (Some(key(*customer)), "p".to_owned());
            let body = if *settled {
                Body::PromiseSettled(Box::new(PromiseSettled { customer, promise, kept: true }))
            } else {
                Body::PromiseMade(Box::new(PromiseMade {
                    customer,
                    promise,
                    kind: PromiseKind::Fix,
                    due_at: at(hour + 5),
                }))
            };
            ("p".into(), 0, at(*hour), body)
        }
    }
}

/// Equal acts give equal facts, so a repeated act is a redelivery.
fn fact(act: &Act) -> Fact {
    let (record, revision, occurred_at, body) = body(act);
    let origin = Origin { system: "s".into(), instance: String::new(), record, revision };
    let mut content = [0u8; 32];
    for (i, byte) in format!("{body:?}{occurred_at}").bytes().enumerate() {
        content[i % 32] = content[i % 32].wrapping_mul(31).wrapping_add(byte);
    }
    let id = FactId::derive(body.name(), &origin, &content);
    Fact { id, origin, occurred_at, precision: Precision::Second, body }
}

/// How a run is cut up.
#[derive(Debug, Clone)]
struct Plan {
    partitions: usize,
    shards: usize,
    batch: usize,
    /// Snapshot and restore after every so many batches.
    restart: usize,
}

/// The last thing said of every contact.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    contacts: BTreeMap<ContactId, Contact>,
    verdicts: BTreeMap<ContactId, Verdict>,
    counts: (u64, u64),
}

struct Run {
    rules: Arc<Ruleset>,
    assemble: Vec<Assemble>,
    judge: Vec<Judge>,
    said_contacts: BTreeMap<ContactId, (Sequence, Option<Contact>)>,
    said_verdicts: BTreeMap<ContactId, Verdict>,
    published: BTreeMap<ContactId, (Day, Verdict)>,
    counts: Counts,
}

impl Run {
    fn new(plan: &Plan) -> Self {
        let rules = rules();
        Self {
            assemble: (0..plan.partitions).map(|_| Assemble::new(Arc::clone(&rules))).collect(),
            judge: (0..plan.shards).map(|_| Judge::new(Arc::clone(&rules))).collect(),
            rules,
            said_contacts: BTreeMap::new(),
            said_verdicts: BTreeMap::new(),
            published: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    fn batch(&mut self, facts: &[Fact], sequence: Sequence) {
        let mut split: Vec<Vec<Placed<Fact>>> = vec![vec![]; self.assemble.len()];
        let mut company = vec![];
        for fact in facts {
            let placed = Placed {
                topic: fact.topic(),
                partition: Partition(0),
                offset: Offset(0),
                recorded_at: at(0),
                value: fact.clone(),
            };
            if fact.topic() == Topic::Company {
                company.push(placed);
            } else {
                let sum: usize = fact.key().bytes().map(usize::from).sum();
                split[sum % self.assemble.len()].push(placed);
            }
        }
        let mut inputs: Vec<Vec<JudgeInput>> = vec![vec![]; self.judge.len()];
        let mut touched = BTreeSet::new();
        for (assemble, facts) in self.assemble.iter_mut().zip(split) {
            let out = assemble.apply(facts, &company, sequence);
            assert!(out.counts.balanced(), "{:?}: {:?}", Promise::P2, out.counts);
            self.counts = self.counts.plus(out.counts);
            touched.extend(out.touched);
            for change in out.contacts {
                match change {
                    ContactChange::Is(c) => self.said_contacts.insert(c.id, (c.sequence, Some(*c))),
                    ContactChange::Gone { id, sequence, .. } => {
                        self.said_contacts.insert(id, (sequence, None))
                    }
                };
            }
            for input in out.judge {
                inputs[shard_of(&input, self.judge.len())].push(input);
            }
        }
        for (judge, inputs) in self.judge.iter_mut().zip(inputs) {
            let out = judge.apply(inputs, sequence);
            touched.extend(out.touched);
            for v in out.verdicts {
                let newer = self
                    .said_verdicts
                    .get(&v.contact)
                    .is_none_or(|o| (o.sequence, o.judged) <= (v.sequence, v.judged));
                if newer {
                    self.said_verdicts.insert(v.contact, v);
                }
            }
        }
        self.check_touched(&touched);
    }

    /// A row that changed lies on touched days only, before and after: incremental publishing rests on it (P11).
    fn check_touched(&mut self, touched: &BTreeSet<Day>) {
        let now = self.live();
        for id in now.keys().chain(self.published.keys()) {
            let (old, new) = (self.published.get(id), now.get(id));
            if old != new {
                for (day, _) in old.iter().chain(new.iter()) {
                    assert!(
                        touched.contains(day),
                        "{:?}: {id} changed on {day}, which was not touched",
                        Promise::P11
                    );
                }
            }
        }
        self.published = now;
    }

    fn live(&self) -> BTreeMap<ContactId, (Day, Verdict)> {
        let live = self.said_contacts.iter().filter_map(|(id, (_, c))| Some((*id, c.as_ref()?)));
        live.map(|(id, c)| (id, (c.day, plain(&self.said_verdicts[&id])))).collect()
    }

    fn restart(&mut self) {
        for assemble in &mut self.assemble {
            let bytes = assemble.snapshot();
            *assemble = Assemble::restore(Arc::clone(&self.rules), &bytes).expect("own snapshot");
            assert_eq!(assemble.snapshot(), bytes, "a restored state saves to the same bytes");
        }
        for judge in &mut self.judge {
            let bytes = judge.snapshot();
            let assemble = &self.assemble;
            let known = |id| assemble.iter().find_map(|a| a.contact(id));
            *judge = Judge::restore(Arc::clone(&self.rules), &bytes, known).expect("own snapshot");
            assert_eq!(judge.snapshot(), bytes, "a restored state saves to the same bytes");
        }
    }

    fn outcome(self) -> Outcome {
        let mut out = Outcome { counts: (self.counts.accepted, self.counts.duplicate), ..Outcome::default() };
        for (id, (_, contact)) in self.said_contacts {
            if let Some(mut contact) = contact {
                contact.sequence = Sequence(0);
                contact.provenance =
                    Provenance { partition: Partition(0), offset: Offset(0), recorded_at: at(0) };
                out.verdicts.insert(id, plain(&self.said_verdicts[&id]));
                out.contacts.insert(id, contact);
            }
        }
        out
    }
}

fn plain(verdict: &Verdict) -> Verdict {
    Verdict { sequence: Sequence(0), judged: Sequence(0), ..verdict.clone() }
}

fn run(facts: &[Fact], plan: &Plan) -> Outcome {
    let mut run = Run::new(plan);
    for (n, batch) in facts.chunks(plan.batch).enumerate() {
        run.batch(batch, Sequence(n as u64 + 1));
        if (n + 1) % plan.restart == 0 {
            run.restart();
        }
    }
    run.outcome()
}

const PLAIN: Plan = Plan { partitions: 1, shards: 1, batch: 1_000, restart: 1_000 };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_outcome_is_a_function_of_the_set_of_facts(
        (acts, shuffled) in acts().prop_flat_map(|a| (Just(a.clone()), Just(a).prop_shuffle())),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        plan in (1usize..5, 1usize..4, 1usize..9, 1usize..5).prop_map(|(partitions, shards, batch, restart)| Plan { partitions, shards, batch, restart }),
    ) {
        let facts: Vec<Fact> = acts.iter().map(fact).collect();
        let mut other: Vec<Fact> = shuffled.iter().map(fact).collect();
        for index in again {
            let repeated = index.get(&facts).clone();
            other.push(repeated);
        }
        let (expect, mut found) = (run(&facts, &PLAIN), run(&other, &plan));
        // Redelivered facts are counted as such, and the company's are not counted here.
        found.counts = expect.counts;
        prop_assert_eq!(expect, found);
    }
}

#[test]
fn damaged_snapshots_are_refused_and_never_panic() {
    let acts: Vec<Act> = (0..9)
        .map(|r| Act::Contact {
            record: r,
            revision: 0,
            customer: Some(r % 3),
            hour: i64::from(r),
            order: None,
            words: r % 4,
            state: SourceState::Open,
            variant: 0,
        })
        .collect();
    let mut run = Run::new(&PLAIN);
    run.batch(&acts.iter().map(fact).collect::<Vec<_>>(), Sequence(1));
    let bytes = run.assemble[0].snapshot();
    for cut in 0..bytes.len() {
        assert!(Assemble::restore(Arc::clone(&run.rules), &bytes[..cut]).is_err(), "cut at {cut}");
        let mut flipped = bytes.clone();
        flipped[cut] ^= 0x41;
        let _ = Assemble::restore(Arc::clone(&run.rules), &flipped);
    }
}
