//! What is kept of every record: which of its versions have been seen, and what was last said of it.

use super::group::GroupId;
use crate::asserted::Asserted;
use domain::FactId;
use std::sync::Arc;

/// A version of a record: revision and fact.
pub(super) type Version = (i64, FactId);

/// The state of one record id, which is also a contact id.
#[derive(Default)]
pub(super) struct Entry {
    /// Every version seen, in order; the winner of each revision is its smallest fact id.
    pub(super) versions: Versions,
    /// The group it is a part of.
    pub(super) group: Option<GroupId>,
    /// The contact as its facts give it; `None` where this record is no contact of its own.
    pub(super) base: Option<Arc<Asserted>>,
    /// What was last asserted: the base after overrides, erasures and merges. Often the same value.
    pub(super) emitted: Option<Arc<Asserted>>,
}

/// Seen versions. Nearly every record has one, which needs no allocation.
#[derive(Default)]
pub(super) enum Versions {
    #[default]
    None,
    One(Version),
    /// Sorted.
    Many(Box<[Version]>),
}

impl Versions {
    pub(super) fn as_slice(&self) -> &[Version] {
        match self {
            Self::None => &[],
            Self::One(version) => std::slice::from_ref(version),
            Self::Many(versions) => versions,
        }
    }

    pub(super) fn insert(&mut self, version: Version) {
        let mut all = self.as_slice().to_vec();
        if let Err(place) = all.binary_search(&version) {
            all.insert(place, version);
        }
        *self = match all.as_slice() {
            [one] => Self::One(*one),
            _ => Self::Many(all.into()),
        };
    }

    /// The version that counts: of the highest revision the smallest fact id.
    pub(super) fn winner(&self) -> Option<Version> {
        let all = self.as_slice();
        let (highest, _) = *all.last()?;
        all.iter().find(|(revision, _)| *revision == highest).copied()
    }
}

/// What an arriving version is to the record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Seen before.
    Again,
    /// A lower revision than the one that counts.
    Older,
    /// The highest revision, seen for the first time.
    Newest,
    /// Same revision as one seen, other content, and it does not count.
    Loses,
    /// Same revision as the one that counted, other content, and it takes its place.
    Beats(FactId),
}

impl Entry {
    /// Notes a version and says what it is.
    pub(super) fn arrive(&mut self, revision: i64, fact: FactId) -> Arrival {
        let seen = self.versions.as_slice();
        if seen.contains(&(revision, fact)) {
            return Arrival::Again;
        }
        let rival = seen.iter().find(|(r, _)| *r == revision).copied();
        let winner = self.versions.winner();
        self.versions.insert((revision, fact));
        match (rival, winner) {
            (None, Some((highest, _))) if revision < highest => Arrival::Older,
            (None, _) => Arrival::Newest,
            // A conflict below the counting revision changes nothing that is published.
            (Some((_, first)), Some((highest, _))) if revision == highest && fact < first => {
                Arrival::Beats(first)
            }
            (Some(_), _) => Arrival::Loses,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(n: u8) -> FactId {
        FactId::from_bytes([n; 16])
    }

    #[test]
    fn each_arrival_is_named() {
        let mut e = Entry::default();
        let cases = [
            (5, 7, Arrival::Newest),
            (5, 7, Arrival::Again),
            (4, 1, Arrival::Older),
            (5, 9, Arrival::Loses),
            (5, 3, Arrival::Beats(id(7))),
            (4, 0, Arrival::Loses),
            (6, 8, Arrival::Newest),
            (5, 7, Arrival::Again),
        ];
        for (revision, n, expect) in cases {
            assert_eq!(e.arrive(revision, id(n)), expect, "revision {revision} fact {n}");
        }
        assert_eq!(e.versions.winner(), Some((6, id(8))));
    }

    proptest! {
        /// The winner does not depend on the order of arrival.
        #[test]
        fn winner_is_a_function_of_the_set(versions in proptest::collection::vec((0i64..3, 0u8..4), 1..12)) {
            let fold = |vs: &[(i64, u8)]| { let mut e = Entry::default(); for (r, n) in vs { e.arrive(*r, id(*n)); } e.versions.winner() };
            let mut sorted = versions.clone();
            sorted.sort_unstable();
            prop_assert_eq!(fold(&versions), fold(&sorted));
        }
    }
}
