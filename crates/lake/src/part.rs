//! Snapshots of parts of a fold that several processes share, opaque to the lake. One counts only for the steps that
//! its part has said as a whole; a missing one costs nothing but time.

use crate::LakeError;
use crate::payload::{self, ordinals, path};
use crate::sealed::seal;
use crate::store::Store;
use crate::wire::{FORMAT, Fields, WirePart};
use domain::{EpochId, Sequence};
use std::io::Write;

/// A sound snapshot of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSnapshot {
    /// The step that comes next.
    pub next: Sequence,
    /// The part's state.
    pub bytes: Vec<u8>,
}

/// Keeps a part's state before the step `next`, durably, and drops all but the newest two. Two processes that hold the
/// same part write the same.
pub fn put_part(
    store: &dyn Store,
    epoch: EpochId,
    part: &str,
    next: Sequence,
    bytes: &[u8],
) -> Result<(), LakeError> {
    let folder = folder(epoch, part);
    let mut write = |out: &mut dyn Write| out.write_all(bytes);
    let payload = payload::payload(&path(&folder, next.0), &mut write)?;
    let (header, _) = seal(&WirePart {
        format: FORMAT,
        epoch: epoch.to_string(),
        part: part.to_owned(),
        next: next.0,
        payload,
    });
    payload::put(store, &folder, next.0, &header, &mut write)
}

/// The newest sound snapshot of a part that goes no further than `most`. Damaged ones, and those of steps that nobody
/// has said, are passed over with a warning.
pub fn latest_part(
    store: &dyn Store,
    epoch: EpochId,
    part: &str,
    most: Sequence,
) -> Result<Option<PartSnapshot>, LakeError> {
    for next in ordinals(store, &folder(epoch, part))?.into_iter().rev() {
        if next > most.0 {
            tracing::warn!(%epoch, part, next, most = most.0, "snapshot of steps that nobody has said: refused");
            continue;
        }
        match read(store, epoch, part, next) {
            Ok(snapshot) => return Ok(Some(snapshot)),
            Err(error) => tracing::warn!(%epoch, part, %error, "snapshot refused"),
        }
    }
    Ok(None)
}

fn read(store: &dyn Store, epoch: EpochId, part: &str, next: u64) -> Result<PartSnapshot, LakeError> {
    let path = path(&folder(epoch, part), next);
    let (header, bytes) = payload::get(store, &path, |header: &WirePart| &header.payload)?;
    if (header.epoch.as_str(), header.part.as_str(), header.next) != (epoch.to_string().as_str(), part, next)
    {
        return Err(Fields { path: &path }.damaged("it is of another part"));
    }
    Ok(PartSnapshot { next: Sequence(next), bytes })
}

fn folder(epoch: EpochId, part: &str) -> String {
    format!("lake/{epoch}/parts/{part}")
}
