//! Queries over one cut.

use crate::world::{World, as_json, at, contact, is, json, shared, verdict};
use analytics::{AnalyticsError, Format, Resources, Session, write_rows};
use arrow::array::RecordBatch;
use domain::*;
use serde_json::json;

/// Three contacts on two days, published.
fn small() -> (World, lake::Cut) {
    let mut world = World::new();
    let mut contacts = [
        contact("a", 0, at("2026-05-01T10:00:00Z")),
        contact("b", 0, at("2026-05-01T23:30:00.5Z")),
        contact("c", 0, at("2026-05-02T10:00:00Z")),
    ];
    contacts[0].attributes.insert("sector".to_owned(), "energía, \"agua\"".to_owned());
    contacts[1].products = vec!["modem".to_owned(), "a, b".to_owned()];
    contacts[2].channel = Channel::Email;
    let rows: Vec<_> = contacts.iter().map(is).collect();
    world.commit(&rows, &contacts.iter().map(|c| verdict(c, 0)).collect::<Vec<_>>());
    let cut = world.publish(1, None).cut;
    (world, cut)
}

#[test]
fn both_tables_answer_with_their_day() {
    let (world, cut) = small();
    let session = world.session(&cut);
    let answers = [
        ("SELECT count(*) AS n FROM contacts", json!([{"n": 3}])),
        ("SELECT count(*) AS n FROM provenance WHERE dt = '2026-05-01'", json!([{"n": 2}])),
        ("SELECT record_id FROM contacts WHERE dt > DATE '2026-05-01'", json!([{"record_id": "c"}])),
        ("SELECT DISTINCT dt FROM contacts ORDER BY dt LIMIT 1", json!([{"dt": "2026-05-01"}])),
        (
            "SELECT p.facts[1] AS f FROM provenance p JOIN contacts c USING (contact_id) WHERE c.channel = 'email'",
            json!([{"f": "01010101-0101-0101-0101-010101010101"}]),
        ),
        (
            "SELECT attributes['sector'] AS s FROM contacts WHERE record_id = 'a'",
            json!([{"s": "energía, \"agua\""}]),
        ),
        ("SELECT count(*) AS n FROM contacts WHERE array_has(products, 'modem')", json!([{"n": 3}])),
        (
            "SELECT iso_week, count(*) AS n FROM contacts GROUP BY ALL",
            json!([{"iso_week": "2026-W18", "n": 3}]),
        ),
    ];
    for (query, expected) in answers {
        assert_eq!(json(&session, query), expected, "{query}");
    }
}

/// A question about a day does not even open the files of other days.
#[test]
fn files_of_other_days_are_not_opened() {
    let (world, cut) = small();
    let first = cut.file("contacts", Day::parse("2026-05-01")).expect("file").path.clone();
    world.store().delete(&first).expect("delete");
    let session = world.session(&cut);
    let queries = [
        "SELECT record_id FROM contacts WHERE dt = '2026-05-02'",
        "SELECT record_id FROM contacts WHERE dt > DATE '2026-05-01' AND channel = 'email'",
        "SELECT record_id FROM contacts WHERE dt IN ('2026-05-02', '2026-05-03') LIMIT 5",
        "SELECT record_id FROM contacts WHERE dt BETWEEN '2026-05-02' AND current_date",
    ];
    for query in queries {
        assert_eq!(json(&session, query), json!([{"record_id": "c"}]), "{query}");
    }
    assert_eq!(json(&session, "SELECT record_id FROM contacts WHERE dt < '1990-01-01'"), json!([]));
}

/// Days that only the rows of a subquery decide, and filters over the day and another column.
#[test]
fn filters_that_cannot_choose_files_still_choose_rows() {
    let (world, cut) = small();
    let session = world.session(&cut);
    let queries = [
        "SELECT record_id FROM contacts WHERE dt = (SELECT max(dt) FROM provenance)",
        "SELECT record_id FROM contacts WHERE dt IN (SELECT max(dt) FROM provenance)",
        "SELECT record_id FROM contacts WHERE dt = '2026-05-02' OR record_id = 'z'",
        "SELECT record_id FROM contacts WHERE CAST(dt AS TEXT) LIKE '%02'",
    ];
    for query in queries {
        assert_eq!(json(&session, query), json!([{"record_id": "c"}]), "{query}");
    }
}

/// A file that has gone is an error that names it, never a smaller answer.
#[test]
fn a_missing_file_is_an_error_and_not_fewer_rows() {
    let (world, cut) = small();
    let first = cut.file("contacts", Day::parse("2026-05-01")).expect("file").path.clone();
    world.store().delete(&first).expect("delete");
    let session = world.session(&cut);
    let error = session
        .sql("SELECT max(record_id) FROM contacts")
        .and_then(|rows| rows.collect::<Result<Vec<_>, _>>());
    let error = error.expect_err("the file is gone");
    assert!(matches!(error, AnalyticsError::Failed { .. }), "the world failed, not the query: {error}");
    assert!(error.to_string().contains(&first), "{error}");
}

