//! L07: two reasons for the same contacts. What the lake publishes says one reason a contact, so that overlap is
//! looked for in the file: examples that rules of another reason match, and labels and phrases that are nearly
//! the same.

use super::examples::language_of;
use super::say::said;
use super::words::words;
use super::{About, Check, Review, exceeds, percent};
use crate::{Classifier, Input, Leaf, Taxonomy, limits};
use domain::{Channel, ReasonId, RuleId, UNCLASSIFIED};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(review: &mut Review<'_>) {
    let told = examples_elsewhere(review);
    let leaves: Vec<&Leaf> = review.leaves().collect();
    let matched = matched(review.taxonomy, &leaves);
    for (at, one) in leaves.iter().enumerate() {
        for (other_at, other) in leaves.iter().enumerate().skip(at + 1) {
            let pair = BTreeSet::from([&one.id, &other.id]);
            if !told.contains(&pair) {
                compare(review, [one, other], [&matched[at], &matched[other_at]]);
            }
        }
    }
}

/// What rules say of a text of which only the words are known: the reason, and the rule.
pub(super) fn decide(classifier: &Classifier, text: &str) -> Option<(ReasonId, RuleId)> {
    let attributes = BTreeMap::new();
    let input = Input {
        text,
        channel: Channel::Unknown,
        language: language_of(text),
        source_reason: None,
        attributes: &attributes,
    };
    let got = classifier.classify(&input);
    if got.reason.as_str() == UNCLASSIFIED {
        return None;
    }
    got.evidence.map(|evidence| (got.reason, evidence.rule))
}

/// Examples that the file itself classifies otherwise, and counter-examples that it does not. Says which pairs
/// of reasons were told.
fn examples_elsewhere<'a>(review: &mut Review<'a>) -> BTreeSet<BTreeSet<&'a ReasonId>> {
    let classifier = Classifier::new(review.taxonomy);
    let mut told = BTreeSet::new();
    for leaf in review.leaves() {
        for (at, text) in leaf.examples.positive.iter().enumerate() {
            let Some((reason, rule)) = decide(&classifier, text) else { continue };
            let Some(other) = review.taxonomy.leaf(reason.as_str()).filter(|other| other.id != leaf.id)
            else {
                continue;
            };
            told.insert(BTreeSet::from([&leaf.id, &other.id]));
            taken(review, leaf, at, &reason, &rule);
        }
        for (at, text) in leaf.examples.negative.iter().enumerate() {
            if let Some((_, rule)) = decide(&classifier, text).filter(|(reason, _)| *reason == leaf.id) {
                kept(review, leaf, at, &rule);
            }
        }
    }
    told
}

fn taken(review: &mut Review<'_>, leaf: &Leaf, at: usize, reason: &ReasonId, rule: &RuleId) {
    let message = said(
        format!("an example of `{}` goes to `{reason}`, by rule `{rule}`", leaf.id),
        format!("un ejemplo de `{}` va a `{reason}`, por la regla `{rule}`", leaf.id),
    );
    let fix = said(
        format!(
            "try the rules of `{}` first (a lower priority), exclude its words from `{rule}` with none_of, or move the example",
            leaf.id
        ),
        format!(
            "pruebe antes las reglas de `{}` (prioridad menor), excluya sus palabras de `{rule}` con none_of o mueva el ejemplo",
            leaf.id
        ),
    );
    let places = review.draft.places.leaves.get(leaf.id.as_str());
    let at = places.and_then(|places| places.positive.get(at).cloned()).unwrap_or_else(|| review.id_of(leaf));
    review.warn(Check::L07, About::Reason(leaf.id.clone()), at, message, fix);
}

fn kept(review: &mut Review<'_>, leaf: &Leaf, at: usize, rule: &RuleId) {
    let message = said(
        format!("a counter-example of `{}` goes to it, by rule `{rule}`", leaf.id),
        format!("un contraejemplo de `{}` va a él, por la regla `{rule}`", leaf.id),
    );
    let fix = said(
        format!(
            "exclude its words from `{rule}` with none_of, or let the right reason's rules be tried first"
        ),
        format!(
            "excluya sus palabras de `{rule}` con none_of o haga que se prueben antes las del motivo correcto"
        ),
    );
    let places = review.draft.places.leaves.get(leaf.id.as_str());
    let at = places.and_then(|places| places.negative.get(at).cloned()).unwrap_or_else(|| review.id_of(leaf));
    review.warn(Check::L07, About::Reason(leaf.id.clone()), at, message, fix);
}

