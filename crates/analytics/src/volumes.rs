//! How many contacts each reason had of late: what the review of a taxonomy asks the tables.

use crate::error::AnalyticsError;
use crate::session::Session;
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use std::collections::BTreeMap;

/// Contacts by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReasonVolumes {
    /// Whole weeks that were counted.
    pub weeks: u32,
    /// Contacts of each reason of the taxonomy that was folded with, `unclassified` among them; 0 where there
    /// were none.
    pub contacts: BTreeMap<String, u64>,
}

impl Session {
    /// The contacts of the last whole weeks, at most so many, in which there were any.
    pub fn volumes(&self, weeks: u32) -> Result<ReasonVolumes, AnalyticsError> {
        let parameters = vec![("weeks", ScalarValue::Int64(Some(weeks.into())))];
        let mut volumes = ReasonVolumes::default();
        for batch in self.ask(include_str!("../sql/volumes.sql"), parameters)? {
            let batch = batch?;
            let (contacts, counted) =
                (batch.column(1).as_primitive::<Int64Type>(), batch.column(2).as_primitive::<Int64Type>());
            for (row, reason) in batch.column(0).as_string::<i32>().iter().enumerate() {
                let contacts = u64::try_from(contacts.value(row)).unwrap_or(0);
                volumes.contacts.insert(reason.unwrap_or_default().to_owned(), contacts);
                volumes.weeks = u32::try_from(counted.value(row)).unwrap_or(0);
            }
        }
        Ok(volumes)
    }
}
