//! The embedded topology: fold what is new, take a cut, publish its tables; and erase.

mod compared;
mod corrected;
mod decode;
mod epochs;
mod erase;
mod fold;
mod governance;
mod keyed;
mod live;
mod overrides;
mod overrule;
mod rejected;
mod replay;
mod snapshot;
mod taxonomy;

pub use compared::{at_one_cut, newest_cut};
pub use corrected::{CorrectedText, CorrectedTexts, corrected_texts};
pub(crate) use decode::decoded;
pub use epochs::{Epoch, LIVE, names_of, resolve};
pub use erase::erase;
pub use governance::dimensions;
pub use live::{LiveFold, prune};
pub(crate) use overrides::history_of;
pub use overrides::{History, Said};
pub use overrule::{Overruled, Ruling, Signature, overrule};
pub use replay::replay;
pub(crate) use taxonomy::each_fact;
pub use taxonomy::{PublishedTaxonomy, parse_taxonomy, taxonomy};

use crate::ingest;
use crate::instance::Instance;
use crate::progress::Meter;
use crate::rules::Rules;
use analytics::Resources;
use anyhow::{Context as _, Result};
use domain::fact::CutTaken;
use domain::invariant::Counts;
use domain::{Body, Instant, Origin};
use fold::Fold;
use lake::{Cut, CutParts, Lake, LakeError, current_cut, live, make_current, set_live};
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
    with_fold(instance, meter).map(|(_, folded)| folded)
}

/// Folds to the log's end and publishes the tables at a cut. `as_of` None = the instance's clock, read once.
pub fn rollup(instance: &Instance, as_of: Option<Instant>) -> Result<RollupSummary> {
    let (fold, folded) = with_fold(instance, &Meter::for_people(None))?;
    let as_of = as_of.unwrap_or_else(|| (instance.clock)());
    let cut = publish(instance, fold.lake(), as_of)?;
    Ok(RollupSummary {
        epoch: fold.epoch(),
        cut: cut.id,
        as_of,
        folded: folded.records,
        counts: folded.counts,
        tables: table_rows(&cut),
        folder: instance.home.tables().join(cut.id.to_string()).display().to_string(),
    })
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
    let rules = Rules::written(instance)?;
    rules.keep(&*instance.store)?;
    Fold::open(instance, rules.ruleset)
}

/// A fold that has caught up. Another process that folds the same epoch may be ahead: then this one's commit
/// is refused, and it starts anew from where the other one is.
fn with_fold<'i>(instance: &'i Instance, meter: &Meter) -> Result<(Fold<'i>, Folded)> {
    for _ in 0..OVERTAKEN_MOST {
        let mut fold = open_fold(instance)?;
        let before = fold.lake().end().counts;
        match fold.catch_up(meter) {
            Ok(records) => {
                set_live(&*instance.store, fold.epoch()).context("cannot set the live epoch")?;
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

fn is_fenced(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<LakeError>(), Some(LakeError::Fenced { .. }))
}

/// Takes the cut at the lake's end and publishes it, changed days only. The cut is a fact before its tables are
/// shown: a crash in between leaves a cut without tables, never tables of an unknown cut.
fn publish(instance: &Instance, lake: &Lake, as_of: Instant) -> Result<Cut> {
    let parts = CutParts { epoch: lake.epoch(), positions: lake.end().positions, as_of };
    let shown = current_cut(&*instance.store).context("cannot read the current cut")?;
    if shown.as_ref().is_none_or(|cut| cut.id != parts.id()) {
        ingest::append_facts(instance, vec![cut_taken(instance, &parts)])?;
    }
    let zone = &instance.config.zone;
    let published = analytics::publish(lake, &parts, zone, shown.as_ref(), &resources(instance))
        .context("cannot publish the tables")?;
    make_current(&*instance.store, &published.cut).context("cannot show the new cut")?;
    Ok(published.cut)
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
