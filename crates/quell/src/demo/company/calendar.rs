//! The weeks of the demo and its moments: local time in the company's zone, and the instant it is.
//!
//! The weeks are fixed, not the ones before today: the demo is the same on every day of the year.

use domain::{Day, Instant, IsoWeek, Span, Zone};

/// The company's zone.
pub const ZONE: &str = "Europe/Madrid";

/// Seconds of a day of 24 hours.
pub(super) const DAY_SECONDS: u32 = 86_400;

/// The weeks of the company.
pub struct Calendar {
    zone: Zone,
    first: i32,
    weeks: u32,
    /// Of each day, the seconds since 1970 at which each of its local hours begins.
    hours: Vec<[i64; 24]>,
}

/// A moment of the company's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Moment {
    /// Seconds since 1970.
    pub at: i64,
    /// Days since the first Monday.
    pub day: u32,
    /// Seconds since local midnight, as the clock on the wall shows them.
    pub second: u32,
}

impl Calendar {
    /// So many weeks, the last of which is 2026-W20.
    pub fn new(weeks: u32) -> Self {
        let last = Day::new(2026, 5, 11).expect("a day").epoch_days();
        let zone = Zone::named(ZONE).expect("a zone of the database");
        let first = last - 7 * (i32::try_from(weeks).expect("few weeks") - 1);
        let day = |index: i32| Day::from_epoch_days(first + index).expect("a day near 2026");
        let days = i32::try_from(weeks * 7).expect("few days");
        let hours = (0..days).map(|index| hours_of(&zone, day(index))).collect();
        Self { zone, first, weeks, hours }
    }

    /// Weeks.
    pub const fn weeks(&self) -> u32 {
        self.weeks
    }

    /// Days.
    pub const fn days(&self) -> u32 {
        self.weeks * 7
    }

    /// The company's zone.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The day so many days after the first Monday.
    pub fn day(&self, index: u32) -> Day {
        let index = i32::try_from(index).expect("few days");
        Day::from_epoch_days(self.first + index).expect("a day near 2026")
    }

    /// The week so many weeks after the first.
    pub fn week(&self, index: u32) -> IsoWeek {
        self.day(index * 7).week()
    }

    /// When a week ends: the next Monday, 00:00 local time.
    pub fn end_of_week(&self, index: u32) -> Instant {
        let midnight = format!("{}T00:00:00", self.day((index + 1) * 7));
        self.zone.instant(midnight.parse().expect("a local time")).expect("an instant near 2026")
    }

    /// The day and the local hour of an instant; `None` outside the weeks.
    pub fn hour(&self, instant: Instant) -> Option<(u32, usize)> {
        let day = u32::try_from(instant.day(&self.zone).epoch_days() - self.first).ok()?;
        let seconds = instant.micros().div_euclid(Span::from_seconds(1).micros());
        // Of the two beginnings of a skipped hour the later one counts.
        let hour = self.hours.get(day as usize)?.iter().rposition(|begins| *begins <= seconds)?;
        Some((day, hour))
    }

    /// The moment at this place of a day. An hour that the zone skips in spring is taken for the next one.
    pub(super) fn moment(&self, day: u32, second: u32) -> Moment {
        let hours = &self.hours[day as usize];
        let hour = (second / 3_600) as usize;
        let skipped = hours.get(hour + 1) == Some(&hours[hour]);
        let second = if skipped { second + 3_600 } else { second };
        Moment { at: hours[(second / 3_600) as usize] + i64::from(second % 3_600), day, second }
    }

    /// As `2026-03-02T09:15:27+01:00`.
    pub(super) fn text(&self, moment: Moment) -> String {
        let Moment { at, day, second } = moment;
        let midnight = i64::from(self.day(day).epoch_days()) * i64::from(DAY_SECONDS);
        let offset = (midnight + i64::from(second) - at) / 3_600;
        let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
        format!("{}T{h:02}:{m:02}:{s:02}+{offset:02}:00", self.day(day))
    }
}

fn hours_of(zone: &Zone, day: Day) -> [i64; 24] {
    std::array::from_fn(|hour| {
        let local = format!("{day}T{hour:02}:00:00").parse().expect("a local time");
        let begins = zone.instant(local).expect("an instant near 2026");
        begins.since(Instant::from_micros(0).expect("1970")).micros() / Span::from_seconds(1).micros()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weeks_end_where_the_design_says() {
        let calendar = Calendar::new(12);
        let weeks = [0, 11].map(|index| calendar.week(index).to_string());
        assert_eq!(weeks, ["2026-W09", "2026-W20"]);
        assert_eq!(calendar.end_of_week(11).to_string(), "2026-05-17T22:00:00Z");
        assert_eq!(calendar.end_of_week(0).to_string(), "2026-03-01T23:00:00Z");
    }

    #[test]
    fn moments_know_summer_time() {
        let calendar = Calendar::new(12);
        let text = |day, hour: u32| calendar.text(calendar.moment(day, hour * 3_600 + 75));
        // Sunday 2026-03-29 has no hour between two and three.
        assert_eq!(text(34, 1), "2026-03-29T01:01:15+01:00");
        assert_eq!(text(34, 2), "2026-03-29T03:01:15+02:00");
        assert_eq!(text(34, 23), "2026-03-29T23:01:15+02:00");
        let instant = |text: &str| Instant::parse_rfc3339(text).expect("a time").micros() / 1_000_000;
        for (day, hour) in [(0, 0), (33, 23), (34, 1), (34, 2), (34, 3), (83, 23)] {
            let moment = calendar.moment(day, hour * 3_600 + 59);
            assert_eq!(instant(&calendar.text(moment)), moment.at, "day {day}, hour {hour}");
            let at = Instant::from_micros(moment.at * 1_000_000).expect("an instant");
            let shown = (moment.second / 3_600) as usize;
            assert_eq!(calendar.hour(at), Some((day, shown)), "day {day}, hour {hour}");
        }
    }
}
