//! What the truths are judged by.

use super::series::Series;
use std::collections::BTreeMap;

/// What the tables of a cut show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Contacts by reason and day, orders by week.
    pub series: Series,
    /// Contacts by local hour.
    pub hours: [u64; 24],
    /// Chains of three contacts and more: the root's record, and how many contacts.
    pub chains: Vec<(String, u64)>,
    /// Reasons that belong to nobody and have contacts.
    pub unowned: Vec<String>,
    /// Records that were recorded more than a week after the end of their week.
    pub late: Vec<String>,
    /// Records that were delivered again and changed: record, channel, reason.
    pub corrected: Vec<[String; 3]>,
    /// Customers who are known by two kinds of identifiers: their two contacts, which are one chain.
    pub merged: Vec<[String; 2]>,
    /// Numbers that the source has given to records, and that no contact has.
    pub uncounted: Vec<String>,
    /// Refused lines by kind.
    pub refused: BTreeMap<String, u64>,
    /// Contacts that a notice could have spared.
    pub known_first: Vec<String>,
    /// Contacts that come from failed self-service.
    pub leaks: Vec<String>,
    /// Facts that had been stored before.
    pub duplicate: u64,
}
