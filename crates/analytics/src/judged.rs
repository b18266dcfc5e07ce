//! What a cut says of contacts that somebody has looked at.

use crate::error::AnalyticsError;
use crate::session::Session;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use domain::{ContactId, ReasonId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const JUDGED: &str = include_str!("../sql/judged.sql");

impl Session {
    /// The reason of each of these contacts; those that the cut does not have are missing.
    ///
    /// # Errors
    /// The table `contacts` cannot be read.
    pub fn reasons_of(
        &self,
        contacts: &BTreeSet<ContactId>,
    ) -> Result<BTreeMap<ContactId, ReasonId>, AnalyticsError> {
        let ids: StringArray = contacts.iter().map(|id| Some(id.to_string())).collect();
        let wanted = RecordBatch::try_from_iter([("contact_id", Arc::new(ids) as ArrayRef)]);
        self.hold("wanted", wanted.expect("one column"))?;
        let mut found = BTreeMap::new();
        for batch in self.ask(JUDGED, Vec::new())? {
            let batch = batch?;
            let column = |at| cast(batch.column(at), &DataType::Utf8).expect("texts are texts in any layout");
            let (ids, reasons) = (column(0), column(1));
            let (ids, reasons) = (ids.as_string::<i32>(), reasons.as_string::<i32>());
            let contact = |row| ContactId::parse(ids.value(row)).expect("a published id");
            found.extend((0..ids.len()).map(|row| (contact(row), ReasonId::new(reasons.value(row)))));
        }
        Ok(found)
    }
}
