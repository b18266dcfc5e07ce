//! `site_blocked`: the site or the app stopped the customer at a step. The words prove it.

use super::{Context, by_words};
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    by_words(context, i, Mechanism::SiteBlocked, "site_blocked/told")
}
