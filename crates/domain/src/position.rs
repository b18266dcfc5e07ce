//! Places in the log: topics, partitions, offsets, and vectors of them.

use crate::Instant;
use std::collections::BTreeMap;
use std::fmt;

/// The topics that the fold reads, and the one of refused inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The truth: facts keyed by case, else by source record.
    Facts,
    /// Facts that concern everybody; one partition.
    Company,
    /// Taxonomy, cost, unit and action facts, cuts and closed weeks; one partition.
    Governance,
    /// Sealed bytes of what was refused; one partition.
    Rejects,
}

impl Topic {
    /// Every topic.
    pub const ALL: &'static [Self] = &[Self::Facts, Self::Company, Self::Governance, Self::Rejects];

    /// Name of the topic in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Company => "company",
            Self::Governance => "governance",
            Self::Rejects => "rejects",
        }
    }

    /// The topic of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|t| t.name() == name)
    }
}

/// A partition of a topic, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u32);

/// Place of a record in its partition, from 0. A position `[from, to)` names `to` as the next to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

/// Order in which assemble speaks of one contact: the highest sequence of a contact counts (DESIGN §1).
/// The shell gives it and never repeats it: the ordinal of the lake commit in the embedded topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

/// A value with its place in the log and the log's own append time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// Topic it was read from.
    pub topic: Topic,
    /// Partition it was read from.
    pub partition: Partition,
    /// Its offset there.
    pub offset: Offset,
    /// When the log appended it. Never part of a fact, never in a byte-compared table.
    pub recorded_at: Instant,
    /// The value.
    pub value: T,
}

impl<T> Placed<T> {
    /// Another value at the same place.
    pub fn with<U>(&self, value: U) -> Placed<U> {
        Placed {
            topic: self.topic,
            partition: self.partition,
            offset: self.offset,
            recorded_at: self.recorded_at,
            value,
        }
    }
}

/// A vector of log positions: for each topic and partition the next offset to read. An absent entry is 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Positions(BTreeMap<(Topic, Partition), Offset>);

impl Positions {
    /// The beginning of the log.
    pub fn start() -> Self {
        Self::default()
    }

    /// The next offset to read.
    pub fn get(&self, topic: Topic, partition: Partition) -> Offset {
        self.0.get(&(topic, partition)).copied().unwrap_or(Offset(0))
    }

    /// Moves one partition's position; 0 removes the entry, so that equal vectors compare equal.
    pub fn set(&mut self, topic: Topic, partition: Partition, next: Offset) {
        if next == Offset(0) {
            self.0.remove(&(topic, partition));
        } else {
            self.0.insert((topic, partition), next);
        }
    }

    /// All entries in order of topic and partition.
    pub fn iter(&self) -> impl Iterator<Item = (Topic, Partition, Offset)> + '_ {
        self.0.iter().map(|((t, p), o)| (*t, *p, *o))
    }

    /// Whether this vector has everywhere read at least as far as `other`.
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|(t, p, o)| self.get(t, p) >= o)
    }
}

impl FromIterator<(Topic, Partition, Offset)> for Positions {
    fn from_iter<I: IntoIterator<Item = (Topic, Partition, Offset)>>(items: I) -> Self {
        let mut out = Self::start();
        for (topic, partition, next) in items {
            out.set(topic, partition, next);
        }
        out
    }
}

impl fmt::Display for Positions {
    /// `company/0=3 facts/0=120 facts/1=99`: stable, also the bytes that a cut's id is made from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (topic, partition, offset)) in self.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{}/{}={}", topic.name(), partition.0, offset.0)?;
        }
        Ok(())
    }
}
