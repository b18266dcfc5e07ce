//! Which customers turned out to be one. A function of the set of merges, whatever order they come in.

use domain::CustomerKey;
use std::collections::{BTreeMap, BTreeSet};

/// The merges known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Merges {
    /// absorbed → surviving, as stated.
    stated: BTreeSet<(CustomerKey, CustomerKey)>,
    /// Every key that takes part → the key that stands for its component.
    stands: BTreeMap<CustomerKey, CustomerKey>,
}

impl Merges {
    pub(super) fn learn(&mut self, surviving: CustomerKey, absorbed: CustomerKey) {
        if surviving != absorbed && self.stated.insert((absorbed, surviving)) {
            self.restate();
        }
    }

    /// The key that stands for this customer.
    pub(super) fn resolve(&self, key: CustomerKey) -> CustomerKey {
        self.stands.get(&key).copied().unwrap_or(key)
    }

    /// Every key of this customer's component, itself included, sorted.
    pub(super) fn component(&self, key: CustomerKey) -> Vec<CustomerKey> {
        let stands = self.resolve(key);
        let mut keys: BTreeSet<_> =
            self.stands.iter().filter(|(_, s)| **s == stands).map(|(k, _)| *k).collect();
        keys.insert(key);
        keys.into_iter().collect()
    }

    pub(super) fn stated(&self) -> impl ExactSizeIterator<Item = &(CustomerKey, CustomerKey)> {
        self.stated.iter()
    }

    /// Components by flooding; each is stood for by its smallest key that nothing absorbed (by its smallest
    /// key where the merges go in a circle).
    fn restate(&mut self) {
        let mut neighbours: BTreeMap<CustomerKey, Vec<CustomerKey>> = BTreeMap::new();
        for (absorbed, surviving) in &self.stated {
            neighbours.entry(*absorbed).or_default().push(*surviving);
            neighbours.entry(*surviving).or_default().push(*absorbed);
        }
        let absorbed: BTreeSet<_> = self.stated.iter().map(|(a, _)| *a).collect();
        self.stands.clear();
        for start in neighbours.keys() {
            if self.stands.contains_key(start) {
                continue;
            }
            let component = flood(*start, &neighbours);
            let stands = component.iter().find(|k| !absorbed.contains(k)).unwrap_or(start);
            self.stands.extend(component.iter().map(|k| (*k, *stands)));
        }
    }
}

fn flood(start: CustomerKey, neighbours: &BTreeMap<CustomerKey, Vec<CustomerKey>>) -> BTreeSet<CustomerKey> {
    let mut component = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(key) = open.pop() {
        for next in neighbours.get(&key).into_iter().flatten() {
            if component.insert(*next) {
                open.push(*next);
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> CustomerKey {
        CustomerKey::from_bytes([n; 16])
    }

    #[test]
    fn the_survivor_stands_whatever_the_order() {
        let merges = [(3, 5), (5, 1), (5, 4), (8, 9)];
        let fold = |order: &[usize]| {
            let mut m = Merges::default();
            for i in order {
                m.learn(key(merges[*i].0), key(merges[*i].1));
            }
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
        m.learn(key(2), key(7));
        m.learn(key(7), key(2));
        assert_eq!((m.resolve(key(7)), m.resolve(key(2))), (key(2), key(2)));
        assert_eq!(m.component(key(7)), [key(2), key(7)]);
    }
}
