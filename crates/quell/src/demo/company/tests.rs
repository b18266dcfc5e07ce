//! The company is what it says it is, whatever the seed.

use super::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const SMALL: Settings = Settings { seed: 5, weeks: WEEKS_LEAST, plants: true };

fn files(company: &Company) -> Vec<Vec<u8>> {
    let weeks = (0..company.calendar.weeks()).map(|week| company.week_file(week));
    weeks
        .chain([company.orders_file(), company.merges_file(), company.plants_file()].map(String::into_bytes))
        .chain([company.status_file(), company.sessions_file()])
        .collect()
}

/// The lines of all weeks that are JSON, those that must be refused included.
fn records(company: &Company) -> Vec<Value> {
    let weeks: Vec<Vec<u8>> = (0..company.calendar.weeks()).map(|week| company.week_file(week)).collect();
    let lines = weeks.iter().flat_map(|file| file.split(|byte| *byte == b'\n'));
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

#[test]
fn equal_settings_give_equal_bytes() {
    let again = || files(&Company::new(SMALL));
    let first = again();
    assert_eq!(first, again());
    assert_ne!(first, files(&Company::new(Settings { seed: 6, ..SMALL })));
}

#[test]
fn the_mix_names_leaves_of_the_taxonomy() {
    let reasons = Reasons::read(true);
    for (id, weight) in mix::MIX {
        assert_eq!(reasons.weight(reasons.place(id)), *weight, "{id}");
    }
    let planted = planned(12, &reasons);
    assert!(planted.unowned.is_some(), "one leaf belongs to nobody");
    assert!(
        mix::MIX.iter().any(|(id, _)| !planted.concerns(id)),
        "chains need reasons without another plant"
    );
}

#[test]
fn every_plant_is_there_in_its_size() {
    let company = Company::new(SMALL);
    let plants = &company.plants;
    let sizes = [plants.chains.len(), plants.merged_customers.len(), plants.merged_tickets.len()];
    assert_eq!(sizes, [CHAINS, DOUBLES, TWINS].map(|n| n as usize));
    assert_eq!([plants.late.len(), plants.duplicated.len(), plants.corrected.len()], [300, 400, 120]);
    assert!(plants.chains.iter().all(|chain| (3..=6).contains(&chain.records.len())));
    let file: Value = serde_json::from_str(&company.plants_file()).expect("JSON");
    let names: Vec<&str> =
        file["plants"].as_array().expect("plants").iter().filter_map(|p| p["name"].as_str()).collect();
    assert_eq!(names, NAMES);
}

/// No record is chosen for two plants, so that each can be counted alone.
#[test]
fn plants_do_not_touch_each_other() {
    let company = Company::new(SMALL);
    let plants = &company.plants;
    let chained = plants.chains.iter().flat_map(|chain| &chain.records);
    let merged = plants.merged_customers.iter().flat_map(|m| [&m.surviving, &m.absorbed]);
    let tickets = plants.merged_tickets.iter().flat_map(|m| [&m.record, &m.into]);
    let corrected = plants.corrected.iter().map(|c| &c.record);
    let all =
        chained.chain(merged).chain(tickets).chain(&plants.late).chain(&plants.duplicated).chain(corrected);
    let mut seen = BTreeSet::new();
    all.for_each(|record| assert!(seen.insert(record), "{record} is planted twice"));
}

#[test]
fn deliveries_hold_every_contact_once_more_than_planted() {
    let company = Company::new(SMALL);
    let mut versions: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for record in records(&company).iter().filter(|r| r["id"].as_str().is_some_and(|id| id.starts_with("C-")))
    {
        let id = record["id"].as_str().expect("a text").to_owned();
        versions.entry(id).or_default().push(record["version"].as_u64().expect("a version"));
    }
    assert_eq!(versions.len(), company.contacts.len());
    let of = |wanted: &[u64]| versions.values().filter(|found| *found == wanted).count();
    let plants = &company.plants;
    assert_eq!(of(&[1, 1]), plants.duplicated.len());
    assert_eq!(of(&[1, 2]), plants.corrected.len() + plants.merged_tickets.len());
    assert_eq!(of(&[1]), versions.len() - of(&[1, 1]) - of(&[1, 2]));
}

#[test]
fn a_company_without_plants_has_none() {
    let company = Company::new(Settings { plants: false, ..SMALL });
    assert_eq!(company.plants, Plants::default());
    let records = records(&company);
    assert_eq!(records.len(), company.contacts());
    assert!(records.iter().all(|r| r["version"] == 1 && r["state"] == "closed"));
    assert_eq!(company.merges_file().lines().count(), 1);
    assert!(company.status_file().is_empty() && company.sessions_file().is_empty());
}

/// Everyday customers begin an issue once and come back once, so that all longer chains are planted.
#[test]
fn everyday_issues_have_two_contacts_at_most() {
    let company = Company::new(Settings { plants: false, ..SMALL });
    let mut issues: BTreeMap<(Customer, usize), u32> = BTreeMap::new();
    for contact in &company.contacts {
        if let Some(customer) = contact.customer {
            *issues.entry((customer, contact.reason)).or_default() += 1;
        }
    }
    assert!(issues.values().all(|contacts| *contacts <= 2));
    let back = issues.values().filter(|contacts| **contacts == 2).count() * 100 / company.contacts.len();
    assert!((10..=25).contains(&back), "{back} % of all contacts are repeats");
}
