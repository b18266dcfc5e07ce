//! Times in the formats of a source, read in the source's zone.

use super::iso::{Stamp, TimeError, Written, accepted, iso, rfc3339};
use super::number::{decimal, from_float};
use super::pick::{Pick, Wrong};
use crate::records::{Record, Refusal, Value};
use domain::{Instant, Precision, RejectKind, Span, Zone};
use jiff::fmt::strtime;
use std::borrow::Cow;

/// One way to write a time.
pub(super) enum TimeFormat {
    /// RFC 3339, or the same without offset or seconds, or a date alone.
    Iso,
    /// RFC 3339 as it is written in the standard.
    Rfc3339,
    /// A count since 1970; microseconds in one.
    Epoch(i64),
    /// By a pattern of `strftime`.
    Pattern { text: String, precision: Precision },
}

/// Names of the formats that are not patterns.
pub(super) const FORMATS: &[&str] = &["iso", "rfc3339", "epoch_s", "epoch_ms", "epoch_us"];

impl TimeFormat {
    /// The format with this name or pattern; else what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "iso" => Self::Iso,
            "rfc3339" => Self::Rfc3339,
            "epoch_s" => Self::Epoch(1_000_000),
            "epoch_ms" => Self::Epoch(1_000),
            "epoch_us" => Self::Epoch(1),
            pattern if pattern.contains('%') => {
                let precision = precision_of(pattern);
                let readable =
                    probe(pattern).is_some_and(|text| by_pattern(pattern, &text, precision).is_some());
                readable.then_some(()).ok_or("a pattern such as \"%Y-%m-%dT%H:%M:%S\"")?;
                Self::Pattern { text: pattern.to_owned(), precision }
            }
            _ => {
                return Err(format!("a pattern such as \"%d/%m/%Y %H:%M\" or one of {}", FORMATS.join(", ")));
            }
        })
    }

    fn read(&self, text: &str, zone: &Zone) -> Result<Stamp, TimeError> {
        let written = match self {
            Self::Iso => iso(text),
            Self::Rfc3339 => rfc3339(text),
            Self::Epoch(unit) => {
                let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
                let micros = decimal(text, *unit);
                return match micros {
                    None if plain && !text.is_empty() => Err(TimeError::OutOfRange),
                    None => Err(TimeError::NotATime),
                    Some(micros) => accepted(Instant::from_micros(micros), epoch_precision(*unit)),
                };
            }
            Self::Pattern { text: pattern, precision } => by_pattern(pattern, text, *precision),
        };
        written.ok_or(TimeError::NotATime)?.stamp(zone)
    }
}

