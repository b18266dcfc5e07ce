//! Which epochs there are and which one is live. Promoting is one replaced pointer. A dropped epoch is marked
//! before its first file goes, so that half of one is never taken for a lake.

use crate::LakeError;
use crate::rules;
use crate::sealed::{seal, unseal};
use crate::store::{Store, StoreError, folders};
use crate::wire::{FORMAT, Fields, WireLive};
use domain::EpochId;

const LIVE: &str = "lake/live";

/// Which epoch is served, and what that stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The epoch.
    pub epoch: EpochId,
    /// The one that was served before it.
    pub before: Option<EpochId>,
    /// Where a person chose it: what was written down in taxonomy and configuration at that time. The choice stands
    /// until something else is written.
    pub over: Option<String>,
}

impl Live {
    /// The first one that is served.
    pub const fn first(epoch: EpochId) -> Self {
        Self { epoch, before: None, over: None }
    }
}

/// The epoch being served; `None` before the first was named.
pub fn live(store: &dyn Store) -> Result<Option<EpochId>, LakeError> {
    Ok(served(store)?.map(|live| live.epoch))
}

/// The same with what it stands on.
pub fn served(store: &dyn Store) -> Result<Option<Live>, LakeError> {
    let bytes = match store.get(LIVE) {
        Err(StoreError::Missing { .. }) => return Ok(None),
        got => got?,
    };
    let (wire, _) = unseal::<WireLive>(&bytes).map_err(|e| e.into_error(LIVE))?;
    let fields = Fields { path: LIVE };
    let before = wire.before.map(|before| fields.epoch(&before)).transpose()?;
    Ok(Some(Live { epoch: fields.epoch(&wire.epoch)?, before, over: wire.over }))
}

/// Serves another epoch, in one step.
pub fn serve(store: &dyn Store, live: &Live) -> Result<(), LakeError> {
    let (epoch, before) = (live.epoch.to_string(), live.before.map(|before| before.to_string()));
    let (bytes, _) = seal(&WireLive { format: FORMAT, epoch, before, over: live.over.clone() });
    Ok(store.put_replace(LIVE, &bytes)?)
}

/// Every epoch that holds something, by id.
pub fn epochs(store: &dyn Store) -> Result<Vec<EpochId>, LakeError> {
    let mut found = Vec::new();
    for epoch in folders(store, "lake")?.iter().filter_map(|name| EpochId::parse(name)) {
        let empty = store.list(&format!("lake/{epoch}"))?.is_empty();
        if !empty && store.size(&mark(epoch))?.is_none() {
            found.push(epoch);
        }
    }
    Ok(found)
}

/// Removes an epoch that is not live. Once this has begun, the epoch is gone.
pub fn drop_epoch(store: &dyn Store, epoch: EpochId) -> Result<(), LakeError> {
    if live(store)? == Some(epoch) {
        return Err(LakeError::EpochIsLive { epoch });
    }
    rules::forget_names(store, epoch)?;
    store.put_replace(&mark(epoch), b"")?;
    end_drop(store, epoch)?;
    rules::sweep_models(store)
}

/// Removes the rest of an epoch that is marked as dropped.
pub(crate) fn end_drop(store: &dyn Store, epoch: EpochId) -> Result<(), LakeError> {
    if store.size(&mark(epoch))?.is_none() {
        return Ok(());
    }
    let folder = format!("lake/{epoch}");
    for part in folders(store, &folder)? {
        store.delete_tree(&format!("{folder}/{part}"))?;
    }
    // The mark goes last, after the removal of the rest is durable.
    store.settle(&folder)?;
    store.delete(&mark(epoch))?;
    Ok(store.delete_tree(&folder)?)
}

fn mark(epoch: EpochId) -> String {
    format!("lake/{epoch}/dropped")
}