#[test]
fn a_session_keeps_to_its_cut() {
    let (mut world, cut) = small();
    let session = world.session(&cut);
    let more = contact("d", 1, at("2026-05-01T12:00:00Z"));
    world.commit(&[is(&more)], &[verdict(&more, 1)]);
    let later = world.publish(2, Some(&cut)).cut;
    let count = "SELECT count(*) AS n, max(record_id) AS last FROM contacts";
    assert_eq!(json(&session, count), json!([{"n": 3, "last": "c"}]));
    assert_eq!(json(&world.session(&later), count), json!([{"n": 4, "last": "d"}]));
}

#[test]
fn a_session_only_reads() {
    let (world, cut) = small();
    let session = world.session(&cut);
    let out = world.root.join("out.parquet");
    let copy = format!("COPY (SELECT 1) TO '{}'", out.display());
    let external = format!("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{}'", world.root.display());
    let refused = [
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        &external,
        "DROP TABLE contacts",
        "INSERT INTO contacts SELECT * FROM contacts",
        "DELETE FROM contacts",
        "UPDATE contacts SET dumb = true",
        "SET datafusion.execution.batch_size = 1",
        "PREPARE p AS SELECT 1",
        "BEGIN",
        &copy,
        "SELECT * FROM '/etc/passwd'",
    ];
    for query in refused {
        let Err(error) = session.sql(query) else { panic!("{query} was answered") };
        assert!(matches!(error, AnalyticsError::Query { .. }), "{query}: {error}");
    }
    assert!(!out.exists());
    for query in ["EXPLAIN SELECT 1", "SHOW TABLES", "DESCRIBE contacts", "SHOW COLUMNS FROM contacts"] {
        let answer: Vec<RecordBatch> =
            session.sql(query).expect(query).collect::<Result<_, _>>().expect(query);
        assert!(!answer.is_empty(), "{query}");
    }
    assert_eq!(json(&session, "SELECT count(*) AS n FROM contacts"), json!([{"n": 3}]));
}

/// A text without an offset is compared as UTC, whatever the session's zone: the column is UTC.
#[test]
fn texts_without_an_offset_are_utc() {
    let (world, cut) = small();
    let madrid = Zone::named("Europe/Madrid").expect("zone");
    let session = Session::open(world.store(), &cut, &Resources::with_threads(1), &madrid).expect("session");
    let late = "SELECT record_id FROM contacts WHERE occurred_at > '2026-05-02T01:00:00' ORDER BY record_id";
    assert_eq!(json(&session, late), json!([{"record_id": "c"}]));
}

/// A query that is dropped half-way, and one that is longer than what waits for the reader.
#[test]
fn long_answers_come_in_pieces() {
    let (world, cut) = small();
    let session = world.session(&cut);
    let long = "SELECT a.value FROM generate_series(1, 3000) a CROSS JOIN generate_series(1, 100) b";
    drop(session.sql(long).expect("begun"));
    let rows: usize = session.sql(long).expect("begun").map(|batch| batch.expect("batch").num_rows()).sum();
    assert_eq!(rows, 300_000);
}

fn written(session: &Session, query: &str, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    write_rows(session.sql(query).expect(query), format, &mut out).expect(query);
    out
}

#[test]
fn answers_come_in_four_formats() {
    let (world, cut) = small();
    let session = world.session(&cut);
    let query = "SELECT record_id, occurred_at, dt, handle_ms, dumb, products, attributes FROM contacts \
                 WHERE dt = '2026-05-01' ORDER BY record_id";
    let text = |format| String::from_utf8(written(&session, query, format)).expect("text");
    assert_eq!(
        text(Format::Csv),
        "record_id,occurred_at,dt,handle_ms,dumb,products,attributes\n\
         a,2026-05-01T10:00:00Z,2026-05-01,,false,\"[\"\"modem\"\"]\",\"{\"\"sector\"\":\"\"energía, \\\"\"agua\\\"\"\"\"}\"\n\
         b,2026-05-01T23:30:00.500Z,2026-05-01,,false,\"[\"\"modem\"\",\"\"a, b\"\"]\",{}\n"
    );
    assert_eq!(
        text(Format::Json),
        "[{\"record_id\":\"a\",\"occurred_at\":\"2026-05-01T10:00:00Z\",\"dt\":\"2026-05-01\",\"handle_ms\":null,\
         \"dumb\":false,\"products\":[\"modem\"],\"attributes\":{\"sector\":\"energía, \\\"agua\\\"\"}},\
         {\"record_id\":\"b\",\"occurred_at\":\"2026-05-01T23:30:00.500Z\",\"dt\":\"2026-05-01\",\"handle_ms\":null,\
         \"dumb\":false,\"products\":[\"modem\",\"a, b\"],\"attributes\":{}}]\n"
    );
    let table = text(Format::Table);
    assert!(table.contains("| a         | 2026-05-01T10:00:00Z"), "{table}");
    let parquet = written(&session, query, Format::Parquet);
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
}

