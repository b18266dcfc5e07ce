//! The truths of the demo: what was planted beside what the published tables show. A detection looks at all
//! reasons and all days and does not know what it is to find; what it finds is then compared with the list of
//! plants. So a company without plants has to come out as one, and anything found that nobody planted makes a
//! truth fail.

mod changes;
mod evidence;
mod series;
mod shape;
mod spikes;

pub use changes::{Change, Changes, Moved, Sides};
pub use evidence::Evidence;
pub use series::Series;
pub use spikes::Spike;

use super::company::{Calendar, Fix, NAMES, Plants};
use report::demo::{BeforeAfter, Level, Shift, SpikeDays, Truth, Value};
use std::collections::BTreeSet;

/// How far what is found may lie from what was planted. A company is made by chance around its plants; these are
/// at least three standard deviations of that chance.
mod tolerance {
    /// A weekday's share of all contacts, in thousandths.
    pub(super) const WEEKDAY_PERMILLE: u64 = 10;
    /// An hour's share of all contacts, in thousandths.
    pub(super) const HOUR_PERMILLE: u64 = 6;
    /// Growth of orders, in thousandths a week.
    pub(super) const GROWTH_PERMILLE: u64 = 3;
    /// Height of a spike, in percent of what was planted.
    pub(super) const SPIKE_PERCENT: u64 = 30;
    /// Contacts per order after a change, in thousandths of before.
    pub(super) const LEVEL_PERMILLE: u64 = 80;
}

/// Every truth and, beside them, the rates before and after each action.
pub fn truths(evidence: &Evidence, plants: &Plants, calendar: &Calendar) -> (Vec<Truth>, Vec<BeforeAfter>) {
    let spikes = spikes::spikes(&evidence.series);
    let changes = changes::changes(&evidence.series, &spikes);
    let court = Court { evidence, plants, calendar, spikes, changes };
    (NAMES.iter().map(|name| court.truth(name)).collect(), court.before_and_after())
}

/// Everything that a truth is judged by.
struct Court<'c> {
    evidence: &'c Evidence,
    plants: &'c Plants,
    calendar: &'c Calendar,
    spikes: Vec<Spike>,
    changes: Changes,
}

