//! What people state in files of their own and not by a mapping: counts of units as CSV, cost rates as TOML.

mod costs;
mod units;

pub use costs::cost_rates;
pub use units::{UNIT_COLUMNS, units_counted};
