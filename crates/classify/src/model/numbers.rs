//! Arithmetic that gives the same bits on every machine: the platform's `exp` and `ln` do not.

/// Random numbers of one seed (SplitMix64, Steele et al. 2014). Ours, so that a trained model never changes
/// because a library's generator did.
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    #[inline(always)]
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In `[0, n)`; `n` is not 0. Its bias is below n / 2⁶⁴.
    #[inline(always)]
    pub(super) const fn below(&mut self, n: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "less than n")]
        let below = ((self.next() as u128 * n as u128) >> 64) as usize;
        below
    }

    /// In `[-1, 1)`.
    pub(super) fn signed_unit(&mut self) -> f32 {
        let bits = (self.next() >> 40) as u32;
        bits as f32 / (1u32 << 23) as f32 - 1.0
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// e^x for x ≤ 0, within two units of the last place; below −87 it is about 10⁻³⁸. Without branches, so that eight
/// are computed at once.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: what is added to it is rounded to a whole number
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 0.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let tail = (((1.987_569_1e-4 * r + 1.398_2e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r;
    let power = ((tail + 1.666_666_5e-1) * r + 0.5) * r * r + r + 1.0;
    // the low bits of `shifted` hold n: moved into the exponent they multiply by 2ⁿ
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127);
    power * f32::from_bits(exponent << 23)
}

/// Makes scores probabilities, in place: softmax of `score / temperature`.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32], temperature: f32) {
    let most = most(scores);
    let scale = 1.0 / temperature;
    for score in scores.iter_mut() {
        *score = exp((*score - most) * scale);
    }
    let scale = 1.0 / sum(scores);
    scores.iter_mut().for_each(|p| *p *= scale);
}

/// Sum in an order that eight lanes can keep.
#[inline(always)]
pub(super) fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// Inner product, in the order of [`sum`].
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// The highest value; of nothing, −∞. In eight lanes.
#[inline(always)]
pub(super) fn most(values: &[f32]) -> f32 {
    let greater = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder().iter().fold(f32::NEG_INFINITY, |a, &b| greater(a, b));
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = greater(*lane, value);
        }
    }
    lanes.into_iter().fold(rest, greater)
}

/// The highest value and where it is first; of nothing, nothing.
#[inline(always)]
pub(super) fn highest(values: &[f32]) -> Option<(usize, f32)> {
    let most = most(values);
    Some((values.iter().position(|&value| value == most)?, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_the_exponential() {
        for step in 0..=8700 {
            let x = -(step as f32) / 100.0;
            let (ours, exact) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((ours - exact).abs() <= exact * 3e-7, "{x}: {ours} {exact}");
        }
        assert!(exp(-1e30) < 1e-37 && exp(0.0) == 1.0);
    }

    #[test]
    fn a_seed_gives_its_numbers() {
        // the first outputs of the published generator for seed 1234567
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
        let mut items: Vec<_> = (0..100).collect();
        random.shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
        assert!((0..1000).all(|_| random.below(7) < 7 && random.signed_unit().abs() <= 1.0));
    }
}
