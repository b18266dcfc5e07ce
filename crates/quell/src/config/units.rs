//! Lengths of time and sizes with their units, and instants as people write them.

use domain::{Day, Instant, Span, Zone};
use std::fmt;

const SPAN_UNITS: &[(&str, i64)] =
    &[("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];

const SIZE_UNITS: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// A size in bytes, written with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl fmt::Display for ByteSize {
    /// In the largest unit that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, bytes) = SIZE_UNITS
            .iter()
            .rev()
            .find(|(_, bytes)| self.0.is_multiple_of(*bytes))
            .unwrap_or(&SIZE_UNITS[0]);
        write!(f, "{}{unit}", self.0 / bytes)
    }
}

/// A whole number followed by a unit, such as `7d`.
pub(super) fn parse_span(text: &str) -> Result<Span, String> {
    let expected = "a length of time with its unit, such as \"30m\" or \"7d\" (ms, s, m, h, d)";
    let (number, unit) = split(text, expected)?;
    let (_, micros) = SPAN_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| expected.to_owned())?;
    let number = i64::try_from(number).map_err(|_| expected.to_owned())?;
    number.checked_mul(*micros).map(Span::from_micros).ok_or_else(|| expected.to_owned())
}

/// A whole number followed by a unit, such as `64MiB`.
pub(super) fn parse_size(text: &str) -> Result<ByteSize, String> {
    let expected = "a size with its unit, such as \"64MiB\" (B, KiB, MiB, GiB)";
    let (number, unit) = split(text, expected)?;
    let (_, bytes) = SIZE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| expected.to_owned())?;
    number.checked_mul(*bytes).map(ByteSize).ok_or_else(|| expected.to_owned())
}

fn split<'a>(text: &'a str, expected: &str) -> Result<(u64, &'a str), String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text[..digits].parse().map_err(|_| expected.to_owned())?;
    Ok((number, text[digits..].trim_start_matches(' ')))
}

/// An instant of the command line: RFC 3339 with an offset, or a day, whose beginning in the tenant's zone
/// is meant.
pub fn parse_instant(text: &str, zone: &Zone) -> Option<Instant> {
    if let Some(instant) = Instant::parse_rfc3339(text) {
        return Some(instant);
    }
    Day::parse(text)?.begins(zone)
}
