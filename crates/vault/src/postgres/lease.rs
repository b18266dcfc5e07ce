//! How a handle knows that nobody was erased without asking the server in every call: what it was told holds for
//! a short while, and whoever erases waits that long before the erasure is done. No handle needs to be known to
//! any other for that, and none that died is waited for longer.

use rustix::time::{ClockId, clock_gettime};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a handle may answer from memory with, and until when.
pub(super) struct Lease {
    lasts: Duration,
    granted: Mutex<Option<Grant>>,
}

#[derive(Clone, Copy)]
struct Grant {
    asked_at: Duration,
    generation: u64,
}

impl Lease {
    pub(super) fn new(lasts: Duration) -> Self {
        Self { lasts, granted: Mutex::new(None) }
    }

    /// The generation that still holds; else asks, and counts from the moment before the question.
    pub(super) fn generation<E>(&self, ask: impl FnOnce() -> Result<u64, E>) -> Result<u64, E> {
        let now = now();
        let granted = *self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(grant) = granted.filter(|grant| now.saturating_sub(grant.asked_at) < self.lasts) {
            return Ok(grant.generation);
        }
        let generation = ask()?;
        self.grant(Grant { asked_at: now, generation });
        Ok(generation)
    }

    /// Of two that were asked for at once the later counts.
    fn grant(&self, new: Grant) {
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        if granted.is_none_or(|old| old.asked_at <= new.asked_at) {
            *granted = Some(new);
        }
    }

    /// Nothing holds any longer: the next call asks.
    pub(super) fn end(&self) {
        *self.granted.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits until every lease of any handle that was given before this call has run out, by any clock that is
    /// slower than ours by at most an eighth.
    pub(super) fn wait_out(&self) {
        std::thread::sleep(self.lasts + self.lasts / 8);
    }
}

/// The clock that also counts while the machine sleeps.
fn now() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// How often the server is asked in three calls, of which the lease may be ended before the third.
    fn asked(lasts: Duration, ends: bool) -> u32 {
        let (lease, asked) = (Lease::new(lasts), Cell::new(0));
        for call in 0..3 {
            if ends && call == 2 {
                lease.end();
            }
            let ask = || {
                asked.set(asked.get() + 1);
                Ok::<u64, ()>(u64::from(asked.get()))
            };
            assert_eq!(lease.generation(ask), Ok(u64::from(asked.get())), "the newest that was told");
        }
        asked.get()
    }

    #[test]
    fn what_was_told_holds_until_the_lease_runs_out_or_is_ended() {
        const DAY: Duration = Duration::from_secs(86_400);
        assert_eq!(asked(DAY, false), 1);
        assert_eq!(asked(DAY, true), 2);
        assert_eq!(asked(Duration::ZERO, false), 3);
    }

    #[test]
    fn a_failed_question_grants_nothing_and_of_two_at_once_the_later_counts() {
        let lease = Lease::new(Duration::from_secs(86_400));
        assert_eq!(lease.generation(|| Err("unreachable")), Err("unreachable"));
        let told = lease.generation(|| {
            lease.grant(Grant { asked_at: now() + Duration::from_secs(1), generation: 8 }); // another thread, later
            Ok::<u64, ()>(7)
        });
        assert_eq!(told, Ok(7));
        assert_eq!(lease.generation(|| Err(())), Ok(8));
    }
}
