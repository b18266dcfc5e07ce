//! A hash of 64 bits for telling whether something has changed. Nobody chooses what is hashed so as to make it collide
//! and gains anything by that, so it may be a fast one: words of eight bytes are folded in by a wide multiplication, as
//! in wyhash.

use std::hash::Hasher;

/// Odd, with about as many ones as zeros: the first digits of pi and of e.
const FOLD: u64 = 0x243f_6a88_85a3_08d3;
const START: u64 = 0xb7e1_5162_8aed_2a6b;

/// The hash so far.
pub(super) struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(START)
    }
}

impl Digest {
    fn fold(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * u128::from(FOLD);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are folded in")]
        let halves = (wide >> 64) as u64 ^ wide as u64;
        // Where one factor was zero, the rotated word still tells.
        self.0 = halves ^ word.rotate_left(29);
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.fold(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.fold(u64::from_le_bytes(last));
        }
        self.fold(bytes.len() as u64);
    }

    fn write_u8(&mut self, n: u8) {
        self.fold(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.fold(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.fold(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.fold(n as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::Hash;

    fn digest(value: impl Hash) -> u64 {
        let mut digest = Digest::default();
        value.hash(&mut digest);
        digest.finish()
    }

    /// Neighbours, orders and lengths are told apart.
    #[test]
    fn small_differences_make_other_digests() {
        let mut seen = HashSet::new();
        for a in 0u64..200 {
            for b in 0u64..200 {
                assert!(seen.insert(digest((a, b))), "{a} {b}");
            }
        }
        let texts = ["", "a", "b", "ab", "ba", "a\0", "\0", "\0\0", "abcdefgh", "abcdefg", "abcdefghi"];
        assert_eq!(texts.map(digest).iter().collect::<HashSet<_>>().len(), texts.len());
        assert_ne!(digest((vec![1u8], vec![2u8, 3])), digest((vec![1u8, 2], vec![3u8])));
    }
}
