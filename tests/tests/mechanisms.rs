//! Precision and recall of each mechanism on the labelled cases of `tests/fixtures/mechanisms`, with the lower ends of
//! Wilson's intervals. `make mechanisms` prints the table and every case that is judged otherwise than labelled.

use classify::model::{Job, Labelled, train};
use classify::{Learned, Taxonomy};
use domain::closed::*;
use domain::fact::*;
use domain::*;
use engine::{Assemble, Judge, Ruleset};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// 95 % of a normal distribution lie within so many standard deviations.
const Z: f64 = 1.96;
/// What the lower ends must reach.
const PRECISION_LEAST: f64 = 0.90;
const RECALL_LEAST: f64 = 0.85;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The rules of all tests here: training takes a while.
fn rules() -> Arc<Ruleset> {
    static RULES: LazyLock<Arc<Ruleset>> = LazyLock::new(make_rules);
    Arc::clone(&RULES)
}

/// The starter taxonomy; each reason also by an agent's code of its name, so that a case may state it.
fn make_rules() -> Arc<Ruleset> {
    let text =
        std::fs::read_to_string(root().join("deploy/taxonomies/retail.toml")).expect("starter taxonomy");
    let mut coded = String::new();
    let mut priority = 1;
    for block in text.split_inclusive("\n\n") {
        if let Some(id) = block.strip_prefix("[[reason]]\nid = \"").and_then(|rest| rest.split('"').next()) {
            let rule = format!(
                "[[reason.rule]]\nid = \"{id}.code\"\npriority = {priority}\nsource_reason = [\"{id}\"]\n\n"
            );
            priority += 1;
            coded.push_str(block);
            coded.push_str(&rule);
        } else {
            coded.push_str(block);
        }
    }
    let taxonomy = Taxonomy::parse(&coded, "retail.toml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let learned = learned();
    Arc::new(Ruleset::new(taxonomy, Some(learned), EngineSettings::default(), Zone::utc()))
}

/// The starter model: trained on the starter texts, as `quell train` does it.
fn learned() -> Learned {
    let path = root().join("deploy/taxonomies/retail_texts.csv");
    let mut file = csv::Reader::from_path(path).expect("starter texts");
    let rows: Vec<[String; 3]> =
        file.deserialize().collect::<Result<_, _>>().expect("rows of label, language and text");
    let labelled = |[label, language, text]: &'_ [String; 3]| (label.clone(), language.clone(), text.clone());
    let rows: Vec<_> = rows.iter().map(labelled).collect();
    let examples: Vec<Labelled<'_>> = rows
        .iter()
        .map(|(label, language, text)| Labelled { text, label, language: Some(language) })
        .collect();
    let model = train(&examples, None, &mut |jobs| jobs.iter().map(Job::run).collect()).expect("a model");
    println!("model: {:?}", model.header());
    let file = model.to_bytes();
    Learned::new(Arc::new(model), &file, 50_000)
}

fn text(fact: &Value, key: &str) -> Option<String> {
    fact[key].as_str().map(str::to_owned)
}

fn closed<T>(fact: &Value, key: &str, from: impl Fn(&str) -> Option<T>) -> Option<T> {
    let word = fact[key].as_str()?;
    Some(from(word).unwrap_or_else(|| panic!("{key} {word} of {fact}")))
}

fn texts(fact: &Value, key: &str) -> Vec<String> {
    let list = fact[key].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(|v| v.as_str().expect("a list of texts").to_owned()).collect()
}

fn instant(fact: &Value, key: &str) -> Option<Instant> {
    let stamp = fact[key].as_str()?;
    Some(Instant::parse_rfc3339(stamp).unwrap_or_else(|| panic!("{key} of {fact}")))
}

fn customer(fact: &Value) -> Option<CustomerKey> {
    let mut key = [0u8; 16];
    let name = fact["customer"].as_str()?;
    name.bytes().enumerate().for_each(|(i, b)| key[i % 16] = key[i % 16].wrapping_mul(31).wrapping_add(b));
    Some(CustomerKey::from_bytes(key))
}

fn recorded(fact: &Value) -> ContactRecorded {
    let customer = customer(fact);
    let turns = fact["turns"].as_array().map_or(&[][..], Vec::as_slice);
    let turns = turns.iter().map(|turn| Turn {
        speaker: closed(turn, "speaker", Speaker::from_word).expect("a speaker"),
        at_ms: turn["at_ms"].as_i64(),
        text: text(turn, "text").expect("words"),
    });
    let strength = closed(fact, "strength", Strength::from_word);
    ContactRecorded {
        kind: closed(fact, "kind", RecordKind::from_word).unwrap_or(RecordKind::Contact),
        root_record: text(fact, "root_record"),
        case: text(fact, "case"),
        channel: closed(fact, "channel", Channel::from_word).unwrap_or(Channel::Unknown),
        channel_raw: String::new(),
        direction: closed(fact, "direction", Direction::from_word).unwrap_or(Direction::Inbound),
        customer,
        strength: strength.unwrap_or(if customer.is_some() { Strength::Account } else { Strength::None }),
        customer_kind: CustomerKind::External,
        words: Words::Open(Spoken { subject: None, text: text(fact, "text"), turns: turns.collect() }),
        language: None,
        country: None,
        products: texts(fact, "products"),
        orders: texts(fact, "orders"),
        step: text(fact, "step"),
        queue: text(fact, "queue"),
        agent: None,
        wait_ms: None,
        handle_ms: None,
        handle_basis: HandleBasis::Unknown,
        abandoned: None,
        transfers: fact["transfers"].as_i64().map(|n| i32::try_from(n).expect("a small number")),
        resolved: fact["resolved"].as_bool(),
        state: closed(fact, "state", SourceState::from_word).unwrap_or(SourceState::Open),
        source_reason: text(fact, "source_reason"),
        source_reasons: vec![],
        attributes: BTreeMap::new(),
        flags: vec![],
    }
}

/// The fact of a case; `None` where it lacks what every such fact must have, so that ingest refuses it.
fn body(fact: &Value) -> Option<Body> {
    let customer = customer(fact);
    Some(match fact["fact"].as_str().expect("a kind") {
        "ContactRecorded" => Body::ContactRecorded(Box::new(recorded(fact))),
        "ContactResolved" => Body::ContactResolved(Box::new(ContactResolved {
            case: text(fact, "case")?,
            resolution: closed(fact, "resolution", Resolution::from_word).unwrap_or(Resolution::Unknown),
        })),
        "ContactReopened" => Body::ContactReopened(Box::new(ContactReopened { case: text(fact, "case")? })),
        "OrderPlaced" => Body::OrderPlaced(Box::new(OrderPlaced {
            customer,
            order: text(fact, "order")?,
            products: texts(fact, "products"),
            total_micros: None,
            currency: None,
        })),
        "UpstreamEvent" => Body::UpstreamEvent(Box::new(UpstreamEvent {
            kind: closed(fact, "kind", UpstreamKind::from_word)?,
            customer,
            order: text(fact, "order"),
            subject: text(fact, "subject"),
            affected: None,
            planned_at: instant(fact, "planned_at"),
        })),
        "NotificationSent" => Body::NotificationSent(Box::new(NotificationSent {
            topic: text(fact, "topic")?,
            customer,
            recipients: 1,
            channel: Channel::Email,
        })),
        "SelfServiceEnded" => Body::SelfServiceEnded(Box::new(SelfServiceEnded {
            customer,
            path: text(fact, "path")?,
            step: text(fact, "step"),
            outcome: closed(fact, "outcome", SelfServiceOutcome::from_word)?,
            error_code: text(fact, "error_code"),
            duration_ms: None,
        })),
        "PromiseMade" => Body::PromiseMade(Box::new(PromiseMade {
            customer,
            promise: text(fact, "promise")?,
            kind: closed(fact, "kind", PromiseKind::from_word).unwrap_or(PromiseKind::Other),
            due_at: instant(fact, "due_at")?,
        })),
        "PromiseSettled" => Body::PromiseSettled(Box::new(PromiseSettled {
            customer,
            promise: text(fact, "promise")?,
            kept: fact["kept"].as_bool()?,
        })),
        "RecoveryOffered" => Body::RecoveryOffered(Box::new(RecoveryOffered {
            customer,
            record: text(fact, "answers"),
            option: closed(fact, "option", RecoveryOption::from_word)?,
            cost_micros: None,
            currency: None,
        })),
        other => panic!("unknown kind of fact {other}"),
    })
}

fn placed(fact: &Value) -> Option<Placed<Fact>> {
    let body = body(fact)?;
    let record = text(fact, "record").expect("a record");
    let origin = Origin { system: "s".into(), instance: String::new(), record, revision: 0 };
    let occurred_at = instant(fact, "at").expect("a time");
    let id = FactId::derive(body.name(), &origin, &[0; 32]);
    let value = Fact { id, origin, occurred_at, precision: Precision::Second, body };
    let (topic, partition) = (value.topic(), Partition(0));
    Some(Placed { topic, partition, offset: Offset(0), recorded_at: occurred_at, value })
}

/// The verdict of the case's contact; `None` where it is no contact.
fn verdict(rules: &Arc<Ruleset>, case: &Value) -> Option<Verdict> {
    let facts = case["facts"].as_array().expect("facts").iter().filter_map(placed);
    let (company, facts): (Vec<_>, Vec<_>) = facts.partition(|f| f.topic == Topic::Company);
    let said = Assemble::new(Arc::clone(rules)).apply(facts, &company, Sequence(1));
    let verdicts = Judge::new(Arc::clone(rules)).apply(said.judge, Sequence(1)).verdicts;
    let contact = ContactId::of_record("s", "", case["contact"].as_str().expect("a contact"));
    verdicts.into_iter().find(|v| v.contact == contact)
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    hits: u32,
    false_alarms: u32,
    misses: u32,
    rightly_none: u32,
}

impl Counts {
    fn add(&mut self, expect: bool, found: bool) {
        *match (expect, found) {
            (true, true) => &mut self.hits,
            (false, true) => &mut self.false_alarms,
            (true, false) => &mut self.misses,
            (false, false) => &mut self.rightly_none,
        } += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            false_alarms: self.false_alarms + other.false_alarms,
            misses: self.misses + other.misses,
            rightly_none: self.rightly_none + other.rightly_none,
        }
    }

    fn precision(self) -> (f64, f64) {
        share(self.hits, self.hits + self.false_alarms)
    }

    fn recall(self) -> (f64, f64) {
        share(self.hits, self.hits + self.misses)
    }
}

