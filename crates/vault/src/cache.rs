//! A bounded map from a random name to a value, shared by threads, that forgets everything when the
//! generation changes. It knows nothing of what it holds.
//!
//! Approximate LRU by two halves: a full young half becomes the old one and the old one is dropped; a hit in
//! the old half moves the entry to the young one. Each entry costs one hash-map slot and nothing more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Threads meet on a lock only when they ask for the same one of these at once. A power of two.
const SHARDS: usize = 32;

/// The names are HMACs, random or hash-made ids, so their first byte chooses the shard evenly.
pub(crate) struct Cache<V, const N: usize> {
    shards: Vec<Mutex<Shard<V, N>>>,
}

struct Shard<V, const N: usize> {
    generation: u64,
    half: usize,
    young: HashMap<[u8; N], V>,
    old: HashMap<[u8; N], V>,
}

impl<V: Clone, const N: usize> Cache<V, N> {
    /// Holds at most `entries`, rounded up to two for each shard.
    pub(crate) fn new(entries: usize) -> Self {
        let half = entries.div_ceil(2 * SHARDS).max(1);
        let shard = || Shard { generation: 0, half, young: HashMap::new(), old: HashMap::new() };
        Self { shards: (0..SHARDS).map(|_| Mutex::new(shard())).collect() }
    }

    /// The value known in this generation. A newer generation than before empties the whole cache.
    pub(crate) fn get(&self, generation: u64, name: &[u8; N]) -> Option<V> {
        self.shard(generation, name)?.get(name)
    }

    /// Keeps a value that was read in this generation; one read in an older generation is not kept.
    pub(crate) fn put(&self, generation: u64, name: [u8; N], value: V) {
        if let Some(mut shard) = self.shard(generation, &name) {
            shard.put(name, value);
        }
    }

    /// Drops all that was read before this generation.
    pub(crate) fn forget(&self, generation: u64) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            if shard.generation < generation {
                shard.generation = generation;
                shard.young = HashMap::new();
                shard.old = HashMap::new();
            }
        }
    }

    /// The shard of this name; `None` for a caller whose generation is past.
    fn shard(&self, generation: u64, name: &[u8; N]) -> Option<MutexGuard<'_, Shard<V, N>>> {
        let place = &self.shards[usize::from(name[0]) % SHARDS];
        let mut shard = lock(place);
        if shard.generation < generation {
            drop(shard);
            self.forget(generation);
            shard = lock(place);
        }
        (shard.generation == generation).then_some(shard)
    }
}

/// A panic elsewhere cannot leave a shard half changed: each change is one call of a map.
fn lock<V, const N: usize>(shard: &Mutex<Shard<V, N>>) -> MutexGuard<'_, Shard<V, N>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<V: Clone, const N: usize> Shard<V, N> {
    fn get(&mut self, name: &[u8; N]) -> Option<V> {
        if let Some(value) = self.young.get(name) {
            return Some(value.clone());
        }
        let (name, value) = self.old.remove_entry(name)?;
        self.put(name, value.clone());
        Some(value)
    }

    fn put(&mut self, name: [u8; N], value: V) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All in one shard, told apart by the second byte.
    const fn name(n: u8) -> [u8; 2] {
        [7, n]
    }

    #[test]
    fn holds_what_is_used_and_drops_what_is_not() {
        let cache: Cache<u8, 2> = Cache::new(4 * SHARDS); // two halves of two in each shard
        for n in 0..3 {
            cache.put(0, name(n), n);
        }
        assert_eq!(cache.get(0, &name(0)), Some(0)); // moves to the young half, which is now full
        cache.put(0, name(3), 3); // drops 1, the only entry left in the old half
        let known: Vec<u8> = (0..4).filter(|n| cache.get(0, &name(*n)).is_some()).collect();
        assert_eq!(known, [0, 2, 3]);
    }

    #[test]
    fn never_holds_more_than_its_bound() {
        let cache: Cache<u16, 2> = Cache::new(64);
        (0..u16::MAX).for_each(|n| cache.put(0, n.to_be_bytes(), n));
        let held = |shard: &Mutex<Shard<u16, 2>>| {
            let shard = lock(shard);
            shard.young.len() + shard.old.len()
        };
        let held: usize = cache.shards.iter().map(held).sum();
        assert!(held <= 64, "{held}");
    }

    #[test]
    fn a_generation_never_sees_another_ones_values() {
        let cache: Cache<&str, 2> = Cache::new(64);
        cache.put(0, name(1), "before");
        cache.put(0, [200, 1], "before, in another shard");
        assert_eq!(cache.get(2, &name(1)), None);
        cache.put(0, name(1), "read before, arrives late");
        assert_eq!(cache.get(2, &name(1)), None);
        cache.put(2, name(1), "after");
        assert_eq!(cache.get(0, &name(1)), None, "a reader that still holds the old generation");
        assert_eq!(cache.get(2, &name(1)), Some("after"));
        assert!(cache.shards.iter().all(|s| lock(s).generation == 2), "every shard was emptied");
        assert_eq!(cache.get(2, &[200, 1]), None);
    }
}
