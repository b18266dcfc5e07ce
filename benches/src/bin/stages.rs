//! `stages [CONTACTS]`: microseconds a contact and thread of each stage between a mapped draft and a verdict, and
//! the bytes of state a contact costs. Release build only; a debug build says nothing.

use classify::Taxonomy;
use domain::{EngineSettings, Fact, KeyId, Offset, Partition, Placed, Sequence, Topic, Words, Zone};
use engine::{Assemble, Judge, Ruleset};
use quell_benches::{contact, resident_bytes};
use std::sync::Arc;
use std::time::Instant;
use vault::{Mode, Vault};

fn main() {
    let contacts: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let taxonomy = include_str!("../../../deploy/taxonomies/bench.toml");
    let taxonomy = Taxonomy::parse(taxonomy, "bench.toml").unwrap_or_else(|m| panic!("{}", m[0]));
    let rules = Arc::new(Ruleset::new(taxonomy, None, EngineSettings::default(), Zone::utc()));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let vault = Vault::open(&folder.path().join("vault.db"), Mode::Random).expect("a vault");
    let key = KeyId::of_rejects_day(domain::Day::new(2025, 1, 1).expect("a day"));
    vault.ensure_keys(&[key]).expect("a key");

    let mut facts: Vec<Fact> = (0..contacts).map(contact).collect();
    timed("redact", contacts, || facts.iter_mut().for_each(codec::redact::redact_fact));
    timed("content hash and fact id", contacts, || {
        for fact in &mut facts {
            let hash = vault.content_hash(&codec::content_bytes(fact));
            fact.id = domain::FactId::derive(fact.body.name(), &fact.origin, &hash);
        }
    });
    timed("seal", contacts, || facts.iter_mut().for_each(|f| seal(&vault, key, f)));
    let encoded: Vec<Vec<u8>> = timed("encode", contacts, || facts.iter().map(codec::encode_fact).collect());
    say(&format!(
        "{:<28}{:>8} bytes",
        "a fact on the log",
        encoded.iter().map(Vec::len).sum::<usize>() / encoded.len()
    ));
    drop(facts);
    let mut facts: Vec<Fact> = timed("decode", contacts, || {
        encoded.iter().map(|b| codec::decode_fact(b).expect("own bytes")).collect()
    });
    timed("open", contacts, || facts.iter_mut().for_each(|f| open(&vault, f)));
    drop(encoded);
    fold(&rules, facts, contacts);
}

fn fold(rules: &Arc<Ruleset>, facts: Vec<Fact>, contacts: u32) {
    let mut batches: Vec<Vec<Placed<Fact>>> = Vec::new();
    for (n, value) in facts.into_iter().enumerate() {
        if n % 50_000 == 0 {
            batches.push(Vec::new());
        }
        let (topic, partition, recorded_at) = (Topic::Facts, Partition(0), value.occurred_at);
        let placed = Placed { topic, partition, offset: Offset(n as u64), recorded_at, value };
        batches.last_mut().expect("just pushed").push(placed);
    }
    let mut assemble = Assemble::new(Arc::clone(rules));
    let mut judge = Judge::new(Arc::clone(rules));
    let (mut in_assemble, mut in_judge) = (0.0, 0.0);
    let before = resident_bytes();
    for (n, batch) in batches.into_iter().enumerate() {
        let sequence = Sequence(n as u64 + 1);
        let started = Instant::now();
        let said = assemble.apply(batch, &[], sequence);
        in_assemble += started.elapsed().as_secs_f64();
        let started = Instant::now();
        judge.apply(said.judge, sequence);
        in_judge += started.elapsed().as_secs_f64();
    }
    let after = resident_bytes();
    line("assemble, classify", in_assemble, contacts);
    line("judge", in_judge, contacts);
    // The facts of the stream are freed while the state grows, so this is a lower bound for small streams.
    say(&format!(
        "{:<28}{:>8} bytes resident more, {} stated",
        "state",
        after.saturating_sub(before) / u64::from(contacts),
        Assemble::BYTES_PER_RECORD
    ));
    let bytes = timed("snapshot", contacts, || assemble.snapshot().len() + judge.snapshot().len());
    say(&format!("{:<28}{:>8} bytes", "a contact in a snapshot", bytes / contacts as usize));
}

fn seal(vault: &Vault, key: KeyId, fact: &mut Fact) {
    let id = fact.id;
    if let domain::Body::ContactRecorded(c) = &mut fact.body
        && let Words::Open(spoken) = &c.words
    {
        c.words =
            Words::Sealed(vault.seal(key, &codec::encode_spoken(spoken), id.as_bytes()).expect("a key"));
    }
}

fn open(vault: &Vault, fact: &mut Fact) {
    let id = fact.id;
    if let domain::Body::ContactRecorded(c) = &mut fact.body
        && let Words::Sealed(sealed) = &c.words
        && let Ok(vault::Opened::Plain(plain)) = vault.open_box(sealed, id.as_bytes())
    {
        c.words = Words::Open(codec::decode_spoken(&plain).expect("own bytes"));
    }
}

fn timed<T>(stage: &str, contacts: u32, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let out = work();
    line(stage, started.elapsed().as_secs_f64(), contacts);
    out
}

fn line(stage: &str, seconds: f64, contacts: u32) {
    say(&format!("{stage:<28}{:>8.2} µs", seconds * 1e6 / f64::from(contacts)));
}

#[expect(clippy::print_stdout, reason = "this program's answer")]
fn say(line: &str) {
    println!("{line}");
}
