//! Chains (DESIGN §2): connected components of one customer's contacts under the edges
//! gap ≤ window (inclusive) and (same case, or same order, or same reason with no conflicting order).
//! `unclassified` never links by reason, and the identity must be at least phone-strong.
//!
//! Only edges that are needed for the components and for each contact's nearest linked predecessor are
//! made, so a customer of n contacts costs O(n log n), not O(n²).

use super::customer::Held;
use crate::asserted::Asserted;
use domain::measure::within_window;
use domain::{CaseId, Span, UNCLASSIFIED};
use std::collections::HashMap;

/// Why two contacts are linked. The order is the order of preference in proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edge {
    Case,
    Order,
    Reason,
}

/// One contact's place in its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The earliest member, by (occurred_at, contact_id).
    pub(crate) root: usize,
    /// From 1.
    pub(crate) position: u32,
    /// A later contact belongs to the chain.
    pub(crate) again: bool,
    /// The nearest earlier contact that it is directly linked to, and why.
    pub(crate) previous: Option<(usize, Edge)>,
}

/// The chains of one customer's contacts, which are in order.
#[derive(Debug)]
pub(crate) struct Chains {
    pub(crate) links: Vec<Link>,
}

impl Chains {
    pub(crate) fn of(contacts: &[Held], window: Span) -> Self {
        if contacts.len() <= FEW {
            return Pairs::of(contacts).within(window);
        }
        let mut edges = Edges { contacts, window, found: Vec::new() };
        edges.by_case();
        edges.by_order();
        edges.by_reason();
        Self::from_edges(contacts.len(), &edges.found)
    }

    fn from_edges(n: usize, edges: &[(usize, usize, Edge)]) -> Self {
        let mut roots: Vec<usize> = (0..n).collect();
        let mut previous: Vec<Option<(usize, Edge)>> = vec![None; n];
        for &(earlier, later, why) in edges {
            union(&mut roots, earlier, later);
            let best = previous[later]
                .is_none_or(|(p, w)| (earlier, std::cmp::Reverse(why)) > (p, std::cmp::Reverse(w)));
            if best {
                previous[later] = Some((earlier, why));
            }
        }
        let mut sizes = vec![0u32; n];
        let mut links: Vec<Link> = (0..n)
            .map(|i| {
                let root = find(&mut roots, i);
                sizes[root] += 1;
                Link { root, position: sizes[root], again: false, previous: previous[i] }
            })
            .collect();
        for link in &mut links {
            link.again = link.position < sizes[link.root];
        }
        Self { links }
    }
}

/// So few contacts are looked at pair by pair, which is faster than sorting them out first.
pub(super) const FEW: usize = 8;

/// Of few contacts every pair that a wide enough window links.
pub(super) struct Pairs {
    contacts: usize,
    /// Earlier, later, why, and the gap between them.
    linked: Vec<(usize, usize, Edge, Span)>,
}

impl Pairs {
    pub(super) fn of(contacts: &[Held]) -> Self {
        let mut linked = Vec::new();
        for (later, b) in contacts.iter().enumerate() {
            for (earlier, a) in contacts[..later].iter().enumerate() {
                let (a, b) = (&a.asserted, &b.asserted);
                let gap = b.occurred_at.since(a.occurred_at);
                linked.extend(edges(a, b, gap).next().map(|why| (earlier, later, why, gap)));
            }
        }
        Self { contacts: contacts.len(), linked }
    }

    /// The chains with one window.
    pub(super) fn within(&self, window: Span) -> Chains {
        let near = self.linked.iter().filter(|(.., gap)| *gap <= window);
        let found: Vec<_> = near.map(|(earlier, later, why, _)| (*earlier, *later, *why)).collect();
        Chains::from_edges(self.contacts, &found)
    }
}

