//! Epochs by name: which one a name, an id or `live` means, and what it is folded by.

use crate::instance::Instance;
use crate::rules::{self, Rules};
use anyhow::{Context as _, Result, bail};
use domain::EpochId;
use lake::{Lake, Store};
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

/// The names of an epoch, sorted.
pub fn names_of(store: &dyn Store, epoch: EpochId) -> Result<Vec<String>> {
    let names = lake::epoch_names(store).context("cannot read the names of epochs")?;
    Ok(names.into_iter().filter(|(_, named)| *named == epoch).map(|(name, _)| name).collect())
}
