//! Changes: reasons whose contacts per order are on another level from some week on, and reasons that give
//! contacts to another one.

use super::series::Series;
use super::spikes::Spike;

/// Weeks on either side of a change, at least.
const WEEKS: usize = 3;
/// A change is one of at least so many percent…
const LEAST_PERCENT: u64 = 12;
/// …and of so many standard deviations, squared. Contacts come in chains, so that counts vary a little more than
/// independent events do: twelve are asked for where six would do for these.
const DEVIATIONS_SQUARED: u128 = 36;
/// What one reason loses and another gains may differ by so many percent of the loss.
const MOVED_PERCENT: u64 = 35;

/// The 97.5 % quantile of the normal distribution, widened by √1.3 for chains.
const BOUND: f64 = 2.235;

/// Contacts and orders before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sides {
    /// Contacts before.
    pub contacts_before: u64,
    /// Orders before.
    pub orders_before: u64,
    /// Contacts after.
    pub contacts: u64,
    /// Orders after.
    pub orders: u64,
}

/// A reason on another level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The reason.
    pub reason: String,
    /// First week of the new level, counted from the first.
    pub week: usize,
    /// Both levels; the first week is left out.
    pub sides: Sides,
}

/// Contacts that only change their reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The reason that loses them.
    pub from: Change,
    /// The reason that gains them.
    pub to: Change,
}

/// What has changed, sorted out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Reasons with fewer contacts per order.
    pub falls: Vec<Change>,
    /// Reasons with more.
    pub rises: Vec<Change>,
    /// Falls and rises that are one.
    pub moves: Vec<Moved>,
}

impl Sides {
    /// Contacts per order after, in thousandths of before; 0 where nothing was before.
    pub const fn ratio_permille(&self) -> u64 {
        let before = self.contacts_before as u128 * self.orders as u128;
        let after = self.contacts as u128 * self.orders_before as u128;
        if before == 0 { 0 } else { ((after * 1_000 + before / 2) / before) as u64 }
    }

    /// The bounds between which the ratio lies in 95 of 100 cases, in thousandths: those of the share of contacts
    /// that came after (Wilson), which use nothing but sums and one square root.
    pub fn bounds_permille(&self) -> (u64, u64) {
        let (before, after) = (self.contacts_before as f64, self.contacts as f64);
        let n = (before + after).max(1.0);
        let (share, squared) = (after / n, BOUND * BOUND);
        let middle = (share + squared / (2.0 * n)) / (1.0 + squared / n);
        let half = BOUND * (share * (1.0 - share) / n + squared / (4.0 * n * n)).sqrt() / (1.0 + squared / n);
        let ratio = |share: f64| {
            let exposure = self.orders_before as f64 / (self.orders as f64).max(1.0);
            (share / (1.0 - share).max(f64::MIN_POSITIVE) * exposure * 1_000.0).round() as u64
        };
        (ratio((middle - half).max(0.0)), ratio((middle + half).min(1.0)))
    }

    /// Contacts of a million orders, before and after.
    pub fn rates_ppm(&self) -> (u64, u64) {
        let rate = |contacts: u64, orders: u64| contacts * 1_000_000 / orders.max(1);
        (rate(self.contacts_before, self.orders_before), rate(self.contacts, self.orders))
    }

    /// By how many standard deviations, squared, the contacts after differ from what those before let expect:
    /// (c₁X₀ − c₀X₁)² / ((c₀ + c₁) X₀ X₁), in thousandths.
    fn deviation_milli(&self) -> u128 {
        let (x0, x1) = (u128::from(self.orders_before), u128::from(self.orders));
        let (c0, c1) = (u128::from(self.contacts_before), u128::from(self.contacts));
        let difference = (c1 * x0).abs_diff(c0 * x1);
        difference * difference / ((c0 + c1) * x0 * x1).div_ceil(1_000).max(1)
    }
}

/// Every reason that is on another level from some week on. Weeks with a spike of the reason do not count.
pub(super) fn changes(series: &Series, spikes: &[Spike]) -> Changes {
    let found = series.reasons.keys().filter_map(|reason| of_reason(series, spikes, reason));
    let (falls, rises): (Vec<Change>, Vec<Change>) = found.partition(|c| c.sides.ratio_permille() < 1_000);
    pair(falls, rises)
}

/// The levels of a reason before and after a week, which itself is left out.
pub(super) fn sides(series: &Series, spikes: &[Spike], reason: &str, week: usize) -> Sides {
    count(series, &calm_weeks(series, spikes, reason), reason, |other| (other < week, other > week))
}

