//! The embedded topology: fold what is new, take a cut, publish its tables; and erase.

mod at;
mod beside;
mod corrected;
mod decode;
mod epochs;
mod erase;
mod fold;
mod governance;
mod keep;
mod keyed;
mod known;
mod live;
mod overrides;
mod overrule;
mod parted;
mod range;
mod rejected;
mod replay;
mod rows;
mod serving;
mod snapshot;
mod spread;
mod taxonomy;

pub use at::publish_at;
pub use corrected::{CorrectedText, CorrectedTexts, corrected_texts};
pub(crate) use decode::decoded;
pub(crate) use epochs::taxonomy_of;
pub use epochs::{Epoch, LIVE, Listed, drop_epoch, list, names_of, resolve, tables_of};
pub use erase::erase;
pub use governance::dimensions;
pub use live::{LiveFold, behind, fold_others, prune, publish_due};
pub(crate) use overrides::history_of;
pub use overrides::{History, Said};
pub use overrule::{Overruled, Ruling, Signature, overrule, signature_line};
pub use replay::replay;
pub use serving::{Promoted, Said as PromotionSaid, promote, rollback, show_epoch, taxonomy};
pub use spread::{AssemblePart, JudgePart, Keeper, Share, share};
pub(crate) use taxonomy::each_fact;
pub use taxonomy::{PublishedTaxonomy, RulesNews, Step, parse_taxonomy, taxonomy_history, written_taxonomy};

use crate::archive;
use crate::ingest;
use crate::instance::Instance;
use crate::progress::Meter;
use crate::rules;
use analytics::Resources;
use anyhow::{Context as _, Result};
use domain::fact::CutTaken;
use domain::invariant::Counts;
use domain::{Body, CutId, EpochId, Instant, Origin, Positions, Sequence, Zone};
use engine::Ruleset;
use fold::Fold;
use lake::{Cut, CutParts, Lake, LakeError, current_cut, live};
use report::{RollupSummary, TableRows};
use std::sync::Arc;

/// How often a fold that another process has overtaken starts anew before it gives up.
const OVERTAKEN_MOST: usize = 20;

/// What a run of the fold did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Records of the log that this run folded.
    pub records: u64,
    /// What became of them.
    pub fresh: Counts,
    /// What became of all records since the epoch began.
    pub counts: Counts,
}

/// Folds to the log's end and commits to the lake.
pub fn catch_up(instance: &Instance, meter: &Meter) -> Result<Folded> {
    with_lake(instance, meter).map(|(_, _, folded)| folded)
}

/// What tables a rollup shall publish.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What shall have been known; by default everything that the log has.
    pub as_of: Option<AsOf>,
    /// The epoch, by name or id; by default the one that is served.
    pub epoch: Option<String>,
}

/// What was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// What the log had recorded by then. Where it is younger than that, everything, seen from then.
    Time(Instant),
    /// What was known at a cut, seen from its instant.
    Cut(CutId),
}

/// Folds to the log's end and publishes the tables at a cut, which are shown from then on. `as_of` None = the
/// instance's clock, read once. The other epochs that are kept are folded on to the same cut.
pub fn rollup(instance: &Instance, as_of: Option<Instant>) -> Result<RollupSummary> {
    let (lake, rules, folded) = with_lake(instance, &Meter::for_people(None))?;
    let as_of = as_of.unwrap_or_else(|| (instance.clock)());
    let cut = publish(instance, &lake, rules.zone(), as_of)?;
    let others = keep::fold_others(instance, lake.epoch(), &cut.manifest.parts.positions)?;
    archive_if_asked(instance)?;
    Ok(RollupSummary { others, ..summary(instance, &cut, folded, true) })
}

/// Keeps what is new in the log in the archive too, where that is configured.
pub fn archive_if_asked(instance: &Instance) -> Result<()> {
    if instance.config.archive {
        let records = archive::archive(instance)?;
        tracing::info!(records, "archived");
    }
    Ok(())
}

