//! What each commit to come covers.

use crate::instance::Instance;
use crate::pipeline::range::{List, folded, list, log_end, positions};
use anyhow::{Context as _, Result};
use domain::{Offset, Partition, Positions, Sequence, Topic};
use lake::LakeEnd;
use serde::{Deserialize, Serialize};

/// The commits of a fold from nothing, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) partitions: u32,
    pub(super) shards: u32,
    /// Where each commit ends, in facts and company.
    ends: Vec<Positions>,
    /// The commits up to this one read the other topics only up to `stop`.
    stopping: usize,
    stop: Positions,
}

/// A commit to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned<'p> {
    pub(super) ordinal: Sequence,
    pub(super) from: &'p Positions,
    pub(super) to: &'p Positions,
    /// Up to where it reads the topics that are not folded; `None`: to their end.
    pub(super) until: Option<&'p Positions>,
}

/// The same as a file holds it.
#[derive(Serialize, Deserialize)]
struct Wire {
    partitions: u32,
    shards: u32,
    ends: Vec<List>,
    stopping: usize,
    stop: List,
}

impl Plan {
    /// Up to the log's end, with a commit that ends at `stop`; `None` where there is nothing to fold.
    pub(super) fn of(instance: &Instance, stop: Option<&Positions>) -> Result<Option<Self>> {
        let end = log_end(instance)?;
        // A partition-step is as large as a batch of the whole fold of every day: each is a file of rows.
        let each = instance.config.fold_batch as u64;
        let stop = stop.filter(|stop| end.covers(&folded(stop)));
        let mut ends = Vec::new();
        let mut from = Positions::start();
        if let Some(stop) = stop.map(folded) {
            ends.extend(steps(&from, &stop, each));
            from = stop;
        }
        let stopping = ends.len();
        ends.extend(steps(&from, &end, each));
        let (partitions, shards) = (instance.config.partitions, instance.config.shards);
        let stop = stop.cloned().unwrap_or_default();
        Ok((!ends.is_empty()).then_some(Self { partitions, shards, ends, stopping, stop }))
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let ends = self.ends.iter().map(list).collect();
        let Self { partitions, shards, stopping, .. } = *self;
        let wire = Wire { partitions, shards, ends, stopping, stop: list(&self.stop) };
        serde_json::to_vec(&wire).context("cannot encode a plan")
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let Wire { partitions, shards, ends, stopping, stop } = serde_json::from_slice(bytes).ok()?;
        let ends = ends.iter().map(|end| positions(end)).collect::<Option<Vec<_>>>()?;
        Some(Self { partitions, shards, ends, stopping, stop: positions(&stop)? })
    }

    /// Whether the work can go on with it: the lake holds as many of its commits as it has, and the instance has as
    /// many parts.
    pub(super) fn fits(&self, instance: &Instance, end: &LakeEnd) -> bool {
        let (partitions, shards) = (instance.config.partitions, instance.config.shards);
        let Ok(made) = usize::try_from(end.next.0) else { return false };
        let here = folded(&end.positions);
        // Behind the last of them may be one more, without facts.
        let is_ours = match made {
            0 => true,
            _ => self.ends.get(made - 1).or(self.ends.last()).is_some_and(|end| *end == here),
        };
        (self.partitions, self.shards) == (partitions, shards) && is_ours && made <= self.ends.len() + 1
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = Planned<'_>> {
        static START: std::sync::LazyLock<Positions> = std::sync::LazyLock::new(Positions::start);
        let froms = std::iter::once(&*START).chain(&self.ends);
        (0..).zip(froms.zip(&self.ends)).map(|(at, (from, to))| {
            let until = (at < self.stopping).then_some(&self.stop);
            Planned { ordinal: Sequence(at as u64), from, to, until }
        })
    }

    /// Facts that it covers.
    pub(super) fn records(&self) -> u64 {
        (0..self.partitions).map(|p| self.records_of(Partition(p))).sum()
    }

    /// Facts that it covers of a partition.
    pub(super) fn records_of(&self, partition: Partition) -> u64 {
        self.ends.last().map_or(0, |end| end.get(Topic::Facts, partition).0)
    }
}

/// Equal shares of `[from, to)`, none of more than `each` records of a partition.
fn steps(from: &Positions, to: &Positions, each: u64) -> Vec<Positions> {
    let ranges: Vec<(Topic, Partition, u64, u64)> =
        to.iter().map(|(topic, p, end)| (topic, p, from.get(topic, p).0, end.0)).collect();
    let most = ranges.iter().map(|(.., from, to)| to.saturating_sub(*from)).max().unwrap_or(0);
    let count = most.div_ceil(each.max(1));
    let share = |at: u64| {
        let end = |(topic, p, from, to): &(Topic, Partition, u64, u64)| {
            let records = u128::from(to.saturating_sub(*from)) * u128::from(at) / u128::from(count);
            (*topic, *p, Offset(from + u64::try_from(records).unwrap_or(0)))
        };
        ranges.iter().map(end).collect()
    };
    (1..=count).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(offsets: &[u64]) -> Positions {
        (0..).map(Partition).zip(offsets).map(|(p, offset)| (Topic::Facts, p, Offset(*offset))).collect()
    }

    proptest! {
        /// Shares follow each other without a gap, end where they shall, and none is too large.
        #[test]
        fn shares_cover_everything(
            ranges in proptest::collection::vec((0u64..1_000, 0u64..1_000), 1..5), each in 1u64..300,
        ) {
            let (from, to): (Vec<u64>, Vec<u64>) = ranges.iter().map(|(from, len)| (*from, from + len)).unzip();
            let shares = steps(&at(&from), &at(&to), each);
            let mut before = at(&from);
            for share in &shares {
                prop_assert!(share.covers(&before) && *share != before);
                for (topic, p, offset) in share.iter() {
                    prop_assert!(offset.0 - before.get(topic, p).0 <= each);
                }
                before = share.clone();
            }
            let expect = if ranges.iter().all(|(_, len)| *len == 0) { at(&from) } else { at(&to) };
            prop_assert_eq!(before, expect);
        }
    }
}