impl Court<'_> {
    fn truth(&self, name: &'static str) -> Truth {
        let (planted, found) = (self.planted(name), self.found(name));
        let ok = agree(&planted, &found) && self.agrees_in_detail(name);
        Truth { name, planted, found, ok }
    }

    fn planted(&self, name: &str) -> Value {
        let plants = self.plants;
        let widened = |shares: &[u32]| shares.iter().map(|n| u64::from(*n)).collect::<Vec<_>>();
        let value = match name {
            "weekday_shape" => {
                plants.weekday_permille.and_then(|s| Some(Value::Weekdays(widened(&s).try_into().ok()?)))
            }
            "hour_shape" => {
                plants.hour_permille.and_then(|s| Some(Value::Hours(widened(&s).try_into().ok()?)))
            }
            "order_growth" => plants.growth_permille.map(|n| Value::Growth(n.into())),
            "spike_1" => plants.spikes.first().map(|spike| self.planted_spike(spike)),
            "spike_2" => plants.spikes.get(1).map(|spike| self.planted_spike(spike)),
            "fix_works" => plants.fix_works.as_ref().map(|fix| self.planted_fix(fix)),
            "fix_nothing" => plants.fix_nothing.as_ref().map(|fix| self.planted_fix(fix)),
            "fix_moved" => plants.fix_moved.as_ref().map(|moved| {
                Value::Moves(vec![Shift {
                    from: moved.from.clone(),
                    to: moved.to.clone(),
                    week: self.calendar.week(moved.week),
                    permille: u64::from(1_000 - moved.moved_permille),
                }])
            }),
            "chains" => some(&plants.chains).map(|chains| Value::Chains {
                chains: length(chains),
                contacts: chains.iter().map(|chain| length(&chain.records)).sum(),
            }),
            "unowned_reason" => plants.unowned.clone().map(|reason| Value::Reasons(vec![reason])),
            "late" => some(&plants.late).map(|late| Value::Records(length(late))),
            "duplicated" => some(&plants.duplicated).map(|records| Value::Records(length(records))),
            "corrected" => some(&plants.corrected).map(|records| Value::Records(length(records))),
            "merged" => merged(length(&plants.merged_customers), length(&plants.merged_tickets)),
            "known_first" => some(&plants.foreseen).map(|records| Value::Records(length(records))),
            "leaks" => some(&plants.leaks).map(|records| Value::Records(length(records))),
            "malformed" => lines(plants.malformed.values().map(|n| u64::from(*n))),
            _ => unreachable!("every plant has its truth"),
        };
        value.unwrap_or(Value::None)
    }

    fn found(&self, name: &str) -> Value {
        let evidence = self.evidence;
        let records = |n: u64| (n > 0).then_some(Value::Records(n));
        let value = match name {
            "weekday_shape" => shape::weekdays(&evidence.series).map(Value::Weekdays),
            "hour_shape" => shape::hours(&evidence.hours).map(Value::Hours),
            "order_growth" => shape::growth(&evidence.series).map(Value::Growth),
            "spike_1" => self.found_spikes(true),
            "spike_2" => self.found_spikes(false),
            "fix_works" => self.levels(&self.changes.falls),
            "fix_nothing" => self.unchanged(),
            "fix_moved" => self.found_moves().or_else(|| self.levels(&self.changes.rises)),
            "chains" => some(&evidence.chains).map(|chains| Value::Chains {
                chains: length(chains),
                contacts: chains.iter().map(|(_, contacts)| contacts).sum(),
            }),
            "unowned_reason" => some(&evidence.unowned).map(|reasons| Value::Reasons(reasons.to_vec())),
            "late" => records(length(&evidence.late)),
            "duplicated" => records(evidence.duplicate),
            "corrected" => records(length(&evidence.corrected)),
            "merged" => merged(length(&evidence.merged), length(&evidence.uncounted)),
            "known_first" => records(length(&evidence.known_first)),
            "leaks" => records(length(&evidence.leaks)),
            "malformed" => lines(evidence.refused.values().copied()),
            _ => unreachable!("every plant has its truth"),
        };
        value.unwrap_or(Value::None)
    }

    /// What equal numbers do not show: that these are the right records.
    fn agrees_in_detail(&self, name: &str) -> bool {
        let (plants, evidence) = (self.plants, self.evidence);
        match name {
            "chains" => {
                let planted =
                    plants.chains.iter().filter_map(|c| Some((c.records.first()?, length(&c.records))));
                same(planted, evidence.chains.iter().map(|(root, contacts)| (root, *contacts)))
            }
            "late" => same(plants.late.iter(), evidence.late.iter()),
            "known_first" => same(plants.foreseen.iter(), evidence.known_first.iter()),
            "leaks" => same(plants.leaks.iter(), evidence.leaks.iter()),
            "corrected" => {
                let planted =
                    plants.corrected.iter().map(|c| [c.record.as_str(), c.channel, c.reason.as_str()]);
                same(planted, evidence.corrected.iter().map(|row| row.each_ref().map(String::as_str)))
            }
            "merged" => {
                let pairs = plants.merged_customers.iter().map(|m| sorted([&m.surviving, &m.absorbed]));
                let found = evidence.merged.iter().map(|pair| sorted(pair.each_ref()));
                let tickets = plants.merged_tickets.iter().map(|m| &m.record);
                same(pairs, found) && same(tickets, evidence.uncounted.iter())
            }
            "malformed" => {
                let planted = plants.malformed.iter().map(|(kind, lines)| (*kind, u64::from(*lines)));
                same(planted, evidence.refused.iter().map(|(kind, lines)| (kind.as_str(), *lines)))
            }
            "fix_moved" => self.changes.rises.is_empty(),
            "fix_nothing" => plants.fix_nothing.as_ref().is_none_or(|fix| !self.has_changed(&fix.reason)),
            _ => true,
        }
    }

    /// The spikes of the first planted reason, or all others; without plants the first one, or all others.
    fn found_spikes(&self, first: bool) -> Option<Value> {
        let wanted = self.plants.spikes.first().map(|spike| &spike.reason);
        let is_first = |at: usize, spike: &Spike| wanted.map_or(at == 0, |reason| *reason == spike.reason);
        let spikes = self.spikes.iter().enumerate().filter(|(at, spike)| is_first(*at, spike) == first);
        let found: Vec<SpikeDays> = spikes.map(|(_, spike)| self.spike_days(spike)).collect();
        (!found.is_empty()).then_some(Value::Spikes(found))
    }

    fn spike_days(&self, spike: &Spike) -> SpikeDays {
        let day = |index: usize| self.calendar.day(u32::try_from(index).expect("few days"));
        SpikeDays {
            reason: spike.reason.clone(),
            first: day(spike.first_day),
            last: day(spike.first_day + spike.days - 1),
            percent: spike.percent,
        }
    }

    fn planted_spike(&self, spike: &super::company::Spike) -> Value {
        Value::Spikes(vec![SpikeDays {
            reason: spike.reason.clone(),
            first: self.calendar.day(spike.first_day),
            last: self.calendar.day(spike.first_day + spike.days - 1),
            percent: spike.percent.into(),
        }])
    }

    fn planted_fix(&self, fix: &Fix) -> Value {
        let week = self.calendar.week(fix.week);
        Value::Levels(vec![Level { reason: fix.reason.clone(), week, permille: fix.ratio_permille.into() }])
    }

    fn level(&self, change: &Change) -> Level {
        let week = self.calendar.week(u32::try_from(change.week).expect("few weeks"));
        Level { reason: change.reason.clone(), week, permille: change.sides.ratio_permille() }
    }

    fn levels(&self, changes: &[Change]) -> Option<Value> {
        some(changes).map(|changes| Value::Levels(changes.iter().map(|change| self.level(change)).collect()))
    }

    fn found_moves(&self) -> Option<Value> {
        let shift = |moved: &Moved| {
            let Level { reason: from, week, permille } = self.level(&moved.from);
            Shift { from, to: moved.to.reason.clone(), week, permille }
        };
        some(&self.changes.moves).map(|moves| Value::Moves(moves.iter().map(shift).collect()))
    }

    /// The level of the reason whose action is said to have done nothing.
    fn unchanged(&self) -> Option<Value> {
        let fix = self.plants.fix_nothing.as_ref()?;
        let sides = self.sides(&fix.reason, fix.week);
        let (reason, week) = (fix.reason.clone(), self.calendar.week(fix.week));
        Some(Value::Levels(vec![Level { reason, week, permille: sides.ratio_permille() }]))
    }

    fn has_changed(&self, reason: &str) -> bool {
        let Changes { falls, rises, moves } = &self.changes;
        let moved = moves.iter().flat_map(|moved| [&moved.from, &moved.to]);
        falls.iter().chain(rises).chain(moved).any(|change| change.reason == reason)
    }

    fn sides(&self, reason: &str, week: u32) -> Sides {
        changes::sides(&self.evidence.series, &self.spikes, reason, week as usize)
    }

    /// Each shipped action with the reasons that it concerns.
    fn before_and_after(&self) -> Vec<BeforeAfter> {
        let plants = self.plants;
        let fixes = plants.fix_works.iter().chain(&plants.fix_nothing).map(|fix| (&fix.reason, fix.week));
        let moved = plants.fix_moved.iter().flat_map(|m| [(&m.from, m.week), (&m.to, m.week)]);
        let ratio = |(reason, week): (&String, u32)| {
            let sides = self.sides(reason, week);
            let (before_ppm, after_ppm) = sides.rates_ppm();
            BeforeAfter {
                reason: reason.clone(),
                week: self.calendar.week(week),
                before_ppm,
                after_ppm,
                permille: sides.ratio_permille(),
                bounds_permille: sides.bounds_permille(),
            }
        };
        fixes.chain(moved).map(ratio).collect()
    }
}

