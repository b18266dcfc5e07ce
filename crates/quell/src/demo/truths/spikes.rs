//! Spikes: days on which one reason has many times the contacts that the same weekday has in the weeks around.

use super::series::Series;

/// Weeks around a day that say what is usual: the four nearest, without the lowest and the highest. A level that
/// changes for good changes half of them at most.
const AROUND: usize = 4;
/// A spike has at least so many percent of what is usual…
const LEAST_PERCENT: u64 = 220;
/// …at least so many contacts…
const LEAST_CONTACTS: u64 = 40;
/// …and lies so many standard deviations above it, squared: six of a Poisson count, whose variance is one and a
/// half times as large where the usual is itself the mean of two counts. A company of forty reasons and twelve
/// weeks has 3,400 such days; by chance one in many thousand companies has one.
const DEVIATIONS_SQUARED: u64 = 54;

/// Consecutive days of one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spike {
    /// The reason.
    pub reason: String,
    /// First day, counted from the first Monday.
    pub first_day: usize,
    /// How many days.
    pub days: usize,
    /// Contacts, in percent of what is usual in all other weeks.
    pub percent: u64,
}

/// Every spike of every reason, in order of its first day.
pub(super) fn spikes(series: &Series) -> Vec<Spike> {
    let mut found: Vec<Spike> =
        series.reasons.iter().flat_map(|(reason, days)| of_reason(reason, days, &series.orders)).collect();
    found.sort_by(|a, b| (a.first_day, &a.reason).cmp(&(b.first_day, &b.reason)));
    found
}

fn of_reason(reason: &str, days: &[u64], orders: &[u64]) -> Vec<Spike> {
    let mut found: Vec<(Spike, u64, u64)> = Vec::new();
    for (day, contacts) in days.iter().enumerate() {
        if !stands_out(*contacts, usual_milli(days, orders, day, AROUND)) {
            continue;
        }
        let usual = usual_milli(days, orders, day, orders.len());
        match found.last_mut().filter(|(spike, ..)| spike.first_day + spike.days == day) {
            Some((spike, all, all_usual)) => {
                spike.days += 1;
                (*all, *all_usual) = (*all + contacts, *all_usual + usual);
            }
            None => {
                let spike = Spike { reason: reason.to_owned(), first_day: day, days: 1, percent: 0 };
                found.push((spike, *contacts, usual));
            }
        }
    }
    let percent = |contacts: u64, usual: u64| contacts * 100_000 / usual.max(1);
    found.into_iter().map(|(spike, all, usual)| Spike { percent: percent(all, usual), ..spike }).collect()
}

fn stands_out(contacts: u64, usual_milli: u64) -> bool {
    let above = (contacts * 1_000).saturating_sub(usual_milli);
    // (c − u)² ≥ k² (u + 1), both sides in millionths.
    contacts >= LEAST_CONTACTS
        && contacts * 100_000 >= usual_milli * LEAST_PERCENT
        && above * above >= DEVIATIONS_SQUARED * (usual_milli + 1_000) * 1_000
}

/// Thousandths of contacts that are usual on this day: those of the same weekday in so many weeks around, each as
/// many as if its week had had as many orders as this one, the lowest and the highest left out.
fn usual_milli(days: &[u64], orders: &[u64], day: usize, around: usize) -> u64 {
    let (week, weekday) = (day / 7, day % 7);
    let mut others: Vec<usize> = (0..orders.len()).filter(|other| *other != week).collect();
    others.sort_by_key(|other| (other.abs_diff(week), *other));
    others.truncate(around);
    let scaled = |other: &usize| days[other * 7 + weekday] * 1_000 * orders[week] / orders[*other].max(1);
    let mut usual: Vec<u64> = others.iter().map(scaled).collect();
    usual.sort_unstable();
    let inner = &usual[1..usual.len() - 1];
    inner.iter().sum::<u64>() / inner.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn series(change: impl Fn(&mut Vec<u64>)) -> Series {
        let mut days: Vec<u64> = (0..84).map(|day| 60 - 5 * (day % 7) + day / 7).collect();
        change(&mut days);
        let orders = (0..12).map(|week| 100_000 + 1_500 * week).collect();
        Series { reasons: BTreeMap::from([("a".to_owned(), days)]), orders }
    }

    #[test]
    fn days_in_a_row_are_one_spike() {
        let found = spikes(&series(|days| {
            days[71] *= 4;
            days[72] *= 3;
            days[83] *= 5;
        }));
        let places: Vec<_> = found.iter().map(|s| (s.first_day, s.days)).collect();
        assert_eq!(places, [(71, 2), (83, 1)]);
        assert!(
            (330..=370).contains(&found[0].percent) && (480..=560).contains(&found[1].percent),
            "{found:?}"
        );
    }

    /// A reason that doubles for good is no spike, nor is a rare one that has a few.
    #[test]
    fn a_new_level_is_no_spike() {
        assert_eq!(spikes(&series(|_| ())), []);
        assert_eq!(spikes(&series(|days| days[42..].iter_mut().for_each(|n| *n *= 2))), []);
        assert_eq!(
            spikes(&series(|days| days.iter_mut().enumerate().for_each(|(i, n)| *n = 5 * (i == 30) as u64))),
            []
        );
    }
}
