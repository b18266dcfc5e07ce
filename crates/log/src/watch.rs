//! Plain numbers for whoever watches a log.

use domain::Offset;

/// Where a partition ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// The last stable offset: the end as readers see it.
    pub stable_end: Offset,
    /// The end of what is written, open transactions included.
    pub high_watermark: Offset,
}

impl Marks {
    /// Offsets that an open transaction holds back. For longer than the transaction timeout: an orphan.
    pub const fn held_back(&self) -> u64 {
        self.high_watermark.0.saturating_sub(self.stable_end.0)
    }
}

/// What a client of a log has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Records that the brokers have acknowledged, outside transactions.
    pub acknowledged: u64,
    /// Appends that ended indefinite: they may have been written.
    pub indefinite: u64,
    /// Appends that the brokers refused for good: nothing was written.
    pub refused: u64,
    /// Records handed over and not acknowledged yet.
    pub in_flight_records: u64,
    /// Their bytes.
    pub in_flight_bytes: u64,
    /// Transactions committed.
    pub committed: u64,
    /// Transactions rolled back.
    pub aborted: u64,
    /// Times that this process was fenced. More than a few an hour: two processes fight for one partition.
    pub fenced: u64,
    /// Producers given up after an indefinite error and made anew.
    pub rebuilt: u64,
    /// Calls given up because they did not come back.
    pub watchdog_fired: u64,
    /// Times that a group gave this process its share anew.
    pub rebalances: u64,
}
