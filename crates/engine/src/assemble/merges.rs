//! Which customers turned out to be one. A function of the set of merges, whatever order they come in.

use domain::{CustomerKey, FactId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The merges known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Merges {
    /// (absorbed, surviving) and the smallest fact that states it.
    stated: BTreeMap<(CustomerKey, CustomerKey), FactId>,
    /// Every key that takes part, and what it has become, as of the last `settle`.
    stands: BTreeMap<CustomerKey, Stands>,
    /// Something was learned since the last `settle`.
    unsettled: bool,
}

/// What a key has become.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stands {
    /// The key that stands for its component.
    key: CustomerKey,
    /// The merges that lead there.
    way: Box<[FactId]>,
}

impl Merges {
    pub(super) fn learn(&mut self, surviving: CustomerKey, absorbed: CustomerKey, fact: FactId) {
        if surviving == absorbed {
            return;
        }
        let smallest = self.stated.entry((absorbed, surviving)).or_insert(fact);
        *smallest = fact.min(*smallest);
        self.unsettled = true;
    }

    /// Something was learned that `resolve` and `way` do not know yet.
    pub(super) const fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    /// Makes what keys have become follow what was learned.
    pub(super) fn settle(&mut self) {
        if std::mem::take(&mut self.unsettled) {
            self.restate();
        }
    }

    /// The key that stands for this customer.
    pub(super) fn resolve(&self, key: CustomerKey) -> CustomerKey {
        self.stands.get(&key).map_or(key, |stands| stands.key)
    }

    /// The merges that lead from this key to the one that stands for it: the fewest, and of equals the first ones.
    pub(super) fn way(&self, key: CustomerKey) -> &[FactId] {
        self.stands.get(&key).map_or(&[], |stands| &stands.way)
    }

    /// Every key of this customer's component, itself included, sorted.
    pub(super) fn component(&self, key: CustomerKey) -> Vec<CustomerKey> {
        let stands = self.resolve(key);
        let mut keys: BTreeSet<_> =
            self.stands.iter().filter(|(_, s)| s.key == stands).map(|(k, _)| *k).collect();
        keys.insert(key);
        keys.into_iter().collect()
    }

    /// Absorbed, surviving, and the fact that states it.
    pub(super) fn stated(&self) -> impl ExactSizeIterator<Item = (&(CustomerKey, CustomerKey), &FactId)> {
        self.stated.iter()
    }

    /// Components by flooding; each is stood for by its smallest key that nothing absorbed (by its smallest
    /// key where the merges go in a circle).
    fn restate(&mut self) {
        let mut neighbours: BTreeMap<CustomerKey, BTreeMap<CustomerKey, FactId>> = BTreeMap::new();
        for ((absorbed, surviving), fact) in &self.stated {
            for (a, b) in [(absorbed, surviving), (surviving, absorbed)] {
                let smallest = neighbours.entry(*a).or_default().entry(*b).or_insert(*fact);
                *smallest = (*fact).min(*smallest);
            }
        }
        let absorbed: BTreeSet<_> = self.stated.keys().map(|(a, _)| *a).collect();
        self.stands.clear();
        for start in neighbours.keys() {
            if self.stands.contains_key(start) {
                continue;
            }
            let component = ways(*start, &neighbours);
            let key = *component.keys().find(|k| !absorbed.contains(k)).unwrap_or(start);
            let ways = ways(key, &neighbours);
            self.stands.extend(ways.into_iter().map(|(k, way)| (k, Stands { key, way: way.into() })));
        }
    }
}

/// The shortest way from every key of the component back to `start`.
fn ways(
    start: CustomerKey,
    neighbours: &BTreeMap<CustomerKey, BTreeMap<CustomerKey, FactId>>,
) -> BTreeMap<CustomerKey, Vec<FactId>> {
    let mut ways = BTreeMap::from([(start, Vec::new())]);
    let mut open = VecDeque::from([start]);
    while let Some(key) = open.pop_front() {
        for (next, fact) in neighbours.get(&key).into_iter().flatten() {
            if !ways.contains_key(next) {
                let mut way = ways[&key].clone();
                way.push(*fact);
                ways.insert(*next, way);
                open.push_back(*next);
            }
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> CustomerKey {
        CustomerKey::from_bytes([n; 16])
    }

    fn fact(n: usize) -> FactId {
        FactId::from_bytes([u8::try_from(n).expect("few facts"); 16])
    }

    #[test]
    fn ways_are_the_shortest() {
        let mut m = Merges::default();
        for (n, (surviving, absorbed)) in [(1, 2), (2, 3), (3, 4), (1, 4)].into_iter().enumerate() {
            m.learn(key(surviving), key(absorbed), fact(n));
        }
        m.settle();
        assert_eq!(m.way(key(1)), []);
        assert_eq!(m.way(key(3)), [fact(0), fact(1)], "of two equally long ways that by the smallest keys");
        assert_eq!(m.way(key(4)), [fact(3)]);
        assert_eq!(m.way(key(9)), []);
    }

    #[test]
    fn the_survivor_stands_whatever_the_order() {
        let merges = [(3, 5), (5, 1), (5, 4), (8, 9)];
        let fold = |order: &[usize]| {
            let mut m = Merges::default();
            for i in order {
                m.learn(key(merges[*i].0), key(merges[*i].1), fact(*i));
            }
            m.settle();
            (0..10).map(|n| m.resolve(key(n))).collect::<Vec<_>>()
        };
        let expect: Vec<_> = [0, 3, 2, 3, 3, 3, 6, 7, 8, 8].map(key).to_vec();
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            assert_eq!(fold(&order), expect, "{order:?}");
        }
    }

    #[test]
    fn a_circle_is_stood_for_by_its_smallest() {
        let mut m = Merges::default();
        m.learn(key(2), key(7), fact(1));
        m.learn(key(7), key(2), fact(0));
        m.settle();
        assert_eq!(m.way(key(7)), [fact(0)], "of two merges of the same keys the smallest fact");
        assert_eq!((m.resolve(key(7)), m.resolve(key(2))), (key(2), key(2)));
        assert_eq!(m.component(key(7)), [key(2), key(7)]);
    }
}