/// A share and the lower end of its interval by Wilson: (p + z²/2n − z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n).
fn share(part: u32, whole: u32) -> (f64, f64) {
    let n = f64::from(whole);
    let p = f64::from(part) / n;
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    (p, (p + Z * Z / (2.0 * n) - spread) / (1.0 + Z * Z / n))
}

fn cases(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("a file of cases");
    text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
}

/// `status_chase.dev.ndjson` → (status_chase, dev); a name of the rule in between belongs to the mechanism.
fn names(path: &Path) -> (Mechanism, String) {
    let name = path.file_name().and_then(|n| n.to_str()).expect("a name");
    let mut parts = name.trim_end_matches(".ndjson").split('.');
    let mechanism = parts.next().and_then(Mechanism::from_word).unwrap_or_else(|| panic!("{name}"));
    (mechanism, parts.next_back().expect("a half").to_owned())
}

#[test]
fn mechanisms_are_found_and_near_misses_are_not() {
    let rules = rules();
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("tests/fixtures/mechanisms"))
        .expect("the cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "ndjson"))
        .collect();
    files.sort();
    let mut counts: BTreeMap<(Mechanism, String), Counts> = BTreeMap::new();
    for path in &files {
        let (mechanism, half) = names(path);
        let counts = counts.entry((mechanism, half.clone())).or_default();
        for case in cases(path) {
            let expect = case["expect"].as_bool().expect("a label");
            let verdict = verdict(&rules, &case);
            let found = verdict.as_ref().is_some_and(|v| v.mechanisms().any(|m| m == mechanism));
            counts.add(expect, found);
            if expect != found {
                let reason = verdict.map(|v| v.reason.to_string()).unwrap_or_default();
                // Whoever tunes rules sees only the half that is for tuning.
                let text = if half == "dev" { words(&case) } else { String::new() };
                println!(
                    "{} {}: {} · {} · found reason {reason} {text}",
                    if expect { "missed" } else { "alarm " },
                    half,
                    case["id"],
                    case["why"]
                );
            }
        }
    }
    report(&counts);
}

