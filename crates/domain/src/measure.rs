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

/// What one contact costs, in micro-units: its channel's cost per contact and per second of handling, rounded
/// half up to a micro-unit. Without a handle time only the cost per contact. `None` beyond 64 bits.
pub fn contact_cost(per_contact_micros: i64, per_second_micros: i64, handle_ms: Option<i64>) -> Option<i64> {
    const MS_PER_SECOND: i128 = 1_000;
    let handling = i128::from(per_second_micros) * i128::from(handle_ms.unwrap_or(0));
    let handling = (handling + MS_PER_SECOND / 2).div_euclid(MS_PER_SECOND);
    i64::try_from(i128::from(per_contact_micros) + handling).ok()
}

/// How many contacts the growth of units alone would have added (field.md §B2): `before · (units −
/// units_before) / units_before`, rounded half away from zero; the rest of a change is the rate effect, so
/// that both add up to it. Null where there were no units before, and beyond 64 bits.
pub fn growth_effect(before: i64, units: i64, units_before: i64) -> Option<i64> {
    let of = i128::from(units_before);
    if of <= 0 {
        return None;
    }
    let grown = i128::from(before) * (i128::from(units) - of);
    let rounded = (2 * grown.abs() + of) / (2 * of);
    i64::try_from(rounded * grown.signum()).ok()
}

/// Percentile by nearest rank: the least value up to which at least `percent` of 100 of all values lie. Exact, one
/// of the values themselves, whatever their order. Null without values.
///
/// | values | 50 | 95 |
/// |---|---|---|
/// | 10 | 10 | 10 |
/// | 10, 20 | 10 | 20 |
/// | 10, 20, 30 | 20 | 30 |
pub fn nearest_rank(mut values: Vec<i64>, percent: u32) -> Option<i64> {
    let count = values.len() as u128;
    let rank = (count * u128::from(percent)).div_ceil(100).clamp(1, count.max(1));
    let place = usize::try_from(rank - 1).expect("a rank counts values in memory");
    (place < values.len()).then(|| *values.select_nth_unstable(place).1)
}

/// Snowball rate of chains (field.md §B2): `Σ(n − 1) / Σn` over chains of size n. Null without contacts.
pub fn snowball_rate(sizes: impl IntoIterator<Item = u64>) -> Option<f64> {
    let (repeats, contacts) =
        sizes.into_iter().fold((0, 0), |(r, n), size| (r + size.saturating_sub(1), n + size));
    #[expect(clippy::cast_precision_loss, reason = "counts of contacts stay below 2^53")]
    (contacts > 0).then(|| repeats as f64 / contacts as f64)
}

/// The lower bound of a share that was measured on a sample (Wilson's score interval of 95 %): with `part` of `whole`
/// observed, the true share is below it in 1 of 40 cases. Null of no sample.
///
/// | part | whole | lower bound |
/// |---|---|---|
/// | 0 | 10 | 0 |
/// | 9 | 10 | 0.596 |
/// | 10 | 10 | 0.722 |
/// | 900 | 1,000 | 0.880 |
pub fn wilson_lower(part: u64, whole: u64) -> Option<f64> {
    /// The 97.5 % quantile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if whole == 0 || part > whole {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of contacts stay below 2^53")]
    let (n, share) = (whole as f64, part as f64 / whole as f64);
    let squared = Z * Z;
    let middle = share + squared / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + squared / (4.0 * n * n)).sqrt();
    Some(((middle - half) / (1.0 + squared / n)).max(0.0))
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
    fn a_cost_is_rounded_half_up_once_a_contact() {
        let cases = [
            (1_200_000, 8_000, Some(90_500), Some(1_924_000)),
            (1_200_000, 8_000, None, Some(1_200_000)),
            (0, 1, Some(499), Some(0)),
            (0, 1, Some(500), Some(1)),
            (0, 3, Some(500), Some(2)),
            (0, 0, Some(i64::MAX), Some(0)),
            (i64::MAX, 1, Some(1_000), None),
            (0, i64::MAX, Some(i64::MAX), None),
        ];
        for (per_contact, per_second, handle, cost) in cases {
            assert_eq!(contact_cost(per_contact, per_second, handle), cost, "{per_contact} {handle:?}");
        }
    }

    #[test]
    fn growth_is_rounded_half_away_from_zero_and_null_without_units() {
        let cases = [
            (100, 110, 100, Some(10)),
            (100, 90, 100, Some(-10)),
            (5, 11, 10, Some(1)),
            (5, 9, 10, Some(-1)),
            (4, 11, 10, Some(0)),
            (7, 0, 10, Some(-7)),
            (0, 5, 1, Some(0)),
            (7, 5, 0, None),
            (i64::MAX, i64::MAX, 1, None),
        ];
        for (before, units, units_before, growth) in cases {
            assert_eq!(growth_effect(before, units, units_before), growth, "{before} {units} {units_before}");
        }
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<i64> = (1..=100).rev().collect();
        let cases: [(&[i64], u32, Option<i64>); 9] = [
            (&[], 50, None),
            (&[10], 50, Some(10)),
            (&[10], 95, Some(10)),
            (&[20, 10], 50, Some(10)),
            (&[20, 10], 95, Some(20)),
            (&[30, 10, 20], 50, Some(20)),
            (&[7, 7, 7, 1], 50, Some(7)),
            (&hundred, 95, Some(95)),
            (&hundred, 0, Some(1)),
        ];
        for (values, percent, expected) in cases {
            assert_eq!(nearest_rank(values.to_vec(), percent), expected, "{values:?} {percent}");
        }
    }

    #[test]
    fn a_missing_unit_is_null_and_never_zero() {
        assert_eq!((cpx(5, None), cpx(5, Some(0)), cpx(5, Some(200))), (None, None, Some(2.5)));
        assert_eq!((snowball_rate([]), snowball_rate([1, 3])), (None, Some(0.5)));
    }

    #[test]
    fn the_lower_bound_of_a_share_is_wilsons() {
        let cases = [(0, 10, 0.0), (9, 10, 0.596), (10, 10, 0.722), (900, 1_000, 0.880), (1, 1, 0.207)];
        for (part, whole, bound) in cases {
            let found = wilson_lower(part, whole).expect("a sample");
            assert!((found - bound).abs() < 0.000_5, "{part}/{whole}: {found}");
        }
        assert_eq!((wilson_lower(0, 0), wilson_lower(2, 1)), (None, None));
    }
}
