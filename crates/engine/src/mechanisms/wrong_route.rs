//! `wrong_route`: the contact came to the wrong place first (field.md D8): the words tell of it, or it was handed on to
//! another queue or person.
//!
//! A hand-over by a bot, and legs that stay in the same queue, are no hand-offs: assemble counts them.
//!
//! Settings: `transfers`.

use super::context::CERTAIN;
use super::set::Set;
use super::{Context, Outcome};
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Outcome {
    let told = context.by_words(i, Mechanism::WrongRoute, "wrong_route/told");
    Outcome::from(told).or_fewer(|| by_hand_offs(context, i).into())
}

fn by_hand_offs(context: &Context<'_>, i: usize) -> Option<Proof> {
    let a = context.asserted(i);
    let handed_on = &a.more().handed_on;
    if handed_on.is_empty() {
        return None;
    }
    let facts = Set::default().facts(handed_on.iter().copied());
    let facts = facts.contact(a, &[]);
    Some(Proof {
        mechanism: Mechanism::WrongRoute,
        rule: "wrong_route/handed_on".into(),
        confidence_ppm: CERTAIN,
        seconds: None,
        facts: facts.into_facts(a.contact),
    })
}
