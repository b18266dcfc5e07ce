//! Contacts by reason and day, and orders by week: what every detection of a shape, a spike or a change looks at.

use std::collections::BTreeMap;

/// Contacts of whole weeks, from the first Monday.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series {
    /// Of each reason its contacts on each day.
    pub reasons: BTreeMap<String, Vec<u64>>,
    /// Orders of each week.
    pub orders: Vec<u64>,
}

impl Series {
    /// Weeks.
    pub fn weeks(&self) -> usize {
        self.orders.len()
    }

    /// All contacts of each day.
    pub fn days(&self) -> Vec<u64> {
        let mut days = vec![0; self.weeks() * 7];
        for contacts in self.reasons.values() {
            days.iter_mut().zip(contacts).for_each(|(sum, n)| *sum += n);
        }
        days
    }
}

/// The middle value; of an even number the mean of the two in the middle.
pub(super) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    let (middle, odd) = (values.len() / 2, values.len() % 2 == 1);
    if odd { values[middle] } else { (values[middle - 1] + values[middle]) / 2 }
}
