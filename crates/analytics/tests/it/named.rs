//! The named queries against what `tables` promises of them, and against counts made by hand.

use crate::world::{World, as_json, at, contact, is, verdict};
use analytics::{NAMED, Session, named_query};
use arrow::datatypes::{Field, FieldRef};
use domain::*;
use lake::Cut;
use serde_json::{Value, json};
use tables::Place;
use tables::named::QUERIES;

fn answer(session: &Session, name: &str) -> Value {
    as_json(&session.named(name).expect(name).collect::<Result<Vec<_>, _>>().expect(name))
}

#[test]
fn each_query_has_the_columns_and_words_that_the_dictionary_shows() {
    let world = World::new();
    let session = world.session(&world.publish(1, None).cut);
    let documented: Vec<(&str, &str)> = QUERIES.iter().map(|q| (q.name, q.doc)).collect();
    let there: Vec<(&str, &str)> = NAMED.iter().map(|q| (q.name, q.description())).collect();
    assert_eq!(there, documented);
    for query in QUERIES {
        let rows = session.named(query.name).expect(query.name);
        let kind = |f: &FieldRef| (f.name().clone(), f.data_type().clone());
        let found: Vec<_> = rows.schema().fields().iter().map(kind).collect();
        let plain = |c: &tables::Column| -> Field { c.field(Place::Published) };
        let expected: Vec<_> = query.columns.iter().map(plain).map(|f| kind(&f.into())).collect();
        assert_eq!(found, expected, "{}", query.name);
        rows.collect_all().expect("answers without rows too");
    }
}

#[test]
fn an_unknown_name_is_answered_with_those_there_are() {
    let error = named_query("repeats").expect_err("unknown").to_string();
    assert!(
        error.contains("\"repeats\"") && error.contains("repeat_counts, sensitivity, source_reason_monthly"),
        "{error}"
    );
}

/// Contacts of two customers and an anonymous one around the edges of a window of 12 hours.
fn edges() -> World {
    let first = at("2026-05-01T00:00:00Z");
    let after = |micros: i64| first.plus(Span::from_micros(micros));
    let window = Span::from_hours(12).micros();
    // record, customer, time, reason
    let rows = [
        ("exactly", 1, first, Some("x")),
        ("exactly-2", 1, after(window), Some("y")),
        ("later", 2, first, Some("x")),
        ("later-2", 2, after(window + 1), Some("x")),
        ("sooner", 3, first, Some("?")),
        ("sooner-2", 3, after(window - 1), Some("?")),
        ("equal", 4, first, None),
        ("equal-2", 4, first, None),
        // The nearest has another reason, the one before it the same.
        ("mixed", 5, first, Some("x")),
        ("mixed-2", 5, after(1), Some("y")),
        ("mixed-3", 5, after(2), Some("x")),
        ("anonymous", 0, first, Some("x")),
        ("anonymous-2", 0, first, Some("x")),
    ];
    let mut world = World::new();
    let (mut contacts, mut verdicts) = (Vec::new(), Vec::new());
    for (record, customer, when, reason) in rows {
        let mut one = contact(record, 0, when);
        one.source_reason = reason.map(str::to_owned);
        let customer = (customer > 0).then(|| CustomerKey::from_bytes([customer; 16]));
        verdicts.push(Verdict { customer, ..verdict(&one, 0) });
        contacts.push(is(&one));
    }
    world.commit(&contacts, &verdicts);
    world
}

#[test]
fn the_window_of_repeats_includes_its_end_and_equal_times() {
    let world = edges();
    let session = world.session(&world.publish(1, None).cut);
    let all = answer(&session, "repeat_counts");
    let row = |hours: u32| all.as_array().expect("rows").iter().find(|r| r["window_hours"] == hours).cloned();
    // exactly-2, sooner-2, one of the equal ones, mixed-2, mixed-3; same reason: sooner-2, mixed-3.
    assert_eq!(row(12), Some(json!({"window_hours": 12, "any_reason": 5, "same_reason": 2})));
    // later-2 as well.
    assert_eq!(row(24), Some(json!({"window_hours": 24, "any_reason": 6, "same_reason": 3})));
    assert_eq!(all.as_array().expect("rows").len(), 6);
}

#[test]
fn windows_without_repeats_count_nothing() {
    let world = World::new();
    let session = world.session(&world.publish(1, None).cut);
    assert_eq!(
        answer(&session, "repeat_counts")[5],
        json!({"window_hours": 720, "any_reason": 0, "same_reason": 0})
    );
}

/// Whether it is a repeat, and whether another follows, with 7, 14 and 30 days.
fn windows(repeat: [bool; 3], again: [bool; 3]) -> [AtWindow; 3] {
    [0, 1, 2].map(|w| AtWindow { repeat: repeat[w], again: again[w] })
}

/// Two weeks, looked at exactly 14 days after the first contact and 7 days after the third.
fn first_contacts() -> (World, Cut) {
    let (no, yes, longer) = ([false; 3], [true; 3], [false, true, true]);
    let as_of = at("2026-05-18T10:00:00Z");
    // record, time, windows, no reply, and how long its maturity is off, in days
    let rows = [
        ("followed after 11 days", "2026-05-04T10:00:00Z", windows(no, longer), Some(true), 0),
        ("followed at once", "2026-05-05T10:00:00Z", windows(no, yes), Some(false), 0),
        ("follows at once", "2026-05-06T10:00:00Z", windows(yes, no), Some(true), 0),
        ("7 days old", "2026-05-11T10:00:00Z", windows(no, no), Some(true), 30),
        ("a microsecond younger", "2026-05-11T10:00:00.000001Z", windows(no, no), None, 0),
        ("follows after 11 days", "2026-05-15T10:00:00Z", windows(longer, no), None, 0),
    ];
    let mut world = World::new();
    let (mut contacts, mut verdicts) = (Vec::new(), Vec::new());
    for (record, when, at_windows, answered_once, matures) in rows {
        let one = contact(record, 0, at(when));
        let mature_at = one.occurred_at.plus(Span::from_days(matures));
        verdicts.push(Verdict { at_windows, answered_once, mature_at, ..verdict(&one, 0) });
        contacts.push(is(&one));
    }
    world.commit(&contacts, &verdicts);
    let cut = world.publish_at(as_of, None, 2).cut;
    (world, cut)
}

