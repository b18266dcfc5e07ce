//! What of the tables by days and weeks is written anew since an earlier cut. Rows change with the contacts of
//! their days, and with instants that lie between what time it was then and what time it is now: a resolution
//! became final, a week ended. `as_of` may also go back; then the same rows change back.

use super::calendar::{Calendar, Today, mondays, week_after};
use super::{Base, Job, instant};
use crate::error::AnalyticsError;
use datafusion::common::ScalarValue;
use domain::{Day, Instant};
use std::collections::BTreeSet;

const MATURED: &str = include_str!("../../sql/trends/matured.sql");

/// What is written anew; everything else is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    /// Days of the tables by days.
    pub days: BTreeSet<Day>,
    /// Mondays of the tables by weeks.
    pub weeks: BTreeSet<Day>,
    /// Mondays of `movers_weekly`, whose rows also depend on the week before.
    pub movers: BTreeSet<Day>,
}

/// The contacts of two cuts, as far as their weeks go.
pub(super) struct Weeks<'a> {
    pub before: &'a Calendar,
    pub now: &'a Calendar,
}

impl Touched {
    /// Everything that has contacts.
    pub fn everything(days: BTreeSet<Day>, calendar: &Calendar) -> Self {
        Self { weeks: mondays(&days), days, movers: calendar.shown() }
    }

    /// What has changed since `base`, where the contacts of the days `touched` have. `contacts` is the table of
    /// the new ones.
    pub fn since(
        job: &Job<'_>,
        base: &Base<'_>,
        touched: &BTreeSet<Day>,
        weeks: &Weeks<'_>,
    ) -> Result<Self, AnalyticsError> {
        let mut days = touched.clone();
        if let Some(between) = between(base.as_of(), job.as_of) {
            days.extend(job.days(MATURED, between)?);
        }
        let ended = ended(weeks.now, job.today(base.as_of()), job.today(job.as_of));
        Ok(Self::of(days, &ended, weeks))
    }

    fn of(days: BTreeSet<Day>, ended: &BTreeSet<Day>, weeks: &Weeks<'_>) -> Self {
        let changed = mondays(&days);
        let after = |week: Day| week_after(week);
        // The first week has no rows and the last ends them: where these two move, rows appear and vanish in weeks
        // that nothing else touches.
        let firsts = [weeks.before.first(), weeks.now.first()].into_iter().flatten();
        let lasts = [weeks.before.last(), weeks.now.last()].into_iter().flatten().filter_map(after);
        let mut movers: BTreeSet<Day> = changed.iter().copied().filter_map(after).collect();
        movers.extend(changed.iter().chain(ended).copied().chain(firsts).chain(lasts));
        Self { days, weeks: &changed | ended, movers }
    }
}

/// The instants after the earlier of two and up to the later, as parameters of SQL; `None` where they are one.
pub(super) fn between(a: Instant, b: Instant) -> Option<Vec<(&'static str, ScalarValue)>> {
    (a != b).then(|| vec![("from", instant(a.min(b))), ("to", instant(a.max(b)))])
}

/// Weeks that had ended at one of two days and not at the other.
fn ended(calendar: &Calendar, a: Today, b: Today) -> BTreeSet<Day> {
    calendar.shown().into_iter().filter(|week| a.is_complete(*week) != b.is_complete(*week)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Zone;

    fn days(texts: &[&str]) -> BTreeSet<Day> {
        texts.iter().map(|text| Day::parse(text).expect(text)).collect()
    }

    fn movers(before: &[&str], now: &[&str], touched: &[&str]) -> Vec<String> {
        let weeks = Weeks { before: &Calendar::of(&days(before)), now: &Calendar::of(&days(now)) };
        let touched = Touched::of(days(touched), &BTreeSet::new(), &weeks);
        touched.movers.into_iter().map(|m| m.to_string()).collect()
    }

    #[test]
    fn movers_change_in_the_week_after_and_where_the_first_or_last_week_moves() {
        let (a, b, c) = ("2026-05-04", "2026-05-11", "2026-06-01");
        // The first week stays 05-04 and the last 06-01.
        assert_eq!(movers(&[a, c], &[a, b, c], &[b]), [a, b, "2026-05-18", "2026-06-08"]);
        // 06-01 was the first week; with an earlier one it gets rows although nothing touched it.
        assert_eq!(movers(&[c], &[a, c], &[a]), [a, b, c, "2026-06-08"]);
        // 05-04 was the last week; with a later one the week after it shows what vanished.
        assert_eq!(movers(&[a], &[a, c], &[c]), [a, b, c, "2026-06-08"]);
        assert_eq!(movers(&[], &[], &[]), Vec::<String>::new());
    }

    #[test]
    fn a_week_ends_and_begins_again_where_as_of_passes_its_end() {
        let calendar = Calendar::of(&days(&["2026-05-04", "2026-05-11"]));
        let today = |text: &str| Today::at(Instant::parse_rfc3339(text).expect(text), &Zone::utc());
        let cases = [
            ("2026-05-10T00:00:00Z", "2026-05-10T23:00:00Z", 0),
            ("2026-05-10T00:00:00Z", "2026-05-11T00:00:00Z", 1),
            ("2026-05-18T00:00:00Z", "2026-05-10T00:00:00Z", 2),
            ("2026-05-18T00:00:00Z", "2026-07-10T00:00:00Z", 0),
        ];
        for (a, b, count) in cases {
            assert_eq!(ended(&calendar, today(a), today(b)).len(), count, "{a} {b}");
            assert_eq!(ended(&calendar, today(b), today(a)).len(), count, "{b} {a}");
        }
    }
}
