//! ISO 8601 dates and times as sources write them, by hand because this runs once for every record and
//! because every format has to say how exact it was.

use domain::{Instant, Precision, Zone};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// An instant and how exactly the source gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub at: Instant,
    pub precision: Precision,
}

/// Why a text is no time that we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeError {
    /// Not a date or time.
    NotATime,
    /// One before 1970 or after 9999.
    OutOfRange,
}

/// A date and time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub local: DateTime,
    /// Seconds east of Greenwich, where it was written.
    pub offset_seconds: Option<i32>,
    pub precision: Precision,
}

impl Written {
    /// Its instant; a local time is read in `zone`.
    pub fn stamp(&self, zone: &Zone) -> Result<Stamp, TimeError> {
        let at = match self.offset_seconds {
            Some(seconds) => Offset::from_seconds(seconds)
                .and_then(|offset| offset.to_timestamp(self.local))
                .ok()
                .and_then(|at| Instant::from_micros(at.as_microsecond())),
            None => zone.instant(self.local),
        };
        accepted(at, self.precision)
    }
}

/// Holds an instant against the years we accept. Nobody contacted anybody by these channels before 1970:
/// such a time is a zero or a cut-off year.
pub(super) fn accepted(at: Option<Instant>, precision: Precision) -> Result<Stamp, TimeError> {
    let at = at.filter(|at| at.micros() >= 0).ok_or(TimeError::OutOfRange)?;
    Ok(Stamp { at, precision })
}

/// Bytes still to be read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// The next byte, if it is one of `any`.
    fn eat(&mut self, any: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        any.contains(first).then(|| self.0 = rest)?;
        Some(*first)
    }

    /// Exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i16> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut number = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number * 10 + i16::from(digit - b'0');
        }
        self.0 = rest;
        Some(number)
    }

    fn two(&mut self) -> Option<i8> {
        self.digits(2).and_then(|n| i8::try_from(n).ok())
    }

    /// A fraction of a second: nanoseconds and how many digits there were. Further digits are cut off.
    fn fraction(&mut self) -> Option<(i32, usize)> {
        let count = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let shown = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        let nanos = shown.fold(0, |n, digit| n * 10 + i32::from(digit - b'0'));
        (count > 0).then_some((nanos, count))
    }
}

/// RFC 3339: date, time with seconds, and an offset.
pub(super) fn rfc3339(text: &str) -> Option<Written> {
    let mut bytes = Cursor(text.as_bytes());
    let date = date(&mut bytes)?;
    bytes.eat(b"Tt ")?;
    let (time, precision) = time(&mut bytes, true)?;
    let offset = offset(&mut bytes, true)?;
    let whole = bytes.0.is_empty();
    whole.then(|| Written { local: date.to_datetime(time), offset_seconds: Some(offset), precision })
}

/// The same, or without offset, or without seconds, or with an offset such as `+0000`, or a date alone.
pub(super) fn iso(text: &str) -> Option<Written> {
    let mut bytes = Cursor(text.as_bytes());
    let date = date(&mut bytes)?;
    if bytes.0.is_empty() {
        let local = date.to_datetime(Time::midnight());
        return Some(Written { local, offset_seconds: None, precision: Precision::Day });
    }
    bytes.eat(b"Tt ")?;
    let (time, precision) = time(&mut bytes, false)?;
    let offset_seconds = if bytes.0.is_empty() { None } else { Some(offset(&mut bytes, false)?) };
    bytes.0.is_empty().then(|| Written { local: date.to_datetime(time), offset_seconds, precision })
}

fn date(bytes: &mut Cursor<'_>) -> Option<Date> {
    let year = bytes.digits(4)?;
    bytes.eat(b"-")?;
    let month = bytes.two()?;
    bytes.eat(b"-")?;
    let day = bytes.two()?;
    Date::new(year, month, day).ok()
}

