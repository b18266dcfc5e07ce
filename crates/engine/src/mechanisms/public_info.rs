//! `public_info`: the customer asks what should be findable without asking. The words prove it.

use super::{Context, by_words};
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    by_words(context, i, Mechanism::PublicInfo, "public_info/asked")
}