#[test]
fn first_contact_resolution_is_of_mature_contacts_alone() {
    let row = |iso_week: &str, variant: &str, [first, provisional, resolved]: [u8; 3], rate: Option<f64>| {
        json!({
            "iso_week": iso_week, "variant": variant, "first_contacts": first, "provisional": provisional,
            "resolved": resolved, "rate": rate,
        })
    };
    let expected = json!([
        row("2026-W19", "7d", [2, 0, 1], Some(0.5)),
        row("2026-W19", "14d", [2, 1, 0], Some(0.0)),
        row("2026-W19", "30d", [2, 2, 0], None),
        row("2026-W19", "no_reply", [3, 0, 2], Some(2.0 / 3.0)),
        row("2026-W20", "7d", [3, 2, 1], Some(1.0)),
        row("2026-W20", "14d", [2, 2, 0], None),
        row("2026-W20", "30d", [2, 2, 0], None),
        row("2026-W20", "no_reply", [1, 1, 0], None),
    ]);
    let (world, cut) = first_contacts();
    assert_eq!(answer(&world.session(&cut), "first_contact"), expected);
}

#[test]
fn a_longer_window_has_more_repeats() {
    let third = 1.0 / 3.0;
    let expected = json!([
        {
            "iso_week": "2026-W19", "contacts": 3, "repeats_7d": 1, "repeats_14d": 1, "repeats_30d": 1,
            "share_7d": third, "share_14d": third, "share_30d": third,
        },
        {
            "iso_week": "2026-W20", "contacts": 3, "repeats_7d": 0, "repeats_14d": 1, "repeats_30d": 1,
            "share_7d": 0.0, "share_14d": third, "share_30d": third,
        },
    ]);
    let (world, cut) = first_contacts();
    assert_eq!(answer(&world.session(&cut), "sensitivity"), expected);
}

#[test]
fn the_small_counts_count() {
    let mut world = World::new();
    let mut contacts = [
        contact("a", 0, at("2026-05-03T10:00:00Z")),
        contact("b", 0, at("2026-05-04T10:00:00Z")),
        contact("c", 0, at("2026-05-04T11:00:00Z")),
    ];
    (contacts[0].handle_ms, contacts[0].source_reason) = (Some(5), Some("solo".to_owned()));
    contacts[1].source_reasons = vec!["one".to_owned(), "two".to_owned()];
    let mut verdicts: Vec<Verdict> = contacts.iter().map(|c| verdict(c, 0)).collect();
    let proof =
        |mechanism| Proof { mechanism, rule: "r".into(), confidence_ppm: 0, seconds: None, facts: vec![] };
    verdicts[0].proofs = vec![proof(Mechanism::StatusChase), proof(Mechanism::Repeat)];
    (verdicts[0].dumb, verdicts[0].repeat, verdicts[0].reason) = (true, true, ReasonId::new("late"));
    verdicts[0].customer = Some(CustomerKey::from_bytes([1; 16]));
    world.commit(&contacts.iter().map(is).collect::<Vec<_>>(), &verdicts);
    let session = world.session(&world.publish(1, None).cut);
    let cases = [
        (
            "daily",
            json!([
                {"dt": "2026-05-03", "contacts": 1, "dumb": 1, "repeats": 1, "customers": 1},
                {"dt": "2026-05-04", "contacts": 2, "dumb": 0, "repeats": 0, "customers": 0},
            ]),
        ),
        (
            "weekly",
            json!([
                {"iso_week": "2026-W18", "contacts": 1, "dumb": 1, "repeats": 1, "customers": 1},
                {"iso_week": "2026-W19", "contacts": 2, "dumb": 0, "repeats": 0, "customers": 0},
            ]),
        ),
        (
            "channels",
            json!([
                {"channel": "phone", "channel_raw": "Phone", "contacts": 3, "dumb": 1, "repeats": 1, "customers": 1},
            ]),
        ),
        (
            "reasons",
            json!([
                {"reason": "unclassified", "contacts": 2, "dumb": 0, "repeats": 0, "customers": 0, "handled": 0, "handle_ms": null},
                {"reason": "late", "contacts": 1, "dumb": 1, "repeats": 1, "customers": 1, "handled": 1, "handle_ms": 5},
            ]),
        ),
        (
            "mechanisms",
            json!([{"mechanism": "repeat", "contacts": 1}, {"mechanism": "status_chase", "contacts": 1}]),
        ),
        (
            "source_reasons",
            json!([
                {"source_reason": "one", "contacts": 1, "dumb": 0, "repeats": 0},
                {"source_reason": "solo", "contacts": 1, "dumb": 1, "repeats": 1},
                {"source_reason": "two", "contacts": 1, "dumb": 0, "repeats": 0},
                {"source_reason": null, "contacts": 1, "dumb": 0, "repeats": 0},
            ]),
        ),
        (
            "source_reason_monthly",
            json!([{"month": "2026-05", "sector": null, "source_reasons": 3, "contacts": 3}]),
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(answer(&session, name), expected, "{name}");
    }
}