/// A time written by a pattern: what the pattern must be able to read again.
fn probe(pattern: &str) -> Option<String> {
    let time = jiff::civil::date(2026, 5, 17).at(13, 45, 7, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    strtime::format(pattern, &time).ok()
}

const fn epoch_precision(unit: i64) -> Precision {
    match unit {
        1 => Precision::Microsecond,
        1_000 => Precision::Millisecond,
        _ => Precision::Second,
    }
}

/// How exact a pattern is: by its smallest part.
fn precision_of(pattern: &str) -> Precision {
    let has = |parts: &[&str]| parts.iter().any(|part| pattern.contains(part));
    if has(&["%f", "%.f", "%N", "%.3f", "%.6f", "%.9f", "%3f", "%6f", "%9f"]) {
        Precision::Microsecond
    } else if has(&["%S", "%T", "%s", "%c", "%r", "%X"]) {
        Precision::Second
    } else if has(&["%M", "%R"]) {
        Precision::Minute
    } else if has(&["%H", "%I", "%k", "%l"]) {
        Precision::Unknown
    } else {
        Precision::Day
    }
}

fn by_pattern(pattern: &str, text: &str, precision: Precision) -> Option<Written> {
    let parts = strtime::parse(pattern, text).ok()?;
    if let Some(stamp) = parts.timestamp() {
        let local = jiff::tz::TimeZone::UTC.to_datetime(stamp);
        return Some(Written { local, offset_seconds: Some(0), precision });
    }
    let offset_seconds = parts.offset().map(jiff::tz::Offset::seconds);
    Some(Written { local: parts.to_datetime().ok()?, offset_seconds, precision })
}

/// A time.
pub(super) struct TimeField {
    pub pick: Pick<Stamp>,
    pub clock: Clock,
}

/// How a source writes times. The first format that fits counts.
pub(super) struct Clock {
    pub formats: Vec<TimeFormat>,
    pub zone: Zone,
    /// Overrules how exact the format is, for sources that fill up with zeros.
    pub precision: Option<Precision>,
}

impl TimeField {
    pub fn get(&self, record: &Record<'_>) -> Result<Option<Stamp>, Refusal> {
        self.pick.get(record, |value| self.clock.read(value, self.pick.trims()))
    }

    /// The last instant that the time may mean, which for a day is the day's own last: what is due on a day is not
    /// overdue as long as the day lasts.
    pub fn last(&self, record: &Record<'_>) -> Result<Option<Instant>, Refusal> {
        Ok(self.get(record)?.map(|stamp| match stamp.precision {
            Precision::Day => self.clock.end_of_day(stamp.at),
            _ => stamp.at,
        }))
    }
}

impl Clock {
    pub fn read(&self, value: &Value<'_>, trim: bool) -> Result<Stamp, Wrong> {
        let mut stamp = self.stamp(value, trim).map_err(|error| match error {
            None => Wrong::kind(self.expected()),
            Some(TimeError::NotATime) => Wrong::new(RejectKind::BadTime, self.expected()),
            Some(TimeError::OutOfRange) => {
                Wrong::new(RejectKind::OutOfRange, "a time from 1970-01-01 to 9999-12-29")
            }
        })?;
        stamp.precision = self.precision.unwrap_or(stamp.precision);
        Ok(stamp)
    }

    fn end_of_day(&self, at: Instant) -> Instant {
        let next = at.day(&self.zone).plus_days(1).and_then(|day| day.begins(&self.zone));
        next.map_or(at, |next| next.plus(Span::from_micros(-1)))
    }

    /// The error is `None` where the value has the wrong type.
    fn stamp(&self, value: &Value<'_>, trim: bool) -> Result<Stamp, Option<TimeError>> {
        let unit = self
            .formats
            .iter()
            .find_map(|f| if let TimeFormat::Epoch(unit) = f { Some(*unit) } else { None });
        let text: Cow<'_, str> = match (value, unit) {
            (Value::Time(at), _) => return accepted(Some(*at), Precision::Microsecond).map_err(Some),
            (Value::Text(text) | Value::Cell(text), _) => Cow::Borrowed(text),
            (Value::Int(count), Some(_)) => Cow::Owned(count.to_string()),
            (Value::Float(count), Some(unit)) => {
                let at = from_float(*count, unit).and_then(Instant::from_micros);
                return accepted(at, epoch_precision(unit)).map_err(Some);
            }
            _ => return Err(None),
        };
        let text = if trim { text.trim() } else { &text };
        self.read_text(text).map_err(Some)
    }

    /// The first format that fits; a time out of range only where none fits.
    pub fn read_text(&self, text: &str) -> Result<Stamp, TimeError> {
        let mut error = TimeError::NotATime;
        for format in &self.formats {
            match format.read(text, &self.zone) {
                Ok(stamp) => return Ok(stamp),
                Err(TimeError::OutOfRange) => error = TimeError::OutOfRange,
                Err(TimeError::NotATime) => {}
            }
        }
        Err(error)
    }

    fn expected(&self) -> String {
        let formats = self.formats.iter().map(|format| match format {
            TimeFormat::Iso => "2025-03-30T01:30:00 (with or without offset), or 2025-03-30".to_owned(),
            TimeFormat::Rfc3339 => "2025-03-30T01:30:00Z (RFC 3339)".to_owned(),
            TimeFormat::Epoch(1_000_000) => "seconds since 1970".to_owned(),
            TimeFormat::Epoch(1_000) => "milliseconds since 1970".to_owned(),
            TimeFormat::Epoch(_) => "microseconds since 1970".to_owned(),
            TimeFormat::Pattern { text, .. } => format!("by the pattern {text}"),
        });
        format!("a time such as {}", formats.collect::<Vec<_>>().join(", or "))
    }
}

/// Version of a record: a whole number, or the time of its last change as microseconds since 1970.
pub(super) struct RevisionField {
    pub pick: Pick<i64>,
    /// Without formats a whole number is taken as it is, and anything else as an ISO time.
    pub clock: Clock,
    pub is_time: bool,
}

