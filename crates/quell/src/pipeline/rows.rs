//! What the two halves of a fold say of one step, as rows of the lake; and the commit that they come to together.

use super::decode::Decoded;
use arrow::array::RecordBatch;
use domain::invariant::Counts;
use domain::reject::Refused;
use domain::{Day, Placed, Positions};
use engine::{Assembled, Judged};
use lake::{CommitInput, SegmentKind};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of one half, or of one part of a half.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Rows {
    /// By kind; never an empty batch.
    pub(crate) segments: Vec<(SegmentKind, RecordBatch)>,
    /// What became of the records that it was made from.
    pub(crate) counts: Counts,
    /// Days whose published rows may have changed.
    pub(crate) touched: BTreeSet<Day>,
}

impl Rows {
    /// What a partition of facts came to. What `company` came to is the same in every partition, so that one of them
    /// alone states it.
    pub(crate) fn assembled(
        said: &Assembled,
        refused: &[Placed<Refused>],
        company: Option<&Decoded>,
    ) -> Self {
        let mut stated = vec![tables::stated_rows(&said.stated)];
        let mut counts = said.counts.plus(refused_counts(refused));
        let mut placed: Vec<&Placed<Refused>> = said.refused.iter().chain(refused).collect();
        if let Some(company) = company {
            stated.push(tables::stated_rows(&said.company_stated));
            counts = counts.plus(said.company).plus(refused_counts(&company.refused));
            placed.extend(&company.refused);
        }
        let placed: Vec<_> = placed.into_iter().map(|r| (r.value, r.topic, r.partition, r.offset)).collect();
        let mut rows = Self { counts, touched: said.touched.clone(), ..Self::default() };
        rows.add(SegmentKind::Contacts, tables::contact_rows(&said.contacts));
        rows.add(SegmentKind::Sessions, tables::session_rows(&said.sessions));
        stated.into_iter().for_each(|stated| rows.add(SegmentKind::Stated, stated));
        rows.add(SegmentKind::Refused, tables::refused_rows(&placed));
        rows
    }

    /// What a shard of customers came to.
    pub(crate) fn judged(said: &Judged) -> Self {
        let mut rows = Self { touched: said.touched.clone(), ..Self::default() };
        rows.add(SegmentKind::Verdicts, tables::verdict_rows(&said.verdicts));
        rows.add(SegmentKind::Sessions, tables::session_rows(&said.sessions));
        rows
    }

    fn add(&mut self, kind: SegmentKind, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.segments.push((kind, batch));
        }
    }
}

/// The commit that all parts of a step come to; its counts are those of the step alone, and its positions are for the
/// caller to give.
pub(crate) fn commit_input(parts: impl IntoIterator<Item = Rows>) -> CommitInput {
    let mut segments: BTreeMap<SegmentKind, Vec<RecordBatch>> = BTreeMap::new();
    let (mut counts, mut touched) = (Counts::default(), BTreeSet::new());
    for part in parts {
        part.segments.into_iter().for_each(|(kind, batch)| segments.entry(kind).or_default().push(batch));
        counts = counts.plus(part.counts);
        touched.extend(part.touched);
    }
    let nowhere = Positions::start();
    CommitInput {
        from: nowhere.clone(),
        to: nowhere,
        segments: segments.into_iter().collect(),
        counts,
        touched,
    }
}

fn refused_counts(refused: &[Placed<Refused>]) -> Counts {
    let refused = refused.len() as u64;
    Counts { accepted: refused, stored: 0, duplicate: 0, rejected: refused }
}
