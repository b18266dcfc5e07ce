//! Measures, defined once. Code, SQL and reports use these definitions and no others.

use crate::{Instant, Span};

/// Whether two contacts lie close enough to be linked: the gap is at most the window, inclusive
/// (DESIGN §2, chain). Order does not matter.
///
/// | gap | linked |
/// |---|---|
/// | window − 1 µs | yes |
/// | window | yes |
/// | window + 1 µs | no |
pub fn within_window(a: Instant, b: Instant, window: Span) -> bool {
    a.since(b).micros().abs() <= window.micros()
}

/// Contacts per 100 units (CPX; field.md §B2): `100 · contacts / units`. Null where the unit is missing or
/// zero, never 0.
pub fn cpx(contacts: u64, units: Option<u64>) -> Option<f64> {
    let units = units.filter(|u| *u > 0)?;
    // Counts far below 2^53, so the conversion is exact.
    #[expect(clippy::cast_precision_loss, reason = "counts of contacts and units stay below 2^53")]
    Some(100.0 * contacts as f64 / units as f64)
}

/// Snowball rate of chains (field.md §B2): `Σ(n − 1) / Σn` over chains of size n. Null without contacts.
pub fn snowball_rate(sizes: impl IntoIterator<Item = u64>) -> Option<f64> {
    let (repeats, contacts) =
        sizes.into_iter().fold((0, 0), |(r, n), size| (r + size.saturating_sub(1), n + size));
    #[expect(clippy::cast_precision_loss, reason = "counts of contacts stay below 2^53")]
    (contacts > 0).then(|| repeats as f64 / contacts as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_includes_its_end() {
        let at = |m| Instant::from_micros(m).expect("instant");
        let window = Span::from_days(7);
        for (gap, linked) in
            [(window.micros() - 1, true), (window.micros(), true), (window.micros() + 1, false)]
        {
            assert_eq!(within_window(at(0), at(gap), window), linked, "{gap}");
            assert_eq!(within_window(at(gap), at(0), window), linked, "{gap}");
        }
    }

    #[test]
    fn a_missing_unit_is_null_and_never_zero() {
        assert_eq!((cpx(5, None), cpx(5, Some(0)), cpx(5, Some(200))), (None, None, Some(2.5)));
        assert_eq!((snowball_rate([]), snowball_rate([1, 3])), (None, Some(0.5)));
    }
}
