//! Measures publishing: `cargo run --release -p analytics --example publish -- CONTACTS THREADS`.
//!
//! Contacts of twelve weeks in shuffled order, ten thousand a commit, every fifth judged a second time, every seventh
//! a member of a chain; with 120 reasons, units and costs. Then the cut in full, once more after one further commit,
//! after a day without any, and after a new count of units. Prints seconds and peak memory.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program, not part of the product")]

use analytics::{Resources, Session, publish};
use domain::contact::{ContactChange, Provenance};
use domain::fact::UnitsCounted;
use domain::governance::CostRow;
use domain::invariant::Counts;
use domain::*;
use lake::{CommitInput, Cut, CutParts, Lake, LocalStore, SegmentKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant as Clock;

/// Monday, 2025-01-06, in seconds.
const START: i64 = 1_736_121_600;
const DAYS: u64 = 84;
const PER_COMMIT: u64 = 10_000;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().unwrap());
    let (contacts, threads) = (arguments.next().unwrap_or(1_000_000), arguments.next().unwrap_or(2));
    let resources = Resources::with_threads(usize::try_from(threads).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    let mut lake = Lake::open(Arc::new(store), EpochId::from_bytes([1; 8])).unwrap();

    let mut rows = 0.0;
    for first in (0..contacts).step_by(usize::try_from(PER_COMMIT).unwrap()) {
        rows += commit(&mut lake, first..contacts.min(first + PER_COMMIT));
    }
    println!("rows to batches {rows:.2} s, lake of {} commits, peak {} MiB", lake.end().next.0, peak_mib());
    commit_dimensions(&mut lake);
    let cut = timed("full", &lake, 1, None, &resources);
    commit(&mut lake, contacts..contacts + 1_000);
    let cut = timed("incremental", &lake, 2, Some(&cut), &resources);
    let cut = timed("a day later", &lake, 2 + 86_400, Some(&cut), &resources);
    commit_dimensions(&mut lake);
    let cut = timed("new units", &lake, 3 + 86_400, Some(&cut), &resources);

    let session = Session::open(&**lake.store(), &cut, &resources, &Zone::utc()).unwrap();
    for query in ["daily", "reasons", "repeat_counts"] {
        let clock = Clock::now();
        let rows: usize = session.named(query).unwrap().map(|b| b.unwrap().num_rows()).sum();
        println!("{query}: {rows} rows in {:.2} s", clock.elapsed().as_secs_f64());
    }
}

fn timed(what: &str, lake: &Lake, as_of: i64, earlier: Option<&Cut>, resources: &Resources) -> Cut {
    let (clock, cpu, end) = (Clock::now(), cpu_seconds(), lake.end());
    // In the middle of the twelve weeks, so that resolutions become final as time goes on.
    let as_of = Instant::from_micros((START + 50 * 86_400 + as_of) * 1_000_000).unwrap();
    let parts = CutParts { epoch: lake.epoch(), positions: end.positions, as_of };
    let published = publish(lake, &parts, &Zone::utc(), earlier, resources).unwrap();
    let bytes: u64 = published.cut.manifest.files.iter().map(|f| f.bytes).sum();
    println!(
        "{what}: {:.2} s, {:.2} s of CPU, {} files written, {} kept, {} MB, peak {} MiB",
        clock.elapsed().as_secs_f64(),
        cpu_seconds() - cpu,
        published.written,
        published.kept,
        bytes / 1_000_000,
        peak_mib()
    );
    published.cut
}

/// Commits these contacts; gives the seconds that making batches of them took.
fn commit(lake: &mut Lake, numbers: std::ops::Range<u64>) -> f64 {
    let end = lake.end();
    let sequence = end.next.0;
    let contacts: Vec<Contact> = numbers.clone().map(|n| contact(n, sequence)).collect();
    let mut verdicts: Vec<Verdict> = contacts.iter().map(|c| verdict(c, sequence)).collect();
    let again = numbers.clone().step_by(5).filter_map(|n| n.checked_sub(PER_COMMIT));
    verdicts.extend(again.map(|n| verdict(&contact(n, n / PER_COMMIT), sequence)));
    let touched: BTreeSet<Day> = verdicts.iter().map(|v| v.day).collect();
    let changes: Vec<ContactChange> = contacts.into_iter().map(|c| ContactChange::Is(Box::new(c))).collect();

    let clock = Clock::now();
    let segments = vec![
        (SegmentKind::Contacts, vec![tables::contact_rows(&changes)]),
        (SegmentKind::Verdicts, vec![tables::verdict_rows(&verdicts)]),
    ];
    let took = clock.elapsed().as_secs_f64();
    let mut to = end.positions.clone();
    to.set(Topic::Facts, Partition(0), Offset(numbers.end));
    let counts = Counts { accepted: numbers.end, stored: numbers.end, ..Counts::default() };
    lake.commit(CommitInput { from: end.positions, to, segments, counts, touched }).unwrap();
    took
}