impl RevisionField {
    pub fn get(&self, record: &Record<'_>) -> Result<Option<i64>, Refusal> {
        self.pick.get(record, |value| self.read(value))
    }

    fn read(&self, value: &Value<'_>) -> Result<i64, Wrong> {
        let number = match value {
            _ if self.is_time => None,
            Value::Int(number) => Some(*number),
            Value::Text(text) | Value::Cell(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number >= 0 => Ok(number),
            Some(_) => Err(Wrong::new(RejectKind::OutOfRange, "a whole number that is not negative")),
            None => {
                self.clock.read(value, self.pick.trims()).map(|stamp| stamp.at.micros()).map_err(|wrong| {
                    let number = if self.is_time { "" } else { "a whole number or " };
                    Wrong::new(wrong.kind, format!("{number}{}", wrong.expected))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(formats: &[&str], zone: &str) -> Clock {
        let formats =
            formats.iter().map(|f| TimeFormat::parse(f).unwrap_or_else(|e| panic!("{f}: {e}"))).collect();
        Clock { formats, zone: Zone::named(zone).expect("zone"), precision: None }
    }

    fn show(clock: &Clock, value: &Value<'_>) -> String {
        match clock.read(value, false) {
            Ok(stamp) => format!("{} {}", stamp.at, stamp.precision),
            Err(wrong) => wrong.kind.word().to_owned(),
        }
    }

    #[test]
    fn every_format_of_real_sources_is_read() {
        let cases: &[(&[&str], &str, &str)] = &[
            (&["%d/%m/%Y %H:%M"], "05/03/2026 14:07", "2026-03-05T13:07:00Z minute"),
            (&["%d/%m/%Y"], "05/03/2026", "2026-03-04T23:00:00Z day"),
            (&["%Y-%m-%dT%H:%M:%S%z"], "2026-03-05T14:07:01+0000", "2026-03-05T14:07:01Z second"),
            (&["%Y-%m-%d %H:%M:%S%.f"], "2026-03-05 14:07:01.25", "2026-03-05T13:07:01.25Z microsecond"),
            (&["%b %d, %Y %I:%M %p"], "Mar 05, 2026 02:07 PM", "2026-03-05T13:07:00Z minute"),
            (&["epoch_s"], "1748772308", "2025-06-01T10:05:08Z second"),
            (&["epoch_s"], "1748772308.5", "2025-06-01T10:05:08.5Z second"),
            (&["epoch_ms"], "1748772308123", "2025-06-01T10:05:08.123Z millisecond"),
            (&["epoch_s"], "-1", "out_of_range"),
            (&["epoch_s"], "99999999999999999999", "out_of_range"),
            (&["epoch_s"], "soon", "bad_time"),
            (&["%d/%m/%Y", "iso"], "2026-03-05", "2026-03-04T23:00:00Z day"),
            (&["%d/%m/%Y", "iso"], "31/02/2026", "bad_time"),
            (&["%d/%m/%Y", "iso"], "31/01/1969", "out_of_range"),
        ];
        for (formats, text, expect) in cases {
            let value = Value::Cell(Cow::Borrowed(text));
            assert_eq!(show(&clock(formats, "Europe/Madrid"), &value), *expect, "{formats:?} {text}");
        }
    }

    #[test]
    fn numbers_are_times_only_where_the_format_counts() {
        let (counts, iso) = (clock(&["epoch_ms"], "UTC"), clock(&["iso"], "UTC"));
        assert_eq!(show(&counts, &Value::Int(1_500)), "1970-01-01T00:00:01.5Z millisecond");
        assert_eq!(show(&counts, &Value::Float(1_500.5)), "1970-01-01T00:00:01.5005Z millisecond");
        assert_eq!(show(&iso, &Value::Int(1_500)), "wrong_type");
        assert_eq!(show(&iso, &Value::Bool(true)), "wrong_type");
    }

    #[test]
    fn a_format_that_reads_nothing_is_a_mistake() {
        for bad in ["yyyy-mm-dd", "%Q", "%Y-%", ""] {
            assert!(TimeFormat::parse(bad).is_err(), "{bad}");
        }
    }
}
