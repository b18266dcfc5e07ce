//! Who owns a reason: L02, somebody does; L03, it is not the team that only answers; L11, it is one.

use super::say::said;
use super::words::{self, JOINING, SERVICE, has, stems, words};
use super::{About, Check, Review, exceeds, percent};
use crate::{Leaf, Owner, Rule};
use domain::OwnerId;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(review: &mut Review<'_>) {
    two_owners(review);
    for leaf in review.leaves() {
        if leaf.owner.is_none() {
            unowned(review, leaf);
        }
        two_areas(review, leaf);
    }
    for owner in review.taxonomy.owners().filter(|owner| is_service_team(owner)) {
        service_team(review, owner);
    }
}

/// Not an error: contacts of `unowned` reasons are counted and shown, and no owner is better than a wrong one.
fn unowned(review: &mut Review<'_>, leaf: &Leaf) {
    let message = said(format!("nobody owns `{}`", leaf.id), format!("nadie responde de `{}`", leaf.id));
    let fix = said(
        "name in `owner` the area that can remove the cause, not the one that answers",
        "ponga en `owner` el área que puede eliminar la causa, no la que atiende",
    );
    review.warn(Check::L02, About::Reason(leaf.id.clone()), review.id_of(leaf), message, fix);
}

fn is_service_team(owner: &Owner) -> bool {
    let names = std::iter::once(owner.id.as_str()).chain(owner.labels.values().map(String::as_str));
    let flagged = |name: &str| {
        // Who repairs, and what customers use, serve nobody by answering.
        let name = words(name).join(" ");
        let name = name.replace("servicio tecnico", "").replace("self service", "");
        let said = words(&name);
        said.iter().any(|word| has(SERVICE, word))
            || words::SERVICE_PAIRS.iter().any(|pair| name.contains(pair))
    };
    names.into_iter().any(flagged)
}

fn service_team(review: &mut Review<'_>, owner: &Owner) {
    let owned: Vec<&Leaf> = review.leaves().filter(|leaf| leaf.owner.as_ref() == Some(&owner.id)).collect();
    let (part, whole, of) = match review.volumes.filter(|volumes| volumes.total() > 0) {
        Some(volumes) => {
            let part = owned.iter().map(|leaf| volumes.of(leaf.id.as_str())).sum::<u64>();
            (part, volumes.total(), ("of all contacts", "de todos los contactos"))
        }
        None => (
            owned.len() as u64,
            review.leaves().count() as u64,
            ("of the reasons (their contacts are not known)", "de los motivos (no se conocen sus contactos)"),
        ),
    };
    if !exceeds(part, whole, review.settings.service_percent_max) {
        return;
    }
    let (share, most, id) = (percent(part, whole), review.settings.service_percent_max, &owner.id);
    let message = said(
        format!("`{id}` is a service team and owns {share} % {}, expected at most {most} %", of.0),
        format!(
            "`{id}` es un equipo de atención y responde del {share} % {}; se espera como mucho el {most} %",
            of.1
        ),
    );
    let fix = said(
        "it answers these contacts, it hardly causes them: give each reason to the area where the cause lies",
        "atiende estos contactos, pero rara vez los causa: dé cada motivo al área donde está la causa",
    );
    let at = review.draft.places.owners.get(id).cloned().unwrap_or(0..0);
    review.warn(Check::L03, About::Owner(id.clone()), at, message, fix);
}

/// L11 for sure: the same label, or the same phrase, in reasons of different owners. Whose contacts these are
/// then depends on which rule comes first.
fn two_owners(review: &mut Review<'_>) {
    let mut labels = BTreeMap::<(&str, String), &Leaf>::new();
    let mut told = BTreeSet::new();
    for leaf in review.leaves() {
        for (language, label) in &leaf.labels {
            let first = *labels.entry((language, words(label).join(" "))).or_insert(leaf);
            if both_owned_by_others(first, leaf) && told.insert((&first.id, &leaf.id)) {
                let at = review.label_of(leaf, language);
                shared(review, first, leaf, at, &format!("{label:?}"));
            }
        }
    }
    let mut phrases = BTreeMap::<&str, &Rule>::new();
    for rule in review.taxonomy.rules().iter().filter(|rule| is_bare(rule)) {
        for phrase in &rule.phrases {
            let first = *phrases.entry(phrase).or_insert(rule);
            let leaves = [first, rule].map(|rule| review.taxonomy.leaf(rule.reason.as_str()));
            let [Some(one), Some(other)] = leaves else { continue };
            if both_owned_by_others(one, other) && told.insert((&one.id, &other.id)) {
                let at = review.draft.places.rules.get(rule.id.as_str()).cloned();
                let at = at.unwrap_or_else(|| review.id_of(other));
                shared(review, one, other, at, &format!("{phrase:?}"));
            }
        }
    }
}

/// Whether a rule asks for nothing but words.
fn is_bare(rule: &Rule) -> bool {
    rule.none_of.is_empty() && rule.conditions == crate::Conditions::default()
}

fn both_owned_by_others(one: &Leaf, other: &Leaf) -> bool {
    one.id != other.id && one.owner.is_some() && other.owner.is_some() && one.owner != other.owner
}

fn shared(review: &mut Review<'_>, one: &Leaf, other: &Leaf, at: std::ops::Range<usize>, words: &str) {
    let [mine, theirs] = [one, other].map(|leaf| leaf.owner.as_ref().map_or("", OwnerId::as_str));
    let message = said(
        format!("{words} stands in `{}` of `{mine}` and in `{}` of `{theirs}`", one.id, other.id),
        format!("{words} está en `{}`, de `{mine}`, y en `{}`, de `{theirs}`", one.id, other.id),
    );
    let fix = said(
        "leave it to the reason whose owner can remove the cause, or say in both what tells them apart",
        "déjelo en el motivo cuyo responsable puede eliminar la causa, o diga en ambos qué los distingue",
    );
    review.error(Check::L11, About::Reason(other.id.clone()), at, message, fix);
}

/// L11 perhaps: a label that joins, with "and" or "or", words by which the file calls two owners.
fn two_areas(review: &mut Review<'_>, leaf: &Leaf) {
    for (language, label) in &leaf.labels {
        let mut named = BTreeSet::new();
        for part in parts(label) {
            let part = stems(&part);
            let owners = review.taxonomy.owners().filter(|owner| {
                let names = owner.labels.get(language).map(|name| stems(&words(name)));
                names.is_some_and(|names| !names.is_disjoint(&part))
            });
            // Of a part that names several owners nothing is said.
            let owners: Vec<_> = owners.map(|owner| &owner.id).collect();
            if let [owner] = owners.as_slice() {
                named.insert(*owner);
            }
        }
        let named: Vec<_> = named.into_iter().collect();
        let [one, other, ..] = named.as_slice() else { continue };
        let message = said(
            format!("{label:?} names what belongs to `{one}` and what belongs to `{other}`"),
            format!("{label:?} nombra algo que es de `{one}` y algo que es de `{other}`"),
        );
        let fix = said("make it two reasons, one for each owner", "haga dos motivos, uno por responsable");
        let at = review.label_of(leaf, language);
        review.warn(Check::L11, About::Reason(leaf.id.clone()), at, message, fix);
        return;
    }
}

/// The words of a label, split where it joins things.
fn parts(label: &str) -> Vec<Vec<String>> {
    let spaced = label.replace(['/', '&', '+'], " and ");
    words(&spaced).split(|word| has(JOINING, word)).map(<[String]>::to_vec).collect()
}
