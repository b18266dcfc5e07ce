//! The tables of an epoch at a cut that need not be where its lake ends: of another epoch at the cut that is shown, and
//! of what was known on an earlier day.
//!
//! Where no commit of the lake ends at the cut, the facts up to it are folded aside, in a store of their own, from the
//! newest snapshot before it. The tables are the same function of the same facts, so they are the same bytes.

use super::fold::Fold;
use super::{OVERTAKEN_MOST, cut_taken, is_fenced, resources};
use crate::ingest;
use crate::instance::Instance;
use crate::progress::Meter;
use crate::rules::Rules;
use anyhow::{Context as _, Result, bail, ensure};
use domain::{Instant, Positions, Zone};
use lake::{Cut, CutParts, Lake, LocalStore, Store, adopt_cut, current_cut, nearest_cut, open_cut};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The tables of an epoch beside the cut that is shown: at its positions and its instant, so that both can be compared,
/// as long as these are where the log ends; else at the log's end, now.
pub(super) fn publish_now(instance: &Instance, rules: &Rules, as_of: Option<Instant>) -> Result<Cut> {
    let shown = current_cut(&*instance.store).context("cannot read the current cut")?;
    let until = shown.as_ref().map(|cut| &cut.manifest.parts.positions);
    if let Some(until) = until {
        // A commit then ends at the cut that is shown, which others compare with.
        caught_up(instance, rules, Some(until))?;
    }
    let lake = caught_up(instance, rules, None)?;
    let positions = lake.end().positions;
    let shown = shown.filter(|cut| cut.manifest.parts.positions == positions);
    let as_of =
        as_of.or_else(|| shown.map(|cut| cut.manifest.parts.as_of)).unwrap_or_else(|| (instance.clock)());
    let parts = CutParts { epoch: rules.epoch(), positions, as_of };
    publish_in(instance, &lake, rules.ruleset.zone(), parts, None)
}

/// The tables of an epoch at these positions, seen from `as_of`. They are not shown; they stay as long as old cuts do.
pub fn publish_at(instance: &Instance, rules: &Rules, positions: &Positions, as_of: Instant) -> Result<Cut> {
    let parts = CutParts { epoch: rules.epoch(), positions: positions.clone(), as_of };
    if let Ok(Some(cut)) = open_cut(&*instance.store, parts.id())
        && cut.verify(&*instance.store).is_empty()
    {
        return Ok(cut);
    }
    let lake = caught_up(instance, rules, Some(positions))?;
    if ends_at(&lake, positions) {
        return publish_in(instance, &lake, rules.ruleset.zone(), parts, None);
    }
    drop(lake);
    aside(instance, rules, parts)
}

/// The lake of these rules, folded at least to `until`, by default to the log's end. A state is brought into memory only
/// where there is anything to fold.
pub(super) fn caught_up(instance: &Instance, rules: &Rules, until: Option<&Positions>) -> Result<Lake> {
    let lake = Lake::open(Arc::clone(&instance.store), rules.epoch()).context("cannot open the lake")?;
    if until.is_some_and(|until| lake.end().positions.covers(until)) {
        return Ok(lake);
    }
    Ok(folded(instance, rules, until)?.into_lake())
}

/// The fold of these rules, at least to `until`, by default to the log's end.
pub(super) fn folded<'i>(
    instance: &'i Instance,
    rules: &Rules,
    until: Option<&Positions>,
) -> Result<Fold<'i>> {
    for _ in 0..OVERTAKEN_MOST {
        let mut fold = Fold::open(instance, Arc::clone(&rules.ruleset))?;
        let end = fold.lake().end().positions;
        if until.is_some_and(|until| end.covers(until)) {
            return Ok(fold);
        }
        // A lake that is partly beyond goes on to the log's end: its commits do not end at the cut anyway.
        fold.stop_at(until.filter(|until| until.covers(&end)).cloned());
        match fold.catch_up(&Meter::of_records(super::behind(instance, &end)?)) {
            Ok(_) => {
                fold.stop_at(None);
                return Ok(fold);
            }
            Err(error) if is_fenced(&error) => {
                tracing::info!("another process folds the same epoch: starting from where it is")
            }
            Err(error) => return Err(error),
        }
    }
    bail!("other processes kept folding the same epoch; nothing is lost, run again")
}

