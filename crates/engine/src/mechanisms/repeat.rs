//! `repeat`: the same issue again (field.md D5): member of a chain after its root. The nearest earlier
//! contact that it is directly linked to proves it; where it belongs to the chain only through later
//! contacts, every contact on the shortest way back does. On another channel while the one before was not resolved
//! it is a duplicate (D9).
//!
//! Settings: `chain_window`.

use super::context::CERTAIN;
use super::set::Set;
use super::{Context, way};
use crate::asserted::Asserted;
use crate::judge::Edge;
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    let link = &context.chains.links[i];
    if link.position == 1 {
        return None;
    }
    let a = context.asserted(i);
    let (earlier, edge, facts) = match link.previous {
        Some((previous, _)) => {
            let (edge, facts) = way::with_edge(context, (previous, i), &Set::default(), a.contact)?;
            (previous, Some(edge), facts)
        }
        None => {
            let way = way::shortest(context, i, |at| at < i)?;
            (*way.first()?, None, way::with_way(context, &way, Set::default(), a.contact))
        }
    };
    let before = context.asserted(earlier);
    let rule = match edge {
        Some(_) if is_duplicate(before, a) => "repeat/other_channel",
        Some(Edge::Case) => "repeat/same_case",
        Some(Edge::Order) => "repeat/same_order",
        Some(Edge::Reason) => "repeat/same_reason",
        None => "repeat/through_later",
    };
    let by_reason = matches!(edge, Some(Edge::Reason) | None);
    Some(Proof {
        mechanism: Mechanism::Repeat,
        rule: rule.into(),
        confidence_ppm: if by_reason { a.confidence_ppm.min(before.confidence_ppm) } else { CERTAIN },
        seconds: Some(a.occurred_at.since(before.occurred_at).seconds()),
        facts: facts.into_facts(a.contact),
    })
}

/// The one before was on another channel, and nothing says that it was resolved by then.
fn is_duplicate(before: &Asserted, a: &Asserted) -> bool {
    let resolved = before.case_change_before(a.occurred_at).map_or(before.resolved, |change| !change.open);
    before.channel != a.channel && !resolved
}
