//! What is made of the counts that arrive: shares, rates and changes. All of it in whole numbers, each rounded
//! once, half away from zero. A figure that cannot be had says why; it is never 0 instead.

use super::model::{Headline, KnownFirst, KnownFirstReason, SelfService, Weekly};

/// Counts below this show no percentage: of so few, one contact more or less is five points.
pub const FEW: u64 = 20;
/// CPX is contacts per this many units.
const PER_UNITS: i128 = 100;
/// CPX is kept to two decimals.
const HUNDREDTHS: i128 = 100;
/// Shares and changes are kept to a tenth of a percent.
const PERMILLE: i128 = 1_000;

/// Why a figure is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Fewer than [`FEW`] contacts.
    Few,
    /// No contacts at all.
    NoContacts,
    /// The taxonomy does not say what contacts are divided by.
    NoUnit,
    /// No units were imported for the week.
    NoUnits,
    /// No contact has a cost.
    NoCost,
    /// There is no earlier week to compare with, or it lacks the figure.
    NothingBefore,
    /// Some of the weeks before lack the figure.
    Gaps,
    /// The week has not ended, so its counts cannot be compared with whole weeks.
    Unfinished,
}

/// A whole number in the unit of its measure, or why there is none.
pub type Figure = Result<i64, Missing>;

/// `numerator / denominator`, rounded half away from zero. The denominator is positive.
fn quotient(numerator: i128, denominator: i128) -> i64 {
    let half = if numerator < 0 { -denominator } else { denominator };
    let rounded = (2 * numerator + half) / (2 * denominator);
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

/// A count as a figure.
pub fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// `part` of `whole` in permille. None of many is exactly nothing; a few are no percentage.
pub fn share(part: u64, whole: u64) -> Figure {
    match (part, whole) {
        (_, 0) => Err(Missing::NoContacts),
        (part, whole) if whole < FEW || (part > 0 && part < FEW) => Err(Missing::Few),
        (part, whole) => Ok(quotient(PERMILLE * i128::from(part), i128::from(whole))),
    }
}

/// Change from `before` to `now` in permille of `before`.
pub fn change(now: u64, before: u64) -> Figure {
    if now < FEW || before < FEW {
        return Err(Missing::Few);
    }
    Ok(relative(i128::from(now), i128::from(before)))
}

/// Whether two counts differ by more than chance usually makes them: by over two standard deviations of the
/// difference of two Poisson counts, `(a − b)² > 4·(a + b)`.
pub fn beyond_chance(a: u64, b: u64) -> bool {
    let (difference, sum) = (u128::from(a.abs_diff(b)), u128::from(a) + u128::from(b));
    difference * difference > 4 * sum
}

/// Change of an amount of money, which is large whatever the count: `counts` are the contacts behind both.
pub fn money_change(now: Option<u64>, before: Option<u64>, counts: [u64; 2]) -> Figure {
    match (now, before) {
        (None, _) => Err(Missing::NoCost),
        (_, None | Some(0)) => Err(Missing::NothingBefore),
        _ if counts.iter().any(|n| *n < FEW) => Err(Missing::Few),
        (Some(now), Some(before)) => Ok(relative(i128::from(now), i128::from(before))),
    }
}

fn relative(now: i128, before: i128) -> i64 {
    quotient(PERMILLE * (now - before), before)
}

/// Contacts per 100 units in hundredths (field.md §B2). Null where units are missing, never 0.
pub fn cpx(contacts: u64, units: Option<u64>) -> Figure {
    match units {
        None | Some(0) => Err(Missing::NoUnits),
        Some(units) => Ok(quotient(HUNDREDTHS * PER_UNITS * i128::from(contacts), i128::from(units))),
    }
}

/// A quotient that arrives as one, in hundredths. Its six first decimals decide: a tie at the second decimal
/// has three.
pub fn hundredths(ratio: f64) -> i64 {
    let millionths = format!("{ratio:.6}").replace('.', "").parse::<i128>().unwrap_or_default();
    quotient(millionths, 10_000)
}

impl KnownFirst {
    /// Contacts of which the company knew before, in permille.
    pub fn known_rate(&self) -> Figure {
        share(self.known, self.contacts)
    }
}

impl KnownFirstReason {
    /// The same of one reason.
    pub fn known_rate(&self) -> Figure {
        share(self.known, self.contacts)
    }
}

impl SelfService {
    /// Sessions of known customers that no contact followed.
    pub fn contained(&self) -> u64 {
        self.known.saturating_sub(self.contacted)
    }

    /// The same in permille of the sessions of known customers.
    pub fn containment(&self) -> Figure {
        share(self.contained(), self.known)
    }

    /// Sessions whose failure led to a contact, in permille of those of known customers.
    pub fn leak_rate(&self) -> Figure {
        share(self.leaked, self.known)
    }
}

/// Which figure of the headline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Contacts.
    Contacts,
    /// Contacts per 100 units, in hundredths.
    Cpx,
    /// Share of avoidable contacts, in permille; its changes are permille points.
    Avoidable,
    /// Cost of all contacts, in micro-units.
    Cost,
}

