//! Snapshots of the fold's state, opaque to the lake. One counts only when it was taken at a commit of this
//! very chain; any other is passed over, because a missing snapshot costs nothing but time.

use crate::LakeError;
use crate::lake::Lake;
use crate::payload::{self, ordinals, path};
use crate::sealed::{hex, seal};
use crate::wire::{FORMAT, Fields, WireSnapshot, write_positions};
use domain::{Positions, Sequence};

/// A sound snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The positions it covers.
    pub up_to: Positions,
    /// The commit it was taken at.
    pub ordinal: Sequence,
    /// The fold's state.
    pub bytes: Vec<u8>,
}

impl Lake {
    /// Keeps the fold's state as it was at a commit of this lake, durably, and drops all but the newest two.
    ///
    /// # Panics
    /// When there is no such commit: a snapshot is written only after the commit it covers.
    pub fn put_snapshot(&self, up_to: &Positions, ordinal: Sequence, bytes: &[u8]) -> Result<(), LakeError> {
        self.put_snapshot_of(up_to, ordinal, &mut |out| out.write_all(bytes))
    }

    /// The same of a state that need not be in memory as a whole: `write` gives its bytes, the same whenever it is
    /// called.
    ///
    /// # Panics
    /// When there is no such commit.
    pub fn put_snapshot_of(
        &self,
        up_to: &Positions,
        ordinal: Sequence,
        write: &mut payload::Writes<'_>,
    ) -> Result<(), LakeError> {
        let commit = self.at(ordinal).filter(|c| c.to == *up_to);
        let commit = commit.expect("a snapshot is written only after the commit it covers");
        let folder = self.snapshot_folder();
        let payload = payload::payload(&path(&folder, ordinal.0), write)?;
        let (header, _) = seal(&WireSnapshot {
            format: FORMAT,
            epoch: self.epoch().to_string(),
            ordinal: ordinal.0,
            up_to: write_positions(up_to),
            commit: hex(&commit.hash),
            payload,
        });
        payload::put(&**self.store(), &folder, ordinal.0, &header, write)
    }

    /// The newest sound snapshot of this chain. Those of another epoch or history, beyond the lake's end, not
    /// at a commit, or damaged are passed over with a warning.
    pub fn latest_snapshot(&self) -> Result<Option<Snapshot>, LakeError> {
        for ordinal in ordinals(&**self.store(), &self.snapshot_folder())?.into_iter().rev() {
            match self.read_snapshot(ordinal) {
                Ok(snapshot) => return Ok(Some(snapshot)),
                Err(error) => tracing::warn!(epoch = %self.epoch(), %error, "snapshot refused"),
            }
        }
        Ok(None)
    }

    fn read_snapshot(&self, ordinal: u64) -> Result<Snapshot, LakeError> {
        let path = path(&self.snapshot_folder(), ordinal);
        let fields = Fields { path: &path };
        let (header, bytes) = payload::get(&**self.store(), &path, |header: &WireSnapshot| &header.payload)?;
        let (up_to, commit) = (fields.positions(&header.up_to)?, fields.hash(&header.commit)?);
        let ordinal = Sequence(header.ordinal);
        let at = self.at(ordinal).filter(|c| c.to == up_to && c.hash == commit);
        if header.epoch != self.epoch().to_string() || at.is_none() {
            return Err(fields.damaged("it was not taken at a commit of this chain"));
        }
        Ok(Snapshot { up_to, ordinal, bytes })
    }

    /// The snapshots taken at a commit of this ordinal or an earlier one.
    pub(crate) fn snapshots_up_to(&self, ordinal: Sequence) -> Result<Vec<String>, LakeError> {
        let within =
            ordinals(&**self.store(), &self.snapshot_folder())?.into_iter().filter(|o| *o <= ordinal.0);
        Ok(within.map(|o| path(&self.snapshot_folder(), o)).collect())
    }

    /// Whether a snapshot was taken at a commit of this ordinal or an earlier one.
    ///
    /// # Errors
    /// The store failed.
    pub fn has_snapshot_up_to(&self, ordinal: Sequence) -> Result<bool, LakeError> {
        Ok(!self.snapshots_up_to(ordinal)?.is_empty())
    }

    fn snapshot_folder(&self) -> String {
        format!("lake/{}/snapshots", self.epoch())
    }

    fn at(&self, ordinal: Sequence) -> Option<&crate::Commit> {
        self.commits().get(usize::try_from(ordinal.0).ok()?)
    }
}
