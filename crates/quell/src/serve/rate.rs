//! How many events a second are taken. Pure: the time is handed in.

use std::time::Duration;

/// A millionth of an event, so that short times are not rounded away.
const MICRO: i128 = 1_000_000;

/// A second's worth of events that fills up with time. A request may take more than is there and leaves a debt,
/// because how many events it has is only known once it was read; while there is a debt nothing more is taken.
#[derive(Debug)]
pub struct Bucket {
    per_second: u32,
    /// Micro-events, at most a second's worth; negative = debt.
    level: i128,
    /// When the level was right.
    at: Duration,
}

impl Bucket {
    /// A full bucket; times are since any fixed moment.
    pub fn new(per_second: u32, now: Duration) -> Self {
        Self { per_second, level: i128::from(per_second) * MICRO, at: now }
    }

    /// How long to wait until there is something; `None` = now.
    pub fn wait(&mut self, now: Duration) -> Option<Duration> {
        self.fill(now);
        if self.level > 0 {
            return None;
        }
        // Events a second are micro-events a microsecond.
        let micros = (1 - self.level).unsigned_abs().div_ceil(u128::from(self.per_second));
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    /// Takes so many.
    pub fn take(&mut self, now: Duration, events: usize) {
        self.fill(now);
        self.level -= i128::try_from(events).unwrap_or(i128::MAX / MICRO) * MICRO;
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_micros();
        let full = i128::from(self.per_second) * MICRO;
        let more = i128::try_from(passed).unwrap_or(full).saturating_mul(i128::from(self.per_second));
        self.level = self.level.saturating_add(more).min(full);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_second_s_worth_may_come_at_once_and_a_debt_is_waited_for() {
        let mut bucket = Bucket::new(10, ms(0));
        bucket.take(ms(0), 9);
        assert_eq!(bucket.wait(ms(0)), None);
        // More than is left: taken, and owed.
        bucket.take(ms(0), 21);
        assert_eq!(bucket.wait(ms(0)), Some(Duration::from_micros(2_000_001)));
        assert_eq!(bucket.wait(ms(1_500)), Some(Duration::from_micros(500_001)));
        assert_eq!(bucket.wait(ms(2_001)), None);
        // A long rest gives no more than a second's worth.
        bucket.take(ms(3_600_000), 10);
        assert!(bucket.wait(ms(3_600_000)).is_some());
    }

    #[test]
    fn over_any_time_no_more_than_the_rate_and_one_burst_is_taken() {
        let mut bucket = Bucket::new(100, ms(0));
        let mut taken = 0;
        for now in (0..10_000).map(ms) {
            if bucket.wait(now).is_none() {
                bucket.take(now, 7);
                taken += 7;
            }
        }
        assert!((1_000..=1_000 + 107).contains(&taken), "{taken}");
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_nothing() {
        let mut bucket = Bucket::new(1, ms(5_000));
        bucket.take(ms(5_000), 1);
        assert!(bucket.wait(ms(0)).is_some());
        assert!(bucket.wait(ms(5_000)).is_some());
        assert_eq!(bucket.wait(ms(5_001)), None);
    }
}
