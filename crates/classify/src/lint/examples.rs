//! L14: a reason has examples, in each language: they show reviewers what is meant, hold the rules to it, and
//! are what lint itself tries. Also guesses which language an example is in.

use super::say::said;
use super::words::{has, words};
use super::{About, Check, Review};
use crate::Leaf;
use std::collections::BTreeSet;

pub(super) fn check(review: &mut Review<'_>) {
    for leaf in review.leaves() {
        if leaf.examples.positive.is_empty() {
            let message = said(
                format!("`{}` has no examples of what customers say", leaf.id),
                format!("`{}` no tiene ejemplos de lo que dicen los clientes", leaf.id),
            );
            let fix = said(
                "put three or more real contacts, redacted, into examples.positive",
                "ponga tres o más contactos reales, sin datos personales, en examples.positive",
            );
            review.warn(Check::L14, About::Reason(leaf.id.clone()), review.id_of(leaf), message, fix);
        } else {
            each_language(review, leaf);
        }
    }
}

/// Only where both languages that can be told apart are the taxonomy's, and it has no other.
fn each_language(review: &mut Review<'_>, leaf: &Leaf) {
    let languages: BTreeSet<&str> = review.taxonomy.languages().iter().map(String::as_str).collect();
    if languages != BTreeSet::from(["en", "es"]) {
        return;
    }
    let told: Vec<_> = leaf.examples.positive.iter().map(|text| language_of(text)).collect();
    for language in languages {
        if told.iter().any(|told| told.is_none_or(|told| told == language)) {
            continue;
        }
        let (en, es) = if language == "es" { ("Spanish", "español") } else { ("English", "inglés") };
        let message = said(
            format!("`{}` has no example in {en}", leaf.id),
            format!("`{}` no tiene ningún ejemplo en {es}", leaf.id),
        );
        let fix = said(
            format!("put a real contact in {en}, redacted, into examples.positive"),
            format!("ponga un contacto real en {es}, sin datos personales, en examples.positive"),
        );
        review.warn(Check::L14, About::Reason(leaf.id.clone()), review.id_of(leaf), message, fix);
    }
}

/// Words that only one of the languages has, of those that hardly a sentence is without.
const ES: &str = "\
    el la los las de del que y en un una por para con mi mis se lo es esta su quiero donde cuando como pero ya hay yo al \
    cuanto le te nos puedo tengo necesito pedido esto este muy porque si sin han ha mas aun todavia sigo buenas hola";
const EN: &str = "\
    the an i my is to of and it for on you not was have can how where when do does did your at with be what s t m am are \
    want need would could this that they there but if from in has been still why will please hi hello get got order";

/// Spanish or English, as the commonest words and letters say; `None`: could be either.
pub(super) fn language_of(text: &str) -> Option<&'static str> {
    let marks = text.chars().filter(|c| "ñáéíóúü¿¡".contains(c.to_lowercase().next().unwrap_or(*c))).count();
    let said = words(text);
    let count = |list| said.iter().filter(|word| has(list, word)).count();
    match (count(ES) + 2 * marks).cmp(&count(EN)) {
        std::cmp::Ordering::Greater => Some("es"),
        std::cmp::Ordering::Less => Some("en"),
        std::cmp::Ordering::Equal => None,
    }
}
