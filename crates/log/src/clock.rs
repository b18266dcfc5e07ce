//! The clock that stamps `recorded_at`. It is handed in when a log is opened, so that tests and the
//! simulator run on virtual time; nothing else in this crate asks for the time.

use domain::Instant;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time. It may jump, also backwards: the log keeps `recorded_at` from falling.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// The machine's clock, for the shell.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |m| -m),
        };
        clamped(micros)
    })
}

/// The nearest instant of the accepted range.
pub(crate) fn clamped(micros: i64) -> Instant {
    let held = micros.clamp(Instant::MIN.micros(), Instant::MAX.micros());
    Instant::from_micros(held).expect("a clamped instant lies in the accepted range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_out_of_range_is_held_inside() {
        assert_eq!(clamped(i64::MAX), Instant::MAX);
        assert_eq!(clamped(i64::MIN), Instant::MIN);
        assert_eq!(clamped(0).micros(), 0);
    }
}
