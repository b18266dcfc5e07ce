//! A proof is one minimal sufficient set: without any member, folded again, it is gone, and nothing that is left of it
//! proves the same; and what is in no proof, and clears none, changes no flag.

mod common;

use common::{acts, placed, rules, tame};
use domain::contact::ContactChange;
use domain::*;
use engine::{Assemble, Judge, Ruleset};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A contact's verdict and the records it is made of.
type Judged = (Verdict, Vec<FactId>);

fn fold(rules: &Arc<Ruleset>, facts: impl Iterator<Item = Fact>) -> BTreeMap<ContactId, Judged> {
    let (company, facts): (Vec<_>, Vec<_>) = facts.map(placed).partition(|f| f.topic == Topic::Company);
    let said = Assemble::new(Arc::clone(rules)).apply(facts, &company, Sequence(1));
    let records: BTreeMap<ContactId, Vec<FactId>> = said.contacts.into_iter().filter_map(records).collect();
    let verdicts = Judge::new(Arc::clone(rules)).apply(said.judge, Sequence(1)).verdicts;
    verdicts.into_iter().map(|v| (v.contact, (v.clone(), records[&v.contact].clone()))).collect()
}

fn records(change: ContactChange) -> Option<(ContactId, Vec<FactId>)> {
    match change {
        ContactChange::Is(contact) => Some((contact.id, contact.facts)),
        ContactChange::Gone { .. } => None,
    }
}

fn set(proof: &Proof) -> BTreeSet<FactId> {
    proof.facts.iter().copied().collect()
}

/// What a person says, and what an erasure carries forward, decides what the contact is about.
fn decides_the_reason(fact: &Fact) -> bool {
    matches!(fact.body, Body::VerdictOverridden(_) | Body::TextErased(_))
}

fn check(facts: &[Fact]) -> Result<(), TestCaseError> {
    let rules = rules();
    let whole = fold(&rules, facts.iter().cloned());
    let proofs = || whole.values().flat_map(|(v, _)| &v.proofs);
    let in_proofs: BTreeSet<FactId> = proofs().flat_map(set).collect();
    let clearing: BTreeSet<FactId> = whole.values().flat_map(|(v, _)| &v.cleared).flat_map(set).collect();
    for proof in proofs() {
        prop_assert!(!proof.facts.is_empty(), "{proof:?} rests on nothing");
    }
    for gone in facts {
        let without = fold(&rules, facts.iter().filter(|f| f.id != gone.id).cloned());
        // Without one of its several records, or without a person's word, a contact may have another reason: then it is
        // another contact, for itself and for those that follow it. A sitting without its first message has another id too.
        let another = whole
            .values()
            .filter(|(_, records)| records.contains(&gone.id) || decides_the_reason(gone))
            .any(|(v, records)| {
                let mut left = without.values().filter(|(_, left)| left.iter().any(|r| records.contains(r)));
                left.any(|(after, _)| after.reason != v.reason)
            });
        for (id, (verdict, _)) in whole.iter().filter(|_| !another) {
            for proof in verdict.proofs.iter().filter(|p| p.facts.contains(&gone.id)) {
                let Some((after, _)) = without.get(id) else { continue };
                let again = after.proofs.iter().filter(|p| p.mechanism == proof.mechanism);
                let same = again.into_iter().find(|p| set(p).is_subset(&set(proof)));
                prop_assert!(same.is_none(), "{:?} stands without {}: {same:?}", proof, gone.body.name());
            }
        }
        // A contact without one of its several records is another contact, which others may then follow.
        let recomposes = whole.values().any(|(_, records)| records.len() > 1 && records.contains(&gone.id));
        let matters = in_proofs.contains(&gone.id) || clearing.contains(&gone.id);
        if matters || recomposes || decides_the_reason(gone) {
            continue;
        }
        for (id, (verdict, _)) in whole.iter().filter(|(_, (_, records))| !records.contains(&gone.id)) {
            let flags = |v: &Verdict| (v.dumb, v.mechanisms().collect::<Vec<_>>());
            let after = without.get(id).map(|(v, _)| flags(v));
            prop_assert_eq!(Some(flags(verdict)), after, "of {} without {:?}", id, gone);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5_000) })]
    #[test]
    fn a_proof_is_minimal_and_what_is_outside_changes_nothing(acts in acts(20)) {
        check(&tame(&acts))?;
    }
}

/// Every mechanism that can be proven by what is on record occurs in the histories that are tried.
#[test]
fn the_histories_prove_every_mechanism() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let (mut runner, rules) = (TestRunner::deterministic(), rules());
    let mut rules_seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..12_000 {
        let acts = acts(20).new_tree(&mut runner).expect("acts").current();
        for (verdict, _) in fold(&rules, tame(&acts).into_iter()).into_values() {
            for proof in verdict.proofs.iter().chain(&verdict.cleared) {
                *rules_seen.entry(proof.rule.to_string()).or_default() += 1;
            }
        }
    }
    for rule in [
        "status_chase/asked",
        "status_chase/order_closed",
        "status_chase/case_resolved",
        "status_chase/nothing_open",
        "public_info/asked",
        "public_info/document",
        "repeat/same_case",
        "repeat/same_order",
        "repeat/same_reason",
        "repeat/other_channel",
        "repeat/through_later",
        "site_blocked/told",
        "company_error/told",
        "company_error/corrected",
        "company_error/recovered",
        "company_error/cancelled",
        "reasked_data/transcript",
        "reasked_data/chain",
        "reasked_data/carried",
        "preventable_by_notice/known",
        "preventable_by_notice/noticed",
        "preventable_by_notice/over",
        "wrong_route/told",
        "wrong_route/handed_on",
        "broken_promise/told",
        "broken_promise/overdue",
        "broken_promise/kept",
        "self_service_failed/session",
        "self_service_failed/completed",
        "policy_made/asked",
        "status_chase/said",
    ] {
        assert!(rules_seen.get(rule).is_some_and(|n| *n >= 1), "{rule} is never found: {rules_seen:#?}");
    }
}
