//! How contacts of a chain are connected: the edges of DESIGN §2 and the shortest ways over them.

use super::Context;
use super::set::{Of, Set};
use crate::asserted::Asserted;
use crate::judge::{Edge, edges, shared_order};
use domain::ContactId;
use std::collections::{BTreeMap, VecDeque};

/// Adds the edge between two contacts that then makes the fewest facts, of equals the preferred one.
pub(super) fn with_edge<'c>(
    context: &Context<'c>,
    (one, other): (usize, usize),
    set: &Set<'c>,
    proven: ContactId,
) -> Option<(Edge, Set<'c>)> {
    let (a, b) = (context.asserted(one), context.asserted(other));
    let window = context.rules.settings().chain_window;
    let sets = edges(a, b, window).map(|edge| (edge, set.clone().and(facts(a, b, edge))));
    sets.min_by_key(|(edge, set)| (set.len(proven), *edge))
}

/// Adds every edge of a way.
pub(super) fn with_way<'c>(context: &Context<'c>, way: &[usize], set: Set<'c>, proven: ContactId) -> Set<'c> {
    way.windows(2).fold(set, |set, pair| match with_edge(context, (pair[0], pair[1]), &set, proven) {
        Some((_, set)) => set,
        None => set,
    })
}

fn facts<'c>(a: &'c Asserted, b: &'c Asserted, edge: Edge) -> Set<'c> {
    let by = match edge {
        Edge::Case => Of::Case,
        Edge::Order => shared_order(a, b).map_or(Of::Customer, Of::Order),
        Edge::Reason => Of::Reason,
    };
    let has = [by, Of::Customer];
    Set::default().contact(a, &has).contact(b, &has).merged(&a.more().merged, &b.more().merged)
}

/// The shortest way over edges from a contact to one that `is_end` takes, from there back to it. No way that leaves out
/// one of its contacts leads there, because it would be shorter. Equal lengths by the smallest contacts.
pub(super) fn shortest(
    context: &Context<'_>,
    from: usize,
    is_end: impl Fn(usize) -> bool,
) -> Option<Vec<usize>> {
    let window = context.rules.settings().chain_window;
    let linked = |one, other| edges(context.asserted(one), context.asserted(other), window).next().is_some();
    let links = &context.chains.links;
    let root = links[from].root;
    let mut came: BTreeMap<usize, usize> = BTreeMap::from([(from, from)]);
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        if at != from && is_end(at) {
            return Some(retrace(&came, at, from));
        }
        for next in (0..links.len()).filter(|next| links[*next].root == root) {
            if !came.contains_key(&next) && linked(at, next) {
                came.insert(next, at);
                open.push_back(next);
            }
        }
    }
    None
}

fn retrace(came: &BTreeMap<usize, usize>, mut at: usize, from: usize) -> Vec<usize> {
    let mut way = vec![at];
    while at != from {
        at = came[&at];
        way.push(at);
    }
    way
}
