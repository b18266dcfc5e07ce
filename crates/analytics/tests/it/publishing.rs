//! What is published is what the lake says last, whatever the way there.

use crate::world::{World, at, contact, files, gone, is, json, verdict};
use analytics::{AnalyticsError, Resources, Wrong, publish};
use domain::contact::ContactChange;
use domain::*;
use lake::Cut;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SHOWN: &str = "SELECT record_id, dt, handle_ms, reason FROM contacts ORDER BY record_id";

#[test]
fn the_newest_row_and_its_newest_verdict_are_published() {
    let mut world = World::new();
    let mut a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    let b = contact("b", 0, at("2026-05-01T09:00:00Z"));
    let gone_later = contact("c", 0, at("2026-05-02T09:00:00Z"));
    let all = [&a, &b, &gone_later];
    world.commit(&all.map(is), &all.map(|c| verdict(c, 0)));
    // a moves to another day, b is judged again, c goes.
    a = Contact { handle_ms: Some(5), ..contact("a", 1, at("2026-05-03T10:00:00Z")) };
    let mut again = verdict(&b, 1);
    again.reason = ReasonId::new("late");
    world.commit(&[is(&a), gone(&gone_later, 1)], &[verdict(&a, 1), again]);

    let published = world.publish(1, None);
    let expected = json!([
        {"record_id": "a", "dt": "2026-05-03", "handle_ms": 5, "reason": "unclassified"},
        {"record_id": "b", "dt": "2026-05-01", "handle_ms": null, "reason": "late"},
    ]);
    assert_eq!(json(&world.session(&published.cut), SHOWN), expected);
    let days: Vec<String> =
        published.cut.files("contacts").filter_map(|f| f.day).map(|d| d.to_string()).collect();
    assert_eq!(days, ["2026-05-01", "2026-05-03"], "a day without contacts has no file");
    let of_contacts = |f: &&lake::FileRef| ["contacts", "provenance"].contains(&f.table.as_str());
    assert_eq!(published.cut.manifest.files.iter().filter(of_contacts).count(), 4);
    assert_eq!((published.written, published.kept), (published.cut.manifest.files.len(), 0));
    assert_eq!(published.cut.manifest.counts, world.lake.end().counts);
    assert!(published.cut.verify(world.store()).is_empty());
}

#[test]
fn rows_of_a_day_lie_by_time_and_id() {
    let mut world = World::new();
    let contacts: Vec<Contact> = (0..40)
        .map(|i| contact(&format!("r{i}"), 0, at(&format!("2026-05-01T10:{:02}:00Z", i % 5))))
        .collect();
    let rows: Vec<ContactChange> = contacts.iter().map(is).collect();
    world.commit(&rows, &contacts.iter().map(|c| verdict(c, 0)).collect::<Vec<_>>());
    let cut = world.publish(1, None).cut;
    // One file is read in its own order.
    let rows = json(&world.session(&cut), "SELECT occurred_at, contact_id FROM contacts");
    let key = |row: &Value| (row["occurred_at"].to_string(), row["contact_id"].to_string());
    let found: Vec<_> = rows.as_array().expect("rows").iter().map(key).collect();
    assert_eq!(found.len(), 40);
    assert!(found.is_sorted(), "{found:?}");
    let ids = json(&world.session(&cut), "SELECT contact_id FROM provenance");
    assert_eq!(
        ids,
        json(&world.session(&cut), "SELECT contact_id FROM contacts"),
        "provenance lies likewise"
    );
}

#[test]
fn an_empty_lake_gives_an_empty_cut_that_answers() {
    let world = World::new();
    let published = world.publish(1, None);
    assert!(published.cut.manifest.files.is_empty());
    assert_eq!(json(&world.session(&published.cut), "SELECT count(*) AS n FROM contacts"), json!([{"n": 0}]));
}

#[test]
fn a_published_cut_is_found_and_not_written_again() {
    let mut world = World::new();
    let a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    world.commit(&[is(&a)], &[verdict(&a, 0)]);
    let first = world.publish(1, None);
    let second = world.publish(1, None);
    assert_eq!((second.cut, second.written, second.kept), (first.cut, 0, 0));
}

