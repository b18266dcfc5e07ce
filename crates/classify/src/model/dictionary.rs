//! From the key of a feature to its number: open addressing, one 64-bit slot a feature, half of them empty.

/// The features of a model.
pub(super) struct Dictionary {
    /// High half: low half of the key. Low half: number of the feature, or [`EMPTY`].
    slots: Vec<u64>,
    /// A key's place is its highest bits.
    shift: u32,
}

const EMPTY: u64 = u32::MAX as u64;
const NUMBER: u64 = u32::MAX as u64;

impl Dictionary {
    /// Each key's number is its place among them.
    pub(super) fn of(keys: &[u64]) -> Self {
        let slots = (keys.len() * 2).next_power_of_two().max(2);
        let mut made = Self { slots: vec![EMPTY; slots], shift: 64 - slots.trailing_zeros() };
        for (number, &key) in (0u64..).zip(keys) {
            let mut at = made.place(key);
            while made.slots[at] != EMPTY {
                at = (at + 1) & (slots - 1);
            }
            made.slots[at] = key << 32 | number;
        }
        made
    }

    /// Where the search for a key begins.
    #[inline(always)]
    fn place(&self, key: u64) -> usize {
        usize::try_from(key >> self.shift)
            .expect("invariant: there are as many slots as the shift leaves room for")
    }

    /// The numbers of those keys that are known. All first slots are read before the first is looked at, so that
    /// the memory works on many at once.
    #[inline(always)]
    pub(super) fn numbers(&self, keys: &[u64], first: &mut Vec<u64>, mut known: impl FnMut(u32)) {
        first.clear();
        first.extend(keys.iter().map(|&key| self.slots[self.place(key)]));
        for (&key, &slot) in keys.iter().zip(first.iter()) {
            if let Some(number) = self.resolve(key, slot) {
                known(number);
            }
        }
    }

    /// The number of a key.
    pub(super) fn number(&self, key: u64) -> Option<u32> {
        self.resolve(key, self.slots[self.place(key)])
    }

    #[inline(always)]
    fn resolve(&self, key: u64, first: u64) -> Option<u32> {
        let (mut slot, mut at) = (first, self.place(key));
        loop {
            if slot == EMPTY {
                return None;
            }
            if (slot >> 32) == (key & NUMBER) {
                #[expect(clippy::cast_possible_truncation, reason = "the low half is the number")]
                return Some(slot as u32);
            }
            at = (at + 1) & (self.slots.len() - 1);
            slot = self.slots[at];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::mix;

    #[test]
    fn finds_what_was_put_in_and_nothing_else() {
        let keys: Vec<u64> = (0..5000).map(mix).collect();
        let dictionary = Dictionary::of(&keys);
        for (number, &key) in (0..).zip(&keys) {
            assert_eq!(dictionary.number(key), Some(number));
        }
        assert!((5000..10_000).all(|n| dictionary.number(mix(n)).is_none()));
        let mut found = Vec::new();
        dictionary.numbers(&keys, &mut Vec::new(), |number| found.push(number));
        assert_eq!(found, (0..5000).collect::<Vec<u32>>());
        assert_eq!(Dictionary::of(&[]).number(7), None);
    }
}