/// The examples of avoidable contacts that the product began with, in Spanish, and a sales enquiry.
#[test]
fn the_examples_that_it_began_with_carry_their_mechanisms() {
    let rules = rules();
    for case in cases(&root().join("tests/fixtures/seed_examples.ndjson")) {
        let verdict = verdict(&rules, &case).expect("a contact");
        let carries: Vec<String> = verdict.mechanisms().map(|m| m.word().to_owned()).collect();
        let expected = texts(&case, "carries");
        // A lost suitcase is also asked after, which is a mechanism of its own.
        let missing = expected.iter().any(|mechanism| !carries.contains(mechanism));
        let others = carries.len() > expected.len() && case["id"] != "E-3";
        assert!(!missing && !others, "{}: {carries:?} of the reason {}", case["id"], verdict.reason);
        if let Some(step) = case["step"].as_str() {
            assert_eq!(verdict.step.as_deref(), Some(step));
        }
        if let Some(seconds) = case["seconds"].as_i64() {
            assert!(
                verdict.proofs.iter().any(|proof| proof.seconds == Some(seconds)),
                "{:?}",
                verdict.proofs
            );
        }
    }
}

fn words(case: &Value) -> String {
    let facts = case["facts"].as_array().expect("facts").iter();
    let of_contact = facts.filter(|f| f["fact"] == "ContactRecorded" && f["record"] == case["contact"]);
    of_contact
        .map(|f| if f["turns"].is_null() { f["text"].to_string() } else { f["turns"].to_string() })
        .collect()
}