fn time(bytes: &mut Cursor<'_>, with_seconds: bool) -> Option<(Time, Precision)> {
    let hour = bytes.two()?;
    bytes.eat(b":")?;
    let minute = bytes.two()?;
    if bytes.eat(b":").is_none() {
        let short = (!with_seconds).then(|| Time::new(hour, minute, 0, 0).ok())??;
        return Some((short, Precision::Minute));
    }
    // A leap second is the second before it, as in most of the world's clocks.
    let second = bytes.two().map(|second| if second == 60 { 59 } else { second })?;
    let (nanos, digits) = if bytes.eat(b".,").is_some() { bytes.fraction()? } else { (0, 0) };
    let precision = match digits {
        0 => Precision::Second,
        1..=3 => Precision::Millisecond,
        _ => Precision::Microsecond,
    };
    Some((Time::new(hour, minute, second, nanos).ok()?, precision))
}

/// `Z`, `+01:00`; unless `strict` also `+0100` and `+01`.
fn offset(bytes: &mut Cursor<'_>, strict: bool) -> Option<i32> {
    let sign = match bytes.eat(b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hours = bytes.two()?;
    let colon = bytes.eat(b":").is_some();
    if strict && !colon {
        return None;
    }
    let minutes = if bytes.0.is_empty() && !colon { 0 } else { bytes.two()? };
    (hours < 24 && minutes < 60).then(|| sign * (i32::from(hours) * 3_600 + i32::from(minutes) * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(written: Option<Written>, zone: &str) -> String {
        let zone = Zone::named(zone).expect("zone");
        match written.ok_or(TimeError::NotATime).and_then(|w| w.stamp(&zone)) {
            Ok(stamp) => format!("{} {}", stamp.at, stamp.precision),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn strict_times_are_rfc_3339() {
        let cases = [
            ("2025-03-30T01:30:00Z", "2025-03-30T01:30:00Z second"),
            ("2025-03-30t01:30:00.5z", "2025-03-30T01:30:00.5Z millisecond"),
            ("2025-03-30 01:30:00.123456789+01:00", "2025-03-30T00:30:00.123456Z microsecond"),
            ("2025-01-01T00:00:00-05:30", "2025-01-01T05:30:00Z second"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z second"),
            ("1970-01-01T00:00:00+01:00", "OutOfRange"),
            ("1969-12-31T23:59:59Z", "OutOfRange"),
            ("9999-12-31T00:00:00Z", "OutOfRange"),
            ("0000-01-01T00:00:00Z", "OutOfRange"),
            ("2025-13-45T99:99:99.000Z", "NotATime"),
            ("2025-02-29T00:00:00Z", "NotATime"),
            ("2025-01-01T24:00:00Z", "NotATime"),
            ("2025-01-01T00:00:61Z", "NotATime"),
            ("2025-01-01T00:00:00", "NotATime"),
            ("2025-01-01T00:00Z", "NotATime"),
            ("2025-01-01T00:00:00.Z", "NotATime"),
            ("2025-01-01T00:00:00+0100", "NotATime"),
            ("2025-01-01T00:00:00+24:00", "NotATime"),
            ("2025-01-01T00:00:00Z ", "NotATime"),
            ("2025-01-01", "NotATime"),
            ("2025-01-0١T00:00:00Z", "NotATime"),
            ("", "NotATime"),
        ];
        for (text, expect) in cases {
            assert_eq!(show(rfc3339(text), "UTC"), expect, "{text}");
        }
    }

    #[test]
    fn looser_times_are_read_in_the_zone() {
        let cases = [
            ("2025-01-01T00:00:00", "Europe/Madrid", "2024-12-31T23:00:00Z second"),
            ("2016-02-29 01:16", "UTC", "2016-02-29T01:16:00Z minute"),
            ("2019-01-02", "America/Argentina/Buenos_Aires", "2019-01-02T03:00:00Z day"),
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z day"),
            ("2025-01-01T00:00:00.000+0000", "Europe/Madrid", "2025-01-01T00:00:00Z millisecond"),
            ("2025-01-01T00:00:00+02", "Europe/Madrid", "2024-12-31T22:00:00Z second"),
            ("2021-04-2T15:30:51.418Z", "UTC", "NotATime"),
            ("2025-01-01T", "UTC", "NotATime"),
            ("01/02/2025", "UTC", "NotATime"),
        ];
        for (text, zone, expect) in cases {
            assert_eq!(show(iso(text), zone), expect, "{text}");
        }
    }
}
