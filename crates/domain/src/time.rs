//! Instants, spans, days and ISO weeks. The engine never sees a clock: instants come from facts, and the
//! shell's clock enters only as the explicit `as_of` of a cut.

use jiff::civil::{Date, ISOWeekDate};
use jiff::tz::TimeZone;
use std::fmt;

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds in a day of 24 hours.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// 0001-01-02T00:00:00Z: nothing earlier is accepted, so that a local date always exists in every zone.
    pub const MIN: Self = Self(-62_135_510_400 * MICROS_PER_SECOND);
    /// 9999-12-30T00:00:00Z: nothing later is accepted, for the same reason.
    pub const MAX: Self = Self(253_402_128_000 * MICROS_PER_SECOND);

    /// From microseconds since the Unix epoch; `None` outside [`Self::MIN`]..=[`Self::MAX`].
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 { None } else { Some(Self(micros)) }
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This instant plus a span, held inside the accepted range.
    pub fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The span from `earlier` to this instant; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }

    /// The local date in a zone.
    pub fn day(self, zone: &Zone) -> Day {
        Day(zone.0.to_datetime(self.timestamp()).date())
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).expect("an Instant lies inside the range of a timestamp")
    }

    /// From RFC 3339 text with an offset, such as `2025-03-30T01:30:00.5+01:00`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let stamp: jiff::Timestamp = text.parse().ok()?;
        Self::from_micros(stamp.as_microsecond())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A signed length of time in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span(i64);

impl Span {
    /// From microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// From whole milliseconds; beyond what there is, the longest.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }
    /// From whole seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * MICROS_PER_SECOND)
    }
    /// From whole hours.
    pub const fn from_hours(hours: i64) -> Self {
        Self(hours * 3_600 * MICROS_PER_SECOND)
    }
    /// From days of 24 hours.
    pub const fn from_days(days: i64) -> Self {
        Self(days * MICROS_PER_DAY)
    }
    /// Microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }
    /// Whole seconds, rounded towards zero.
    pub const fn seconds(self) -> i64 {
        self.0 / MICROS_PER_SECOND
    }
}

/// A calendar day in the tenant's zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// From year, month and day of the month.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self)
    }

    /// From `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        // jiff also reads other ISO forms; a partition folder has exactly this one.
        let day: Date = (text.len() == 10).then(|| text.parse().ok())??;
        (day.to_string() == text).then_some(Self(day))
    }

    /// From days since 1970-01-01.
    pub fn from_epoch_days(days: i32) -> Option<Self> {
        Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok().map(Self)
    }

    /// Days since 1970-01-01.
    pub fn epoch_days(self) -> i32 {
        self.0.since(Date::constant(1970, 1, 1)).expect("two civil dates differ by whole days").get_days()
    }

    /// This many days later, or earlier where negative; `None` beyond the calendar.
    pub fn plus_days(self, days: i32) -> Option<Self> {
        self.epoch_days().checked_add(days).and_then(Self::from_epoch_days)
    }

    /// Its first instant in a zone; `None` beyond the range of instants.
    pub fn begins(self, zone: &Zone) -> Option<Instant> {
        zone.instant(self.0.at(0, 0, 0, 0))
    }

    /// The ISO week this day lies in.
    pub fn week(self) -> IsoWeek {
        let week = self.0.iso_week_date();
        IsoWeek { year: week.year(), week: week.week() }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// An ISO 8601 week, printed as `2026-W20`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoWeek {
    year: i16,
    week: i8,
}

impl IsoWeek {
    /// From the week-based year and the week's number; `None` where the year has no such week.
    pub fn new(year: i16, week: i8) -> Option<Self> {
        ISOWeekDate::new(year, week, jiff::civil::Weekday::Monday).ok().map(|_| Self { year, week })
    }

    /// From `2026-W20`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, week) = text.split_once("-W")?;
        (year.len() == 4 && week.len() == 2).then_some(())?;
        Self::new(year.parse().ok()?, week.parse().ok()?)
    }

    /// The Monday on which the week begins.
    pub fn monday(self) -> Day {
        let monday = ISOWeekDate::new(self.year, self.week, jiff::civil::Weekday::Monday)
            .expect("an IsoWeek is only made of a week that exists");
        Day(monday.date())
    }
}

impl fmt::Display for IsoWeek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-W{:02}", self.year, self.week)
    }
}

impl fmt::Debug for IsoWeek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A time zone from the database bundled with the program, so that every machine agrees on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// By its IANA name, such as `Europe/Madrid`.
    pub fn named(name: &str) -> Option<Self> {
        if name == "UTC" {
            return Some(Self::utc());
        }
        TimeZone::get(name).ok().map(Self)
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant of a local date and time. A time that the zone skips moves forward by the gap, one that
    /// it has twice is the earlier (RFC 5545's reading).
    pub fn instant(&self, local: jiff::civil::DateTime) -> Option<Instant> {
        let zoned = self.0.to_ambiguous_zoned(local).compatible().ok()?;
        Instant::from_micros(zoned.timestamp().as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_weeks_follow_the_zone() {
        let cases = [
            // instant, zone, local day, ISO week
            ("2025-12-31T23:30:00Z", "UTC", "2025-12-31", "2026-W01"),
            ("2025-12-31T23:30:00Z", "Europe/Madrid", "2026-01-01", "2026-W01"),
            ("2026-03-29T00:30:00Z", "Europe/Madrid", "2026-03-29", "2026-W13"),
            ("2026-10-25T23:30:00Z", "Europe/Madrid", "2026-10-26", "2026-W44"),
            ("2021-01-03T12:00:00Z", "America/Argentina/Buenos_Aires", "2021-01-03", "2020-W53"),
        ];
        for (instant, zone, day, week) in cases {
            let at = Instant::parse_rfc3339(instant).expect(instant);
            let local = at.day(&Zone::named(zone).expect(zone));
            assert_eq!(
                (local.to_string(), local.week().to_string()),
                (day.into(), week.into()),
                "{instant} {zone}"
            );
            assert_eq!(Day::from_epoch_days(local.epoch_days()), Some(local));
        }
    }

    #[test]
    fn only_whole_dates_are_days() {
        for bad in ["2026-02-30", "2026-2-3", "20260203", "2026-02-03T00", ""] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
        assert!(IsoWeek::parse("2026-W53").is_some() && IsoWeek::parse("2025-W53").is_none());
    }

    #[test]
    fn a_skipped_local_time_moves_forward_and_a_double_one_is_the_earlier() {
        let madrid = Zone::named("Europe/Madrid").expect("zone");
        let at = |d: i8, m: i8| {
            madrid.instant(jiff::civil::date(2026, m, d).at(2, 30, 0, 0)).expect("instant").to_string()
        };
        assert_eq!(at(29, 3), "2026-03-29T01:30:00Z");
        assert_eq!(at(25, 10), "2026-10-25T00:30:00Z");
    }
}
