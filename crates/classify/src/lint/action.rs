//! What is to be done about a reason: L04, there is a disposition; L16, it is the one that the votes say, and
//! nothing else in the reason contradicts it.

use super::say::said;
use super::words::{SALES, has, words};
use super::{About, Check, Review};
use crate::{Leaf, Votes};
use domain::Disposition;

pub(super) fn check(review: &mut Review<'_>) {
    for leaf in review.leaves() {
        if leaf.disposition.is_none() {
            undecided(review, leaf);
        }
        contradiction(review, leaf);
    }
}

fn undecided(review: &mut Review<'_>, leaf: &Leaf) {
    let message = said(
        format!("nothing says what is to be done about `{}`", leaf.id),
        format!("nada dice qué hacer con `{}`", leaf.id),
    );
    let fix = said(
        "let both sides vote: votes = { customer = \"irritant\", company = \"irritant\" }",
        "que voten ambas partes: votes = { customer = \"irritant\", company = \"irritant\" }",
    );
    review.warn(Check::L04, About::Reason(leaf.id.clone()), review.id_of(leaf), message, fix);
}

/// One finding a reason: the gravest.
fn contradiction(review: &mut Review<'_>, leaf: &Leaf) {
    let Some(stated) = leaf.disposition else { return };
    let about = About::Reason(leaf.id.clone());
    let places = review.draft.places.leaves.get(leaf.id.as_str());
    let stated_at = places.and_then(|at| at.disposition.clone()).unwrap_or_else(|| review.id_of(leaf));
    if let Some(voted) = leaf.votes.map(Votes::disposition).filter(|voted| *voted != stated) {
        let message = said(
            format!("disposition `{stated}`, but the votes say `{voted}`"),
            format!("la disposición es `{stated}`, pero los votos dicen `{voted}`"),
        );
        let fix = said("leave `disposition` out, or vote again", "quite `disposition` o vuelva a votar");
        review.error(Check::L16, about, stated_at, message, fix);
    } else if stated == Disposition::Eliminate && leaf.votes.is_none() && wants_to_buy(leaf) {
        let message = said(
            format!("`{}` sounds like a wish to buy, and is to be eliminated without a vote", leaf.id),
            format!("`{}` suena a intención de compra y se quiere eliminar sin voto", leaf.id),
        );
        let fix = said(
            "record the votes of both sides; a contact that sells is `leverage`",
            "anote los votos de ambas partes; un contacto que vende es `leverage`",
        );
        review.warn(Check::L16, about, stated_at, message, fix);
    } else if let Some(mechanism) = leaf.mechanism.filter(|_| stated == Disposition::Leverage) {
        let at = places.and_then(|at| at.mechanism.clone()).unwrap_or(stated_at);
        let message = said(
            format!(
                "mechanism `{mechanism}` says avoidable, disposition `leverage` says of value to both sides"
            ),
            format!(
                "el mecanismo `{mechanism}` dice que es innecesario y la disposición `leverage` que vale para ambos"
            ),
        );
        let fix = said("leave `mechanism` out, or vote again", "quite `mechanism` o vuelva a votar");
        review.warn(Check::L16, about, at, message, fix);
    }
}

fn wants_to_buy(leaf: &Leaf) -> bool {
    leaf.labels.values().any(|label| words(label).iter().any(|word| has(SALES, word)))
}