#[test]
fn an_empty_answer_has_its_columns() {
    let (world, cut) = small();
    let session = world.session(&cut);
    let none = "SELECT record_id, products FROM contacts WHERE record_id = 'z'";
    assert_eq!(written(&session, none, Format::Csv), b"record_id,products\n");
    assert_eq!(written(&session, none, Format::Json), b"[]\n");
    let table = String::from_utf8(written(&session, none, Format::Table)).expect("text");
    assert!(table.contains("record_id"), "{table}");
}

/// The real contacts of a help desk, as an import would publish them, against a count made elsewhere.
#[test]
fn repeats_of_real_contacts_are_those_of_the_oracle() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("data/uci_incident_log");
    let mut world = World::new();
    let (mut contacts, mut verdicts) = (Vec::new(), Vec::new());
    for row in csv::Reader::from_path(folder.join("contacts.csv")).expect("csv").deserialize() {
        let row: std::collections::HashMap<String, String> = row.expect("row");
        let mut one = contact(&row["number"], 0, at(&format!("{}Z", row["opened_at"])));
        one.source_reason = Some(row["category"].clone());
        let mut said = verdict(&one, 0);
        // A surrogate as good as any: the customer's name as an id.
        let customer = ContactId::of_record("customer", "", &row["caller_id"]);
        said.customer = Some(CustomerKey::from_bytes(*customer.as_bytes()));
        contacts.push(is(&one));
        verdicts.push(said);
    }
    world.commit(&contacts, &verdicts);
    let cut = world.publish(1, None).cut;
    let answer: Vec<RecordBatch> =
        world.session(&cut).named("repeat_counts").expect("query").collect::<Result<_, _>>().expect("rows");
    let oracle = std::fs::read_to_string(folder.join("expected_repeat.json")).expect("oracle");
    let oracle: serde_json::Value = serde_json::from_str(&oracle).expect("oracle");
    assert_eq!(oracle["rows"], contacts.len());
    let expected: Vec<_> = [(12, "12h"), (24, "1d"), (48, "2d"), (168, "7d"), (336, "14d"), (720, "30d")]
        .map(|(hours, name)| {
            let (any, same) = (&oracle[format!("repeat_{name}")], &oracle[format!("repeat_{name}_same")]);
            json!({"window_hours": hours, "any_reason": any, "same_reason": same})
        })
        .into();
    assert_eq!(as_json(&answer), json!(expected));
}

/// Complaints with several reasons each, by month and sector.
#[test]
fn source_reasons_of_real_complaints_are_those_of_the_oracle() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("data/es_ba_consumer_complaints");
    let mut complaints: std::collections::BTreeMap<String, Contact> = Default::default();
    for row in csv::Reader::from_path(folder.join("stream.csv")).expect("csv").deserialize() {
        let row: std::collections::HashMap<String, String> = row.expect("row");
        let id = &row["contact_id"];
        let new = || contact(id, 0, at(&format!("{}T00:00:00Z", row["ts"])));
        let one = complaints.entry(id.clone()).or_insert_with(new);
        one.attributes.insert("sector".to_owned(), row["sector"].clone());
        one.source_reasons.push(row["reason"].clone());
    }
    let mut world = World::new();
    let rows: Vec<_> = complaints.values().map(is).collect();
    world.commit(&rows, &complaints.values().map(|c| verdict(c, 0)).collect::<Vec<_>>());
    let session = world.session(&world.publish(1, None).cut);
    assert_eq!(json(&session, "SELECT count(*) AS n FROM contacts"), json!([{"n": 16_017}]));
    let answer =
        session.named("source_reason_monthly").expect("query").collect::<Result<Vec<_>, _>>().expect("rows");
    let answer = as_json(&answer);
    let found: std::collections::BTreeMap<(String, String), u64> = answer
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().expect(name).to_owned();
            ((text("month"), text("sector")), row["source_reasons"].as_u64().expect("count"))
        })
        .collect();
    let mut oracle = csv::Reader::from_path(folder.join("expected_monthly_by_sector.csv")).expect("csv");
    let sectors: Vec<String> = oracle.headers().expect("header").iter().skip(1).map(str::to_owned).collect();
    let mut expected = std::collections::BTreeMap::new();
    for row in oracle.records() {
        let row = row.expect("row");
        for (sector, count) in sectors.iter().zip(row.iter().skip(1)) {
            let count: u64 = count.parse().expect("count");
            if count > 0 {
                expected.insert((row[0].to_owned(), sector.clone()), count);
            }
        }
    }
    assert_eq!(found, expected);
}
