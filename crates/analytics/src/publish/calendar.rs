//! The weeks of a cut's contacts: what SQL cannot know of the tenant's calendar, as two small tables.
//!
//! | table | rows |
//! |---|---|
//! | `weeks` | `monday`, `before` (the Monday before), `iso_week`, `complete`, `is_first`: weeks with contacts and those right after one, up to the last that has some |
//! | `calendar` | `dt`, `monday`: every day of these weeks and of the week before each |

use arrow::array::{ArrayRef, BooleanArray, Date32Array, RecordBatch, StringArray};
use domain::{Day, Instant, Zone};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Days of a week.
const WEEK: i32 = 7;

/// The weeks that have contacts, by their Mondays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calendar {
    weeks: BTreeSet<Day>,
}

/// What day it was at the cut, in the tenant's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Today(i32);

impl Today {
    pub fn at(as_of: Instant, zone: &Zone) -> Self {
        Self(as_of.day(zone).epoch_days())
    }

    /// Whether the week of that Monday has ended.
    pub fn is_complete(self, monday: Day) -> bool {
        self.0 >= monday.epoch_days() + WEEK
    }
}

/// The Monday after; none at the end of time.
pub(super) fn week_after(monday: Day) -> Option<Day> {
    Day::from_epoch_days(monday.epoch_days() + WEEK)
}

/// The Mondays of these days.
pub(super) fn mondays<'a>(days: impl IntoIterator<Item = &'a Day>) -> BTreeSet<Day> {
    days.into_iter().map(|day| day.week().monday()).collect()
}

impl Calendar {
    /// Of the days that have contacts.
    pub fn of<'a>(days: impl IntoIterator<Item = &'a Day>) -> Self {
        Self { weeks: mondays(days) }
    }

    pub fn first(&self) -> Option<Day> {
        self.weeks.first().copied()
    }

    pub fn last(&self) -> Option<Day> {
        self.weeks.last().copied()
    }

    /// Weeks with contacts and those right after one, up to the last that has some.
    pub fn shown(&self) -> BTreeSet<Day> {
        let after = self.weeks.iter().filter_map(|monday| week_after(*monday));
        let within = after.filter(|monday| Some(*monday) <= self.last());
        self.weeks.iter().copied().chain(within).collect()
    }

    /// The table `weeks`.
    pub fn weeks(&self, today: Today) -> RecordBatch {
        let shown: Vec<Day> = self.shown().into_iter().collect();
        let monday: Date32Array = shown.iter().map(|m| Some(m.epoch_days())).collect();
        let before: Date32Array = shown.iter().map(|m| Some(m.epoch_days() - WEEK)).collect();
        let iso_week: StringArray = shown.iter().map(|m| Some(m.week().to_string())).collect();
        let complete: BooleanArray = shown.iter().map(|m| Some(today.is_complete(*m))).collect();
        let is_first: BooleanArray = shown.iter().map(|m| Some(Some(*m) == self.first())).collect();
        batch([
            ("monday", Arc::new(monday) as ArrayRef),
            ("before", Arc::new(before)),
            ("iso_week", Arc::new(iso_week)),
            ("complete", Arc::new(complete)),
            ("is_first", Arc::new(is_first)),
        ])
    }

    /// The table `calendar`.
    pub fn days(&self) -> RecordBatch {
        let shown = self.shown();
        let mondays: BTreeSet<i32> =
            shown.iter().flat_map(|m| [m.epoch_days() - WEEK, m.epoch_days()]).collect();
        let days = || mondays.iter().flat_map(|monday| (0..WEEK).map(move |n| (monday + n, *monday)));
        let dt: Date32Array = days().map(|(day, _)| Some(day)).collect();
        let monday: Date32Array = days().map(|(_, monday)| Some(monday)).collect();
        batch([("dt", Arc::new(dt) as ArrayRef), ("monday", Arc::new(monday))])
    }
}

fn batch<const N: usize>(columns: [(&'static str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, false)))
        .expect("columns made of one list have one length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect(text)
    }

    fn shown(days: &[&str]) -> Vec<String> {
        let days: Vec<Day> = days.iter().map(|d| day(d)).collect();
        Calendar::of(&days).shown().into_iter().map(|m| m.to_string()).collect()
    }

    #[test]
    fn weeks_with_contacts_and_those_after_them_are_shown_up_to_the_last() {
        assert_eq!(shown(&[]), Vec::<String>::new());
        assert_eq!(shown(&["2026-05-06"]), ["2026-05-04"]);
        // 2026-W53 ends on Sunday, January 3rd.
        assert_eq!(shown(&["2027-01-03", "2027-01-04"]), ["2026-12-28", "2027-01-04"]);
        assert_eq!(shown(&["2026-05-04", "2026-06-01"]), ["2026-05-04", "2026-05-11", "2026-06-01"]);
    }

    #[test]
    fn a_week_is_complete_from_the_next_monday_on_in_its_zone() {
        let madrid = Zone::named("Europe/Madrid").expect("zone");
        // instant, Monday, complete: in summer Madrid is two hours ahead, in winter one.
        let cases = [
            ("2026-05-10T21:59:59Z", "2026-05-04", false),
            ("2026-05-10T22:00:00Z", "2026-05-04", true),
            ("2026-10-25T22:59:59Z", "2026-10-19", false),
            ("2026-10-25T23:00:00Z", "2026-10-19", true),
            ("2027-01-03T22:59:59Z", "2026-12-28", false),
            ("2027-01-03T23:00:00Z", "2026-12-28", true),
        ];
        for (at, monday, complete) in cases {
            let at = Instant::parse_rfc3339(at).expect(at);
            assert_eq!(Today::at(at, &madrid).is_complete(day(monday)), complete, "{at:?}");
        }
    }

    #[test]
    fn every_day_of_a_shown_week_and_of_the_one_before_is_in_the_calendar_once() {
        let calendar = Calendar::of(&[day("2026-05-06"), day("2026-05-12"), day("2026-06-30")]);
        // Two weeks side by side with the one before, and two more weeks apart with theirs.
        assert_eq!(calendar.days().num_rows(), 7 * (3 + 1 + 2));
        assert_eq!(calendar.weeks(Today(0)).num_rows(), 4);
        assert_eq!(Calendar::of(&[]).days().num_rows(), 0);
    }
}