/// A figure of the headline beside what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadlineFigure {
    /// Which one.
    pub metric: Metric,
    /// This week.
    pub week: Figure,
    /// The week before.
    pub before: Figure,
    /// Mean of the up to four weeks before.
    pub mean4: Figure,
    /// Change since the week before, in permille (share: permille points).
    pub change_before: Figure,
    /// Change against the mean, likewise.
    pub change_mean4: Figure,
}

impl Headline {
    /// The four figures, in the order in which they are shown.
    pub fn figures(&self) -> [HeadlineFigure; 4] {
        [self.contacts_figure(), self.cpx_figure(), self.avoidable_figure(), self.cost_figure()]
    }

    /// A count of part of a week is not compared with one of a whole week.
    fn if_finished(&self, change: Figure) -> Figure {
        if self.complete { change } else { Err(Missing::Unfinished) }
    }

    fn contacts_figure(&self) -> HeadlineFigure {
        let c = &self.contacts;
        let mean4 = mean(c.mean4_sum, self.mean4_weeks);
        let change_before = c.before.ok_or(Missing::NothingBefore).and_then(|before| change(c.week, before));
        HeadlineFigure {
            metric: Metric::Contacts,
            week: Ok(whole(c.week)),
            before: c.before.map(whole).ok_or(Missing::NothingBefore),
            mean4,
            change_before: self.if_finished(change_before),
            change_mean4: self.if_finished(mean_change(c.week, c.mean4_sum, self.mean4_weeks)),
        }
    }

    fn cpx_figure(&self) -> HeadlineFigure {
        let unit = self.unit.as_ref().map(|_| ()).ok_or(Missing::NoUnit);
        let week = unit.and_then(|()| cpx(self.contacts.week, self.units.week));
        let before = unit.and_then(|()| pair(self.contacts.before, self.units.before));
        let mean4 = unit.and_then(|()| self.mean4_pair());
        let against = |other: Result<(u64, u64), Missing>| {
            week?;
            other.and_then(|other| rate_change(self.contacts.week, self.units.week.unwrap_or(0), other))
        };
        let value = |other: Result<(u64, u64), Missing>| other.and_then(|(c, u)| cpx(c, Some(u)));
        HeadlineFigure {
            metric: Metric::Cpx,
            week,
            before: value(before),
            mean4: value(mean4),
            change_before: against(before),
            change_mean4: against(mean4),
        }
    }

    /// Contacts and units of the weeks before, where every week has both.
    fn mean4_pair(&self) -> Result<(u64, u64), Missing> {
        let sums = pair(self.contacts.mean4_sum, self.units.mean4_sum)?;
        if self.mean4_unit_weeks == self.mean4_weeks { Ok(sums) } else { Err(Missing::Gaps) }
    }

    fn avoidable_figure(&self) -> HeadlineFigure {
        let of = |dumb: Option<u64>, contacts: Option<u64>| match (dumb, contacts) {
            (Some(dumb), Some(contacts)) => share(dumb, contacts),
            _ => Err(Missing::NothingBefore),
        };
        let week = share(self.dumb.week, self.contacts.week);
        let before = of(self.dumb.before, self.contacts.before);
        let mean4 = of(self.dumb.mean4_sum, self.contacts.mean4_sum);
        // The difference of the shown shares: a reader who subtracts must come to the same points.
        let points = |other: Figure| Ok(week? - other?);
        HeadlineFigure {
            metric: Metric::Avoidable,
            week,
            before,
            mean4,
            change_before: points(before),
            change_mean4: points(mean4),
        }
    }

    fn cost_figure(&self) -> HeadlineFigure {
        let (cost, costed) = (&self.cost_micros, &self.costed);
        let missing = if self.contacts.week == 0 { Missing::NoContacts } else { Missing::NoCost };
        let mean4 = mean(cost.mean4_sum, self.mean4_cost_weeks);
        let counts = |other: Option<u64>| [costed.week, other.unwrap_or(0)];
        let change_before = money_change(cost.week, cost.before, counts(costed.before));
        let of_mean = mean4.ok().and_then(|m| u64::try_from(m).ok());
        let change_mean4 = match money_change(cost.week, of_mean, counts(costed.mean4_sum)) {
            Ok(_) => mean_change(cost.week.unwrap_or(0), cost.mean4_sum, self.mean4_cost_weeks),
            missing => missing,
        };
        HeadlineFigure {
            metric: Metric::Cost,
            week: cost.week.map(whole).ok_or(missing),
            before: cost.before.map(whole).ok_or(Missing::NothingBefore),
            mean4,
            change_before: self.if_finished(change_before),
            change_mean4: self.if_finished(change_mean4),
        }
    }

    /// Repeats among the contacts of the week, in permille.
    pub fn snowball_rate(&self) -> Figure {
        share(self.repeats.week, self.contacts.week)
    }

