//! The judge of the truths against companies that it has not seen, and against evidence that was tampered with.
//! The evidence is counted from the company's own files, without the pipeline.

use super::super::company::{Company, Settings};
use super::*;
use classify::{Classifier, Input, Taxonomy};
use domain::Channel;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A company and what a pipeline without faults would show of it; made once for all tests.
struct Case {
    company: Company,
    evidence: Evidence,
}

static PLANTED: LazyLock<Case> = LazyLock::new(|| case(2, 8, true));
static PLAIN: LazyLock<Case> = LazyLock::new(|| case(3, 8, false));

fn case(seed: u64, weeks: u32, plants: bool) -> Case {
    let company = Company::new(Settings { seed, weeks, plants });
    let evidence = evidence(&company);
    Case { company, evidence }
}

fn evidence(company: &Company) -> Evidence {
    let plants = &company.plants;
    let contacts = contacts(company);
    let mut evidence = Evidence {
        series: series(company, &contacts),
        unowned: plants.unowned.iter().cloned().collect(),
        chains: plants.chains.iter().map(|c| (c.records[0].clone(), length(&c.records))).collect(),
        late: plants.late.clone(),
        corrected: plants
            .corrected
            .iter()
            .map(|c| [c.record.clone(), c.channel.into(), c.reason.clone()])
            .collect(),
        merged: plants.merged_customers.iter().map(|m| [m.absorbed.clone(), m.surviving.clone()]).collect(),
        uncounted: plants.merged_tickets.iter().map(|m| m.record.clone()).collect(),
        refused: plants.malformed.iter().map(|(kind, n)| ((*kind).to_owned(), u64::from(*n))).collect(),
        known_first: plants.foreseen.clone(),
        leaks: plants.leaks.clone(),
        duplicate: length(&plants.duplicated),
        ..Evidence::default()
    };
    for contact in &contacts {
        let at = contact["at"].as_str().and_then(domain::Instant::parse_rfc3339).expect("a time");
        let (_, hour) = company.calendar.hour(at).expect("within the weeks");
        evidence.hours[hour] += 1;
    }
    evidence
}

/// The newest version of every record that counts.
fn contacts(company: &Company) -> Vec<Json> {
    let mut newest: BTreeMap<String, Json> = BTreeMap::new();
    for week in 0..company.calendar.weeks() {
        let file = company.week_file(week);
        for record in file.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice::<Json>(line).ok())
        {
            let id = record["id"].as_str().unwrap_or_default().to_owned();
            if id.starts_with("C-")
                && newest.get(&id).is_none_or(|old| old["version"].as_u64() < record["version"].as_u64())
            {
                newest.insert(id, record);
            }
        }
    }
    newest.into_values().filter(|record| record["state"] != "merged").collect()
}

fn series(company: &Company, contacts: &[Json]) -> Series {
    let taxonomy =
        Taxonomy::parse(company.taxonomy_file(), "retail.toml").expect("our own taxonomy is valid");
    let classifier = Classifier::new(&taxonomy);
    let nothing = BTreeMap::new();
    let days = company.calendar.days() as usize;
    let mut series = Series { orders: vec![0; days / 7], ..Series::default() };
    for contact in contacts {
        let at = contact["at"].as_str().and_then(domain::Instant::parse_rfc3339).expect("a time");
        let (day, _) = company.calendar.hour(at).expect("within the weeks");
        let (text, language) = (contact["text"].as_str().unwrap_or_default(), contact["language"].as_str());
        let (channel, attributes) = (Channel::Unknown, &nothing);
        let input = Input { text, channel, language, source_reason: None, attributes };
        let reason = classifier.classify(&input).reason.as_str().to_owned();
        series.reasons.entry(reason).or_insert_with(|| vec![0; days])[day as usize] += 1;
    }
    let orders = company.orders_file();
    for (place, line) in orders.lines().filter(|line| line.contains(",orders,")).enumerate() {
        series.orders[place / 7] +=
            line.rsplit(',').next().and_then(|n| n.parse::<u64>().ok()).expect("a count");
    }
    series
}

/// The names of the truths that fail.
fn wrong(evidence: &Evidence, company: &Company) -> Vec<&'static str> {
    let (truths, _) = truths(evidence, &company.plants, &company.calendar);
    truths.iter().filter(|truth| !truth.ok).map(|truth| truth.name).collect()
}

#[test]
fn every_truth_is_found_in_companies_of_other_seeds_and_lengths() {
    assert_eq!(wrong(&PLANTED.evidence, &PLANTED.company), [""; 0]);
    let other = case(4, 13, true);
    assert_eq!(wrong(&other.evidence, &other.company), [""; 0]);
}

#[test]
fn nothing_is_found_where_nothing_is_planted() {
    let (truths, ratios) = truths(&PLAIN.evidence, &PLAIN.company.plants, &PLAIN.company.calendar);
    for truth in truths {
        assert_eq!((truth.found, truth.ok), (Value::None, true), "{}", truth.name);
    }
    assert_eq!(ratios, []);
}

/// The tables of a company without plants contradict every plant, and those of one with plants are not taken for
/// those of a company without.
#[test]
fn every_truth_can_fail() {
    // A reason without any change is what this plant looks like.
    let expected: Vec<&str> = NAMES.into_iter().filter(|name| *name != "fix_nothing").collect();
    assert_eq!(wrong(&PLAIN.evidence, &PLANTED.company), expected);
    assert_eq!(wrong(&PLANTED.evidence, &PLAIN.company), expected);
}

#[test]
fn small_lies_are_noticed() {
    let fewer = |evidence: &mut Evidence, reason: &str| {
        let days = evidence.series.reasons.get_mut(reason).expect("a reason");
        days[28..].iter_mut().for_each(|contacts| *contacts = *contacts * 3 / 5);
    };
    /// The truth that should notice, and a lie about it.
    type Lie<'l> = (&'l str, &'l dyn Fn(&mut Evidence));
    let lies: [Lie<'_>; 12] = [
        ("known_first", &|e| drop(e.known_first.pop())),
        ("leaks", &|e| e.leaks[0] = "C-0000001".to_owned()),
        ("chains", &|e| e.chains[7].1 += 1),
        ("late", &|e| drop(e.late.pop())),
        ("duplicated", &|e| e.duplicate += 1),
        ("corrected", &|e| e.corrected[0][1] = "fax".to_owned()),
        ("merged", &|e| e.merged[0][0] = "C-0000001".to_owned()),
        ("merged", &|e| drop(e.uncounted.pop())),
        ("malformed", &|e| *e.refused.get_mut("missing").expect("a kind") += 1),
        ("unowned_reason", &|e| e.unowned.push("order_status".to_owned())),
        ("fix_nothing", &|e| fewer(e, "order_status")),
        ("fix_works", &|e| fewer(e, "damaged_item")),
    ];
    for (name, lie) in lies {
        let mut evidence = PLANTED.evidence.clone();
        lie(&mut evidence);
        let wrong = wrong(&evidence, &PLANTED.company);
        assert!(wrong.contains(&name), "{name}: {wrong:?}");
    }
}