/// Publishes what was asked for. Only the tables of the served epoch with everything that is known are shown; others
/// lie beside them, under the id of their cut.
pub fn rollup_asked(instance: &Instance, asked: &Asked) -> Result<RollupSummary> {
    let epoch = asked.epoch.as_deref().map(|text| resolve(&*instance.store, text)).transpose()?;
    let epoch = epoch.filter(|epoch| served_epoch(instance).ok().flatten() != Some(*epoch));
    let (known, as_of) = match (asked.as_of, epoch) {
        (None, None) => return rollup(instance, None),
        (Some(AsOf::Time(at)), _) => (known::known_at(instance, at)?, Some(at)),
        (Some(AsOf::Cut(cut)), _) => return rollup_cut(instance, cut, asked.epoch.as_deref()),
        (None, Some(_)) => match current_cut(&*instance.store).context("cannot read the current cut")? {
            Some(shown) => (Some(shown.manifest.parts.positions), Some(shown.manifest.parts.as_of)),
            None => (None, None),
        },
    };
    let rules = match epoch {
        Some(epoch) => rules::of_epoch(instance, epoch)?,
        None if known.as_ref().is_none_or(|known| is_everything(instance, known)) => {
            return rollup(instance, as_of);
        }
        None => serving::rules_in_force(instance)?,
    };
    rules.keep(&*instance.store)?;
    let cut = match (known, as_of) {
        (Some(known), Some(at)) => publish_at(instance, &rules, &known, at)?,
        _ => at::publish_now(instance, &rules, as_of)?,
    };
    Ok(beside(instance, &cut))
}

/// A cut that was taken, once more: of its own epoch, or of another one at its positions.
fn rollup_cut(instance: &Instance, cut: CutId, epoch: Option<&str>) -> Result<RollupSummary> {
    let taken = known::cut_taken(instance, cut)?;
    let taken = taken.with_context(|| format!("no cut {cut} was ever taken, as far as the log knows"))?;
    let epoch = resolve(&*instance.store, epoch.unwrap_or(&taken.epoch))
        .context("the epoch of that cut is gone: --epoch names another one")?;
    let rules = rules::of_epoch(instance, epoch)?;
    let cut = publish_at(instance, &rules, &taken.positions, taken.as_of)?;
    Ok(beside(instance, &cut))
}

fn served_epoch(instance: &Instance) -> Result<Option<EpochId>> {
    live(&*instance.store).context("cannot read which epoch is live")
}

/// Whether the log has nothing beyond.
fn is_everything(instance: &Instance, known: &Positions) -> bool {
    known::known_at(instance, Instant::MAX).is_ok_and(|everything| everything.as_ref() == Some(known))
}

fn beside(instance: &Instance, cut: &Cut) -> RollupSummary {
    let counts = cut.manifest.counts;
    summary(instance, cut, Folded { records: 0, fresh: Counts::default(), counts }, false)
}

fn summary(instance: &Instance, cut: &Cut, folded: Folded, shown: bool) -> RollupSummary {
    let parts = &cut.manifest.parts;
    RollupSummary {
        epoch: parts.epoch,
        cut: cut.id,
        as_of: parts.as_of,
        folded: folded.records,
        counts: folded.counts,
        tables: table_rows(cut),
        folder: instance.home.tables().join(cut.id.to_string()).display().to_string(),
        shown,
        unknown: behind(instance, &parts.positions).unwrap_or_default(),
        others: Vec::new(),
    }
}

/// The live epoch's lake; `None` before the first fold.
pub fn lake(instance: &Instance) -> Result<Option<Lake>> {
    let epoch = live(&*instance.store).context("cannot read which epoch is live")?;
    epoch.map(|e| Lake::open(Arc::clone(&instance.store), e)).transpose().context("cannot open the lake")
}

/// What the tables of the current cut may use.
pub fn resources(instance: &Instance) -> Resources {
    Resources::with_threads(instance.config.threads.get())
}

fn open_fold(instance: &Instance) -> Result<Fold<'_>> {
    Fold::open(instance, rules(instance)?)
}

/// The rules in force, which name the epoch. They are kept beside its lake, for as long as that.
pub fn rules(instance: &Instance) -> Result<Arc<Ruleset>> {
    let rules = serving::rules_in_force(instance)?;
    rules.keep(&*instance.store)?;
    Ok(rules.ruleset)
}

