//! Records that say themselves who wrote them and when in his order, so that whatever is read back can be
//! checked without having been remembered.

use super::drain;
use crate::{Log, Outgoing, TopicName, partition_of};
use domain::{Offset, Partition};
use std::collections::BTreeMap;

/// What one writer appends, call by call: a pure function of the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Workload {
    pub seed: u64,
    pub writer: u32,
    pub partitions: u32,
}

impl Workload {
    /// The records of one call: 1 to 6 of up to 2,000 bytes.
    pub fn call(self, call: u32) -> Vec<Outgoing> {
        (0..self.size(call)).map(|index| self.record(call, index)).collect()
    }

    /// How many records a call has.
    fn size(self, call: u32) -> u32 {
        let below_six = Random::of(&[self.seed, u64::from(self.writer), u64::from(call)]).below(6);
        1 + u32::try_from(below_six).expect("below 6")
    }

    fn record(self, call: u32, index: u32) -> Outgoing {
        let key = format!("{}/{call}/{index}", self.writer).into_bytes();
        let mut random = Random::of(&[self.seed, u64::from(self.writer), u64::from(call), u64::from(index)]);
        let value = (0..random.below(250)).flat_map(|_| random.next().to_le_bytes()).collect();
        Outgoing { partition: partition_of(&key, self.partitions), key, value }
    }
}

/// What was found of all writers: by writer, call and index.
#[derive(Debug)]
pub(super) struct Found {
    seed: u64,
    partitions: u32,
    places: BTreeMap<(u32, u32, u32), (Partition, Offset)>,
}

/// Reads a topic and checks that each record is one that a writer had to write, stands once, lies in its
/// partition, and comes after what the same writer had put there before.
pub(super) fn read_back(log: &dyn Log, topic: &TopicName, seed: u64) -> Found {
    let partitions = log.partitions(topic).expect("partitions");
    let mut found = BTreeMap::new();
    for partition in 0..partitions {
        let mut last: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for record in drain(log, topic, partition) {
            let (writer, call, index) = parse(&record.key);
            let workload = Workload { seed, writer, partitions };
            let sent =
                workload.call(call).into_iter().nth(index as usize).expect("nobody writes so long a call");
            assert_eq!(
                (sent.partition, &sent.value),
                (Partition(partition), &record.value),
                "{writer}/{call}/{index}"
            );
            let before = last.insert(writer, (call, index));
            assert!(before < Some((call, index)), "writer {writer}: {before:?} stands before {call}/{index}");
            let twice = found.insert((writer, call, index), (Partition(partition), record.offset));
            assert_eq!(twice, None, "{writer}/{call}/{index} stands twice");
        }
    }
    Found { seed, partitions, places: found }
}

fn parse(key: &[u8]) -> (u32, u32, u32) {
    let text = std::str::from_utf8(key).expect("a key that a writer wrote");
    let parts: Vec<u32> = text.split('/').map(|p| p.parse().expect("a number")).collect();
    <[u32; 3]>::try_from(parts).expect("writer, call and index").into()
}

impl Found {
    /// The records of an acknowledged call stand at the offsets that were given for them.
    pub fn expect_acknowledged(&self, writer: u32, call: u32, offsets: &[Offset]) {
        assert!(!offsets.is_empty());
        for (index, offset) in (0..).zip(offsets) {
            let at = self.places.get(&(writer, call, index)).map(|(_, offset)| offset);
            assert_eq!(at, Some(offset), "acknowledged {writer}/{call}/{index}");
        }
        assert!(!self.places.contains_key(&(writer, call, index_after(offsets))), "a call has grown");
    }

    /// A writer that finished has every record of so many calls here, and no other.
    pub fn expect_calls(&self, writer: u32, calls: u32) {
        let Self { seed, partitions, .. } = *self;
        let workload = Workload { seed, writer, partitions };
        let sizes = (0..calls).map(|call| (call, workload.size(call)));
        let expected: Vec<_> =
            sizes.flat_map(|(call, size)| (0..size).map(move |i| (writer, call, i))).collect();
        let found: Vec<_> = self.places.keys().filter(|(w, ..)| *w == writer).copied().collect();
        assert!(found == expected, "writer {writer}: {} records of {}", found.len(), expected.len());
    }

    /// The last call of a writer of which anything is there.
    pub fn last_call(&self, writer: u32) -> Option<u32> {
        self.places.keys().filter(|(w, ..)| *w == writer).map(|(_, call, _)| *call).max()
    }

    /// Whether records of the writers stand mixed in some partition, and not one writer's after the other's.
    pub fn is_mixed(&self) -> bool {
        let mut order: Vec<_> = self.places.iter().map(|((writer, ..), place)| (*place, *writer)).collect();
        order.sort_unstable();
        let writers: Vec<_> = order.iter().map(|((partition, _), writer)| (*partition, *writer)).collect();
        let runs = writers.windows(2).filter(|w| w[0] != w[1]).count() + 1;
        let distinct = writers.into_iter().collect::<std::collections::BTreeSet<_>>().len();
        runs > distinct
    }
}

fn index_after(offsets: &[Offset]) -> u32 {
    u32::try_from(offsets.len()).expect("a call has few records")
}

/// SplitMix64: enough for sizes and moments, and the same everywhere.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub fn of(parts: &[u64]) -> Self {
        parts.iter().fold(Self(0x5155_454c_4c00), |mut random, part| Self(random.next() ^ part))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `[0, bound)`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
