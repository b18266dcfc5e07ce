//! How contacts of a chain are connected: the edges of DESIGN §2 and the shortest ways over them.

use super::Context;
use super::set::{Of, Set};
use crate::asserted::Asserted;
use crate::judge::{Edge, edges, shared_order};
use std::collections::{BTreeMap, VecDeque};

/// The edge between two contacts that needs the fewest facts, of equals the preferred one, with its facts.
pub(super) fn edge<'c>(context: &Context<'c>, one: usize, other: usize) -> Option<(Edge, Set<'c>)> {
    let (a, b) = (context.asserted(one), context.asserted(other));
    let window = context.rules.settings().chain_window;
    edges(a, b, window)
        .map(|edge| (edge, facts(a, b, edge)))
        .min_by_key(|(edge, facts)| (facts.len(b.contact), *edge))
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

/// The shortest way over edges from a contact to one that `is_end` takes, with the facts of its edges. No way that
/// leaves out one of its contacts leads there, because it would be shorter. Equal lengths by the smallest contacts.
pub(super) fn shortest<'c>(
    context: &Context<'c>,
    from: usize,
    is_end: impl Fn(usize) -> bool,
) -> Option<(usize, Set<'c>)> {
    let root = context.chains.links[from].root;
    let links = &context.chains.links;
    let mut came: BTreeMap<usize, usize> = BTreeMap::from([(from, from)]);
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        if at != from && is_end(at) {
            return Some((at, retrace(context, &came, at, from)));
        }
        for next in (0..links.len()).filter(|next| links[*next].root == root) {
            if !came.contains_key(&next) && edge(context, at, next).is_some() {
                came.insert(next, at);
                open.push_back(next);
            }
        }
    }
    None
}

fn retrace<'c>(context: &Context<'c>, came: &BTreeMap<usize, usize>, mut at: usize, from: usize) -> Set<'c> {
    let mut set = Set::default();
    while at != from {
        let before = came[&at];
        if let Some((_, facts)) = edge(context, before, at) {
            set = set.and(facts);
        }
        at = before;
    }
    set
}
