//! What governance facts come to: the rows of the dimensions `units` and `costs`. A pure fold of the set of
//! facts; in which order they arrive does not matter.

use crate::closed::Channel;
use crate::fact::{CostRate, CostRatePublished, UnitsCounted};
use crate::{Body, Day, Fact, FactId, Instant};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Most units of one day. Sums of weeks and their products with contacts then stay exact.
pub const UNITS_MAX: i64 = 1_000_000_000_000;
/// Highest cost of a contact, in micro-units: a million units of the currency.
pub const PER_CONTACT_MICROS_MAX: i64 = 1_000_000_000_000;
/// Highest cost of a second of handling, in micro-units: ten thousand units of the currency. With it ten years
/// of handling fit 64 bits.
pub const PER_SECOND_MICROS_MAX: i64 = 10_000_000_000;

/// What one channel costs from a day on, until a later day says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    /// First day in the tenant's zone.
    pub valid_from: Day,
    /// The channel.
    pub channel: Channel,
    /// ISO 4217.
    pub currency: String,
    /// Micro-units of the currency per contact.
    pub per_contact_micros: i64,
    /// Micro-units of the currency per second of handling.
    pub per_second_micros: i64,
}

/// The dimensions that governance facts state, so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dimensions {
    units: BTreeMap<(Day, String), Stated<i64, i64>>,
    costs: BTreeMap<Day, Stated<Instant, CostRatePublished>>,
}

/// What a fact stated, with what decides whether it counts: the newest, then the smallest fact id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stated<N, T> {
    newest: (N, Reverse<FactId>),
    value: T,
}

/// Which dimensions have other rows than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    /// `units`.
    pub units: bool,
    /// `costs`.
    pub costs: bool,
}

impl Changed {
    /// Whether any has.
    pub const fn any(self) -> bool {
        self.units || self.costs
    }

    /// What has changed now or before.
    #[must_use]
    pub const fn or(self, before: Self) -> Self {
        Self { units: self.units || before.units, costs: self.costs || before.costs }
    }
}

/// Whether a fact states rows of a dimension. A cut or a closed week does not: taking one changes no table.
pub const fn states_dimension(body: &Body) -> bool {
    matches!(body, Body::UnitsCounted(_) | Body::CostRatePublished(_))
}

impl Dimensions {
    /// Takes a fact in and says what has changed. Of one unit and day the highest revision counts, of cost rates
    /// from one day the latest publication, then the smallest fact id. A count or rate outside its limits
    /// states nothing: what brings such facts in refuses them.
    pub fn learn(&mut self, fact: &Fact) -> Changed {
        let id = Reverse(fact.id);
        match &fact.body {
            Body::UnitsCounted(counted) if (0..=UNITS_MAX).contains(&counted.count) => {
                let UnitsCounted { unit, day, count } = &**counted;
                let stated = Stated { newest: (fact.origin.revision, id), value: *count };
                let units = replace(&mut self.units, (*day, unit.clone()), stated);
                Changed { units, costs: false }
            }
            Body::CostRatePublished(published) if published.rates.iter().all(is_sane) => {
                let stated = Stated { newest: (fact.occurred_at, id), value: (**published).clone() };
                Changed { units: false, costs: replace(&mut self.costs, published.from, stated) }
            }
            _ => Changed::default(),
        }
    }

    /// The rows of `units` by day, then unit.
    pub fn units(&self) -> impl Iterator<Item = UnitsCounted> + '_ {
        self.units.iter().map(|((day, unit), stated)| UnitsCounted {
            unit: unit.clone(),
            day: *day,
            count: stated.value,
        })
    }

    /// The count of a unit on a day, with the revision that states it.
    pub fn count(&self, day: Day, unit: &str) -> Option<(i64, i64)> {
        self.units.get(&(day, unit.to_owned())).map(|stated| (stated.value, stated.newest.0))
    }

    /// The rows of `costs` by day, then channel in the order of [`Channel::ALL`].
    pub fn costs(&self) -> impl Iterator<Item = CostRow> + '_ {
        self.costs.values().flat_map(|stated| rows(&stated.value))
    }

    /// The publication that counts of those from a day, and when it was made.
    pub fn published(&self, from: Day) -> Option<(&CostRatePublished, Instant)> {
        self.costs.get(&from).map(|stated| (&stated.value, stated.newest.0))
    }

    /// What each channel costs on a day: of its rates the one that is valid since latest.
    pub fn costs_on(&self, day: Day) -> Vec<CostRow> {
        let mut newest = BTreeMap::new();
        for stated in self.costs.range(..=day).map(|(_, stated)| stated) {
            newest.extend(rows(&stated.value).into_iter().map(|row| (row.channel, row)));
        }
        newest.into_values().collect()
    }

    /// The currency of the rates: of those valid since latest, where they differ.
    pub fn currency(&self) -> Option<&str> {
        self.costs.last_key_value().map(|(_, stated)| stated.value.currency.as_str())
    }
}

