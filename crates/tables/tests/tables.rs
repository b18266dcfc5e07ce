//! The tables at their boundary: rows in, record batches out, compared with a committed file.
#![allow(clippy::disallowed_methods, reason = "tests read and rewrite committed files; the crate does not")]

mod rows;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use domain::contact::ContactChange;
use domain::fact::UnitsCounted;
use domain::governance::CostRow;
use domain::reject::Refused;
use domain::*;
use rows::{contact, fact_id, verdict};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use tables::{
    CONTACT_ROWS, CONTACTS, DOC, Kind, PROVENANCE, REFUSED_ROWS, REJECT_ROWS, REJECTS, Table, VERDICT_ROWS,
};

/// Compares with a committed file, or rewrites it where `QUELL_REWRITE` is set.
fn check_file(path: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("QUELL_REWRITE").is_some() {
        std::fs::write(&path, found).expect("write");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let name = path.display();
    assert!(expected == found, "{name} differs; QUELL_REWRITE=1 rewrites it. Now:\n{found}");
}

/// One line a cell, so that a difference shows its column.
fn dump(title: &str, batch: &RecordBatch) -> String {
    let options = FormatOptions::new().with_null("null");
    let mut out = format!("== {title}: {} rows\n", batch.num_rows());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        // Arrow prints a named zone only with its zone database; here the zone is UTC.
        let local = column
            .as_primitive_opt::<TimestampMicrosecondType>()
            .map(|c| c.clone().with_timezone_opt::<&str>(None));
        let column: &dyn Array = local.as_ref().map_or(column, |c| c);
        let cells = ArrayFormatter::try_new(column, &options).expect("a printable column");
        let shown: Vec<String> = (0..batch.num_rows()).map(|row| cells.value(row).to_string()).collect();
        writeln!(out, "{}: {}", field.name(), shown.join(" | ")).expect("memory");
    }
    out
}

fn changes() -> Vec<ContactChange> {
    let full = contact("r-1", 2, "2026-05-14T10:30:00.000001Z");
    let mut bare = contact("r-2", 3, "2026-05-12T00:00:00Z");
    bare.case = None;
    (bare.language, bare.country, bare.step, bare.queue, bare.agent) = (None, None, None, None, None);
    (bare.wait_ms, bare.handle_ms, bare.abandoned, bare.transfers, bare.resolved) =
        (None, None, None, None, None);
    (bare.source_reason, bare.source_reasons, bare.products, bare.orders) = (None, vec![], vec![], vec![]);
    bare.attributes.clear();
    bare.flags.clear();
    let day = Day::parse("2026-05-13").expect("day");
    let gone = ContactChange::Gone { id: ContactId::of_record("s", "", "gone"), sequence: Sequence(4), day };
    vec![ContactChange::Is(Box::new(full)), ContactChange::Is(Box::new(bare)), gone]
}

fn verdicts() -> Vec<Verdict> {
    let full = verdict(&contact("r-1", 2, "2026-05-14T10:30:00.000001Z"), 7);
    let mut bare = verdict(&contact("r-2", 3, "2026-05-12T00:00:00Z"), 3);
    (bare.customer, bare.evidence, bare.previous, bare.due_at) = (None, None, None, None);
    (bare.proofs, bare.cleared, bare.dumb, bare.repeat) = (vec![], vec![], false, false);
    (bare.said, bare.further, bare.step, bare.answered_once) = (None, vec![], None, None);
    vec![full, bare]
}

/// The columns of both segments side by side, as the publishing job joins them.
fn joined(contacts: &RecordBatch, verdicts: &RecordBatch) -> RecordBatch {
    let pairs = |batch: &RecordBatch| {
        let schema = batch.schema();
        let names: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        names.into_iter().zip(batch.columns().to_vec()).collect::<Vec<_>>()
    };
    let mut all = pairs(contacts);
    // Of the step the verdict's column is the one that is published.
    all.retain(|(name, _)| name != "step");
    let others: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    all.extend(pairs(verdicts).into_iter().filter(|(name, _)| !others.contains(name)));
    RecordBatch::try_from_iter(all).expect("columns of one length")
}