    /// The same of the week before.
    pub fn snowball_rate_before(&self) -> Figure {
        match (self.repeats.before, self.contacts.before) {
            (Some(repeats), Some(contacts)) => share(repeats, contacts),
            _ => Err(Missing::NothingBefore),
        }
    }

    /// Mean handle time in milliseconds of the contacts that have one.
    pub fn handle_ms_mean(&self) -> Figure {
        match (self.handle_ms, self.handled) {
            (Some(ms), handled) if handled > 0 => Ok(quotient(i128::from(ms), i128::from(handled))),
            _ => Err(Missing::NoContacts),
        }
    }
}

fn mean(sum: Option<u64>, weeks: u64) -> Figure {
    match (sum, weeks) {
        (None, _) | (_, 0) => Err(Missing::NothingBefore),
        (Some(sum), weeks) => Ok(quotient(i128::from(sum), i128::from(weeks))),
    }
}

/// Change against a mean that was not rounded: `(now · weeks − sum) / sum`.
fn mean_change(now: u64, sum: Option<u64>, weeks: u64) -> Figure {
    match (sum, weeks) {
        (None, _) | (_, 0) => Err(Missing::NothingBefore),
        (Some(sum), weeks) if now < FEW || sum < FEW * weeks => Err(Missing::Few),
        (Some(sum), weeks) => Ok(relative(i128::from(now) * i128::from(weeks), i128::from(sum))),
    }
}

fn pair(contacts: Option<u64>, units: Option<u64>) -> Result<(u64, u64), Missing> {
    match (contacts, units) {
        (None, _) => Err(Missing::NothingBefore),
        (Some(_), None | Some(0)) => Err(Missing::NoUnits),
        (Some(contacts), Some(units)) => Ok((contacts, units)),
    }
}

/// Change of contacts per unit: `(c1/u1 − c0/u0) / (c0/u0)`. Both counts of units are positive.
fn rate_change(contacts: u64, units: u64, (contacts_before, units_before): (u64, u64)) -> Figure {
    if contacts < FEW || contacts_before < FEW {
        return Err(Missing::Few);
    }
    let now = i128::from(contacts) * i128::from(units_before);
    Ok(relative(now, i128::from(contacts_before) * i128::from(units)))
}

/// Growth and rate effect of a change of contacts (field.md §B2), as `movers_weekly` splits it: what the units
/// alone would have changed, rounded, and the rest. `None` where there were no units before.
pub fn effects((contacts, before): (u64, u64), (units, units_before): (u64, u64)) -> Option<(i64, i64)> {
    if units_before == 0 {
        return None;
    }
    let more_units = i128::from(units) - i128::from(units_before);
    let growth = quotient(i128::from(before) * more_units, i128::from(units_before));
    Some((growth, whole(contacts) - whole(before) - growth))
}

impl Weekly {
    /// Refused inputs of every kind.
    pub fn refused_inputs(&self) -> u64 {
        self.refused.iter().map(|r| r.inputs).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_rounded_half_away_from_zero() {
        for (n, d, rounded) in [(5, 10, 1), (-5, 10, -1), (4, 10, 0), (-4, 10, 0), (15, 10, 2), (-16, 10, -2)]
        {
            assert_eq!(quotient(n, d), rounded, "{n}/{d}");
        }
    }

    #[test]
    fn a_few_contacts_are_no_percentage() {
        let few = Err(Missing::Few);
        let cases = [
            ((0, 0), Err(Missing::NoContacts)),
            ((10, 19), few),
            ((19, 1_000), few),
            ((20, 20), Ok(1_000)),
            ((0, 20), Ok(0)),
            ((1, 19), few),
            ((4_740, 12_345), Ok(384)),
        ];
        for ((part, whole), expected) in cases {
            assert_eq!(share(part, whole), expected, "{part}/{whole}");
        }
        assert_eq!(
            [(100, 130), (100, 131), (0, 4), (0, 5)].map(|(a, b)| beyond_chance(a, b)),
            [false, true, false, true]
        );
        assert_eq!((change(19, 30), change(30, 19), change(30, 20)), (few, few, Ok(500)));
        assert_eq!(change(20, 30), Ok(-333));
        assert_eq!(money_change(Some(5), Some(4), [19, 50]), few);
    }

    #[test]
    fn growth_and_rate_sum_to_the_change() {
        assert_eq!(effects((620, 500), (1_100, 1_000)), Some((50, 70)));
        assert_eq!(effects((430, 500), (999, 1_000)), Some((-1, -69)), "−0.5 is rounded away from zero");
        assert_eq!(effects((5, 0), (10, 0)), None);
    }

    #[test]
    fn a_quotient_that_arrives_is_rounded_like_one_that_is_made_here() {
        for (contacts, units) in [(29, 20_000), (1, 800), (12_345, 200_000), (0, 7), (2, 3), (999_999_999, 7)]
        {
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let ratio = 100.0 * contacts as f64 / units as f64;
            assert_eq!(Ok(hundredths(ratio)), cpx(contacts, Some(units)), "{contacts}/{units}");
        }
        assert_eq!(cpx(5, Some(0)), Err(Missing::NoUnits));
    }
}