/// For each reason, which of all examples its rules match when they are alone.
fn matched<'a>(taxonomy: &Taxonomy, leaves: &[&'a Leaf]) -> Vec<BTreeSet<&'a str>> {
    let examples: BTreeSet<&str> = leaves
        .iter()
        .flat_map(|leaf| leaf.examples.positive.iter().take(limits::EXAMPLES_COMPARED).map(String::as_str))
        .collect();
    let mut rules = BTreeMap::<&ReasonId, Vec<_>>::new();
    for rule in taxonomy.rules() {
        rules.entry(&rule.reason).or_default().push(rule.clone());
    }
    let alone = |leaf: &&Leaf| {
        let rules = rules.get(&leaf.id).cloned().unwrap_or_default();
        let classifier = Classifier::new(&Taxonomy { rules, ..Taxonomy::empty() });
        examples.iter().copied().filter(|text| decide(&classifier, text).is_some()).collect()
    };
    leaves.iter().map(alone).collect()
}

/// One finding a pair at most.
fn compare(review: &mut Review<'_>, leaves: [&Leaf; 2], matched: [&BTreeSet<&str>; 2]) {
    let most = review.settings.shared_percent_max;
    let (shared, either) = overlap(matched[0], matched[1]);
    let [one, other] = leaves.map(|leaf| &leaf.id);
    let owned_by_others =
        leaves[0].owner.is_some() && leaves[1].owner.is_some() && leaves[0].owner != leaves[1].owner;
    let said = if exceeds(shared, either, most) {
        let share = percent(shared, either);
        said(
            format!(
                "rules of `{one}` and `{other}` match {share} % of each other's examples, expected at most {most} %"
            ),
            format!(
                "las reglas de `{one}` y `{other}` coinciden en el {share} % de sus ejemplos; se espera como mucho el {most} %"
            ),
        )
    } else if let Some(label) = near_label(leaves) {
        // The very same label of two owners is L11.
        if owned_by_others && is_same_label(leaves) {
            return;
        }
        said(
            format!("{label:?} is nearly the label of `{one}`"),
            format!("{label:?} es casi la etiqueta de `{one}`"),
        )
    } else if !owned_by_others && same_phrases(review.taxonomy, leaves, most) {
        said(
            format!("`{one}` and `{other}` have mostly the same phrases"),
            format!("`{one}` y `{other}` tienen casi las mismas frases"),
        )
    } else {
        return;
    };
    let fix = super::say::said(
        "join them, or give each the words that tell it from the other",
        "únalos o dé a cada uno las palabras que lo distinguen del otro",
    );
    review.warn(Check::L07, About::Reason(other.clone()), review.id_of(leaves[1]), said, fix);
}

/// How many are in both sets, and in either.
fn overlap<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> (u64, u64) {
    (one.intersection(other).count() as u64, one.union(other).count() as u64)
}

/// Of the words of two labels, the share, in percent, from which on they are nearly the same.
const NEAR_PERCENT: u64 = 80;

/// The second's label, in a language in which it is nearly the first's. Labels that differ in a number are not
/// near: step 3 is not step 4.
fn near_label([one, other]: [&Leaf; 2]) -> Option<&str> {
    one.labels.iter().find_map(|(language, label)| {
        let theirs = other.labels.get(language)?;
        let [mine, others] = [label, theirs].map(|label| words(label).into_iter().collect::<BTreeSet<_>>());
        let (shared, either) = overlap(&mine, &others);
        let numbers = |set: &BTreeSet<String>| -> Vec<String> {
            set.iter().filter(|word| word.chars().any(|c| c.is_ascii_digit())).cloned().collect()
        };
        let near = shared * 100 >= either * NEAR_PERCENT && either > 0;
        (near && numbers(&mine) == numbers(&others)).then_some(theirs.as_str())
    })
}

fn is_same_label([one, other]: [&Leaf; 2]) -> bool {
    one.labels.iter().any(|(language, label)| {
        other.labels.get(language).is_some_and(|theirs| words(theirs) == words(label))
    })
}

/// Whether most phrases of the two, exclusions aside, are the same.
fn same_phrases(taxonomy: &Taxonomy, leaves: [&Leaf; 2], most: u64) -> bool {
    let [one, other] = leaves.map(|leaf| {
        let rules = taxonomy.rules().iter().filter(|rule| rule.reason == leaf.id);
        rules.flat_map(|rule| &rule.phrases).collect::<BTreeSet<_>>()
    });
    let (shared, either) = overlap(&one, &other);
    exceeds(shared, either, most)
}
