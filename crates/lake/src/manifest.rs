//! What a published tree holds: each file with its rows, length and checksum, and the cut it belongs to.
//! Equal cuts have equal manifests: nothing in it tells when or where it was written.

use crate::LakeError;
use crate::sealed::{hex, seal, unseal};
use crate::wire::{FORMAT, Fields, WireFile, WireManifest, write_positions};
use domain::invariant::Counts;
use domain::{CutId, Day, EpochId, Instant, Positions};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What a cut is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutParts {
    /// The epoch whose rows are shown.
    pub epoch: EpochId,
    /// What was known.
    pub positions: Positions,
    /// The instant that the tables look from.
    pub as_of: Instant,
}

impl CutParts {
    /// The cut's identity.
    pub fn id(&self) -> CutId {
        domain::epoch::cut_id(self.epoch, &self.positions, self.as_of)
    }
}

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRef {
    /// Its table.
    pub table: String,
    /// Its partition; `None` in a table without days.
    pub day: Option<Day>,
    /// Its path in the store.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its checksum.
    pub sha256: [u8; 32],
}

/// What a published tree holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The cut.
    pub parts: CutParts,
    /// What became of all facts up to the cut.
    pub counts: Counts,
    /// Whatever else the publisher notes.
    pub extra: BTreeMap<String, String>,
    /// The files by table and day.
    pub files: Vec<FileRef>,
}

/// The folder of a cut.
pub(crate) fn tree(cut: CutId) -> String {
    format!("tables/{cut}")
}

/// The manifest of a cut.
pub(crate) fn manifest_path(cut: CutId) -> String {
    format!("tables/{cut}/manifest.json")
}

/// Where a file lies beneath its tree.
pub(crate) fn file_in_tree(table: &str, day: Option<Day>) -> String {
    match day {
        Some(day) => format!("{table}/dt={day}/{table}.parquet"),
        None => format!("{table}/{table}.parquet"),
    }
}

/// The manifest as its file.
pub(crate) fn write(manifest: &Manifest) -> Vec<u8> {
    let mut rows = BTreeMap::new();
    for file in &manifest.files {
        *rows.entry(file.table.clone()).or_insert(0) += file.rows;
    }
    let wire = WireManifest {
        format: FORMAT,
        cut: manifest.parts.id().to_string(),
        epoch: manifest.parts.epoch.to_string(),
        positions: write_positions(&manifest.parts.positions),
        as_of: manifest.parts.as_of.to_string(),
        counts: manifest.counts.into(),
        rows,
        extra: manifest.extra.clone(),
        files: manifest.files.iter().map(write_file).collect(),
    };
    seal(&wire).0
}

/// Checksum of the manifest's file.
pub(crate) fn sha256(manifest: &Manifest) -> [u8; 32] {
    Sha256::digest(write(manifest)).into()
}

fn write_file(file: &FileRef) -> WireFile {
    WireFile {
        table: file.table.clone(),
        day: file.day.map(|d| d.to_string()),
        path: file_in_tree(&file.table, file.day),
        rows: file.rows,
        bytes: file.bytes,
        sha256: hex(&file.sha256),
    }
}

/// Reads the manifest of a cut.
pub(crate) fn read(cut: CutId, bytes: &[u8]) -> Result<Manifest, LakeError> {
    let path = manifest_path(cut);
    let (wire, _) = unseal::<WireManifest>(bytes).map_err(|e| e.into_error(&path))?;
    let fields = Fields { path: &path };
    let parts = CutParts {
        epoch: fields.epoch(&wire.epoch)?,
        positions: fields.positions(&wire.positions)?,
        as_of: fields.instant(&wire.as_of)?,
    };
    if wire.cut != cut.to_string() || parts.id() != cut {
        return Err(fields.damaged("it belongs to another cut"));
    }
    let files = wire.files.iter().map(|f| read_file(&fields, cut, f)).collect::<Result<_, _>>()?;
    Ok(Manifest { parts, counts: (&wire.counts).into(), extra: wire.extra, files })
}

fn read_file(fields: &Fields<'_>, cut: CutId, wire: &WireFile) -> Result<FileRef, LakeError> {
    let day = wire.day.as_deref().map(|d| fields.day(d)).transpose()?;
    if wire.path != file_in_tree(&wire.table, day) || !good_table(&wire.table) {
        return Err(fields.damaged("it names a file outside its place"));
    }
    let (path, sha256) = (format!("{}/{}", tree(cut), wire.path), fields.hash(&wire.sha256)?);
    Ok(FileRef { table: wire.table.clone(), day, path, rows: wire.rows, bytes: wire.bytes, sha256 })
}

/// Whether a name can be a table's: lower-case letters, digits and `_`.
pub(crate) fn good_table(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(good)
}