#[test]
fn rows_of_the_lake_and_published_rows_hold_what_the_values_hold() {
    let contacts = tables::contact_rows(&changes());
    let verdicts = tables::verdict_rows(&verdicts());
    let refused = [
        (Refused { fact: fact_id(9), kind: RejectKind::Conflict }, Topic::Facts, Partition(3), Offset(8)),
        (Refused { fact: fact_id(8), kind: RejectKind::Conflict }, Topic::Facts, Partition(0), Offset(9)),
    ];
    // Rows lie by day; the one between is gone and is never published.
    let live =
        arrow::compute::take_record_batch(&contacts, &UInt32Array::from(vec![0, 2])).expect("two rows");
    let live = joined(&live, &verdicts);
    let found = [
        dump("contact_rows", &contacts),
        dump("verdict_rows", &verdicts),
        dump("refused_rows", &tables::refused_rows(&refused)),
        dump("contacts", &tables::publish(&CONTACTS, &live).expect("contacts")),
        dump("provenance", &tables::publish(&PROVENANCE, &live).expect("provenance")),
        dump("reject_rows", &tables::reject_rows(&rejects())),
        dump("reasons", &tables::reason_rows(&reasons())),
        dump("owners", &tables::owner_rows(&owners())),
        dump("units", &tables::unit_rows(&units())),
        dump("costs", &tables::cost_rows(&costs())),
    ];
    check_file("tests/rows.golden", &found.join("\n"));
}

fn rejects() -> [tables::RejectRow; 2] {
    let reject = |stage, kind, field: Option<&str>| Reject {
        stage,
        kind,
        position: "calls.csv:7".to_owned(),
        field: field.map(str::to_owned),
        expected: "a date".to_owned(),
    };
    let on = Day::parse("2026-05-20").expect("day");
    let first = reject(RejectStage::Map, RejectKind::BadTime, Some("opened_at"));
    let second = reject(RejectStage::Read, RejectKind::Malformed, None);
    [
        tables::RejectRow { id: "b1".to_owned(), reject: first, on, offset: Offset(12) },
        tables::RejectRow { id: "a2".to_owned(), reject: second, on, offset: Offset(11) },
    ]
}

fn reasons() -> [tables::ReasonRow; 2] {
    let full = tables::ReasonRow {
        reason: "late".to_owned(),
        label_es: "¿Dónde está?".to_owned(),
        label_en: "Where is it?".to_owned(),
        owner: "logistics".to_owned(),
        grouping: Some("delivery".to_owned()),
        customer_vote: Some("irritant"),
        company_vote: Some("value"),
        disposition: Some(Disposition::Simplify),
        mechanism: Some(Mechanism::StatusChase),
        unit: Some("orders".to_owned()),
    };
    let mut bare = tables::ReasonRow {
        reason: "hello".to_owned(),
        owner: UNOWNED.to_owned(),
        disposition: None,
        mechanism: None,
        ..full.clone()
    };
    (bare.grouping, bare.unit, bare.customer_vote, bare.company_vote) = (None, None, None, None);
    [full, bare]
}

fn owners() -> [tables::OwnerRow; 2] {
    ["web", "logistics"].map(|owner| tables::OwnerRow {
        owner: owner.to_owned(),
        label_es: format!("es {owner}"),
        label_en: format!("en {owner}"),
    })
}

fn units() -> [UnitsCounted; 3] {
    let counted = |day: &str, unit: &str, count| UnitsCounted {
        unit: unit.to_owned(),
        day: Day::parse(day).expect("day"),
        count,
    };
    [
        counted("2026-05-02", "orders", 0),
        counted("2026-05-01", "orders", 12),
        counted("2026-05-01", "accounts", 7),
    ]
}

fn costs() -> [CostRow; 2] {
    [Channel::Phone, Channel::Email].map(|channel| CostRow {
        valid_from: Day::parse("2026-01-01").expect("day"),
        channel,
        currency: "EUR".to_owned(),
        per_contact_micros: 1_200_000,
        per_second_micros: 8_000,
    })
}

#[test]
fn the_dictionary_is_the_committed_one() {
    check_file("../../docs/tables.md", &tables::dictionary());
}

#[test]
fn every_column_is_documented_and_named_once() {
    let segments: [&Table; 4] = [&CONTACT_ROWS, &VERDICT_ROWS, &REFUSED_ROWS, &REJECT_ROWS];
    for table in segments.into_iter().chain(tables::published()) {
        let names: BTreeSet<&str> = table.columns.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), table.columns.len(), "{}: a name stands twice", table.name);
        for field in table.schema().fields() {
            let doc = &field.metadata()[DOC];
            assert!(doc.ends_with('.') && !doc.contains('|'), "{}.{}: {doc:?}", table.name, field.name());
        }
        assert!(table.sorted_by.iter().all(|c| *c == "dt" || table.column(c).is_some()), "{}", table.name);
    }
}

