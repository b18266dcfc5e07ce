//! Chance from a seed, in whole numbers only: the same draws on every machine.

use fastrand::Rng;

/// A stream of draws. Each part of the company has a stream of its own, so that a change in one part does not
/// move the others.
pub(super) struct Dice(Rng);

impl Dice {
    /// The stream of this name.
    pub fn new(seed: u64, stream: &str) -> Self {
        // FNV-1a: a name gives the same number in every version of the compiler, which `Hash` does not promise.
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(Rng::with_seed(stream.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, fold)))
    }

    /// From 0 to `end`, without it; 0 where `end` is 0.
    pub fn below(&mut self, end: u32) -> u32 {
        if end == 0 { 0 } else { self.0.u32(0..end) }
    }

    /// From `from` to `to`, both included.
    pub fn between(&mut self, from: u32, to: u32) -> u32 {
        from + self.below(to - from + 1)
    }

    /// True in so many of a thousand cases.
    pub fn permille(&mut self, permille: u32) -> bool {
        self.below(1_000) < permille
    }

    /// One of these, each as likely as the others.
    pub fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        let end = u32::try_from(items.len()).expect("no list here is that long");
        &items[self.below(end) as usize]
    }

    /// A place in the list, as likely as its weight says.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (place, weight) in weights.iter().enumerate() {
            if left < *weight {
                return place;
            }
            left -= weight;
        }
        unreachable!("a draw lies below the sum of the weights")
    }

    /// How many independent events happen where so many are expected, in thousandths: spread about as widely as
    /// a Poisson count is.
    pub fn count(&mut self, expected_milli: u64) -> u32 {
        // Twelve uniform draws have the variance of one; their mean is taken away.
        let bell: i64 = (0..12).map(|_| i64::from(self.below(1_000))).sum::<i64>() - 5_994;
        let expected = i64::try_from(expected_milli).expect("no company has so many contacts");
        let spread = i64::try_from((expected_milli * 1_000).isqrt()).expect("smaller than its square");
        u32::try_from((expected + bell * spread / 1_000 + 500).max(0) / 1_000).expect("a count of one week")
    }

    /// A length of time around the typical one: a third of it at least, three times at most, more often short
    /// than long.
    pub fn around(&mut self, typical: u32) -> u32 {
        let skewed = self.below(101) * self.below(101) / 100;
        typical * (33 + self.below(71) + skewed * 2 * self.below(101) / 100) / 100
    }

    /// A new order of these.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let end = u32::try_from(last + 1).expect("no list here is that long");
            items.swap(last, self.below(end) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These bytes are what "same seed, same company" rests on.
    #[test]
    fn a_stream_is_the_same_for_ever() {
        let draws = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            (0..4).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1, "contacts"), draws(1, "contacts"));
        assert_ne!(draws(1, "contacts"), draws(2, "contacts"));
        assert_ne!(draws(1, "contacts"), draws(1, "orders"));
    }

    #[test]
    fn counts_spread_as_the_square_root() {
        let mut dice = Dice::new(7, "counts");
        let counts: Vec<i64> = (0..2_000).map(|_| i64::from(dice.count(400_000)) - 400).collect();
        let mean = counts.iter().sum::<i64>() / 2_000;
        let variance = counts.iter().map(|c| c * c).sum::<i64>() / 2_000;
        assert!(mean.abs() <= 1 && (340..=460).contains(&variance), "{mean} {variance}");
    }

    #[test]
    fn weights_decide() {
        let mut dice = Dice::new(7, "weights");
        let mut hits = [0; 3];
        (0..10_000).for_each(|_| hits[dice.weighted(&[1, 0, 9])] += 1);
        assert!(hits[1] == 0 && (900..1_100).contains(&hits[0]), "{hits:?}");
    }
}