/// Whether what was found is what was planted, within the tolerances.
fn agree(planted: &Value, found: &Value) -> bool {
    let near = |tolerance: u64| move |(a, b): (&u64, &u64)| a.abs_diff(*b) <= tolerance;
    match (planted, found) {
        (Value::Weekdays(a), Value::Weekdays(b)) => a.iter().zip(b).all(near(tolerance::WEEKDAY_PERMILLE)),
        (Value::Hours(a), Value::Hours(b)) => a.iter().zip(b).all(near(tolerance::HOUR_PERMILLE)),
        (Value::Growth(a), Value::Growth(b)) => near(tolerance::GROWTH_PERMILLE)((a, b)),
        (Value::Spikes(a), Value::Spikes(b)) => each(a, b, |a, b| {
            (&a.reason, a.first, a.last) == (&b.reason, b.first, b.last)
                && near(a.percent * tolerance::SPIKE_PERCENT / 100)((&a.percent, &b.percent))
        }),
        (Value::Levels(a), Value::Levels(b)) => each(a, b, |a, b| {
            (&a.reason, a.week) == (&b.reason, b.week)
                && near(tolerance::LEVEL_PERMILLE)((&a.permille, &b.permille))
        }),
        (Value::Moves(a), Value::Moves(b)) => each(a, b, |a, b| {
            (&a.from, &a.to, a.week) == (&b.from, &b.to, b.week)
                && near(tolerance::LEVEL_PERMILLE)((&a.permille, &b.permille))
        }),
        (planted, found) => planted == found,
    }
}

fn each<T>(a: &[T], b: &[T], alike: impl Fn(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
}

fn same<T: Ord>(planted: impl Iterator<Item = T>, found: impl Iterator<Item = T>) -> bool {
    planted.collect::<BTreeSet<_>>() == found.collect::<BTreeSet<_>>()
}

fn sorted<T: Ord>(mut pair: [T; 2]) -> [T; 2] {
    pair.sort();
    pair
}

fn some<T>(items: &[T]) -> Option<&[T]> {
    (!items.is_empty()).then_some(items)
}

fn length<T>(items: &[T]) -> u64 {
    items.len() as u64
}

fn merged(customers: u64, tickets: u64) -> Option<Value> {
    (customers + tickets > 0).then_some(Value::Merged { customers, tickets })
}

fn lines(kinds: impl Iterator<Item = u64>) -> Option<Value> {
    let (lines, kinds) = kinds.fold((0, 0), |(lines, kinds), n| (lines + n, kinds + 1));
    (lines > 0).then_some(Value::Lines { lines, kinds })
}

#[cfg(test)]
mod tests;
