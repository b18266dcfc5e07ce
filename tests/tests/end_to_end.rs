//! The program from a file to an answer, on real contacts with independent oracles.

use crate::program::{Data, shared};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const WINDOWS: [(u64, &str); 6] =
    [(12, "12h"), (24, "1d"), (48, "2d"), (168, "7d"), (336, "14d"), (720, "30d")];

fn mapping(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mappings").join(name).display().to_string()
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).display().to_string()
}

/// 890 contacts of the UCI incident log against an oracle made without us.
#[test]
fn repeats_of_real_contacts_equal_the_oracle() {
    let Some(shared) = shared("data/uci_incident_log") else { return };
    let oracle: Value =
        serde_json::from_slice(&std::fs::read(shared.join("expected_repeat.json")).expect("oracle"))
            .expect("JSON");
    let data = Data::new();
    let file = shared.join("contacts.csv").display().to_string();
    data.done(&["import", "--source", "csv", "--mapping", &mapping("uci_incident_log.toml"), &file]);
    data.done(&["rollup"]);
    let expect: Vec<Value> = WINDOWS
        .iter()
        .map(|(hours, name)| {
            let (any, same) = (&oracle[format!("repeat_{name}")], &oracle[format!("repeat_{name}_same")]);
            json!({"window_hours": hours, "any_reason": any, "same_reason": same})
        })
        .collect();
    assert_eq!(data.json(&["sql", "--named", "repeat_counts", "--format", "json"]), Value::Array(expect));
    assert_eq!(
        data.json(&["sql", "SELECT count(*) AS n FROM contacts", "--format", "json"]),
        json!([{"n": oracle["rows"]}])
    );
}

/// One microsecond on each side of every window, and real calendar differences.
#[test]
fn windows_are_inclusive_to_the_microsecond() {
    let data = Data::new();
    data.done(&[
        "import",
        "--source",
        "csv",
        "--mapping",
        &fixture("windows/mapping.toml"),
        &fixture("windows/contacts.csv"),
    ]);
    data.done(&["rollup"]);
    let expect: Value =
        serde_json::from_slice(&std::fs::read(fixture("windows/expected.json")).expect("fixture"))
            .expect("JSON");
    assert_eq!(data.json(&["sql", "--named", "repeat_counts", "--format", "json"]), expect);
}

/// 16,017 complaints with 17,034 reasons, counted per month and sector.
#[test]
fn collected_reasons_equal_the_oracle() {
    let Some(shared) = shared("data/es_ba_consumer_complaints") else { return };
    let data = Data::new();
    let file = shared.join("stream.csv").display().to_string();
    data.done(&["import", "--source", "csv", "--mapping", &mapping("es_ba_consumer_complaints.toml"), &file]);
    data.done(&["rollup"]);
    assert_eq!(
        data.json(&["sql", "SELECT count(*) AS n FROM contacts", "--format", "json"]),
        json!([{"n": 16017}])
    );
    let query = "SELECT substr(CAST(dt AS VARCHAR), 1, 7) AS month, attributes['sector'] AS sector, \
                 sum(cardinality(source_reasons)) AS reasons FROM contacts GROUP BY 1, 2 ORDER BY 1, 2";
    let found = data.json(&["sql", query, "--format", "json"]);
    let found: BTreeMap<(String, String), u64> = found
        .as_array()
        .expect("an array")
        .iter()
        .map(|row| ((text(&row["month"]), text(&row["sector"])), row["reasons"].as_u64().expect("a count")))
        .collect();
    assert_eq!(found, oracle_by_sector(&shared.join("expected_monthly_by_sector.csv")));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn oracle_by_sector(path: &Path) -> BTreeMap<(String, String), u64> {
    let mut reader = csv::Reader::from_path(path).expect("oracle");
    let sectors: Vec<String> = reader.headers().expect("header").iter().skip(1).map(str::to_owned).collect();
    let mut out = BTreeMap::new();
    for row in reader.records() {
        let row = row.expect("row");
        for (sector, count) in sectors.iter().zip(row.iter().skip(1)) {
            let count: u64 = count.parse().expect("a count");
            if count > 0 {
                out.insert((row[0].to_owned(), sector.clone()), count);
            }
        }
    }
    out
}

/// What a second import of the same file may change: nothing that is published.
#[test]
fn a_second_import_changes_nothing() {
    let data = Data::new();
    let import = [
        "import",
        "--source",
        "csv",
        "--mapping",
        &fixture("windows/mapping.toml"),
        &fixture("windows/contacts.csv"),
    ];
    data.done(&import);
    data.done(&["rollup", "--as-of", "2025-01-01T00:00:00Z"]);
    let before = data.contacts();
    data.done(&import);
    data.done(&["rollup", "--as-of", "2025-01-01T00:00:00Z"]);
    assert!(!before.is_empty() && before == data.contacts());
}