#[test]
fn a_cut_at_an_earlier_commit_does_not_see_later_ones() {
    let mut world = World::new();
    let a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    world.commit(&[is(&a)], &[verdict(&a, 0)]);
    let early = world.parts(1);
    let full = world.publish(2, None).cut;
    let moved = Contact { sequence: Sequence(1), ..contact("a", 1, at("2026-05-02T10:00:00Z")) };
    world.commit(&[is(&moved)], &[verdict(&moved, 1)]);
    let later = world.publish(3, None).cut;
    // A later cut is no base for an earlier one.
    let early = publish(&world.lake, &early, &Zone::utc(), Some(&later), &Resources::with_threads(1))
        .expect("publish");
    assert_eq!((files(&early.cut), early.kept), (files(&full), 0));
    assert_ne!(files(&later), files(&full));
}

#[test]
fn positions_between_two_commits_are_refused() {
    let mut world = World::new();
    let a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    world.commit(&[is(&a)], &[verdict(&a, 0)]);
    let mut parts = world.parts(1);
    parts.positions.set(Topic::Facts, Partition(0), Offset(9));
    let error = publish(&world.lake, &parts, &Zone::utc(), None, &Resources::with_threads(1))
        .expect_err("no such commit");
    assert!(matches!(error, AnalyticsError::NotAtCommit { .. }), "{error}");
    assert!(error.to_string().contains("facts/0=9"), "{error}");
}

/// P3: rather no table than a wrong one.
#[test]
fn a_lake_that_contradicts_itself_is_refused_by_the_contact_s_name() {
    let a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    let other_day = contact("a", 0, at("2026-05-09T10:00:00Z"));
    let same_day = contact("a", 0, at("2026-05-01T11:00:00Z"));
    let cases: [(&str, Vec<ContactChange>, Vec<Verdict>, Wrong); 5] = [
        ("no verdict", vec![is(&a)], vec![], Wrong::Unjudged),
        ("two rows of one day", vec![is(&a), is(&same_day)], vec![verdict(&a, 0)], Wrong::Twice),
        ("two rows of two days", vec![is(&a), is(&other_day)], vec![verdict(&a, 0)], Wrong::Twice),
        ("here and gone at once", vec![is(&a), gone(&a, 0)], vec![verdict(&a, 0)], Wrong::Twice),
        ("two verdicts", vec![is(&a)], vec![verdict(&a, 0), verdict(&a, 0)], Wrong::Twice),
    ];
    for (case, contacts, verdicts, expected) in cases {
        let mut world = World::new();
        world.commit(&contacts, &verdicts);
        let error = world.try_publish(1, None).expect_err(case);
        let AnalyticsError::Contact { contact, wrong } = &error else { panic!("{case}: {error}") };
        assert_eq!((*contact, *wrong), (a.id, expected), "{case}");
        assert!(error.to_string().contains(&a.id.to_string()), "{error}");
        assert!(lake::open_cut(world.store(), world.parts(1).id()).expect("store").is_none(), "{case}");
    }
}

/// A row that is said anew without being judged anew keeps its verdict; a verdict said anew of an old row counts.
#[test]
fn rows_and_verdicts_are_said_anew_by_themselves() {
    let mut world = World::new();
    let a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    world.commit(&[is(&a)], &[verdict(&a, 0)]);
    let newer = Contact { handle_ms: Some(1), sequence: Sequence(1), ..a.clone() };
    world.commit(&[is(&newer)], &[]);
    let overridden = Verdict { dumb: true, sequence: Sequence(2), ..verdict(&a, 2) };
    world.commit(&[], &[overridden]);
    let cut = world.publish(1, None).cut;
    let query = "SELECT handle_ms, dumb FROM contacts";
    assert_eq!(json(&world.session(&cut), query), serde_json::json!([{"handle_ms": 1, "dumb": true}]));
}

