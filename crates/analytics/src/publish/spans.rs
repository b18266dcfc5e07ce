//! Runs of days that a publishing job works on at once. Its memory follows from the rows of a span, its time
//! from the number of spans, since each looks once at the ids of the whole lake.

use domain::Day;
use std::collections::BTreeSet;

/// Days from `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub from: Day,
    pub to: Day,
    /// Rows of contacts on them, superseded ones included.
    rows: u64,
}

/// How long spans may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Rows of a span; a single day may exceed it.
    pub rows: u64,
    /// Rows of days that need not be written, which a span may read over to reach the next one that must be.
    pub idle_rows: u64,
}

impl Default for Limits {
    /// A published row takes some two kilobytes on its way (joined, sorted, encoded), so a span stays below
    /// half a gigabyte. Passing over idle rows costs less than another look at the lake's ids.
    fn default() -> Self {
        Self { rows: 200_000, idle_rows: 40_000 }
    }
}

/// Covers the days to be written with spans. `days` are all days with their rows, in order.
pub(super) fn spans(days: &[(Day, u64)], write: &BTreeSet<Day>, limits: Limits) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    // Rows of the days passed over since the last span.
    let mut idle = 0;
    for &(day, rows) in days {
        if !write.contains(&day) {
            idle += rows;
            continue;
        }
        match out.last_mut() {
            Some(last) if idle <= limits.idle_rows && last.rows + idle + rows <= limits.rows => {
                (last.to, last.rows) = (day, last.rows + idle + rows);
            }
            _ => out.push(Span { from: day, to: day, rows }),
        }
        idle = 0;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(days: &[(i32, u64)], write: &[i32], expected: &[(i32, i32, u64)]) {
        let day = |d: i32| Day::from_epoch_days(d).expect("day");
        let days: Vec<(Day, u64)> = days.iter().map(|(d, rows)| (day(*d), *rows)).collect();
        let found =
            spans(&days, &write.iter().map(|d| day(*d)).collect(), Limits { rows: 100, idle_rows: 20 });
        let expected: Vec<Span> = expected
            .iter()
            .map(|(from, to, rows)| Span { from: day(*from), to: day(*to), rows: *rows })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn spans_hold_what_must_be_written_and_little_else() {
        let days = [(1, 40), (2, 50), (3, 20), (5, 10), (6, 300), (7, 5)];
        check(&days, &[], &[]);
        check(&days, &[1], &[(1, 1, 40)]);
        check(&days, &[1, 2], &[(1, 2, 90)]);
        check(&days, &[1, 2, 3], &[(1, 2, 90), (3, 3, 20)]);
        // Day 3 is read over, day 2 is not worth it.
        check(&days, &[2, 5], &[(2, 5, 80)]);
        check(&days, &[1, 3], &[(1, 1, 40), (3, 3, 20)]);
        // A day beyond the limit stands alone.
        check(&days, &[5, 6, 7], &[(5, 5, 10), (6, 6, 300), (7, 7, 5)]);
        // A day without rows is nowhere.
        check(&days, &[4, 9], &[]);
    }
}