fn of_reason(series: &Series, spikes: &[Spike], reason: &str) -> Option<Change> {
    let calm = calm_weeks(series, spikes, reason);
    let split = |week: usize| count(series, &calm, reason, |other| (other < week, other >= week));
    let last = series.weeks().checked_sub(WEEKS)?;
    let best =
        (WEEKS..=last).max_by_key(|week| (split(*week).deviation_milli(), std::cmp::Reverse(*week)))?;
    let whole = split(best);
    let percent = whole.ratio_permille().abs_diff(1_000) / 10;
    let is_change = percent >= LEAST_PERCENT && whole.deviation_milli() >= DEVIATIONS_SQUARED * 1_000;
    is_change.then(|| Change {
        reason: reason.to_owned(),
        week: best,
        sides: sides(series, spikes, reason, best),
    })
}

fn calm_weeks(series: &Series, spikes: &[Spike], reason: &str) -> Vec<usize> {
    let spikes = spikes.iter().filter(|spike| spike.reason == reason);
    let wild: Vec<usize> =
        spikes.flat_map(|s| s.first_day..s.first_day + s.days).map(|day| day / 7).collect();
    (0..series.weeks()).filter(|week| !wild.contains(week)).collect()
}

/// Sums over the weeks that are before and those that are after.
fn count(series: &Series, weeks: &[usize], reason: &str, side: impl Fn(usize) -> (bool, bool)) -> Sides {
    let mut out = Sides::default();
    for &week in weeks {
        let contacts: u64 = series.reasons[reason][week * 7..][..7].iter().sum();
        let (before, after) = side(week);
        if before {
            out.contacts_before += contacts;
            out.orders_before += series.orders[week];
        } else if after {
            out.contacts += contacts;
            out.orders += series.orders[week];
        }
    }
    out
}

/// Falls and rises from the same week on that are as large as each other are one.
fn pair(falls: Vec<Change>, mut rises: Vec<Change>) -> Changes {
    let mut out = Changes::default();
    for fall in falls {
        match rises.iter().position(|rise| is_moved(&fall, rise)) {
            Some(at) => out.moves.push(Moved { from: fall, to: rises.remove(at) }),
            None => out.falls.push(fall),
        }
    }
    Changes { rises, ..out }
}

fn is_moved(fall: &Change, rise: &Change) -> bool {
    let ((before, after), (low, high)) = (fall.sides.rates_ppm(), rise.sides.rates_ppm());
    let (lost, gained) = (before.saturating_sub(after), high.saturating_sub(low));
    fall.week == rise.week && lost.abs_diff(gained) * 100 <= lost * MOVED_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Weekly levels of three reasons.
    fn series(levels: [[u64; 12]; 3]) -> Series {
        let orders: Vec<u64> = (0..12).map(|week| 130_000 + 2_000 * week).collect();
        let days = |levels: [u64; 12]| -> Vec<u64> {
            (0..12).flat_map(|w| std::iter::repeat_n(levels[w] * orders[w] / 910_000, 7)).collect()
        };
        let names = ["a", "b", "c"].map(str::to_owned);
        Series { reasons: BTreeMap::from_iter(names.into_iter().zip(levels.map(days))), orders }
    }

    fn level(before: u64, week: usize, after: u64) -> [u64; 12] {
        std::array::from_fn(|w| if w < week { before } else { after })
    }

    #[test]
    fn falls_rises_and_moves_are_told_apart() {
        let still = level(600, 0, 600);
        let cases = [
            ([still, still, still], "", ""),
            ([level(800, 6, 560), still, still], "a@6", ""),
            ([level(800, 5, 400), level(600, 5, 1_000), still], "", "a>b@5"),
            ([level(800, 5, 400), level(600, 7, 1_000), level(900, 4, 600)], "a@5 c@4", ""),
        ];
        for (levels, falls, moves) in cases {
            let found = changes(&series(levels), &[]);
            let names = |c: &Change| format!("{}@{}", c.reason, c.week);
            let said: Vec<String> = found.falls.iter().map(names).collect();
            assert_eq!(said.join(" "), falls);
            let said: Vec<String> = found
                .moves
                .iter()
                .map(|m| format!("{}>{}@{}", m.from.reason, m.to.reason, m.from.week))
                .collect();
            assert_eq!(said.join(" "), moves);
        }
    }

    #[test]
    fn a_week_with_a_spike_does_not_count() {
        let mut series = series([level(600, 0, 600); 3]);
        let days = series.reasons.get_mut("b").expect("a reason");
        days[78] *= 20;
        let spike = Spike { reason: "b".into(), first_day: 78, days: 1, percent: 2_000 };
        assert_eq!(changes(&series, std::slice::from_ref(&spike)), Changes::default());
        assert_eq!(changes(&series, &[]).rises.len(), 1);
    }

    #[test]
    fn the_ratio_lies_between_its_bounds() {
        let sides =
            Sides { contacts_before: 4_200, orders_before: 900_000, contacts: 2_450, orders: 750_000 };
        let (low, high) = sides.bounds_permille();
        assert_eq!(sides.ratio_permille(), 700);
        assert!((655..680).contains(&low) && (720..750).contains(&high), "{low} {high}");
        assert_eq!(Sides::default().ratio_permille(), 0);
    }
}