#[test]
fn a_missing_segment_is_an_error_and_not_a_smaller_table() {
    let mut world = World::new();
    for (sequence, name) in ["a", "b"].into_iter().enumerate() {
        let one = contact(name, sequence as u64, at("2026-05-01T10:00:00Z"));
        world.commit(&[is(&one)], &[verdict(&one, sequence as u64)]);
    }
    let segment = world.lake.segments(lake::SegmentKind::Contacts).next().expect("segment").path.clone();
    world.store().delete(&segment).expect("delete");
    let error = world.try_publish(1, None).expect_err("missing").to_string();
    assert!(error.contains(&segment) && !error.contains('\n'), "{error}");
}

#[test]
fn a_store_may_lie_in_a_folder_of_any_name() {
    let mut world = World::at("año [1] *? %20#x");
    let a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    world.commit(&[is(&a)], &[verdict(&a, 0)]);
    let cut = world.publish(1, None).cut;
    assert_eq!(json(&world.session(&cut), "SELECT count(*) AS n FROM contacts"), json!([{"n": 1}]));
}

/// Once the columns of a span without any contact left were unknown, and nothing could be published.
#[test]
fn a_day_whose_contacts_are_all_gone_has_no_file() {
    let mut world = World::new();
    let a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    let b = contact("b", 0, at("2026-05-20T10:00:00Z"));
    world.commit(&[is(&a), is(&b)], &[verdict(&a, 0), verdict(&b, 0)]);
    let first = world.publish(1, None).cut;
    world.commit(&[gone(&a, 1)], &[]);
    let days = |cut: &Cut| cut.files("contacts").count();
    assert_eq!(days(&world.publish(1, Some(&first)).cut), 1);
    world.commit(&[gone(&b, 2)], &[]);
    let none = world.publish(1, None).cut;
    assert_eq!((days(&none), none.manifest.files.len()), (0, 0));
}

#[test]
fn a_cut_made_by_another_version_of_the_job_is_no_base() {
    let mut world = World::new();
    let a = contact("a", 0, at("2026-05-01T10:00:00Z"));
    world.commit(&[is(&a)], &[verdict(&a, 0)]);
    let mut cut = world.publish(1, None).cut;
    let all = cut.manifest.files.len();
    assert_eq!(world.publish(2, Some(&cut)).kept, all);
    cut.manifest.extra.clear();
    assert_eq!(world.publish(3, Some(&cut)).kept, 0);
}

/// One step of a random history. Contacts and days are small numbers, so that they meet.
#[derive(Debug, Clone)]
enum Step {
    /// The contact is (again) there, on a day, at a minute of it.
    Is(u8, u8, u8),
    /// The contact goes.
    Gone(u8),
    /// Judge says something else of it.
    Judge(u8),
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        5 => (0..10_u8, 0..6_u8, 0..3_u8).prop_map(|(c, day, minute)| Step::Is(c, day, minute)),
        1 => (0..10_u8).prop_map(Step::Gone),
        2 => (0..10_u8).prop_map(Step::Judge),
    ];
    prop::collection::vec(prop::collection::vec(step, 0..8), 1..5)
}

/// What should be published: by contact its newest row and the reason last given.
type Model = BTreeMap<u8, (Contact, String)>;

/// Commits one batch of steps, each contact at most once, and carries the model along.
fn commit(world: &mut World, model: &mut Model, steps: &[Step]) {
    let next = world.next();
    let (mut changes, mut verdicts): (BTreeMap<u8, ContactChange>, BTreeMap<u8, Verdict>) =
        Default::default();
    for step in steps {
        let (Step::Is(c, ..) | Step::Gone(c) | Step::Judge(c)) = step;
        if changes.contains_key(c) || verdicts.contains_key(c) {
            continue;
        }
        match step {
            Step::Is(c, day, minute) => {
                let when = at(&format!("2026-05-{:02}T10:{minute:02}:00Z", day + 1));
                let row = Contact { handle_ms: Some(next as i64), ..contact(&c.to_string(), next, when) };
                changes.insert(*c, is(&row));
                judge(&mut verdicts, *c, &row, next);
                model.insert(*c, (row, format!("reason {next}")));
            }
            Step::Gone(c) => {
                if let Some((row, _)) = model.remove(c) {
                    changes.insert(*c, gone(&row, next));
                }
            }
            Step::Judge(c) => {
                if let Some((row, reason)) = model.get_mut(c) {
                    judge(&mut verdicts, *c, row, next);
                    *reason = format!("reason {next}");
                }
            }
        }
    }
    let changes: Vec<ContactChange> = changes.into_values().collect();
    world.commit(&changes, &verdicts.into_values().collect::<Vec<_>>());
}

