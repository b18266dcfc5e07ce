//! Epochs by name: which one a name, an id or `live` means, and what it is folded by.

use super::behind;
use super::serving::read_served;
use super::{keep, parse_taxonomy};
use crate::instance::Instance;
use crate::rules::{self, Rules};
use anyhow::{Context as _, Result, bail, ensure};
use domain::EpochId;
use lake::{Cut, Lake, LakeError, Store};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The word for the epoch that is being served.
pub const LIVE: &str = "live";
/// Fewest digits of an id that stand for it.
const PREFIX_LEN_MIN: usize = 4;

/// An epoch that was asked for.
pub struct Epoch {
    /// Its id.
    pub id: EpochId,
    /// Its names, sorted.
    pub names: Vec<String>,
    /// What it is folded by.
    pub rules: Rules,
}

impl Epoch {
    /// The epoch that `text` means ([`resolve`]), and what it is folded by.
    pub fn open(instance: &Instance, text: &str) -> Result<Self> {
        let id = resolve(&*instance.store, text)?;
        let rules = rules::of_epoch(instance, id)?;
        Ok(Self { id, names: names_of(&*instance.store, id)?, rules })
    }

    /// Its lake, as far as it was folded.
    pub fn lake(&self, instance: &Instance) -> Result<Lake> {
        Lake::open(Arc::clone(&instance.store), self.id).context("cannot open the lake")
    }

    /// What people call it: its first name, else its id.
    pub fn called(&self) -> String {
        self.names.first().cloned().unwrap_or_else(|| self.id.to_string())
    }
}

/// The epoch that a name means, `live`, an id, or the first digits of one.
pub fn resolve(store: &dyn Store, text: &str) -> Result<EpochId> {
    if text == LIVE {
        let live = lake::live(store).context("cannot read which epoch is live")?;
        return live.context("no epoch is live: run `quell rollup` first");
    }
    let names = lake::epoch_names(store).context("cannot read the names of epochs")?;
    if let Some(epoch) = names.get(text) {
        return Ok(*epoch);
    }
    let all: BTreeSet<EpochId> = lake::epochs(store).context("cannot list the epochs")?.into_iter().collect();
    let is_meant = |id: &&EpochId| text.len() >= PREFIX_LEN_MIN && id.to_string().starts_with(text);
    match all.iter().filter(is_meant).collect::<Vec<_>>().as_slice() {
        [one] => Ok(**one),
        [] => {
            let known: Vec<&str> = names.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none has a name".to_owned() } else { known.join(", ") };
            bail!(
                "no epoch is called {text}; expected `live`, a name ({known}) or at least {PREFIX_LEN_MIN} digits of an id, which `quell epochs list` shows"
            )
        }
        _ => bail!("{text} begins the id of more than one epoch: give more digits"),
    }
}

/// An epoch in the list of all.
pub struct Listed {
    /// Its id.
    pub id: EpochId,
    /// Its names, sorted.
    pub names: Vec<String>,
    /// It is the one that is served.
    pub live: bool,
    /// It is the one that a rollback leads to.
    pub before: bool,
    /// It is folded on.
    pub kept: bool,
    /// Name and version of its taxonomy; `None` where it has none, or nobody kept it.
    pub taxonomy: Option<String>,
    /// Records that were folded.
    pub records: u64,
    /// Records of the log that were not folded yet.
    pub behind: u64,
}

/// Every epoch that holds something: first the one that is served, then by name, then by id.
pub fn list(instance: &Instance) -> Result<Vec<Listed>> {
    let store = &*instance.store;
    let live = read_served(instance)?;
    let kept = keep::kept(instance)?;
    let mut all = Vec::new();
    for id in lake::epochs(store).context("cannot list the epochs")? {
        let lake = Lake::open(Arc::clone(&instance.store), id).context("cannot open the lake")?;
        let end = lake.end();
        let is_live = live.as_ref().is_some_and(|live| live.epoch == id);
        all.push(Listed {
            id,
            names: names_of(store, id)?,
            live: is_live,
            before: live.as_ref().is_some_and(|live| live.before == Some(id)),
            kept: is_live || kept.contains(&id),
            taxonomy: taxonomy_of(instance, id)?,
            records: end.counts.accepted,
            behind: behind(instance, &end.positions)?,
        });
    }
    all.sort_by_key(|e| (!e.live, e.names.is_empty(), e.names.clone(), e.id));
    Ok(all)
}

/// Name and version of the taxonomy of an epoch, where it has one that was kept.
pub(crate) fn taxonomy_of(instance: &Instance, epoch: EpochId) -> Result<Option<String>> {
    let rules = lake::epoch_rules(&*instance.store, epoch).context("cannot read the rules of an epoch")?;
    let Some(toml) = rules.and_then(|rules| rules.taxonomy) else { return Ok(None) };
    let taxonomy = parse_taxonomy(toml, format!("epoch {epoch}"))?;
    Ok(Some(format!("{} {}", taxonomy.name, taxonomy.version)))
}

/// Removes an epoch that is not served, with its names. Tables of its cuts that were published stay as long as old cuts do.
pub fn drop_epoch(instance: &Instance, text: &str) -> Result<EpochId> {
    let store = &*instance.store;
    let epoch = resolve(store, text)?;
    ensure!(
        !super::parted::is_under_way(instance, epoch),
        "{text} is being folded by another process: stop it first, or wait for its end"
    );
    match lake::drop_epoch(store, epoch) {
        Ok(()) => {
            super::parted::forget(instance, epoch)?;
            Ok(epoch)
        }
        Err(LakeError::EpochIsLive { .. }) => {
            bail!(
                "{text} is the epoch that is served and cannot be dropped: `quell promote` another one first"
            )
        }
        Err(error) => Err(error).context("cannot drop the epoch"),
    }
}

/// The published tables of an epoch: those at the positions and the instant of the cut that is shown, else the newest.
pub fn tables_of(store: &dyn Store, epoch: EpochId) -> Result<Option<Cut>> {
    let shown = lake::current_cut(store).context("cannot read the current cut")?;
    if shown.as_ref().is_some_and(|cut| cut.manifest.parts.epoch == epoch) {
        return Ok(shown);
    }
    let beside = |cut: &Cut| {
        shown.as_ref().is_some_and(|shown| {
            let (a, b) = (&cut.manifest.parts, &shown.manifest.parts);
            (&a.positions, a.as_of) == (&b.positions, b.as_of)
        })
    };
    let read = |cut: &Cut| cut.manifest.parts.positions.iter().map(|(_, _, next)| next.0).sum::<u64>();
    let cuts = lake::cuts(store).context("cannot list the published cuts")?.cuts;
    let of_epoch = cuts.into_iter().filter(|cut| cut.manifest.parts.epoch == epoch);
    Ok(of_epoch.max_by_key(|cut| (beside(cut), read(cut), cut.manifest.parts.as_of, cut.id)))
}

/// The names of an epoch, sorted.
pub fn names_of(store: &dyn Store, epoch: EpochId) -> Result<Vec<String>> {
    let names = lake::epoch_names(store).context("cannot read the names of epochs")?;
    Ok(names.into_iter().filter(|(_, named)| *named == epoch).map(|(name, _)| name).collect())
}
