//! Snapshots of the fold's state, opaque to the lake. One counts only when it was taken at a commit of this
//! very chain; any other is passed over, because a missing snapshot costs nothing but time.

use crate::lake::Lake;
use crate::sealed::{hex, seal, sha256, unseal};
use crate::store::objects;
use crate::wire::{FORMAT, Fields, WireSnapshot, write_positions};
use crate::{LakeError, StoreError};
use domain::{Positions, Sequence};
use std::io::{self, Write};

/// How many are kept: the newest, and one before it in case that one is damaged.
const KEPT: usize = 2;
/// Ending of a snapshot's name.
const END: &str = ".snap";

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
        let commit = self.at(ordinal).filter(|c| c.to == *up_to);
        let commit = commit.expect("a snapshot is written only after the commit it covers");
        let (header, _) = seal(&WireSnapshot {
            format: FORMAT,
            epoch: self.epoch().to_string(),
            ordinal: ordinal.0,
            up_to: write_positions(up_to),
            commit: hex(&commit.hash),
            bytes: bytes.len() as u64,
            payload_sha256: hex(&sha256(bytes)),
        });
        let path = self.snapshot_path(ordinal.0);
        let failed = |source: io::Error| StoreError::Io { action: "write", path: path.clone(), source };
        let mut file = self.store().create(&path)?;
        file.write_all(&header).and_then(|()| file.write_all(bytes)).map_err(failed)?;
        file.finish()?;
        self.store().settle(&self.snapshot_folder())?;
        self.drop_older_snapshots(ordinal.0);
        Ok(())
    }

    /// The newest sound snapshot of this chain. Those of another epoch or history, beyond the lake's end, not
    /// at a commit, or damaged are passed over with a warning.
    pub fn latest_snapshot(&self) -> Result<Option<Snapshot>, LakeError> {
        for ordinal in self.snapshot_ordinals()?.into_iter().rev() {
            match self.read_snapshot(ordinal) {
                Ok(snapshot) => return Ok(Some(snapshot)),
                Err(error) => tracing::warn!(epoch = %self.epoch(), %error, "snapshot refused"),
            }
        }
        Ok(None)
    }

    fn read_snapshot(&self, ordinal: u64) -> Result<Snapshot, LakeError> {
        let path = self.snapshot_path(ordinal);
        let fields = Fields { path: &path };
        let mut bytes = self.store().get(&path)?;
        let header_len =
            bytes.iter().position(|b| *b == b'\n').ok_or_else(|| fields.damaged("it has no header"))? + 1;
        let (header, _) = unseal::<WireSnapshot>(&bytes[..header_len]).map_err(|e| e.into_error(&path))?;
        bytes.drain(..header_len);
        if header.bytes != bytes.len() as u64 || fields.hash(&header.payload_sha256)? != sha256(&bytes) {
            return Err(fields.damaged("its checksum does not match its content"));
        }
        let (up_to, commit) = (fields.positions(&header.up_to)?, fields.hash(&header.commit)?);
        let ordinal = Sequence(header.ordinal);
        let at = self.at(ordinal).filter(|c| c.to == up_to && c.hash == commit);
        if header.epoch != self.epoch().to_string() || at.is_none() {
            return Err(fields.damaged("it was not taken at a commit of this chain"));
        }
        Ok(Snapshot { up_to, ordinal, bytes })
    }

    /// Room is all that an old snapshot costs, so a failure here fails nothing.
    fn drop_older_snapshots(&self, newest: u64) {
        let dropped = self.snapshot_ordinals().and_then(|ordinals| {
            for ordinal in ordinals.into_iter().filter(|o| *o <= newest).rev().skip(KEPT) {
                self.store().delete(&self.snapshot_path(ordinal))?;
            }
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::warn!(epoch = %self.epoch(), %error, "old snapshots stay");
        }
    }

    fn snapshot_ordinals(&self) -> Result<Vec<u64>, LakeError> {
        let ordinal = |name: String| name.strip_suffix(END)?.parse().ok();
        Ok(objects(&**self.store(), &self.snapshot_folder())?.into_iter().filter_map(ordinal).collect())
    }

    /// The snapshots taken at a commit of this ordinal or an earlier one.
    pub(crate) fn snapshots_up_to(&self, ordinal: Sequence) -> Result<Vec<String>, LakeError> {
        let within = self.snapshot_ordinals()?.into_iter().filter(|o| *o <= ordinal.0);
        Ok(within.map(|o| self.snapshot_path(o)).collect())
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

    fn snapshot_path(&self, ordinal: u64) -> String {
        format!("{}/{ordinal:012}{END}", self.snapshot_folder())
    }

    fn at(&self, ordinal: Sequence) -> Option<&crate::Commit> {
        self.commits().get(usize::try_from(ordinal.0).ok()?)
    }
}