/// Commits reasons with owners, units and costs as they are at this moment.
fn commit_dimensions(lake: &mut Lake) {
    let end = lake.end();
    let reason = |n: i32| tables::ReasonRow {
        reason: format!("reason_{n}"),
        label_es: format!("¿razón {n}?"),
        label_en: format!("reason {n}?"),
        owner: format!("owner_{}", n % 9),
        grouping: None,
        customer_vote: None,
        company_vote: None,
        disposition: None,
        mechanism: None,
        unit: Some("orders".to_owned()),
    };
    let units = |day: i32| UnitsCounted {
        unit: "orders".to_owned(),
        day: Day::from_epoch_days(20_094 + day).unwrap(),
        count: 90_000 + i64::from(day),
    };
    let cost = |channel: &Channel| CostRow {
        valid_from: Day::from_epoch_days(20_000).unwrap(),
        channel: *channel,
        currency: "EUR".to_owned(),
        per_contact_micros: 1_200_000,
        per_second_micros: 8_000,
    };
    let segments = vec![
        (SegmentKind::Reasons, vec![tables::reason_rows(&(0..120).map(reason).collect::<Vec<_>>())]),
        (SegmentKind::Units, vec![tables::unit_rows(&(0..84).map(units).collect::<Vec<_>>())]),
        (SegmentKind::Costs, vec![tables::cost_rows(&Channel::ALL.iter().map(cost).collect::<Vec<_>>())]),
    ];
    let mut to = end.positions.clone();
    to.set(Topic::Governance, Partition(0), Offset(end.next.0 + 1));
    let (from, counts, touched) = (end.positions, end.counts, BTreeSet::new());
    lake.commit(CommitInput { from, to, segments, counts, touched }).unwrap();
}

/// Mixes a number, so that neighbours in a commit are far apart in time.
fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (n ^ (n >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16
}

fn record(n: u64) -> String {
    format!("C{n:010}")
}

fn id(n: u64) -> ContactId {
    ContactId::of_record("bench", "", &record(n))
}

/// The root of the chain that a contact has joined.
fn root(n: u64) -> Option<u64> {
    (n % 7 == 1).then(|| n - 1)
}

fn contact(n: u64, sequence: u64) -> Contact {
    // A member of a chain comes within five days after its root.
    let (first, later) = if root(n).is_some() { (n - 1, mix(n) % (5 * 86_400)) } else { (n, 0) };
    let second = i64::try_from(mix(first) % (DAYS * 86_400) + later).unwrap();
    let occurred_at = Instant::from_micros((START + second) * 1_000_000).unwrap();
    let day = occurred_at.day(&Zone::utc());
    let pick = |of: &[&str], salt: u64| of[usize::try_from(mix(n ^ salt)).unwrap() % of.len()].to_owned();
    let (record, id) = (record(n), id(n));
    Contact {
        id,
        sequence: Sequence(sequence),
        system: "bench".to_owned(),
        instance: String::new(),
        record,
        revision: 0,
        occurred_at,
        precision: Precision::Millisecond,
        day,
        week: day.week(),
        case: None,
        channel: Channel::ALL[usize::try_from(n % 6).unwrap()],
        channel_raw: pick(&["phone", "email", "chat", "web", "app", "social"], 1),
        direction: Direction::Inbound,
        customer_kind: CustomerKind::External,
        language: Some(pick(&["en", "es"], 2)),
        country: None,
        products: vec![pick(&["modem", "router", "television", "mobile plan"], 3)],
        orders: vec![format!("O{}", mix(n) % 5_000_000)],
        step: None,
        queue: Some(pick(&["first line", "second line", "billing"], 4)),
        agent: Some(format!("agent-{}", mix(n) % 400)),
        wait_ms: Some(i64::try_from(mix(n) % 600_000).unwrap()),
        handle_ms: Some(i64::try_from(mix(n ^ 5) % 900_000).unwrap()),
        handle_basis: HandleBasis::Measured,
        abandoned: Some(false),
        transfers: Some(0),
        resolved: Some(n.is_multiple_of(3)),
        legs: 1,
        messages: 1,
        source_reason: Some(format!("code {}", mix(n) % 120)),
        source_reasons: vec![],
        attributes: BTreeMap::from([("sector".to_owned(), pick(&["energy", "water", "rail"], 6))]),
        flags: vec![],
        facts: vec![FactId::from_bytes(*id.as_bytes())],
        provenance: Provenance { partition: Partition(0), offset: Offset(n), recorded_at: occurred_at },
    }
}

fn verdict(of: &Contact, judged: u64) -> Verdict {
    let n = of.provenance.offset.0;
    let customer = mix(n) % 300_000;
    let root = root(n).map(id);
    let proof = Proof {
        mechanism: Mechanism::StatusChase,
        rule: "status_chase/reason".into(),
        confidence_ppm: 1_000_000,
        seconds: None,
        facts: of.facts.clone(),
    };
    Verdict {
        contact: of.id,
        sequence: of.sequence,
        judged: Sequence(judged),
        day: of.day,
        customer: Some(CustomerKey::from_bytes(u128::from(customer).to_be_bytes())),
        strength: Strength::Account,
        reason: ReasonId::new(&format!("reason_{}", customer % 120)),
        basis: ReasonBasis::Rule,
        confidence_ppm: 1_000_000,
        evidence: Some(Evidence { rule: RuleId::new(&format!("rule_{}", customer % 120)), from: 3, to: 17 }),
        proofs: if customer.is_multiple_of(3) { vec![proof] } else { vec![] },
        cleared: vec![],
        said: None,
        further: vec![],
        step: None,
        at_windows: Default::default(),
        answered_once: None,
        dumb: customer.is_multiple_of(3),
        repeat: root.is_some(),
        previous: root,
        chain_root: root.unwrap_or(of.id),
        chain_position: if root.is_some() { 2 } else { 1 },
        melts_at: of.occurred_at.plus(Span::from_days(7)),
        mature_at: of.occurred_at.plus(Span::from_days(30)),
        due_at: None,
    }
}

/// CPU time of this process, all threads, which a busy machine changes less than the clock.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let ticks = |field: usize| -> f64 { after_name.split_whitespace().nth(field).unwrap().parse().unwrap() };
    (ticks(11) + ticks(12)) / 100.0
}

/// Peak memory of this process.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