fn report(counts: &BTreeMap<(Mechanism, String), Counts>) {
    println!(
        "{:22} {:5} {:>4} {:>6} {:>6} {:>5}  precision (least)  recall (least)",
        "mechanism", "half", "hits", "alarms", "misses", "none"
    );
    let line = |mechanism: Mechanism, half: &str, c: Counts| {
        let ((p, p_least), (r, r_least)) = (c.precision(), c.recall());
        println!(
            "{:22} {half:5} {:4} {:6} {:6} {:5}  {p:.3} ({p_least:.3})      {r:.3} ({r_least:.3})",
            mechanism.word(),
            c.hits,
            c.false_alarms,
            c.misses,
            c.rightly_none
        );
    };
    let mut missed = Vec::new();
    for mechanism in Mechanism::ALL {
        let of = counts.iter().filter(|((m, _), _)| m == mechanism);
        of.clone().for_each(|((_, half), c)| line(*mechanism, half, *c));
        let all = of.fold(Counts::default(), |sum, (_, c)| sum.plus(*c));
        line(*mechanism, "all", all);
        assert!(
            all.hits + all.misses >= 100 && all.false_alarms + all.rightly_none >= 100,
            "{mechanism}: {all:?}"
        );
        if all.precision().1 < PRECISION_LEAST || all.recall().1 < RECALL_LEAST {
            missed.push(mechanism.word());
        }
    }
    assert!(missed.is_empty(), "below precision {PRECISION_LEAST} or recall {RECALL_LEAST}: {missed:?}");
}
