//! L15: what was counted under an id is counted under it still. An id whose meaning changes makes weeks before
//! and after incomparable while they look alike; a new meaning takes a new id.

use super::overlap::decide;
use super::say::said;
use super::words::{stems, words};
use super::{About, Check, Review};
use crate::{Classifier, Leaf, Taxonomy};
use std::collections::BTreeSet;

pub(super) fn check(review: &mut Review<'_>) {
    let Some(before) = review.in_force else {
        let why = said(
            "not checked: there is no other taxonomy to compare with",
            "sin comprobar: no hay otra taxonomía con la que comparar",
        );
        review.skip(&[Check::L15], why);
        return;
    };
    let [was, is] = [before, review.taxonomy].map(Classifier::new);
    for leaf in review.leaves() {
        let Some(old) = before.leaf(leaf.id.as_str()) else { continue };
        let changed = gone(old, leaf, [&was, &is], review.taxonomy)
            .or_else(|| come(old, leaf, &was))
            .or_else(|| relabelled(old, leaf));
        if let Some((en, es)) = changed {
            let message = said(
                format!("`{}` does not mean what it meant: {en}", leaf.id),
                format!("`{}` ya no significa lo que significaba: {es}", leaf.id),
            );
            let fix = said(
                "give the new meaning a new id, and leave the old reason as it was or take it out",
                "dé al nuevo significado un id nuevo y deje el motivo anterior como estaba o quítelo",
            );
            review.error(Check::L15, About::Reason(leaf.id.clone()), review.id_of(leaf), message, fix);
        }
    }
}

/// Most of the examples that went there go there no more. A reason whose rules were all taken out is left to
/// the model: of it nothing is known here.
fn gone(
    old: &Leaf,
    new: &Leaf,
    [was, is]: [&Classifier; 2],
    taxonomy: &Taxonomy,
) -> Option<(String, String)> {
    if !taxonomy.rules().iter().any(|rule| rule.reason == new.id) {
        return None;
    }
    let of = |classifier, text: &str| decide(classifier, text).is_some_and(|(reason, _)| reason == old.id);
    let went: Vec<&String> = old.examples.positive.iter().filter(|text| of(was, text)).collect();
    let lost = went.iter().filter(|text| !of(is, text)).count();
    let all = went.len();
    (2 * lost > all).then(|| {
        (
            format!("{lost} of its {all} examples go there no more"),
            format!("{lost} de sus {all} ejemplos ya no van a él"),
        )
    })
}

/// The examples were exchanged, and most of the new ones were another reason's. Where most of the old ones are
/// still there, the reason has only learned to find what it meant.
fn come(old: &Leaf, new: &Leaf, was: &Classifier) -> Option<(String, String)> {
    let examples = &new.examples.positive;
    let kept = old.examples.positive.iter().filter(|text| examples.contains(text)).count();
    if kept > 0 && 2 * kept >= old.examples.positive.len() {
        return None;
    }
    let others = examples.iter().filter(|text| decide(was, text).is_some_and(|(reason, _)| reason != new.id));
    let (others, all) = (others.count(), examples.len());
    (2 * others > all).then(|| {
        (
            format!("{others} of its {all} examples were of another reason"),
            format!("{others} de sus {all} ejemplos eran de otro motivo"),
        )
    })
}

/// The label shares no word with the one before, in any language, nor with what customers said: `WISMO` may
/// become "Where is my order?", but that may not become "I want my money back".
fn relabelled(old: &Leaf, new: &Leaf) -> Option<(String, String)> {
    let known: BTreeSet<String> =
        old.labels.values().chain(&old.examples.positive).flat_map(|text| stems(&words(text))).collect();
    let mut labels = new.labels.iter().filter(|(language, _)| old.labels.contains_key(*language));
    let strange = |label: &str| {
        let label = stems(&words(label));
        !label.is_empty() && label.is_disjoint(&known)
    };
    let (_, label) = labels.clone().next()?;
    labels.all(|(_, label)| strange(label)).then(|| {
        (
            format!("{label:?} shares no word with its label and examples of then"),
            format!("{label:?} no comparte ninguna palabra con su etiqueta y sus ejemplos de entonces"),
        )
    })
}
