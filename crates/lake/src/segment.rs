//! Segments: the rows of one commit and one kind as a Parquet file. A segment is named by its ordinal and its
//! content, so that two rivals never clash and a second attempt finds the first one's file. Without a commit
//! that names it, it does not exist.

use crate::LakeError;
use crate::parquet_file::{ParquetOptions, hash_stream, write_parquet};
use crate::sealed::hex;
use crate::store::{Store, StoreError, folders, objects};
use arrow::array::RecordBatch;
use domain::{EpochId, Sequence};
use std::collections::HashSet;

/// What the rows of a segment are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SegmentKind {
    /// Changes of contacts.
    Contacts,
    /// Verdicts.
    Verdicts,
    /// Sessions of self-service.
    Sessions,
    /// Facts that are no contacts.
    Stated,
    /// What the fold refused.
    Refused,
    /// Inputs that were refused before the fold.
    Rejects,
    /// The dimension of reasons. Of a dimension each segment holds all rows: the newest counts.
    Reasons,
    /// The dimension of owners.
    Owners,
    /// The dimension of units.
    Units,
    /// The dimension of costs.
    Costs,
}

impl SegmentKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Contacts,
        Self::Verdicts,
        Self::Sessions,
        Self::Stated,
        Self::Refused,
        Self::Rejects,
        Self::Reasons,
        Self::Owners,
        Self::Units,
        Self::Costs,
    ];

    /// Its name in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Verdicts => "verdicts",
            Self::Sessions => "sessions",
            Self::Stated => "stated",
            Self::Refused => "refused",
            Self::Rejects => "rejects",
            Self::Reasons => "reasons",
            Self::Owners => "owners",
            Self::Units => "units",
            Self::Costs => "costs",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.name() == name)
    }
}

/// A committed segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRef {
    /// What its rows are.
    pub kind: SegmentKind,
    /// Its file in the store.
    pub path: String,
    /// The commit that names it.
    pub ordinal: Sequence,
    /// Its rows.
    pub rows: u64,
    /// Length of its file in bytes.
    pub bytes: u64,
    /// Checksum of its file.
    pub sha256: [u8; 32],
}

impl SegmentRef {
    /// Reads the file and compares it with what was committed.
    pub fn verify(&self, store: &dyn Store) -> Result<(), LakeError> {
        check_object(store, &self.path, self.bytes, &self.sha256)
    }
}

/// Where the segments of a kind lie.
pub(crate) fn folder(epoch: EpochId, kind: SegmentKind) -> String {
    format!("lake/{epoch}/segments/{}", kind.name())
}

/// The path that a segment of this content has.
pub(crate) fn path(epoch: EpochId, kind: SegmentKind, ordinal: u64, sha256: &[u8; 32]) -> String {
    format!("{}/{ordinal:012}-{}.parquet", folder(epoch, kind), &hex(sha256)[..16])
}

/// Writes the rows durably; no rows, no segment.
pub(crate) fn write(
    store: &dyn Store,
    epoch: EpochId,
    ordinal: u64,
    kind: SegmentKind,
    batches: &[RecordBatch],
) -> Result<Option<SegmentRef>, LakeError> {
    let Some(first) = batches.iter().find(|b| b.num_rows() > 0) else { return Ok(None) };
    let name = format!("segment {} of commit {ordinal}", kind.name());
    let (bytes, written) =
        write_parquet(Vec::new(), &name, &first.schema(), &ParquetOptions::segment(), batches)?;
    let path = path(epoch, kind, ordinal, &written.sha256);
    match store.put_new(&path, &bytes) {
        // An attempt before a crash, or a rival with the same rows. Its name is the checksum of what it
        // must hold, so that putting it right can hurt nobody.
        Err(StoreError::Exists { .. }) => {
            if check_object(store, &path, written.bytes, &written.sha256).is_err() {
                store.put_replace(&path, &bytes)?;
            }
        }
        done => done?,
    }
    let ordinal = Sequence(ordinal);
    Ok(Some(SegmentRef {
        kind,
        path,
        ordinal,
        rows: written.rows,
        bytes: written.bytes,
        sha256: written.sha256,
    }))
}

/// Removes segments that no commit names and none ever will: their ordinal is taken by another commit.
/// Those of later ordinals may belong to a rival at work and stay.
pub(crate) fn sweep(
    store: &dyn Store,
    epoch: EpochId,
    named: &HashSet<&str>,
    taken: u64,
) -> Result<usize, LakeError> {
    let mut removed = 0;
    for kind in folders(store, &format!("lake/{epoch}/segments"))? {
        let folder = format!("lake/{epoch}/segments/{kind}");
        for name in objects(store, &folder)? {
            let ordinal = name.split_once('-').and_then(|(ordinal, _)| ordinal.parse::<u64>().ok());
            let path = format!("{folder}/{name}");
            if ordinal.is_some_and(|o| o < taken) && !named.contains(path.as_str()) {
                store.delete(&path)?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// Compares a file with its length and checksum, without holding it in memory.
pub(crate) fn check_object(
    store: &dyn Store,
    path: &str,
    bytes: u64,
    sha256: &[u8; 32],
) -> Result<(), LakeError> {
    let damaged = |why: String| LakeError::Damaged { path: path.to_owned(), why };
    let found = match store.read(path) {
        Err(StoreError::Missing { .. }) => return Err(damaged("it is missing".to_owned())),
        opened => hash_stream(opened?),
    };
    let (hash, length) =
        found.map_err(|source| StoreError::Io { action: "read", path: path.to_owned(), source })?;
    if length != bytes {
        return Err(damaged(format!("it has {length} bytes, expected {bytes}")));
    }
    if hash != *sha256 {
        return Err(damaged("its checksum is not the committed one".to_owned()));
    }
    Ok(())
}
