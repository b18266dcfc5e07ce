//! Orders, returns and active accounts a day: what contacts are divided by.

use super::calendar::Calendar;
use super::dice::Dice;

/// Orders of the first week of a growing company; those of every week of one that does not grow.
const FIRST_WEEK: u64 = 130_000;
const EVERY_WEEK: u64 = 145_000;

/// Of a thousand orders, how many come on each weekday, from Monday. People buy when they have time.
const WEEKDAY_PERMILLE: [u64; 7] = [138, 136, 135, 137, 144, 160, 150];

/// Active accounts on the first day.
const ACCOUNTS: u64 = 212_000;

/// Of a thousand orders, how many are sent back.
const RETURNED_PERMILLE: u64 = 85;

/// Counts of every day.
pub(super) struct Orders {
    orders: Vec<u64>,
    accounts: Vec<u64>,
    returns: Vec<u64>,
}

impl Orders {
    /// Each week has so many thousandths more orders than the one before.
    pub fn new(seed: u64, calendar: &Calendar, growth_permille: Option<u32>) -> Self {
        let mut dice = Dice::new(seed, "orders");
        let mut week = growth_permille.map_or(EVERY_WEEK, |_| FIRST_WEEK);
        let (mut orders, mut accounts, mut returns, mut active) = (vec![], vec![], vec![], ACCOUNTS);
        for _ in 0..calendar.weeks() {
            for permille in WEEKDAY_PERMILLE {
                // One per cent of chance to both sides.
                let mut chance = || 990 + u64::from(dice.below(21));
                let (placed, sent_back) = (chance(), chance());
                orders.push(week * permille * placed / 1_000_000);
                returns.push(week * RETURNED_PERMILLE * sent_back / 7_000_000);
                active += u64::from(dice.between(40, 90));
                accounts.push(active);
            }
            week = week * (1_000 + u64::from(growth_permille.unwrap_or(0))) / 1_000;
        }
        Self { orders, accounts, returns }
    }

    /// Orders of a week.
    pub fn of_week(&self, week: u32) -> u64 {
        self.orders[week as usize * 7..][..7].iter().sum()
    }

    /// `day,unit,count`, a line a day and unit.
    pub fn csv(&self, calendar: &Calendar) -> String {
        let mut out = String::from("day,unit,count\n");
        let units = [("orders", &self.orders), ("accounts", &self.accounts), ("returns", &self.returns)];
        for index in 0..calendar.days() {
            for (unit, counts) in units {
                out.push_str(&format!("{},{unit},{}\n", calendar.day(index), counts[index as usize]));
            }
        }
        out
    }
}