fn ends_at(lake: &Lake, positions: &Positions) -> bool {
    let end = lake.newest_within(positions).map_or_else(Positions::start, |commit| commit.to.clone());
    end == *positions
}

/// Publishes a cut at which a commit of the lake ends. Unchanged files are taken over from `earlier`, by default from
/// the nearest cut of the epoch. The cut is a fact before its tables are there: a crash in between leaves a cut without
/// tables, never tables of an unknown cut.
pub(super) fn publish_in(
    instance: &Instance,
    lake: &Lake,
    zone: &Zone,
    parts: CutParts,
    earlier: Option<Cut>,
) -> Result<Cut> {
    take(instance, &parts)?;
    let earlier = match earlier {
        Some(cut) => Some(cut),
        None => nearest_cut(&*instance.store, &parts).context("cannot list the published cuts")?,
    };
    let published = analytics::publish(lake, &parts, zone, earlier.as_ref(), &resources(instance))
        .context("cannot publish the tables")?;
    Ok(published.cut)
}

fn take(instance: &Instance, parts: &CutParts) -> Result<()> {
    if matches!(open_cut(&*instance.store, parts.id()), Ok(Some(_))) {
        return Ok(());
    }
    ingest::append_facts(instance, vec![cut_taken(instance, parts)])
}

/// Folds the facts of a cut aside and takes over its tables.
fn aside(instance: &Instance, rules: &Rules, parts: CutParts) -> Result<Cut> {
    let lake = Lake::open(Arc::clone(&instance.store), parts.epoch).context("cannot open the lake")?;
    let scratch = Scratch::open(&instance.home.scratch(), &parts.id().to_string())?;
    let store: Arc<dyn Store> =
        Arc::new(LocalStore::open(scratch.folder()).context("cannot open a folder to fold aside")?);
    if let Some(commit) = lake.newest_within(&parts.positions)
        && lake.has_snapshot_up_to(commit.ordinal).context("cannot list the snapshots")?
    {
        lake.copy_up_to(commit.ordinal, &*store).context("cannot copy the beginning of the lake")?;
    }
    let mut fold = Fold::open_in(instance, &store, Arc::clone(&rules.ruleset))?;
    fold.stop_at(Some(parts.positions.clone()));
    fold.advance(&Meter::of_records(super::behind(instance, &fold.lake().end().positions)?))?;
    let end = fold.lake().end().positions;
    ensure!(
        end == parts.positions,
        "folding up to {} ended at {end}: records are missing from the log",
        parts.positions
    );
    take(instance, &parts)?;
    let published = analytics::publish(fold.lake(), &parts, rules.ruleset.zone(), None, &resources(instance))
        .context("cannot publish the tables")?;
    adopt_cut(&*store, &instance.store, &published.cut).context("cannot take over the tables")
}

/// A folder to fold in, gone with its value. A process that is killed leaves it to the next one.
struct Scratch {
    folder: PathBuf,
    mark: PathBuf,
    /// Locked until it is dropped, which a killed process also does.
    _lock: File,
}

impl Scratch {
    /// One process at a time folds the same thing aside; the next waits for it.
    fn open(root: &Path, name: &str) -> Result<Self> {
        let failed = || format!("cannot make a folder in {}", root.display());
        fs::create_dir_all(root).with_context(failed)?;
        sweep(root);
        let (folder, mark) = (root.join(name), root.join(format!("{name}.lock")));
        let lock = File::create(&mark).with_context(failed)?;
        lock.lock().with_context(failed)?;
        remove(&folder);
        fs::create_dir_all(&folder).with_context(failed)?;
        Ok(Self { folder, mark, _lock: lock })
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.folder);
        drop(fs::remove_file(&self.mark));
    }
}

/// Removes what the dead left. What cannot be removed stays for the next time: it costs room, nothing else.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let mark = entry.path();
        if mark.extension().is_some_and(|end| end == "lock")
            && File::open(&mark).is_ok_and(|lock| lock.try_lock().is_ok())
        {
            remove(&mark.with_extension(""));
            drop(fs::remove_file(&mark));
        }
    }
}

fn remove(folder: &Path) {
    if folder.exists() {
        drop(fs::remove_dir_all(folder));
    }
}