/// Sets what counts under a key; says whether another value counts now.
fn replace<K: Ord, N: Ord, T: PartialEq>(
    into: &mut BTreeMap<K, Stated<N, T>>,
    key: K,
    stated: Stated<N, T>,
) -> bool {
    match into.get_mut(&key) {
        Some(known) if known.newest >= stated.newest => false,
        Some(known) => std::mem::replace(known, stated).value != known.value,
        None => into.insert(key, stated).is_none(),
    }
}

fn is_sane(rate: &CostRate) -> bool {
    (0..=PER_CONTACT_MICROS_MAX).contains(&rate.per_contact_micros)
        && (0..=PER_SECOND_MICROS_MAX).contains(&rate.per_second_micros)
}

/// One row a channel, also where a publication names one twice: then the last counts.
fn rows(published: &CostRatePublished) -> Vec<CostRow> {
    let by_channel: BTreeMap<Channel, &CostRate> = published.rates.iter().map(|r| (r.channel, r)).collect();
    let row = |rate: &CostRate| CostRow {
        valid_from: published.from,
        channel: rate.channel,
        currency: published.currency.clone(),
        per_contact_micros: rate.per_contact_micros,
        per_second_micros: rate.per_second_micros,
    };
    by_channel.into_values().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::CutTaken;
    use crate::{Origin, Positions, Precision};

    fn at(second: i64) -> Instant {
        Instant::from_micros(second * 1_000_000).expect("instant")
    }

    fn day(text: &str) -> Day {
        Day::parse(text).expect(text)
    }

    fn fact(id: u8, revision: i64, occurred_at: Instant, body: Body) -> Fact {
        let origin = Origin { system: "t".into(), revision, ..Origin::default() };
        Fact { id: FactId::from_bytes([id; 16]), origin, occurred_at, precision: Precision::Day, body }
    }

    fn units(id: u8, revision: i64, on: &str, unit: &str, count: i64) -> Fact {
        let body = UnitsCounted { unit: unit.into(), day: day(on), count };
        fact(id, revision, at(0), Body::UnitsCounted(Box::new(body)))
    }

    fn costs(id: u8, published_at: i64, from: &str, rates: &[(Channel, i64)]) -> Fact {
        let rate = |(channel, per_contact_micros): &(Channel, i64)| CostRate {
            channel: *channel,
            per_contact_micros: *per_contact_micros,
            per_second_micros: 0,
        };
        let rates = rates.iter().map(rate).collect();
        let body = CostRatePublished { from: day(from), currency: "EUR".into(), rates };
        fact(id, 0, at(published_at), Body::CostRatePublished(Box::new(body)))
    }

    fn facts() -> Vec<Fact> {
        vec![
            units(1, 0, "2026-05-01", "orders", 10),
            units(2, 1, "2026-05-01", "orders", 12),
            // Of two equal revisions the smallest id counts.
            units(4, 0, "2026-05-02", "orders", 4),
            units(3, 0, "2026-05-02", "orders", 3),
            units(5, 0, "2026-05-02", "accounts", 0),
            units(6, 9, "2026-05-02", "orders", -1),
            units(7, 9, "2026-05-02", "orders", UNITS_MAX + 1),
            costs(8, 5, "2026-01-01", &[(Channel::Phone, 100), (Channel::Email, 50)]),
            costs(9, 6, "2026-01-01", &[(Channel::Phone, 120), (Channel::Email, 60)]),
            costs(10, 1, "2026-05-01", &[(Channel::Phone, 200)]),
            costs(11, 9, "2026-05-01", &[(Channel::Phone, PER_CONTACT_MICROS_MAX + 1)]),
        ]
    }

    fn shown(dimensions: &Dimensions) -> Vec<String> {
        let units = dimensions.units().map(|u| format!("{} {} {}", u.day, u.unit, u.count));
        let costs = dimensions
            .costs()
            .map(|c| format!("{} {} {} {}", c.valid_from, c.channel, c.per_contact_micros, c.currency));
        units.chain(costs).collect()
    }

    #[test]
    fn the_newest_counts_whatever_the_order_of_arrival() {
        let mut facts = facts();
        let expected = [
            "2026-05-01 orders 12",
            "2026-05-02 accounts 0",
            "2026-05-02 orders 3",
            "2026-01-01 phone 120 EUR",
            "2026-01-01 email 60 EUR",
            "2026-05-01 phone 200 EUR",
        ];
        // Every rotation, forwards and backwards, with each fact redelivered.
        for turn in 0..facts.len() * 2 {
            facts.rotate_left(1);
            if turn == facts.len() {
                facts.reverse();
            }
            let mut dimensions = Dimensions::default();
            for fact in facts.iter().chain(&facts) {
                dimensions.learn(fact);
            }
            assert_eq!(shown(&dimensions), expected, "turn {turn}");
        }
    }

    #[test]
    fn only_other_rows_are_a_change() {
        let mut known = Dimensions::default();
        let (units_changed, costs_changed) =
            (Changed { units: true, costs: false }, Changed { units: false, costs: true });
        let cases = [
            (units(2, 0, "2026-05-01", "orders", 10), units_changed),
            (units(2, 0, "2026-05-01", "orders", 10), Changed::default()),
            (units(1, 0, "2026-05-01", "orders", 10), Changed::default()),
            (units(3, 0, "2026-05-01", "orders", 11), Changed::default()),
            (units(3, 1, "2026-05-01", "orders", 11), units_changed),
            (costs(4, 1, "2026-05-01", &[(Channel::Chat, 1)]), costs_changed),
            (costs(5, 2, "2026-05-01", &[(Channel::Chat, 1)]), Changed::default()),
            (costs(6, 3, "2026-05-01", &[]), costs_changed),
        ];
        for (at, (fact, expected)) in cases.into_iter().enumerate() {
            assert!(states_dimension(&fact.body));
            assert_eq!(known.learn(&fact), expected, "case {at}");
        }
        let cut =
            CutTaken { cut: "c".into(), epoch: "e".into(), positions: Positions::start(), as_of: at(0) };
        assert!(!states_dimension(&Body::CutTaken(Box::new(cut))));
        assert_eq!(known.count(day("2026-05-01"), "orders"), Some((11, 1)));
        assert_eq!(known.count(day("2026-05-01"), "accounts"), None);
    }

    #[test]
    fn a_channel_costs_what_its_own_newest_rate_says() {
        let mut known = Dimensions::default();
        for fact in facts() {
            known.learn(&fact);
        }
        let on = |text: &str| -> Vec<(Channel, i64)> {
            known.costs_on(day(text)).iter().map(|row| (row.channel, row.per_contact_micros)).collect()
        };
        assert_eq!(on("2025-12-31"), []);
        assert_eq!(on("2026-04-30"), [(Channel::Phone, 120), (Channel::Email, 60)]);
        assert_eq!(on("2026-05-01"), [(Channel::Phone, 200), (Channel::Email, 60)]);
        assert_eq!(known.currency(), Some("EUR"));
        assert_eq!(known.published(day("2026-05-01")).map(|(p, at)| (p.rates.len(), at)), Some((1, at(1))));
    }

    /// A publication that names a channel twice gives one row, so that no contact is counted twice.
    #[test]
    fn a_publication_has_one_row_a_channel() {
        let mut known = Dimensions::default();
        known.learn(&costs(1, 1, "2026-05-01", &[(Channel::Chat, 1), (Channel::Chat, 2)]));
        assert_eq!(shown(&known), ["2026-05-01 chat 2 EUR"]);
    }
}
