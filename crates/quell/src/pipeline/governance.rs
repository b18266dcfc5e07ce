//! The dimensions of an epoch, as segments of the lake: units and costs from governance facts, reasons and owners
//! from the epoch's taxonomy.
//!
//! In the lake the position in the topic `governance` moves only past facts that state rows of a dimension. Taking a
//! cut appends a fact as well: if that moved the position, every rollup would make a new cut of the same tables.

use crate::instance::{Instance, topic_name};
use anyhow::{Context as _, Result, ensure};
use arrow::array::RecordBatch;
use classify::{Leaf, Taxonomy};
use domain::governance::{Changed, Dimensions, states_dimension};
use domain::{Fact, Offset, Partition, Positions, Topic, UNOWNED};
use lake::SegmentKind;
use log::{Limits, Record};
use tables::{OwnerRow, ReasonRow};

/// The partition of a topic that has one.
const ONLY: Partition = Partition(0);

/// What governance facts have come to so far.
pub(crate) struct Governance {
    known: Dimensions,
    /// The next record to read: at the lake's position, or beyond it behind facts that state nothing.
    next: Offset,
}

/// What has come to the topic since it was read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) changed: Changed,
    /// Behind the last fact that states rows of a dimension.
    pub(crate) to: Offset,
}

impl Governance {
    /// What the lake has up to its position.
    pub(crate) fn at(instance: &Instance, positions: &Positions) -> Result<Self> {
        let up_to = positions.get(Topic::Governance, ONLY);
        let mut governance = Self { known: Dimensions::default(), next: Offset(0) };
        while let Some(limits) = governance.limits(up_to) {
            let read = governance.read(instance, limits, |known, _, fact| {
                known.learn(fact);
            })?;
            ensure!(read, "the topic governance ends before the lake does: records are missing from the log");
        }
        Ok(governance)
    }

    /// Reads to the end of the topic, or before `until`. `None` where nothing states rows of a dimension.
    pub(crate) fn news(&mut self, instance: &Instance, until: Offset) -> Result<Option<News>> {
        let (mut changed, mut to) = (Changed::default(), None);
        let mut learn = |known: &mut Dimensions, at: Offset, fact: &Fact| {
            if states_dimension(&fact.body) {
                changed = changed.or(known.learn(fact));
                to = Some(Offset(at.0 + 1));
            }
        };
        while let Some(limits) = self.limits(until)
            && self.read(instance, limits, &mut learn)?
        {}
        Ok(to.map(|to| News { changed, to }))
    }

    /// How much to read next; nothing where everything before `until` was read.
    fn limits(&self, until: Offset) -> Option<Limits> {
        let left = until.0.checked_sub(self.next.0).filter(|left| *left > 0)?;
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        Some(Limits { records: left.min(Limits::default().records), ..Limits::default() })
    }

    /// Reads some records; false at the end of the topic. Records that are no facts are left out.
    fn read(
        &mut self,
        instance: &Instance,
        limits: Limits,
        mut learn: impl FnMut(&mut Dimensions, Offset, &Fact),
    ) -> Result<bool> {
        let batch = instance
            .log
            .read(&topic_name(Topic::Governance), ONLY, self.next, limits)
            .context("cannot read the topic governance")?;
        for Record { offset, value, .. } in &batch.records {
            match codec::decode_fact(value) {
                Ok(fact) => learn(&mut self.known, *offset, &fact),
                Err(error) => {
                    tracing::warn!(topic = "governance", offset = offset.0, %error, "record passed over")
                }
            }
        }
        self.next = batch.next;
        Ok(!batch.is_empty())
    }

    /// The dimensions that differ from what the lake has, each whole; all of them in an epoch's first commit.
    pub(crate) fn segments(
        &self,
        changed: Changed,
        is_first: bool,
        taxonomy: &Taxonomy,
    ) -> Vec<(SegmentKind, Vec<RecordBatch>)> {
        let mut segments = Vec::new();
        if is_first {
            segments.push((SegmentKind::Reasons, vec![tables::reason_rows(&reasons(taxonomy))]));
            segments.push((SegmentKind::Owners, vec![tables::owner_rows(&owners(taxonomy))]));
        }
        if is_first || changed.units {
            let units: Vec<_> = self.known.units().collect();
            segments.push((SegmentKind::Units, vec![tables::unit_rows(&units)]));
        }
        if is_first || changed.costs {
            let costs: Vec<_> = self.known.costs().collect();
            segments.push((SegmentKind::Costs, vec![tables::cost_rows(&costs)]));
        }
        segments
    }
}

/// Everything that governance facts state, whether the lake has it or not.
pub fn dimensions(instance: &Instance) -> Result<Dimensions> {
    let mut governance = Governance::at(instance, &Positions::start())?;
    governance.news(instance, Offset(u64::MAX))?;
    Ok(governance.known)
}

fn reasons(taxonomy: &Taxonomy) -> Vec<ReasonRow> {
    let row = |leaf: &Leaf| ReasonRow {
        reason: leaf.id.to_string(),
        label_es: leaf.label("es").to_owned(),
        label_en: leaf.label("en").to_owned(),
        owner: leaf.owner.as_ref().map_or_else(|| UNOWNED.to_owned(), ToString::to_string),
        grouping: leaf.group.clone(),
        customer_vote: leaf.votes.map(|votes| votes.customer.word()),
        company_vote: leaf.votes.map(|votes| votes.company.word()),
        disposition: leaf.disposition,
        mechanism: leaf.mechanism,
        unit: leaf.unit.clone(),
    };
    taxonomy.leaves().map(row).collect()
}

/// The taxonomy's owners, and the one that stands for nobody.
fn owners(taxonomy: &Taxonomy) -> Vec<OwnerRow> {
    let row = |owner: &str, es: &str, en: &str| OwnerRow {
        owner: owner.to_owned(),
        label_es: es.to_owned(),
        label_en: en.to_owned(),
    };
    let named = taxonomy.owners().map(|o| row(o.id.as_str(), o.label("es"), o.label("en")));
    let nobody = taxonomy.owners().all(|o| o.id.as_str() != UNOWNED);
    named.chain(nobody.then(|| row(UNOWNED, "Sin responsable", "Unowned"))).collect()
}
