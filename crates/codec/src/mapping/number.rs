//! Decimal numbers to whole numbers of a smaller unit, exactly: `12.34` at scale 1,000,000 is 12,340,000.

/// `text` times `scale`, rounded half away from zero. `None` where it is no plain decimal number (sign,
/// digits, point, digits) or too large.
pub(crate) fn decimal(text: &str, scale: i64) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: i128 = 0;
    let mut divisor: i128 = 1;
    for (i, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        if !digit.is_ascii_digit() {
            return None;
        }
        // More than 18 digits after the point change nothing that is kept.
        if i >= whole.len() && divisor >= 1_000_000_000_000_000_000 {
            continue;
        }
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        if i >= whole.len() {
            divisor *= 10;
        }
    }
    let scaled = value.checked_mul(i128::from(scale))?;
    let rounded = (scaled.checked_mul(2)? + divisor) / (divisor * 2);
    i64::try_from(if negative { -rounded } else { rounded }).ok()
}

/// `number` times `scale`, rounded half away from zero; `None` where it is too large or not a number.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub(super) fn from_float(number: f64, scale: i64) -> Option<i64> {
    let scaled = (number * scale as f64).round();
    (scaled.abs() < 9.2e18).then_some(scaled as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let cases = [
            ("12", 1, Some(12)),
            ("-12.5", 1_000, Some(-12_500)),
            ("+0.1", 1_000_000, Some(100_000)),
            (".5", 1, Some(1)),
            ("-2.5", 1, Some(-3)),
            ("0.0000004", 1_000_000, Some(0)),
            ("1.99999999999999999999999999999999", 1, Some(2)),
            ("9223372036854775807", 1, Some(i64::MAX)),
            ("9223372036854775808", 1, None),
            ("99999999999999999999999999999999999999999999", 1, None),
            ("1e3", 1, None),
            ("1,5", 1, None),
            ("", 1, None),
            (".", 1, None),
            ("-", 1, None),
            ("--1", 1, None),
        ];
        for (text, scale, expect) in cases {
            assert_eq!(decimal(text, scale), expect, "{text}");
        }
    }

    #[test]
    fn floats_beyond_the_range_are_none() {
        assert_eq!(from_float(1.5, 1_000), Some(1_500));
        assert_eq!(from_float(f64::NAN, 1), None);
        assert_eq!(from_float(1e300, 1_000), None);
    }
}
