//! What trend tables promise, case by case.

use super::history::{History, Proven, Saying};
use crate::world::{World, at, contact, files, is, json, verdict};
use analytics::{AnalyticsError, Resources, publish};
use domain::*;
use lake::{Cut, SegmentKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn day(text: &str) -> Day {
    Day::parse(text).expect(text)
}

/// A contact by phone that says nothing else.
fn plain(when: &str, reason: &'static str) -> Saying {
    Saying {
        at: at(when),
        channel: Channel::Phone,
        reason,
        basis: ReasonBasis::Rule,
        code: None,
        customer: None,
        group: None,
        proofs: vec![],
        cleared: vec![],
        handle_ms: None,
        abandoned: None,
        transfers: None,
        matures: 48,
    }
}

fn say(history: &mut History, sayings: Vec<Saying>) {
    history.commit(&(0..).zip(sayings.into_iter().map(Some)).collect::<BTreeMap<_, _>>());
}

fn shown(history: &History, cut: &Cut, query: &str) -> Value {
    json(&history.worlds[0].session(cut), query)
}

fn cut(history: &History, as_of: &str, earlier: Option<&Cut>) -> Cut {
    history.worlds[0].publish_at(at(as_of), earlier, 2).cut
}

#[test]
fn weeks_are_those_of_the_tenant_s_zone() {
    let mut history = History::new("Europe/Madrid");
    say(
        &mut history,
        vec![
            // The clock goes forward in the night to this Sunday; Monday begins at 22:00 UTC.
            plain("2026-03-28T23:30:00Z", "late"),
            plain("2026-03-29T21:59:59Z", "late"),
            plain("2026-03-29T22:00:00Z", "late"),
            // A year of 53 weeks: in Madrid January 4th begins at 23:00 UTC.
            plain("2026-12-31T23:30:00Z", "late"),
            plain("2027-01-03T22:59:59Z", "late"),
            plain("2027-01-03T23:00:00Z", "late"),
        ],
    );
    let cut = cut(&history, "2027-01-03T23:00:00Z", None);
    let query =
        "SELECT CAST(dt AS TEXT) AS monday, iso_week, complete, contacts FROM reason_weekly ORDER BY dt";
    let week = |monday: &str, iso_week: &str, complete: bool, contacts: u8| json!({"monday": monday, "iso_week": iso_week, "complete": complete, "contacts": contacts});
    let expected = json!([
        week("2026-03-23", "2026-W13", true, 2),
        week("2026-03-30", "2026-W14", true, 1),
        week("2026-12-28", "2026-W53", true, 2),
        week("2027-01-04", "2027-W01", false, 1),
    ]);
    assert_eq!(shown(&history, &cut, query), expected);
    let movers = "SELECT iso_week, contacts, contacts_before, change FROM movers_weekly ORDER BY dt";
    let moved = |week: &str, now: i8, before: i8| json!({"iso_week": week, "contacts": now, "contacts_before": before, "change": now - before});
    // The first week has no rows; a week without contacts has some where the one before had any.
    let expected = json!([
        moved("2026-W14", 1, 2),
        moved("2026-W15", 0, 1),
        moved("2026-W53", 2, 0),
        moved("2027-W01", 1, 2),
    ]);
    assert_eq!(shown(&history, &cut, movers), expected);
}

#[test]
fn without_units_and_costs_figures_are_null_and_not_0() {
    let mut history = History::new("UTC");
    say(&mut history, vec![plain("2026-03-16T10:00:00Z", "late"), plain("2026-03-23T10:00:00Z", "late")]);
    let bare = cut(&history, "2026-03-30T00:00:00Z", None);
    let weekly = "SELECT handle_ms, costed, cost_micros, dumb_cost_micros, handle_p50_ms, unit, units, unit_days, cpx, \
                  cpx_net FROM reason_weekly LIMIT 1";
    let expected = json!([{
        "handle_ms": null, "costed": 0, "cost_micros": null, "dumb_cost_micros": null, "handle_p50_ms": null,
        "unit": null, "units": null, "unit_days": 0, "cpx": null, "cpx_net": null,
    }]);
    assert_eq!(shown(&history, &bare, weekly), expected);
    let effects = "SELECT change, growth_effect, rate_effect, units, units_before FROM movers_weekly";
    let unknown = json!([
        {"change": 0, "growth_effect": null, "rate_effect": null, "units": null, "units_before": null},
    ]);
    assert_eq!(shown(&history, &bare, effects), unknown);
    // Units of one week alone, then none at all in the other.
    history.commit_reasons(&[("late", None, Some("orders")), (UNCLASSIFIED, None, None)]);
    history.commit_units(&[(day("2026-03-23"), "orders", 200)]);
    let one = cut(&history, "2026-03-30T00:00:00Z", Some(&bare));
    let cpx = "SELECT units, unit_days, cpx FROM reason_weekly ORDER BY dt";
    let expected = json!([
        {"units": null, "unit_days": 0, "cpx": null},
        {"units": 200, "unit_days": 1, "cpx": 0.5},
    ]);
    assert_eq!(shown(&history, &one, cpx), expected);
    assert_eq!(
        shown(&history, &one, "SELECT cpx, unit FROM owners_weekly LIMIT 1"),
        json!([{"cpx": null, "unit": null}])
    );
    history.commit_units(&[(day("2026-03-16"), "orders", 0)]);
    let none = cut(&history, "2026-03-30T00:00:00Z", Some(&one));
    let expected = json!([
        {"change": 0, "growth_effect": null, "rate_effect": null, "units": 200, "units_before": 0},
    ]);
    assert_eq!(shown(&history, &none, effects), expected);
}

#[test]
fn growth_and_rate_add_up_to_the_change() {
    let mut history = History::new("UTC");
    let late = |when: &str, count: usize| vec![plain(when, "late"); count];
    say(&mut history, [late("2026-03-16T10:00:00Z", 9), late("2026-03-23T10:00:00Z", 4)].concat());
    history.commit_reasons(&[("late", None, Some("orders"))]);
    history.commit_units(&[(day("2026-03-16"), "orders", 100), (day("2026-03-24"), "orders", 50)]);
    let cut = cut(&history, "2026-03-30T00:00:00Z", None);
    // 9 · (50 − 100) / 100 = −4.5, rounded away from 0.
    let effects = "SELECT contacts, contacts_before, change, growth_effect, rate_effect FROM movers_weekly";
    let expected = json!([
        {"contacts": 4, "contacts_before": 9, "change": -5, "growth_effect": -5, "rate_effect": 0},
    ]);
    assert_eq!(shown(&history, &cut, effects), expected);
}

#[test]
fn a_contact_costs_what_its_channel_costs_on_its_day() {
    let mut history = History::new("UTC");
    let handled = |when: &str, handle_ms| Saying { handle_ms, ..plain(when, "late") };
    let mail = Saying { channel: Channel::Email, ..plain("2026-03-18T10:00:00Z", "late") };
    say(
        &mut history,
        vec![
            handled("2026-03-15T10:00:00Z", Some(1_000)),
            handled("2026-03-16T10:00:00Z", Some(1_500)),
            handled("2026-03-17T10:00:00Z", None),
            handled("2026-03-18T10:00:00Z", Some(1_500)),
            mail,
        ],
    );
    history.commit_costs(&[
        (day("2026-03-16"), Channel::Phone, 1_000, 3),
        (day("2026-03-18"), Channel::Phone, 2_000, 0),
        (day("2026-03-18"), Channel::Chat, 9_999, 9_999),
    ]);
    let cut = cut(&history, "2026-03-30T00:00:00Z", None);
    let query = "SELECT CAST(dt AS TEXT) AS day, channel, costed, cost_micros FROM channel_daily ORDER BY dt, channel";
    let row = |day: &str, channel: &str, costed: u8, cost: Value| json!({"day": day, "channel": channel, "costed": costed, "cost_micros": cost});
    // 3 · 1.5 s = 4.5 micro-units, rounded half up.
    let expected = json!([
        row("2026-03-15", "phone", 0, Value::Null),
        row("2026-03-16", "phone", 1, json!(1_005)),
        row("2026-03-17", "phone", 1, json!(1_000)),
        row("2026-03-18", "email", 0, Value::Null),
        row("2026-03-18", "phone", 1, json!(2_000)),
    ]);
    assert_eq!(shown(&history, &cut, query), expected);
}

/// Σ over reasons = Σ over owners = Σ over channels = contacts.
#[test]
fn all_margins_are_the_contacts() {
    let mut history = History::new("Europe/Madrid");
    let reasons = ["late", "broken", UNCLASSIFIED, "foreign"];
    let channels = [Channel::Phone, Channel::Chat, Channel::Email];
    let asked = Proven { mechanism: Mechanism::StatusChase, rule: "status_chase/asked", seconds: None };
    let saying = |n: usize| Saying {
        channel: channels[n % 3],
        customer: [None, Some(1), Some(2), Some(3), Some(4)][n % 5],
        handle_ms: Some(n as i64),
        proofs: vec![asked; usize::from(n.is_multiple_of(4))],
        ..plain(&format!("2026-03-{:02}T10:00:00Z", 10 + n % 20), reasons[n % 4])
    };
    say(&mut history, (0..120).map(saying).collect());
    history.commit_reasons(&[("late", Some("web"), None), ("broken", Some("web"), None)]);
    history.commit_costs(&[(day("2026-01-01"), Channel::Phone, 7, 11)]);
    let cut = cut(&history, "2026-03-20T00:00:00Z", None);
    let sums = |table: &str| {
        let measures =
            ["contacts", "dumb", "repeats", "handled", "handle_ms", "costed", "cost_micros", "provisional"];
        let sums: Vec<String> = measures.iter().map(|m| format!("sum({m}) AS {m}")).collect();
        shown(&history, &cut, &format!("SELECT {} FROM {table}", sums.join(", ")))
    };
    let by_reason = sums("reason_daily");
    assert_eq!(by_reason[0]["contacts"], 120);
    for table in ["channel_daily", "reason_weekly", "owners_weekly"] {
        assert_eq!(sums(table), by_reason, "{table}");
    }
    let owners = "SELECT owner, max(reasons) AS reasons FROM owners_weekly GROUP BY owner ORDER BY owner";
    let expected = json!([{"owner": "unowned", "reasons": 2}, {"owner": "web", "reasons": 2}]);
    assert_eq!(shown(&history, &cut, owners), expected);
}

/// Two reasons of one id would count their contacts twice.
#[test]
fn a_table_that_counts_a_contact_twice_is_not_published() {
    let mut history = History::new("UTC");
    say(&mut history, vec![plain("2026-03-16T10:00:00Z", "late")]);
    history.commit_reasons(&[("late", Some("web"), None)]);
    let rows = one_reason_twice();
    history.worlds[0].commit_segments(vec![(SegmentKind::Reasons, vec![rows])]);
    let world = &history.worlds[0];
    let error = publish(&world.lake, &world.parts(1), &Zone::utc(), None, &Resources::with_threads(1));
    let error = error.expect_err("two reasons of one id");
    assert!(matches!(&error, AnalyticsError::Margin { expected: 1, .. }), "{error}");
    assert!(error.to_string().contains("on 2026-03-16, expected 1; nothing was published"), "{error}");
}

fn one_reason_twice() -> arrow::array::RecordBatch {
    let row = |owner: &str| tables::ReasonRow {
        reason: "late".to_owned(),
        label_es: String::new(),
        label_en: String::new(),
        owner: owner.to_owned(),
        grouping: None,
        customer_vote: None,
        company_vote: None,
        disposition: None,
        mechanism: None,
        unit: None,
    };
    tables::reason_rows(&[row("web"), row("shop")])
}

/// Incremental publishing must also be less work.
#[test]
fn what_nothing_has_touched_is_taken_over() {
    let mut history = History::new("UTC");
    let weeks = ["2026-03-16", "2026-03-23", "2026-03-30", "2026-04-06"];
    say(&mut history, weeks.iter().map(|day| plain(&format!("{day}T10:00:00Z"), "late")).collect());
    let first = cut(&history, "2026-04-20T00:00:00Z", None);
    let written = |cut: &Cut, earlier: &Cut| -> BTreeSet<String> {
        let before: BTreeSet<_> = files(earlier).into_iter().collect();
        let name = |(table, day, ..): (String, Option<Day>, u64, [u8; 32])| match day {
            Some(day) => format!("{table} {day}"),
            None => table,
        };
        files(cut).into_iter().filter(|f| !before.contains(f)).map(name).collect()
    };
    let names = |texts: &[&str]| -> BTreeSet<String> { texts.iter().map(|t| (*t).to_owned()).collect() };
    // A second contact in the second week: its day, its week, and the movers of that week and the next.
    history.commit(&[(9, Some(plain("2026-03-23T11:00:00Z", "late")))].into());
    let published = history.worlds[0].publish_at(at("2026-04-20T00:00:00Z"), Some(&first), 2);
    let second = published.cut.clone();
    let expected = names(&[
        "channel_daily 2026-03-23",
        "contacts 2026-03-23",
        "movers_weekly 2026-03-23",
        "movers_weekly 2026-03-30",
        "owners_weekly 2026-03-23",
        "provenance 2026-03-23",
        "reason_daily 2026-03-23",
        "reason_weekly 2026-03-23",
    ]);
    assert_eq!(written(&second, &first), expected);
    // The movers of the week after the last are looked at as well, and have no rows.
    assert_eq!((published.written, published.kept), (8, 19));
    // Time goes back by a week: one week is not complete any more, and its contact is provisional again.
    let third = cut(&history, "2026-04-07T00:00:00Z", Some(&second));
    let expected = names(&[
        "channel_daily 2026-04-06",
        "movers_weekly 2026-04-06",
        "owners_weekly 2026-04-06",
        "reason_daily 2026-04-06",
        "reason_weekly 2026-04-06",
    ]);
    assert_eq!(written(&third, &second), expected);
    // New costs change no contact.
    history.commit_costs(&[(day("2026-01-01"), Channel::Phone, 1, 1)]);
    let fourth = history.worlds[0].publish_at(at("2026-04-07T00:00:00Z"), Some(&third), 2);
    let changed = written(&fourth.cut, &third);
    assert!(
        changed.iter().all(|f| !f.starts_with("contacts") && !f.starts_with("provenance")),
        "{changed:?}"
    );
    assert!(changed.contains("costs") && changed.contains("reason_daily 2026-03-16"), "{changed:?}");
}

/// A chain lies on its root's day, whatever day its last contact has.
#[test]
fn a_chain_changes_on_its_root_s_day() {
    let mut history = History::new("UTC");
    let linked = |when: &str| Saying { group: Some(1), customer: Some(7), ..plain(when, "late") };
    say(&mut history, vec![linked("2026-03-16T10:00:00Z"), plain("2026-03-18T10:00:00Z", "late")]);
    let alone = cut(&history, "2026-03-20T00:00:00Z", None);
    assert_eq!(shown(&history, &alone, "SELECT count(*) AS n FROM chains"), json!([{"n": 0}]));
    let steps = [
        (
            vec![(2, Some(linked("2026-03-17T10:00:00Z")))],
            "2026-03-20T00:00:00Z",
            json!([
                {"day": "2026-03-16", "contacts": 2, "repeats": 1, "melted": false},
            ]),
        ),
        (
            vec![],
            "2026-03-20T10:00:00Z",
            json!([
                {"day": "2026-03-16", "contacts": 2, "repeats": 1, "melted": true},
            ]),
        ),
        (
            vec![(3, Some(linked("2026-03-19T10:00:00Z")))],
            "2026-03-20T10:00:00Z",
            json!([
                {"day": "2026-03-16", "contacts": 3, "repeats": 2, "melted": false},
            ]),
        ),
        // An earlier root, then none.
        (
            vec![(4, Some(linked("2026-03-14T10:00:00Z")))],
            "2026-03-20T10:00:00Z",
            json!([
                {"day": "2026-03-14", "contacts": 4, "repeats": 3, "melted": false},
            ]),
        ),
        (vec![(0, None), (2, None), (3, None)], "2026-03-20T10:00:00Z", json!([])),
    ];
    let mut earlier = alone;
    let query = "SELECT CAST(dt AS TEXT) AS day, contacts, repeats, melted FROM chains";
    for (said, as_of, expected) in steps {
        history.commit(&said.into_iter().collect());
        earlier = cut(&history, as_of, Some(&earlier));
        assert_eq!(shown(&history, &earlier, query), expected);
    }
}

/// A root that was alone and is not said anew when others join it.
#[test]
fn a_root_that_nobody_mentions_is_found() {
    let mut world = World::new();
    let root = contact("root", 0, at("2026-03-16T10:00:00Z"));
    let other = contact("other", 0, at("2026-03-17T10:00:00Z"));
    world.commit(&[is(&root), is(&other)], &[verdict(&root, 0), verdict(&other, 0)]);
    let first = world.publish(1, None).cut;
    let joined = Verdict { chain_root: root.id, chain_position: 2, repeat: true, ..verdict(&other, 1) };
    world.commit(&[], &[joined]);
    let second = world.publish(1, Some(&first)).cut;
    let chains = json(&world.session(&second), "SELECT CAST(dt AS TEXT) AS day, contacts FROM chains");
    assert_eq!(chains, json!([{"day": "2026-03-16", "contacts": 2}]));
}

#[test]
fn what_was_refused_is_listed_once_on_the_day_of_its_last_refusal() {
    let mut world = World::new();
    let refused = |id: &str, on: &str, kind, offset| tables::RejectRow {
        id: id.to_owned(),
        reject: Reject {
            stage: RejectStage::Map,
            kind,
            position: "may.csv:7".to_owned(),
            field: None,
            expected: "a date".to_owned(),
        },
        on: day(on),
        offset: Offset(offset),
    };
    let commit = |world: &mut World, rows: &[tables::RejectRow]| {
        world.commit_segments(vec![(SegmentKind::Rejects, vec![tables::reject_rows(rows)])]);
    };
    let (bad, missing) = (RejectKind::BadTime, RejectKind::Missing);
    commit(&mut world, &[refused("a", "2026-05-01", bad, 0), refused("b", "2026-05-01", bad, 1)]);
    let first = world.publish(1, None).cut;
    let query = "SELECT reject_id, CAST(dt AS TEXT) AS day, kind FROM rejects ORDER BY reject_id";
    let row = |id: &str, day: &str, kind: &str| json!({"reject_id": id, "day": day, "kind": kind});
    let expected = json!([row("a", "2026-05-01", "bad_time"), row("b", "2026-05-01", "bad_time")]);
    assert_eq!(json(&world.session(&first), query), expected);
    commit(&mut world, &[refused("a", "2026-05-03", missing, 2), refused("c", "2026-05-03", bad, 3)]);
    let second = world.publish(1, Some(&first)).cut;
    let expected = json!([
        row("a", "2026-05-03", "missing"),
        row("b", "2026-05-01", "bad_time"),
        row("c", "2026-05-03", "bad_time"),
    ]);
    assert_eq!(json(&world.session(&second), query), expected);
    assert_eq!(files(&world.publish(2, None).cut), files(&second), "incremental is full");
}

#[test]
fn dimensions_are_one_file_each_and_the_newest_segment_counts() {
    let mut history = History::new("UTC");
    history.commit_reasons(&[("late", Some("web"), None)]);
    history.commit_units(&[(day("2026-03-16"), "orders", 1)]);
    let first = cut(&history, "2026-03-20T00:00:00Z", None);
    history.commit_units(&[(day("2026-03-16"), "orders", 2), (day("2026-03-15"), "visits", 3)]);
    let second = cut(&history, "2026-03-20T00:00:00Z", Some(&first));
    let units = json!([
        {"day": "2026-03-15", "unit": "visits", "count": 3},
        {"day": "2026-03-16", "unit": "orders", "count": 2},
    ]);
    assert_eq!(shown(&history, &second, "SELECT * FROM units"), units);
    assert_eq!(
        shown(&history, &second, "SELECT reason, owner FROM reasons"),
        json!([{"reason": "late", "owner": "web"}])
    );
    assert_eq!(shown(&history, &second, "SELECT count(*) AS n FROM costs"), json!([{"n": 0}]));
    assert!(second.file("units", None).is_some() && second.file("costs", None).is_none());
    let glob = second.glob(history.worlds[0].store(), "units").expect("a file");
    assert!(glob.ends_with("units/units.parquet"), "{}", glob.display());
}

/// A cut from before there were trend tables has none: no answer is better than one of no rows.
#[test]
fn an_older_cut_has_no_trend_tables() {
    let mut world = World::new();
    let one = contact("a", 0, at("2026-05-01T10:00:00Z"));
    world.commit(&[is(&one)], &[verdict(&one, 0)]);
    let mut old = world.publish(1, None).cut;
    assert_eq!(json(&world.session(&old), "SELECT count(*) AS n FROM chains"), json!([{"n": 0}]));
    old.manifest.extra.remove("trends_made_by");
    old.manifest.files.retain(|f| f.table == "contacts" || f.table == "provenance");
    let error = world.session(&old).sql("SELECT count(*) FROM reason_daily").err().expect("no such table");
    assert!(error.to_string().contains("reason_daily"), "{error}");
    // It is still a base for contacts, and everything else is written anew.
    let next = world.publish(2, Some(&old));
    assert_eq!(next.kept, 2);
    assert_eq!(files(&next.cut), files(&world.publish(3, None).cut));
}
