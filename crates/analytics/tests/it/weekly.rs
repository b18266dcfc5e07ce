//! The questions of the weekly report against their definitions in `tables`, and against counts made by hand. What
//! every figure of a whole report comes to is recounted from random inputs elsewhere (`make recount`).

use crate::world::{World, as_json, at, contact, is, verdict};
use analytics::{WeekAt, WeeklyAnswers};
use domain::*;
use lake::SegmentKind;
use serde_json::{Value, json};
use tables::Place;
use tables::weekly::QUERIES;

const WEEK: &str = "2026-W20";

/// Two weeks: one contact before, three in the week, two of them a chain that spans two channels.
fn two_weeks() -> WeeklyAnswers {
    let mut contacts = [
        contact("before", 0, at("2026-05-05T10:00:00Z")),
        contact("root", 0, at("2026-05-11T10:00:00Z")),
        contact("again", 0, at("2026-05-12T10:00:00Z")),
        contact("other", 0, at("2026-05-17T23:59:59Z")),
    ];
    contacts[2].channel = Channel::Email;
    let mut verdicts: Vec<Verdict> = contacts.iter().map(|c| verdict(c, 0)).collect();
    for member in &mut verdicts[1..3] {
        member.customer = Some(CustomerKey::from_bytes([1; 16]));
        member.reason = ReasonId::new("refund");
        member.chain_root = contacts[1].id;
    }
    (verdicts[2].repeat, verdicts[2].dumb, verdicts[2].chain_position) = (true, true, 2);
    let proof = |mechanism, rule: &'static str, seconds| Proof {
        mechanism,
        rule: rule.into(),
        confidence_ppm: 0,
        seconds,
        facts: vec![],
    };
    verdicts[2].proofs = vec![
        proof(Mechanism::Repeat, "repeat/same_case", Some(86_400)),
        proof(Mechanism::PreventableByNotice, "preventable_by_notice/known", Some(3_600)),
        proof(Mechanism::BrokenPromise, "broken_promise/overdue", Some(7_200)),
    ];
    // Proven with another lead, and with none.
    verdicts[1].proofs = vec![proof(Mechanism::PublicInfo, "public_info/document", Some(60))];
    verdicts[3].proofs = vec![proof(Mechanism::StatusChase, "status_chase/asked", None)];
    verdicts[0].proofs = vec![proof(Mechanism::PreventableByNotice, "preventable_by_notice/known", Some(5))];
    verdicts[3].cleared =
        vec![proof(Mechanism::PreventableByNotice, "preventable_by_notice/noticed", Some(9))];
    let mut world = World::new();
    world.commit(&contacts.iter().map(is).collect::<Vec<_>>(), &verdicts);
    world.commit_segments(vec![(
        SegmentKind::Sessions,
        vec![tables::session_rows(&sessions(contacts[1].id))],
    )]);
    let as_of = at("2026-05-18T00:00:00Z");
    let session = world.session(&world.publish(as_of.micros() / 1_000_000, None).cut);
    assert_eq!(session.weeks().expect("weeks").last(), IsoWeek::parse(WEEK).as_ref());
    let week = IsoWeek::parse(WEEK).and_then(|week| WeekAt::new(week, as_of, &Zone::utc())).expect("a week");
    session.weekly(&week).expect("answers")
}

/// Two of the checkout's third step in the week, one of which leaks, one of an anonymous customer, one that nothing
/// follows; and one before.
fn sessions(contact: ContactId) -> Vec<Session> {
    let customer = Some(CustomerKey::from_bytes([1; 16]));
    let session = |fact: u8, when: &str, step: Option<&str>, customer, leak: Option<ContactId>| Session {
        fact: FactId::from_bytes([fact; 16]),
        judged: Sequence(0),
        occurred_at: at(when),
        day: at(when).day(&Zone::utc()),
        customer,
        path: "checkout".into(),
        step: step.map(Into::into),
        outcome: SelfServiceOutcome::Failed,
        contact: leak,
        leak,
    };
    vec![
        session(1, "2026-05-10T23:00:00Z", Some("3"), customer, Some(contact)),
        session(2, "2026-05-11T09:00:00Z", Some("3"), customer, Some(contact)),
        session(3, "2026-05-12T09:00:00Z", Some("3"), None, None),
        session(4, "2026-05-13T09:00:00Z", None, customer, None),
    ]
}

