//! What a commit carries besides what the facts came to: what was refused before the fold, and dimensions.

use super::governance::{Governance, News};
use super::rejected::{self, Rejected};
use crate::instance::Instance;
use anyhow::Result;
use arrow::array::RecordBatch;
use classify::Taxonomy;
use domain::{Offset, Partition, Positions, Topic};
use lake::{Lake, SegmentKind};

/// What a commit carries besides what the facts came to.
pub(crate) struct Beside {
    rejected: Rejected,
    news: Option<News>,
    /// The lake has no dimensions yet.
    lacks_dimensions: bool,
    /// The lake has commits.
    begun: bool,
}

impl Beside {
    /// Reads what has come since the lake's end, up to `until` where given.
    pub(crate) fn read(
        instance: &Instance,
        governance: &mut Governance,
        lake: &Lake,
        until: Option<&Positions>,
    ) -> Result<Self> {
        let at = lake.end().positions.get(Topic::Rejects, Partition(0));
        let rejected = rejected::read(instance, at, end(until, Topic::Rejects), instance.config.fold_batch)?;
        Self::with(rejected, instance, governance, lake, until)
    }

    /// The same, however much it is.
    pub(crate) fn read_all(
        instance: &Instance,
        governance: &mut Governance,
        lake: &Lake,
        until: Option<&Positions>,
    ) -> Result<Self> {
        let at = lake.end().positions.get(Topic::Rejects, Partition(0));
        let rejected = rejected::read_all(instance, at, end(until, Topic::Rejects))?;
        Self::with(rejected, instance, governance, lake, until)
    }

    fn with(
        rejected: Rejected,
        instance: &Instance,
        governance: &mut Governance,
        lake: &Lake,
        until: Option<&Positions>,
    ) -> Result<Self> {
        let news = governance.news(instance, end(until, Topic::Governance))?;
        // An epoch begun by a program without dimensions gets them with the next commit, and gets one for them.
        let has_dimensions = lake.segments(SegmentKind::Reasons).next().is_some();
        let begun = !lake.commits().is_empty();
        Ok(Self { rejected, news, lacks_dimensions: !has_dimensions, begun })
    }

    /// Whether it is worth a commit without facts.
    pub(crate) const fn any(&self) -> bool {
        self.rejected.any || self.news.is_some() || (self.begun && self.lacks_dimensions)
    }

    /// Moves a commit's positions behind it.
    pub(crate) fn advance(&self, to: &mut Positions) {
        to.set(Topic::Rejects, Partition(0), self.rejected.next);
        if let Some(news) = self.news {
            to.set(Topic::Governance, Partition(0), news.to);
        }
    }

    /// Its rows.
    pub(crate) fn segments(
        &self,
        governance: &Governance,
        taxonomy: &Taxonomy,
    ) -> Vec<(SegmentKind, Vec<RecordBatch>)> {
        let changed = self.news.map(|news| news.changed).unwrap_or_default();
        let mut segments = governance.segments(changed, self.lacks_dimensions, taxonomy);
        segments.push((SegmentKind::Rejects, vec![tables::reject_rows(&self.rejected.rows)]));
        segments
    }
}

/// Whether anything besides facts waits to be committed.
pub(crate) fn is_due(instance: &Instance, lake: &Lake) -> Result<bool> {
    let mut governance = Governance::at(instance, &lake.end().positions)?;
    Ok(Beside::read(instance, &mut governance, lake, None)?.any())
}

/// Where to stop reading a topic of one partition.
fn end(until: Option<&Positions>, topic: Topic) -> Offset {
    until.map_or(Offset(u64::MAX), |until| until.get(topic, Partition(0)))
}
