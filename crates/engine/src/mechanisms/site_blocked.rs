//! `site_blocked`: the site or the app stopped the customer, at a step where the source or the words name one. The
//! words prove it.

use super::Context;
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    context.by_words(i, Mechanism::SiteBlocked, "site_blocked/told")
}
