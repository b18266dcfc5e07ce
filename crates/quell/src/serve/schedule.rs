//! When the next round of folding and publishing begins. Pure: the time is handed in, as the time since the start.

use std::time::Duration;

/// The wait after the first failure; it doubles with each further one.
const BACKOFF_LEAST: Duration = Duration::from_secs(1);
/// The longest wait between two attempts: a disk that has room again is noticed within a minute.
const BACKOFF_MOST: Duration = Duration::from_secs(60);

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing yet, for so long at most.
    Wait(Duration),
    /// A round now.
    Round,
    /// The last round, after which nothing more comes.
    LastRound,
    /// The end.
    Finished {
        /// Whether the last round did what it should.
        done: bool,
    },
}

/// When rounds begin.
#[derive(Debug)]
pub struct Schedule {
    every: Duration,
    due: Duration,
    /// Rounds that failed since the last one that did not.
    failures: u32,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Running,
    Draining,
    Finished { done: bool },
}

impl Schedule {
    /// The first round is due at once.
    pub fn new(every: Duration) -> Self {
        Self { every, due: Duration::ZERO, failures: 0, phase: Phase::Running }
    }

    /// What to do at this moment.
    pub fn next(&self, now: Duration) -> Next {
        match self.phase {
            Phase::Finished { done } => Next::Finished { done },
            Phase::Draining => Next::LastRound,
            Phase::Running if now >= self.due => Next::Round,
            Phase::Running => Next::Wait(self.due - now),
        }
    }

    /// No new work comes: one more round, and then the end.
    pub fn drain(&mut self) {
        if matches!(self.phase, Phase::Running) {
            self.phase = Phase::Draining;
        }
    }

    /// A round is over. The next one begins after the time between two of them, and after at least as long as this
    /// one took, so that no more than half of the time goes into rounds.
    pub fn over(&mut self, began: Duration, ended: Duration, done: bool) {
        if let Phase::Draining = self.phase {
            self.phase = Phase::Finished { done };
            return;
        }
        self.failures = if done { 0 } else { self.failures.saturating_add(1) };
        let regular = (began + self.every).max(ended + ended.saturating_sub(began));
        self.due = if done { regular } else { ended + backoff(self.failures) };
    }
}

fn backoff(failures: u32) -> Duration {
    let factor = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    BACKOFF_LEAST.saturating_mul(factor).min(BACKOFF_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn rounds_come_regularly_and_slow_ones_leave_as_much_time_as_they_took() {
        let mut schedule = Schedule::new(s(30));
        assert_eq!(schedule.next(s(0)), Next::Round);
        schedule.over(s(0), s(2), true);
        assert_eq!(schedule.next(s(2)), Next::Wait(s(28)));
        assert_eq!(schedule.next(s(30)), Next::Round);
        schedule.over(s(30), s(70), true);
        assert_eq!(schedule.next(s(70)), Next::Wait(s(40)));
        assert_eq!(schedule.next(s(111)), Next::Round);
    }

    #[test]
    fn failures_are_tried_again_ever_more_slowly_and_success_forgets_them() {
        let mut schedule = Schedule::new(s(30));
        let waits: Vec<u64> = (0..8)
            .map(|_| {
                schedule.over(s(100), s(100), false);
                match schedule.next(s(100)) {
                    Next::Wait(wait) => wait.as_secs(),
                    other => panic!("{other:?}"),
                }
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        schedule.over(s(200), s(200), true);
        schedule.over(s(300), s(300), false);
        assert_eq!(schedule.next(s(300)), Next::Wait(s(1)));
        assert_eq!(backoff(u32::MAX), BACKOFF_MOST);
    }

    #[test]
    fn the_end_is_one_more_round_whatever_was_waited_for() {
        for done in [true, false] {
            let mut schedule = Schedule::new(s(30));
            schedule.over(s(0), s(1), true);
            schedule.drain();
            assert_eq!(schedule.next(s(2)), Next::LastRound);
            schedule.over(s(2), s(3), done);
            schedule.drain();
            assert_eq!(schedule.next(s(3)), Next::Finished { done });
        }
    }
}
