//! Answers as the queries give them, by the columns that `tables` defines, and what is read of them.

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use domain::{CutId, EpochId, Instant, IsoWeek, Zone};
use report::Lang;
use report::diff::{Diff, Epoch, Pair, Provenance};
use report::weekly::Answers;
use std::sync::Arc;
use tables::Kind;

/// A value of a row.
#[derive(Clone, Copy)]
enum V {
    T(&'static str),
    N(i64),
    B(bool),
    Null,
}

use V::{B, N, Null, T};

/// The rows of a query, in the order of its columns.
fn rows(query: &str, rows: &[Vec<V>]) -> (&'static str, Vec<RecordBatch>) {
    let query = tables::diff::QUERIES.iter().find(|q| q.name == query).expect("a query");
    let column = |at: usize| -> ArrayRef {
        let values = rows.iter().map(|row| row[at]);
        match query.columns[at].kind {
            Kind::Text => Arc::new(
                values.map(|v| if let T(text) = v { Some(text) } else { None }).collect::<StringArray>(),
            ),
            Kind::Bool => Arc::new(
                values.map(|v| if let B(flag) = v { Some(flag) } else { None }).collect::<BooleanArray>(),
            ),
            _ => Arc::new(values.map(|v| if let N(n) = v { Some(n) } else { None }).collect::<Int64Array>()),
        }
    };
    let columns = query.columns.iter().enumerate().map(|(at, c)| (c.name, column(at), true));
    (query.name, vec![RecordBatch::try_from_iter_with_nullable(columns).expect("columns")])
}

/// Contacts, avoidable in A and B, turned both ways, chains changed, erased.
type Figures = (i64, [i64; 2], [i64; 2], i64, i64);

/// A cell whose contacts cost two euros each.
fn cell(from: V, to: V, (contacts, dumb, turned, chains, erased): Figures) -> Vec<V> {
    let of = |side: V, n: i64| if matches!(side, Null) { 0 } else { n };
    let cost = |side: V, n: i64| if matches!(side, Null) { Null } else { N(2_000_000 * n) };
    vec![
        from,
        to,
        N(contacts),
        N(dumb[0]),
        N(dumb[1]),
        N(turned[0]),
        N(turned[1]),
        N(of(from, contacts)),
        N(of(to, contacts)),
        cost(from, contacts),
        cost(to, contacts),
        cost(from, dumb[0]),
        cost(to, dumb[1]),
        N(chains),
        N(erased),
    ]
}

fn reason(
    id: &'static str,
    a: Option<(&'static str, &'static str)>,
    b: Option<(&'static str, &'static str)>,
) -> Vec<V> {
    let label = |of: Option<(&'static str, &'static str)>| of.map_or(Null, |(label, _)| T(label));
    let owner = |of: Option<(&'static str, &'static str)>| of.map_or(Null, |(_, owner)| T(owner));
    vec![T(id), B(a.is_some()), B(b.is_some()), label(a), label(a), label(b), label(b), owner(a), owner(b)]
}

fn sample(from: V, to: V, place: i64, decided: [(&'static str, Option<&'static str>, i64); 2]) -> Vec<V> {
    const IDS: [&str; 4] = [
        "00b5cd1a-13ab-5b86-9b2a-6a5ab9b0a001",
        "0121a3c7-64c5-5a6a-8c63-90a8f1a1b002",
        "01a7d2ef-0c1e-5f7b-9d1e-1cb3ab7fc003",
        "02d1e8a0-77aa-5d11-8f0b-4b1e0be0d004",
    ];
    let one = |side: V, value: V| if matches!(side, Null) { Null } else { value };
    let [a, b] = decided;
    let rule = |rule: Option<&'static str>| rule.map_or(Null, T);
    vec![
        from,
        to,
        N(place),
        T(IDS[usize::try_from(place - 1).expect("few")]),
        one(from, T(a.0)),
        one(to, T(b.0)),
        one(from, rule(a.1)),
        one(to, rule(b.1)),
        one(from, N(a.2)),
        one(to, N(b.2)),
    ]
}

/// A shop whose draft splits a reason, merges two, renames one, finds more and has lost somebody's words.
pub fn shop_answers() -> Answers {
    let (delivery, late, lost) = (T("delivery"), T("late"), T("lost_parcel"));
    let (login, password, access) = (T("login"), T("password"), T("access"));
    let (invoice, bill, refund, none) = (T("invoice"), T("bill"), T("refund"), T("unclassified"));
    let cells = [
        cell(delivery, delivery, (4, [2, 2], [0, 0], 0, 4)),
        cell(delivery, late, (500, [300, 340], [60, 20], 12, 0)),
        cell(delivery, lost, (160, [100, 160], [60, 0], 3, 0)),
        cell(invoice, bill, (200, [0, 0], [0, 0], 0, 0)),
        cell(login, access, (100, [90, 90], [0, 0], 25, 0)),
        cell(password, access, (100, [70, 70], [0, 0], 30, 0)),
        cell(refund, refund, (766, [400, 400], [0, 0], 1, 0)),
        cell(refund, none, (30, [10, 0], [0, 10], 2, 0)),
        cell(none, bill, (0, [0, 0], [0, 0], 0, 0)),
        cell(none, late, (100, [0, 90], [90, 0], 8, 0)),
        cell(none, refund, (20, [0, 4], [4, 0], 0, 0)),
        cell(none, none, (80, [0, 0], [0, 0], 0, 0)),
        cell(refund, Null, (2, [1, 0], [0, 0], 0, 0)),
        cell(Null, refund, (1, [0, 1], [0, 0], 0, 0)),
    ];
    let cells: Vec<Vec<V>> = cells.into_iter().filter(|c| !matches!(c[2], N(0))).collect();
    let reasons = [
        reason("access", None, Some(("I cannot get in", "web"))),
        reason("bill", None, Some(("What is this bill?", "billing"))),
        reason("delivery", Some(("Where is my parcel?", "logistics")), None),
        reason("invoice", Some(("What is this bill?", "billing")), None),
        reason("late", None, Some(("My parcel is late", "logistics"))),
        reason("login", Some(("I cannot log in", "web")), None),
        reason("lost_parcel", None, Some(("My parcel is lost", "logistics"))),
        reason("password", Some(("I forgot my password", "web")), None),
        reason("refund", Some(("Where is my refund?", "billing")), Some(("Where is my refund?", "payments"))),
        reason("unclassified", Some(("unclassified", "unowned")), Some(("unclassified", "unowned"))),
    ];
    let rule = |id| ("rule", Some(id), 1_000_000);
    let nothing = ("unclassified", None, 0);
    let samples = [
        sample(delivery, late, 1, [rule("delivery#1"), rule("late#2")]),
        sample(delivery, late, 2, [rule("delivery#1"), ("model", None, 873_499)]),
        sample(delivery, late, 3, [("model", None, 700_000), rule("late#1")]),
        sample(delivery, late, 4, [rule("delivery#2"), rule("late#1")]),
        sample(none, late, 1, [nothing, rule("late#2")]),
        sample(refund, none, 1, [("override", None, 1_000_000), nothing]),
        sample(refund, Null, 1, [("source", None, 1_000_000), nothing]),
        sample(delivery, delivery, 1, [("erased", None, 0), ("erased", None, 0)]),
    ];
    let summary = [vec![T("EUR"), N(140), N(151), N(412), N(440)]];
    Answers::from([
        rows("cells", &cells),
        rows("reasons", &reasons),
        rows("samples", &samples),
        rows("summary", &summary),
    ])
}

fn epoch(name: &str, byte: u8) -> Epoch {
    Epoch {
        name: name.to_owned(),
        id: EpochId::from_bytes([byte; 8]),
        cut: CutId::from_bytes([byte + 1; 8]),
        manifest_sha256: format!("{byte:02x}").repeat(32),
        taxonomy: Some(format!("shop {byte}")),
    }
}

fn provenance(week: Option<&str>) -> Provenance {
    Provenance {
        epochs: Pair { a: epoch("live", 1), b: epoch("draft", 3) },
        positions: "facts/0=2068 company/0=4 governance/0=7".to_owned(),
        as_of: Instant::parse_rfc3339("2026-05-17T22:00:00Z").expect("an instant"),
        zone: Zone::named("Europe/Madrid").expect("a zone"),
        week: week.and_then(IsoWeek::parse),
        version: "0.0.0".to_owned(),
    }
}

pub fn shop() -> Diff {
    Diff::read(&shop_answers(), provenance(None)).expect("a diff")
}

/// One week of a company that has set no costs.
pub fn no_costs() -> Diff {
    let mut diff = Diff::read(&shop_answers(), provenance(Some("2026-W20"))).expect("a diff");
    diff.currency = None;
    for cell in &mut diff.cells {
        cell.costed = Pair::default();
        cell.cost_micros = Pair::default();
        cell.dumb_cost_micros = Pair::default();
    }
    diff
}

/// Two epochs that say the same of every contact.
fn same() -> Diff {
    let mut diff = shop();
    diff.cells.retain(|cell| cell.from.as_deref() == Some("refund") && cell.is_kept());
    diff.reasons.retain(|r| r.a.is_some() && r.b.is_some());
    (diff.chained.b, diff.chains.b) = (diff.chained.a, diff.chains.a);
    diff
}

/// More reasons than are shown one by one, in words that nobody would choose.
fn hostile() -> Diff {
    let mut diff = shop();
    let moved = diff.cells.iter().find(|c| !c.is_kept()).expect("a move").clone();
    for n in 0..30_u64 {
        let id = format!("reason_{n:02}_{}", "with_a_very_long_id".repeat(3));
        let mut cell = moved.clone();
        (cell.to, cell.contacts) = (Some(id.clone()), 1_000_000_000 + n);
        diff.cells.push(cell);
        let mut reason = diff.reasons[0].clone();
        reason.id = id;
        let named = &mut reason.b.as_mut().expect("B has it").named;
        named.en = Some("<script>alert('x')</script> \u{202e}evil\u{1b}[31m & \"quoted\" ".repeat(2));
        named.es = Some("أين طلبي؟".to_owned());
        diff.reasons.push(reason);
    }
    diff
}

/// No contact at all.
fn empty() -> Diff {
    let mut diff = shop();
    diff.cells.clear();
    (diff.currency, diff.chains, diff.chained) = (None, Pair::default(), Pair::default());
    diff
}

pub fn all() -> Vec<(&'static str, Diff)> {
    vec![
        ("shop", shop()),
        ("no_costs", no_costs()),
        ("same", same()),
        ("hostile", hostile()),
        ("empty", empty()),
    ]
}

/// Written by the rules of each language and not by the report's own code.
pub fn grouped(lang: Lang, n: u64) -> String {
    let digits = n.to_string();
    let mut groups: Vec<&str> =
        digits.as_bytes().rchunks(3).map(|g| std::str::from_utf8(g).expect("digits")).collect();
    groups.reverse();
    groups.join(lang.pick(",", "."))
}
