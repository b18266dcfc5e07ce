//! L01: with too few reasons each spans several departments; with too many nobody can act on one, and agents and
//! models mix them up.

use super::say::said;
use super::{About, Check, Review};

pub(super) fn check(review: &mut Review<'_>) {
    let count = review.leaves().count();
    let good = &review.settings.reasons;
    if good.contains(&count) {
        return;
    }
    let (least, most) = (good.start(), good.end());
    let message = said(
        format!("{count} reasons, expected {least} to {most}"),
        format!("{count} motivos; se esperan de {least} a {most}"),
    );
    let fix = if count < *least {
        said(
            "split the widest reasons until each has one cause and one owner",
            "divida los motivos más amplios hasta que cada uno tenga una sola causa y un solo responsable",
        )
    } else {
        said(
            "join reasons that have the same cause, owner and remedy; use `group` and `meta` for finer detail",
            "una los motivos que tengan la misma causa, responsable y remedio; para el detalle use `group` y `meta`",
        )
    };
    let at = review.draft.places.name.clone();
    review.warn(Check::L01, About::File, at, message, fix);
}