fn judge(verdicts: &mut BTreeMap<u8, Verdict>, c: u8, row: &Contact, judged: u64) {
    let reason = ReasonId::new(&format!("reason {judged}"));
    verdicts.insert(c, Verdict { reason, ..verdict(row, judged) });
}

fn shown(model: &Model) -> Value {
    let row = |(contact, reason): &(Contact, String)| {
        json!({
            "record_id": contact.record, "dt": contact.day.to_string(),
            "handle_ms": contact.handle_ms, "reason": reason,
        })
    };
    model.values().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// P11 and P4: after every commit, publishing what was touched gives the bytes of publishing everything,
    /// with any number of threads, and the rows are those of the model.
    #[test]
    fn incremental_publishing_is_full_publishing(history in steps(), threads in 1..4_usize) {
        let mut world = World::new();
        let mut model = Model::new();
        let mut earlier: Option<Cut> = None;
        for (i, steps) in history.iter().enumerate() {
            commit(&mut world, &mut model, steps);
            // Now and then a cut is left out, so that the next one spans several commits.
            if i % 3 == 1 {
                continue;
            }
            let as_of = i as i64;
            let incremental = world.publish(as_of, earlier.as_ref()).cut;
            let all = publish(&world.lake, &world.parts(1_000 + as_of), &Zone::utc(), None, &Resources::with_threads(threads));
            prop_assert_eq!(files(&incremental), files(&all.expect("publish").cut));
            prop_assert!(incremental.verify(world.store()).is_empty());
            prop_assert_eq!(json(&world.session(&incremental), SHOWN), shown(&model));
            earlier = Some(incremental);
        }
    }
}

/// Incremental publishing must also be less work, or it would prove nothing.
#[test]
fn untouched_days_are_taken_over() {
    let mut world = World::new();
    let contacts: Vec<Contact> =
        (1..=9).map(|d| contact(&format!("r{d}"), 0, at(&format!("2026-05-0{d}T10:00:00Z")))).collect();
    let rows: Vec<ContactChange> = contacts.iter().map(is).collect();
    world.commit(&rows, &contacts.iter().map(|c| verdict(c, 0)).collect::<Vec<_>>());
    let first = world.publish(1, None).cut;
    // r5 moves from the 5th to the 6th: both days change, and no other.
    let moved = contact("r5", 1, at("2026-05-06T11:00:00Z"));
    world.commit(&[is(&moved)], &[verdict(&moved, 1)]);
    let second = world.publish(2, Some(&first));
    let kept = |earlier: &Cut, later: &Cut| {
        let days = |cut: &Cut| cut.files("contacts").map(|f| (f.day, f.sha256)).collect::<BTreeSet<_>>();
        days(earlier).intersection(&days(later)).count()
    };
    assert_eq!(kept(&first, &second.cut), 7);
    assert!(second.kept > 3 * second.written, "{} kept, {} written", second.kept, second.written);
    assert!(second.cut.file("contacts", Day::parse("2026-05-05")).is_none(), "nobody is left on that day");
    // A commit may say that more is touched than its rows show.
    let day = Day::parse("2026-05-01").expect("day");
    world.commit_touching(&[], &[], [day].into());
    let third = world.publish(3, Some(&second.cut));
    assert!(third.written > 0 && third.kept > 3 * third.written, "{} written", third.written);
    assert_eq!(files(&third.cut), files(&second.cut));
}
