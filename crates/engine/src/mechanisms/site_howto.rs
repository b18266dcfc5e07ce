//! `site_howto`: the customer asks how to use the site or the app. The words prove it.

use super::Context;
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    context.by_words(i, Mechanism::SiteHowto, "site_howto/asked")
}
