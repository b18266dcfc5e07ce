//! Shapes: how contacts spread over the weekdays and the hours, and how orders grow from week to week.

use super::series::{Series, median};

/// A shape is there where the largest share is at least so many percent of the smallest. Without a shape the
/// weekdays differ by chance only, by three percent; the hours a little more, since who comes back on the same
/// day comes later.
const WEEKDAYS_DIFFER_PERCENT: u64 = 120;
const HOURS_DIFFER_PERCENT: u64 = 125;

/// Growth is there from so many thousandths a week on. Weekly orders vary by two thousandths.
const GROWS_PERMILLE: u64 = 3;
/// Most growth that is looked for, in thousandths a week.
const GROWS_PERMILLE_MOST: u64 = 300;

/// Of a thousand contacts, how many come on each weekday: the median week, which no spike moves. `None` where
/// all days are alike.
pub(super) fn weekdays(series: &Series) -> Option<[u64; 7]> {
    let days = series.days();
    let share = |weekday: usize| {
        let of_week = |week: &[u64]| week[weekday] * 1_000_000 / week.iter().sum::<u64>().max(1);
        median(days.chunks_exact(7).map(of_week).collect())
    };
    differ(std::array::from_fn(share), WEEKDAYS_DIFFER_PERCENT)
}

/// Of a thousand contacts, how many come in each local hour. `None` where all hours are alike.
pub(super) fn hours(contacts: &[u64; 24]) -> Option<[u64; 24]> {
    let all = contacts.iter().sum::<u64>().max(1);
    differ(contacts.map(|n| n * 1_000_000 / all), HOURS_DIFFER_PERCENT)
}

/// Millionths to thousandths, where they differ.
fn differ<const N: usize>(millionths: [u64; N], percent: u64) -> Option<[u64; N]> {
    let (most, least) = (millionths.iter().max()?, millionths.iter().min()?);
    (most * 100 >= least * percent).then(|| millionths.map(|share| (share + 500) / 1_000))
}

/// How many thousandths the orders of a week are more than those of the week before: the later half of the weeks
/// against the earlier one. `None` where they do not grow.
pub(super) fn growth(series: &Series) -> Option<u64> {
    let half = series.weeks() / 2;
    let apart = series.weeks() - half;
    let (earlier, later) = (&series.orders[..half], &series.orders[apart..]);
    let (earlier, later) = (earlier.iter().sum::<u64>(), later.iter().sum::<u64>());
    let grown = |permille: u64| {
        (0..apart).fold(u128::from(earlier) * 1_000_000, |n, _| n * u128::from(1_000 + permille) / 1_000)
    };
    let distance = |permille: &u64| grown(*permille).abs_diff(u128::from(later) * 1_000_000);
    let nearest = (0..=GROWS_PERMILLE_MOST).min_by_key(distance)?;
    (nearest >= GROWS_PERMILLE).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn series(days: Vec<u64>, orders: Vec<u64>) -> Series {
        Series { reasons: BTreeMap::from([("a".to_owned(), days)]), orders }
    }

    #[test]
    fn one_wild_week_does_not_hide_the_shape() {
        let week = [180, 165, 155, 150, 145, 115, 90];
        let mut days: Vec<u64> = week.repeat(9);
        days[17] += 900;
        assert_eq!(weekdays(&series(days, vec![1; 9])), Some(week));
        let flat = [100, 103, 99, 101, 97, 102, 100].repeat(9);
        assert_eq!(weekdays(&series(flat, vec![1; 9])), None);
    }

    #[test]
    fn growth_is_found_to_the_thousandth() {
        for (permille, expect) in [(0, None), (2, None), (20, Some(20)), (75, Some(75))] {
            let mut orders = vec![130_000_u64];
            (1..12).for_each(|w| orders.push(orders[w - 1] * (1_000 + permille) / 1_000));
            assert_eq!(growth(&series(Vec::new(), orders)), expect, "{permille}");
        }
    }

    #[test]
    fn hours_are_alike_or_not() {
        let mut contacts = [1_000; 24];
        contacts[23] = 1_200;
        assert_eq!(hours(&contacts), None);
        contacts[11] = 3_000;
        assert_eq!(hours(&contacts).map(|h| h[11]), Some(115));
    }
}
