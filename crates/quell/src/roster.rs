//! Who of those that share a fold has which parts.

use crate::instance::Instance;
use crate::serve::Share;
use anyhow::Result;
use domain::EpochId;
use std::collections::BTreeSet;

/// The parts of one kind, as they are shared out.
pub enum Roster {
    /// All of them are this process's: nobody else folds.
    All(BTreeSet<u32>),
}

impl Roster {
    /// Joins those who share parts of this kind of an epoch's fold.
    pub fn join(instance: &Instance, share: Share, _epoch: EpochId) -> Result<Self> {
        let count = match share {
            Share::Assemble => instance.config.partitions,
            Share::Judge => instance.config.shards,
            Share::Lake => 1,
        };
        Ok(Self::All((0..count).collect()))
    }

    /// Whether nobody else takes part.
    pub const fn is_alone(&self) -> bool {
        match self {
            Self::All(_) => true,
        }
    }

    /// The parts that are this process's now.
    pub fn mine(&mut self) -> BTreeSet<u32> {
        match self {
            Self::All(parts) => parts.clone(),
        }
    }
}