#[test]
fn every_column_of_a_query_is_documented_and_named_once() {
    for query in tables::named::QUERIES.iter().chain(tables::weekly::QUERIES).chain(tables::diff::QUERIES) {
        let names: BTreeSet<&str> = query.columns.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), query.columns.len(), "{}: a name stands twice", query.name);
        for column in query.columns {
            let doc = column.doc;
            assert!(doc.ends_with('.') && !doc.contains('|'), "{}.{}: {doc:?}", query.name, column.name);
        }
    }
    for queries in [tables::named::QUERIES, tables::weekly::QUERIES, tables::diff::QUERIES] {
        assert!(queries.is_sorted_by_key(|q| q.name), "queries lie by name");
    }
    assert!(tables::weekly::query("headline").is_some() && tables::weekly::query("weekly").is_none());
}

/// What the design promises of `contacts`: no text of the customer, and none of what changes between two runs
/// over the same facts.
#[test]
fn byte_compared_tables_hold_no_place_in_the_log() {
    for name in ["recorded_at", "offset", "partition", "sequence", "judged", "facts", "text", "subject"] {
        assert_eq!(CONTACTS.column(name), None, "{name}");
    }
    for name in ["recorded_at", "offset", "partition", "sequence", "facts"] {
        assert!(PROVENANCE.column(name).is_some(), "{name}");
    }
    let has_payload =
        |t: &Table| t.columns.iter().any(|c| c.name.contains("payload") || c.name.contains("bytes"));
    assert!(!has_payload(&REJECTS) && REJECTS.column("offset").is_none());
}

#[test]
fn published_ids_are_text_and_integers_have_64_bits() {
    for table in tables::published() {
        for column in &table.columns {
            let shown = format!("{:?}", column.kind.arrow(table.place));
            assert!(!shown.contains("Binary") && !shown.contains("Int32"), "{}: {shown}", column.name);
            assert!(table.dated || column.name != tables::DT, "{}: a dimension has no dt", table.name);
        }
    }
    assert_eq!(CONTACTS.column("contact_id").map(|c| (c.kind, c.nullable)), Some((Kind::Id, false)));
}

#[test]
fn ids_print_as_the_domain_prints_them() {
    let ids: Vec<ContactChange> = (0..500)
        .map(|i| ContactChange::Is(Box::new(contact(&format!("r{i}"), 1, "2026-05-14T10:30:00Z"))))
        .collect();
    let rows = tables::contact_rows(&ids);
    let verdicts: Vec<Verdict> = ids
        .iter()
        .map(|c| match c {
            ContactChange::Is(c) => verdict(c, 1),
            ContactChange::Gone { .. } => unreachable!("all are there"),
        })
        .collect();
    let batch =
        tables::publish(&CONTACTS, &joined(&rows, &tables::verdict_rows(&verdicts))).expect("contacts");
    let mut expected: Vec<ContactId> = verdicts.iter().map(|v| v.contact).collect();
    expected.sort();
    let column = batch.column_by_name("contact_id").expect("contact_id");
    let found: Vec<&str> = column.as_string::<i32>().iter().flatten().collect();
    assert_eq!(found, expected.iter().map(ToString::to_string).collect::<Vec<_>>());
}

#[test]
fn a_null_where_the_table_promises_a_value_is_an_error_and_not_a_table() {
    let contacts = tables::contact_rows(&changes());
    let live = arrow::compute::take_record_batch(&contacts, &UInt32Array::from(vec![0, 1]))
        .expect("one of them is gone");
    let joined = joined(&live, &tables::verdict_rows(&verdicts()));
    let message = tables::publish(&CONTACTS, &joined).expect_err("a row that is gone").to_string();
    assert!(message.contains("source"), "{message}");
    let missing = tables::publish(&CONTACTS, &contacts).expect_err("no verdicts").to_string();
    assert!(missing.contains("no column customer_key"), "{missing}");
}

#[test]
fn an_empty_list_of_rows_is_an_empty_batch() {
    assert_eq!(tables::contact_rows(&[]).num_rows(), 0);
    assert_eq!(tables::verdict_rows(&[]).schema(), VERDICT_ROWS.schema());
}

#[test]
fn counts_of_contacts_stay_exact() {
    let mut one = contact("r", 1, "2026-05-14T10:30:00Z");
    (one.handle_ms, one.revision, one.legs) = (Some(i64::MAX), i64::MIN, u32::MAX);
    let rows = tables::contact_rows(&[ContactChange::Is(Box::new(one))]);
    let int = |name: &str| rows.column_by_name(name).expect(name).as_primitive::<Int64Type>().value(0);
    assert_eq!((int("handle_ms"), int("revision"), int("legs")), (i64::MAX, i64::MIN, 4_294_967_295));
    assert_eq!(rows.column_by_name("dt").expect("dt").data_type(), &DataType::Date32);
}
