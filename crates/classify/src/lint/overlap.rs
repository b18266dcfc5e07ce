//! L07: two reasons for the same contacts. What the lake publishes says one reason a contact, so that overlap is
//! looked for in the file: examples that rules of another reason match, and labels and phrases that are nearly
//! the same.

use super::examples::language_of;
use super::say::{Said, said};
use super::words::words;
use super::{About, Check, Review, exceeds, percent};
use crate::{Classifier, Input, Leaf, Rule, Taxonomy, limits};
use domain::{Channel, ReasonId, RuleId, UNCLASSIFIED};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(review: &mut Review<'_>) {
    let told = examples_elsewhere(review);
    let sides = sides(review);
    for (at, one) in sides.iter().enumerate() {
        for other in sides.iter().skip(at + 1) {
            let pair = BTreeSet::from([&one.leaf.id, &other.leaf.id]);
            if !told.contains(&pair) {
                compare(review, [one, other]);
            }
        }
    }
}

/// A reason with what it is compared by, made once: there are many pairs.
struct Side<'a> {
    leaf: &'a Leaf,
    /// Which of all examples its rules match when they are alone.
    matched: BTreeSet<&'a str>,
    /// The words of its label, by language.
    labels: BTreeMap<&'a str, BTreeSet<String>>,
    /// The phrases of its rules, exclusions aside.
    phrases: BTreeSet<&'a str>,
}

fn sides<'a>(review: &Review<'a>) -> Vec<Side<'a>> {
    let examples: BTreeSet<&str> = review
        .leaves()
        .flat_map(|leaf| leaf.examples.positive.iter().take(limits::EXAMPLES_COMPARED).map(String::as_str))
        .collect();
    let mut rules = BTreeMap::<&ReasonId, Vec<&Rule>>::new();
    for rule in review.taxonomy.rules() {
        rules.entry(&rule.reason).or_default().push(rule);
    }
    let side = |leaf: &'a Leaf| {
        let rules = rules.get(&leaf.id).map(Vec::as_slice).unwrap_or_default();
        let alone = Taxonomy { rules: rules.iter().copied().cloned().collect(), ..Taxonomy::empty() };
        let classifier = Classifier::new(&alone);
        let labels = leaf.labels.iter();
        Side {
            leaf,
            matched: examples.iter().copied().filter(|text| decide(&classifier, text).is_some()).collect(),
            labels: labels.map(|(l, label)| (l.as_str(), words(label).into_iter().collect())).collect(),
            phrases: rules.iter().flat_map(|rule| &rule.phrases).map(String::as_str).collect(),
        }
    };
    review.leaves().map(side).collect()
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

/// One finding a pair at most.
fn compare(review: &mut Review<'_>, sides: [&Side<'_>; 2]) {
    let most = review.settings.shared_percent_max;
    let [one, other] = sides.map(|side| side.leaf);
    let (shared, either) = overlap(&sides[0].matched, &sides[1].matched);
    let message = if exceeds(shared, either, most) {
        shared_examples([one, other], percent(shared, either), most)
    } else if let Some(language) = near_label(sides) {
        // The very same label of two owners is L11.
        if owned_by_others([one, other]) && words(one.label(language)) == words(other.label(language)) {
            return;
        }
        let label = other.label(language);
        said(
            format!("{label:?} is nearly the label of `{}`", one.id),
            format!("{label:?} es casi la etiqueta de `{}`", one.id),
        )
    } else if !owned_by_others([one, other]) && same_phrases(sides, most) {
        said(
            format!("`{}` and `{}` have mostly the same phrases", one.id, other.id),
            format!("`{}` y `{}` tienen casi las mismas frases", one.id, other.id),
        )
    } else {
        return;
    };
    let fix = said(
        "join them, or give each the words that tell it from the other",
        "únalos o dé a cada uno las palabras que lo distinguen del otro",
    );
    review.warn(Check::L07, About::Reason(other.id.clone()), review.id_of(other), message, fix);
}

fn shared_examples([one, other]: [&Leaf; 2], share: u128, most: u64) -> Said {
    let (one, other) = (&one.id, &other.id);
    said(
        format!(
            "rules of `{one}` and `{other}` match {share} % of each other's examples, expected at most {most} %"
        ),
        format!(
            "las reglas de `{one}` y `{other}` coinciden en el {share} % de sus ejemplos; se espera como mucho el {most} %"
        ),
    )
}

fn owned_by_others([one, other]: [&Leaf; 2]) -> bool {
    one.owner.is_some() && other.owner.is_some() && one.owner != other.owner
}

/// How many are in both sets, and in either.
fn overlap<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> (u64, u64) {
    let shared = one.intersection(other).count();
    (shared as u64, (one.len() + other.len() - shared) as u64)
}

/// Of the words of two labels, the share, in percent, from which on they are nearly the same.
const NEAR_PERCENT: u64 = 80;

/// A language in which the labels are nearly the same. Labels that differ in a number are not near: step 3 is
/// not step 4.
fn near_label<'a>([one, other]: [&Side<'a>; 2]) -> Option<&'a str> {
    let near = |(language, mine): (&&'a str, &BTreeSet<String>)| {
        let theirs = other.labels.get(language)?;
        let (shared, either) = overlap(mine, theirs);
        let number = |word: &&String| word.contains(|c: char| c.is_ascii_digit());
        let same_numbers = || mine.iter().filter(number).eq(theirs.iter().filter(number));
        (shared > 0 && shared * 100 >= either * NEAR_PERCENT && same_numbers()).then_some(*language)
    };
    one.labels.iter().find_map(near)
}

/// Whether most phrases of the two are the same.
fn same_phrases([one, other]: [&Side<'_>; 2], most: u64) -> bool {
    let (shared, either) = overlap(&one.phrases, &other.phrases);
    exceeds(shared, either, most)
}