/// Every reason why two contacts are linked, in the order of preference: the definition itself.
pub(crate) fn edges<'a>(a: &'a Asserted, b: &'a Asserted, window: Span) -> impl Iterator<Item = Edge> + 'a {
    let may = a.strength.links() && b.strength.links() && within_window(a.occurred_at, b.occurred_at, window);
    let order = shared_order(a, b).is_some();
    let case = a.case.is_some() && a.case == b.case;
    let conflict = !order && !a.orders.is_empty() && !b.orders.is_empty();
    let reason = a.reason == b.reason && a.reason.as_str() != UNCLASSIFIED && !conflict;
    let found = [(case, Edge::Case), (order, Edge::Order), (reason, Edge::Reason)];
    found.into_iter().filter(move |(holds, _)| may && *holds).map(|(_, edge)| edge)
}

/// The first order that both contacts name.
pub(crate) fn shared_order<'a>(a: &'a Asserted, b: &Asserted) -> Option<&'a str> {
    a.orders.iter().find(|order| b.orders.contains(order)).map(AsRef::as_ref)
}

struct Edges<'c> {
    contacts: &'c [Held],
    window: Span,
    found: Vec<(usize, usize, Edge)>,
}

impl Edges<'_> {
    fn near(&self, a: usize, b: usize) -> bool {
        let at = |i: usize| self.contacts[i].asserted.occurred_at;
        within_window(at(a), at(b), self.window)
    }

    fn link(&mut self, earlier: usize, later: usize, why: Edge) {
        if self.near(earlier, later) {
            self.found.push((earlier, later, why));
        }
    }

    fn strong(&self) -> impl Iterator<Item = usize> + use<'_> {
        (0..self.contacts.len()).filter(|i| self.contacts[*i].asserted.strength.links())
    }

    /// Members of one case: each to the one before it.
    fn by_case(&mut self) {
        let mut last: HashMap<CaseId, usize> = HashMap::new();
        for i in self.strong().collect::<Vec<_>>() {
            let Some(case) = self.contacts[i].asserted.case else { continue };
            if let Some(before) = last.insert(case, i) {
                self.link(before, i, Edge::Case);
            }
        }
    }

    /// Members of one order: each to the one before it.
    fn by_order(&mut self) {
        let contacts = self.contacts;
        let mut last: HashMap<&str, usize> = HashMap::new();
        for i in self.strong().collect::<Vec<_>>() {
            for order in &contacts[i].asserted.orders {
                if let Some(before) = last.insert(order, i) {
                    self.link(before, i, Edge::Order);
                }
            }
        }
    }

    /// Members of one reason. Two contacts with orders conflict unless they share one, and then they are
    /// linked by the order; so only contacts without an order link here. Such a contact links to the last
    /// one without an order, and to every contact with an order since then; a contact with an order links
    /// to the last one without. Farther pairs are connected through these.
    fn by_reason(&mut self) {
        let contacts = self.contacts;
        let mut seen: HashMap<&str, (Option<usize>, Vec<usize>)> = HashMap::new();
        for i in self.strong().collect::<Vec<_>>() {
            let asserted = &contacts[i].asserted;
            if asserted.reason.as_str() == UNCLASSIFIED {
                continue;
            }
            let (free, ordered) = seen.entry(asserted.reason.as_str()).or_default();
            if let Some(before) = *free {
                self.link(before, i, Edge::Reason);
            }
            if asserted.orders.is_empty() {
                for before in std::mem::take(ordered) {
                    self.link(before, i, Edge::Reason);
                }
                *free = Some(i);
            } else {
                ordered.push(i);
            }
        }
    }
}

fn find(roots: &mut [usize], mut i: usize) -> usize {
    while roots[i] != i {
        roots[i] = roots[roots[i]];
        i = roots[i];
    }
    i
}

/// The smaller index stays root, so a component's root is its earliest member.
fn union(roots: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(roots, a), find(roots, b));
    let (low, high) = (a.min(b), a.max(b));
    roots[high] = low;
}

#[cfg(test)]
mod tests;
