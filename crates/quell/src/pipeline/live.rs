//! A fold that goes on for as long as the process: its state stays in memory, and each round folds what is new
//! and publishes it where there is anything to publish.
//!
//! After an error its state is thrown away, because it may be ahead of the lake; the next round opens it from the
//! lake's end.

use super::fold::Fold;
use super::taxonomy::RulesNews;
use super::{Folded, OVERTAKEN_MOST, is_fenced, keep, open_fold, serving};
use crate::instance::{Instance, topic_name};
use crate::progress::Meter;
use anyhow::{Context as _, Result, bail};
use domain::{CutId, Instant, Offset, Partition, Positions, Span, Topic, Zone};
use lake::{Cut, Lake, current_cut};
use log::TopicName;

/// Cuts that stay whatever their age: the current one, and one before it to compare with.
const CUTS_KEPT: usize = 2;

/// A fold that goes on.
pub struct LiveFold<'i> {
    instance: &'i Instance,
    fold: Option<Fold<'i>>,
    news: RulesNews,
}

impl<'i> LiveFold<'i> {
    /// Nothing is opened yet: the first round does that.
    pub fn new(instance: &'i Instance) -> Self {
        Self { instance, fold: None, news: RulesNews::default() }
    }

    /// Folds to the log's end. Another process that folds the same epoch may be ahead: then this one starts anew
    /// from where the other one is.
    pub fn fold(&mut self) -> Result<Folded> {
        for _ in 0..OVERTAKEN_MOST {
            let mut fold = self.opened()?;
            let before = fold.lake().end().counts;
            match fold.advance(&Meter::silent()) {
                Ok(records) => {
                    serving::show_epoch(self.instance, fold.epoch())?;
                    let counts = fold.lake().end().counts;
                    self.fold = Some(fold);
                    return Ok(Folded { records, fresh: counts.minus(before), counts });
                }
                Err(error) if is_fenced(&error) => {
                    tracing::info!("another process is folding: starting from where it is")
                }
                Err(error) => return Err(error),
            }
        }
        bail!("other processes kept folding at the same time; nothing is lost, it is tried again")
    }

    /// Takes a cut and publishes it; `None` where the tables that are shown have everything already.
    pub fn publish(&mut self) -> Result<Option<Cut>> {
        let Some(fold) = &self.fold else { return Ok(None) };
        publish_due(self.instance, fold.lake(), fold.zone())
    }

    /// Folds the other epochs that are kept to the cut that is shown, one after the other.
    pub fn fold_others(&self) -> Result<()> {
        let Some(fold) = &self.fold else { return Ok(()) };
        fold_others(self.instance, fold.lake())
    }

    /// Writes a snapshot, so that the next start need not fold again what this one has folded.
    pub fn save(&mut self) -> Result<()> {
        self.fold.as_mut().map_or(Ok(()), Fold::save_unsaved)
    }

    /// Records of the log that the fold has not read.
    pub fn behind(&self) -> Result<u64> {
        let read = self.fold.as_ref().map_or_else(Positions::start, |fold| fold.lake().end().positions);
        behind(self.instance, &read)
    }

    /// Where it stands in each partition that is folded.
    pub fn stands(&self) -> impl Iterator<Item = (TopicName, Partition, Offset)> + use<> {
        let read = self.fold.as_ref().map_or_else(Positions::start, |fold| fold.lake().end().positions);
        stands(self.instance, &read)
    }

    /// The fold, of the rules that are in force now.
    fn opened(&mut self) -> Result<Fold<'i>> {
        // Before the rules are read: what comes in between is then found twice, and never missed.
        let another = |fold: &Fold<'_>| -> Result<bool> {
            Ok(serving::read_served(self.instance)?.is_some_and(|live| live.epoch != fold.epoch()))
        };
        // Somebody else may have promoted another epoch.
        if self.news.any(self.instance)? || self.fold.as_ref().map_or(Ok(false), another)? {
            self.fold = None;
        }
        match self.fold.take() {
            Some(fold) => Ok(fold),
            None => open_fold(self.instance),
        }
    }
}

/// Takes a cut at the lake's end and publishes it; `None` where the tables that are shown have everything already.
pub fn publish_due(instance: &Instance, lake: &Lake, zone: &Zone) -> Result<Option<Cut>> {
    let shown = current_cut(&*instance.store).context("cannot read the current cut")?;
    let as_of = (instance.clock)();
    if !is_due(instance, lake, shown.as_ref(), as_of) {
        return Ok(None);
    }
    super::publish(instance, lake, zone, as_of).map(Some)
}

/// Folds the other epochs that are kept to this lake's end, one after the other.
pub fn fold_others(instance: &Instance, lake: &Lake) -> Result<()> {
    keep::fold_others(instance, lake.epoch(), &lake.end().positions).map(|_| ())
}

/// Records of the log beyond these positions, of the topics that are folded.
pub fn behind(instance: &Instance, read: &Positions) -> Result<u64> {
    let mut behind = 0;
    for topic in [Topic::Facts, Topic::Company] {
        let ends = instance.log.ends(&topic_name(topic)).context("cannot read the log's end")?;
        behind += ends.iter().map(|(p, end)| end.0.saturating_sub(read.get(topic, *p).0)).sum::<u64>();
    }
    Ok(behind)
}

/// The same by partition: where a reader of these positions stands in the topics that are folded.
pub(super) fn stands(
    instance: &Instance,
    read: &Positions,
) -> impl Iterator<Item = (TopicName, Partition, Offset)> + use<> {
    let facts = instance.fact_partitions().map(|at| (Topic::Facts, at));
    let all = facts.chain([(Topic::Company, Partition(0))]);
    let read = read.clone();
    all.map(move |(topic, at)| (topic_name(topic), at, read.get(topic, at)))
}

/// Whether a new cut would show anything that the one shown does not: other rules, other records, or the next day,
/// with which weeks become complete and chains melt. Where another process has published more than this one has
/// folded, its cut stays.
fn is_due(instance: &Instance, lake: &Lake, shown: Option<&Cut>, as_of: Instant) -> bool {
    let here = lake.end().positions;
    let Some(parts) = shown.map(|cut| &cut.manifest.parts) else { return here != Positions::start() };
    if parts.epoch != lake.epoch() {
        return true;
    }
    if parts.positions != here {
        return !parts.positions.covers(&here);
    }
    let day = |at: Instant| at.day(&instance.config.zone);
    day(parts.as_of) < day(as_of)
}

/// Removes the cuts whose time is over: those that another one replaced at least `keep` ago.
pub fn prune(instance: &Instance, keep: Span) -> Result<Vec<CutId>> {
    let now = (instance.clock)();
    let older_than = now.plus(Span::from_micros(-keep.micros()));
    lake::prune(&*instance.store, CUTS_KEPT, older_than).context("cannot remove old cuts")
}