/// The tenant's zone, as an epoch counts days by it.
pub fn zone_of(instance: &Instance, epoch: EpochId) -> Result<Zone> {
    Ok(rules::of_epoch(instance, epoch)?.ruleset.zone().clone())
}

/// The lake of the rules in force, caught up, unless others fold it. A state is in memory only while there is something to fold, and of a long
/// history that nothing was folded of only as much as parts are worked on at once.
fn with_lake(instance: &Instance, meter: &Meter) -> Result<(Lake, Arc<Ruleset>, Folded)> {
    let rules = rules(instance)?;
    let open = || Lake::open(Arc::clone(&instance.store), rules.epoch()).context("cannot open the lake");
    let mut lake = open()?;
    let end = lake.end();
    let behind = behind(instance, &end.positions)?;
    let is_long = end.next == Sequence(0) && behind >= parted::WORTH;
    if is_long && fold_parted(instance, &rules)? {
        lake.refresh().context("cannot read the lake")?;
    } else if !spread::is_shared(instance, rules.epoch())? && (behind > 0 || beside::is_due(instance, &lake)?)
    {
        let (fold, folded) = with_fold(instance, meter)?;
        return Ok((fold.into_lake(), rules, folded));
    }
    show_epoch(instance, rules.epoch())?;
    let counts = lake.end().counts;
    let fresh = counts.minus(end.counts);
    Ok((lake, rules, Folded { records: fresh.accepted, fresh, counts }))
}

/// Whether the history was folded part by part; not, where another process has begun with it.
fn fold_parted(instance: &Instance, rules: &Arc<Ruleset>) -> Result<bool> {
    match parted::fold(instance, rules, None) {
        Ok(erased) => Ok(erased.is_some()),
        Err(error) if is_fenced(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A fold that has caught up. Another process that folds the same epoch may be ahead: then this one's commit
/// is refused, and it starts anew from where the other one is.
fn with_fold<'i>(instance: &'i Instance, meter: &Meter) -> Result<(Fold<'i>, Folded)> {
    for _ in 0..OVERTAKEN_MOST {
        let mut fold = open_fold(instance)?;
        let before = fold.lake().end().counts;
        match fold.catch_up(meter) {
            Ok(records) => {
                show_epoch(instance, fold.epoch())?;
                let counts = fold.lake().end().counts;
                return Ok((fold, Folded { records, fresh: counts.minus(before), counts }));
            }
            Err(error) if is_fenced(&error) => {
                tracing::info!("another process is folding: starting from where it is")
            }
            Err(error) => return Err(error),
        }
    }
    anyhow::bail!("other processes kept folding at the same time; nothing is lost, run again")
}

/// Whether another process has committed in between.
pub fn is_fenced(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<LakeError>(), Some(LakeError::Fenced { .. }))
}

/// Takes the cut at the lake's end, publishes it, changed days only, and shows it.
fn publish(instance: &Instance, lake: &Lake, zone: &Zone, as_of: Instant) -> Result<Cut> {
    let parts = CutParts { epoch: lake.epoch(), positions: lake.end().positions, as_of };
    let shown = current_cut(&*instance.store).context("cannot read the current cut")?;
    let earlier = shown.filter(|cut| cut.manifest.parts.epoch == parts.epoch);
    let cut = at::publish_in(instance, lake, zone, parts, earlier)?;
    serving::show(instance, &cut)?;
    Ok(cut)
}

fn cut_taken(instance: &Instance, parts: &CutParts) -> domain::Fact {
    let (cut, epoch) = (parts.id().to_string(), parts.epoch.to_string());
    let origin = Origin { system: "quell".into(), record: cut.clone(), ..Origin::default() };
    let taken = CutTaken { cut, epoch, positions: parts.positions.clone(), as_of: parts.as_of };
    ingest::fact(&instance.vault, origin, parts.as_of, Body::CutTaken(Box::new(taken)))
}

fn table_rows(cut: &Cut) -> Vec<TableRows> {
    let rows = |table: &str| cut.files(table).map(|f| f.rows).sum();
    cut.tables().into_iter().map(|table| TableRows { table: table.to_owned(), rows: rows(table) }).collect()
}