#[test]
fn what_was_known_and_where_self_service_leaked() {
    let answers = two_weeks();
    // A contact's lead is the longest of its proofs; of two the first is the median.
    let known = json!({"contacts": 3, "known": 2, "noticed": 1, "lead_p50_s": 60, "lead_max_s": 7_200});
    assert_eq!(rows(&answers, "known_first"), [known]);
    let reason = |reason: &str, contacts: u8, known: u8| json!({"reason": reason, "label_es": null, "label_en": null, "contacts": contacts, "known": known});
    assert_eq!(rows(&answers, "known_first_reasons"), [reason("refund", 2, 2), reason("unclassified", 1, 0)]);
    let week = json!({"sessions": 3, "known": 2, "contacted": 1, "leaked": 1});
    assert_eq!(rows(&answers, "self_service"), [week]);
    let step =
        json!({"path": "checkout", "step": "3", "sessions": 2, "known": 1, "contacted": 1, "leaked": 1});
    assert_eq!(rows(&answers, "self_service_steps"), [step]);
}

fn rows(answers: &WeeklyAnswers, query: &str) -> Vec<Value> {
    as_json(&answers[query]).as_array().expect("rows").clone()
}

/// The columns of a row that these names choose.
fn chosen(row: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| row[*name].clone()).collect()
}

#[test]
fn each_question_has_the_columns_that_the_report_reads() {
    let answers = two_weeks();
    for query in QUERIES {
        let Some(batch) = answers[query.name].first() else {
            // Nothing was refused in this world.
            assert_eq!(query.name, "refused", "{} has no rows", query.name);
            continue;
        };
        let kinds = |name: &str, kind: &arrow::datatypes::DataType| (name.to_owned(), kind.clone());
        let schema = batch.schema();
        let found: Vec<_> = schema.fields().iter().map(|f| kinds(f.name(), f.data_type())).collect();
        let expected: Vec<_> =
            query.columns.iter().map(|c| kinds(c.name, &c.kind.arrow(Place::Published))).collect();
        let (mut found, mut expected) = (found, expected);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found, expected, "{}", query.name);
    }
}

#[test]
fn a_week_beside_the_one_before() {
    let answers = two_weeks();
    let headline = &rows(&answers, "headline")[0];
    let counted = ["iso_week", "complete", "contacts", "dumb", "repeats", "customers", "unclassified"];
    assert_eq!(
        chosen(headline, &counted),
        [json!(WEEK), json!(true), json!(3), json!(1), json!(1), json!(1), json!(1)]
    );
    let compared = ["contacts_before", "contacts_mean4_sum", "mean4_weeks", "units", "cost_micros"];
    assert_eq!(chosen(headline, &compared), [json!(1), json!(1), json!(1), Value::Null, Value::Null]);
    let trend: Vec<_> =
        rows(&answers, "trend").iter().map(|w| chosen(w, &["iso_week", "contacts"])).collect();
    assert_eq!(trend, [[json!("2026-W19"), json!(1)], [json!(WEEK), json!(3)]]);
    let pareto: Vec<_> = rows(&answers, "pareto")
        .iter()
        .map(|r| chosen(r, &["reason", "contacts", "cumulative", "total", "vital", "contacts_before"]))
        .collect();
    assert_eq!(
        pareto,
        [
            [json!("refund"), json!(2), json!(2), json!(3), json!(true), json!(0)],
            [json!("unclassified"), json!(1), json!(3), json!(3), json!(true), json!(1)],
        ]
    );
    let snowballs =
        chosen(&rows(&answers, "snowball_chains")[0], &["contacts", "channels", "started_on", "last_on"]);
    assert_eq!(snowballs, [json!(2), json!(2), json!("2026-05-11"), json!("2026-05-12")]);
}
