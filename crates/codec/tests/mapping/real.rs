//! Real files through the committed mappings, against oracles that others computed.

use crate::run::{Outcome, deployed, run, shared};
use codec::mapping::{Draft, Format};
use domain::fact::ContactRecorded;
use domain::{Body, Precision, Strength, Zone};
use std::collections::BTreeMap;

/// The drafts of a real file, of which no row may be refused.
fn drafts(mapping: &str, file: &str) -> Option<Vec<Draft>> {
    let path = shared(file)?;
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let outcomes = run(&deployed(mapping), Format::Csv, &bytes, 1 << 16).expect("readable");
    let draft = |outcome| match outcome {
        Outcome::Draft { draft, .. } => *draft,
        Outcome::Refused { line, refusal, .. } => panic!("line {line}: {refusal}"),
    };
    Some(outcomes.into_iter().map(draft).collect())
}

fn contact(draft: &Draft) -> &ContactRecorded {
    match &draft.body {
        Body::ContactRecorded(contact) => contact,
        other => panic!("a contact, not {}", other.name()),
    }
}

#[test]
fn repeats_of_the_incident_log_equal_the_oracle() {
    let Some(drafts) = drafts("uci_incident_log.toml", "data/uci_incident_log/contacts.csv") else { return };
    assert_eq!(drafts.len(), 890);
    let path = shared("data/uci_incident_log/expected_repeat.json").expect("the oracle beside its data");
    let oracle = std::fs::read_to_string(path).expect("the oracle");
    let oracle: serde_json::Value = serde_json::from_str(&oracle).expect("JSON");
    for (window, hours) in [("12h", 12), ("1d", 24), ("2d", 48), ("7d", 168), ("14d", 336), ("30d", 720)] {
        for (name, same) in [(format!("repeat_{window}"), false), (format!("repeat_{window}_same"), true)] {
            assert_eq!(oracle[&name], repeats(&drafts, hours, same), "{name}");
        }
    }
    let customers: std::collections::HashSet<_> = drafts.iter().map(|d| d.identifier.clone()).collect();
    assert_eq!((customers.len(), drafts[0].precision), (639, Precision::Minute));
    assert!(drafts.iter().all(|d| contact(d).strength == Strength::Account));
}

/// Contacts with an earlier contact of the same customer inside the window, inclusive; equal times count in
/// the file's order.
fn repeats(drafts: &[Draft], hours: i64, same_reason: bool) -> i64 {
    let mut stable: Vec<&Draft> = drafts.iter().collect();
    stable.sort_by_key(|draft| draft.occurred_at);
    let mut count = 0;
    for (i, later) in stable.iter().enumerate() {
        let earlier = stable[..i].iter().any(|earlier| {
            earlier.identifier == later.identifier
                && later.occurred_at.since(earlier.occurred_at).micros() <= hours * 3_600_000_000
                && (!same_reason || contact(earlier).source_reason == contact(later).source_reason)
        });
        count += i64::from(earlier);
    }
    count
}

#[test]
fn complaints_by_month_and_sector_equal_the_oracle() {
    let folder = "data/es_ba_consumer_complaints";
    let Some(drafts) = drafts("es_ba_consumer_complaints.toml", &format!("{folder}/stream.csv")) else {
        return;
    };
    assert_eq!(drafts.len(), 16_017);
    let zone = Zone::named("America/Argentina/Buenos_Aires").expect("zone");
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for draft in &drafts {
        let contact = contact(draft);
        assert_eq!(contact.source_reason.as_ref(), contact.source_reasons.first());
        assert_eq!((draft.precision, &draft.identifier), (Precision::Day, &None));
        let month = draft.occurred_at.day(&zone).to_string()[..7].to_owned();
        *found.entry((month, contact.attributes["sector"].clone())).or_default() +=
            contact.source_reasons.len();
    }
    let path =
        shared(&format!("{folder}/expected_monthly_by_sector.csv")).expect("the oracle beside its data");
    let mut oracle = csv::Reader::from_path(path).expect("the oracle");
    let sectors = oracle.headers().expect("a header").clone();
    let mut expected = BTreeMap::new();
    for row in oracle.records().map(|row| row.expect("a row")) {
        for (sector, count) in sectors.iter().zip(&row).skip(1) {
            let count: f64 = count.parse().expect("a count");
            expected.insert((row[0].to_owned(), sector.to_owned()), count);
        }
    }
    expected.retain(|_, count| *count > 0.0);
    let found: BTreeMap<_, _> = found.into_iter().map(|(cell, count)| (cell, count as f64)).collect();
    assert_eq!(found, expected);
}
