//! `repeat`: the same issue again (field.md D5): member of a chain after its root. The nearest earlier
//! contact that it is directly linked to proves it; where it belongs to the chain only through later
//! contacts, every contact on the shortest way back does.

use super::{Context, proof};
use crate::judge::Edge;
use domain::closed::Mechanism;
use domain::{FactId, Proof};

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    let link = &context.chains.links[i];
    if link.position == 1 {
        return None;
    }
    let (way, rule) = match link.previous {
        Some((previous, why)) => (vec![previous, i], rule(why)),
        None => (context.chains.way_back(i), "repeat/through_later"),
    };
    let facts = way.into_iter().flat_map(|c| facts(context, c, rule)).collect();
    Some(proof(Mechanism::Repeat, rule, facts))
}

/// That the contact took place, and where the reason links it, what gave the reason.
fn facts(context: &Context<'_>, contact: usize, rule: &str) -> Vec<FactId> {
    let asserted = context.asserted(contact);
    let by_reason = matches!(rule, "repeat/same_reason" | "repeat/through_later");
    std::iter::once(asserted.fact).chain(by_reason.then_some(asserted.reason_fact)).collect()
}

const fn rule(why: Edge) -> &'static str {
    match why {
        Edge::Case => "repeat/same_case",
        Edge::Order => "repeat/same_order",
        Edge::Reason => "repeat/same_reason",
    }
}
