//! The promises (DESIGN §6), numbered once. Property tests, the simulator and assertions name them by
//! these values, so that a failure always says which promise it breaks.

/// A numbered promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// Acknowledged ⇒ durable.
    P1,
    /// Received = accepted + refused, at every moment; accepted = stored + duplicate + rejected, at every commit.
    P2,
    /// Each accepted contact counts exactly once in every table.
    P3,
    /// Tables independent of batch size, arrival order, redelivery, restart, threads, partitions, topology.
    P4,
    /// Replay from zero = live operation, byte for byte.
    P5,
    /// Lake commits chain.
    P6,
    /// Memory bounded: two batches + open state + index, each with a stated size per contact.
    P7,
    /// Every published schema version still decodes.
    P8,
    /// No personal data in logs, metrics, listings or tables; after `erase` no plaintext anywhere, counts unchanged.
    P9,
    /// Every figure in a report equals an independent count over the log.
    P10,
    /// Incremental publishing = full publishing.
    P11,
}

impl Promise {
    /// What is promised, in one line.
    pub const fn statement(self) -> &'static str {
        match self {
            Self::P1 => "what was acknowledged is durable",
            Self::P2 => "received = accepted + refused, and accepted = stored + duplicate + rejected",
            Self::P3 => "each accepted contact counts exactly once in every table",
            Self::P4 => {
                "tables do not depend on batch size, arrival order, redelivery, restart, threads or partitions"
            }
            Self::P5 => "replay from zero equals live operation, byte for byte",
            Self::P6 => "lake commits chain",
            Self::P7 => "memory is bounded",
            Self::P8 => "every published schema version still decodes",
            Self::P9 => "no personal data in logs, metrics, listings or tables",
            Self::P10 => "every figure equals an independent count over the log",
            Self::P11 => "incremental publishing equals full publishing",
        }
    }
}

/// What became of the facts of an epoch, counted since its beginning. The balance is P2's second half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records read from the log.
    pub accepted: u64,
    /// Facts that entered the state.
    pub stored: u64,
    /// Exact redeliveries.
    pub duplicate: u64,
    /// Facts and records that the fold refused.
    pub rejected: u64,
}

impl Counts {
    /// Whether every accepted record ended in exactly one of the three places (P2).
    pub const fn balanced(&self) -> bool {
        self.accepted == self.stored + self.duplicate + self.rejected
    }

    /// What was added since `before`, an earlier count of the same epoch.
    #[must_use]
    pub const fn minus(self, before: Self) -> Self {
        Self {
            accepted: self.accepted - before.accepted,
            stored: self.stored - before.stored,
            duplicate: self.duplicate - before.duplicate,
            rejected: self.rejected - before.rejected,
        }
    }

    /// Both counts together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            stored: self.stored + other.stored,
            duplicate: self.duplicate + other.duplicate,
            rejected: self.rejected + other.rejected,
        }
    }
}
