//! From one store to another: the beginning of an epoch, to fold on from there aside, and a finished cut back.

use crate::LakeError;
use crate::chain::commit_path;
use crate::cut::{Cut, cuts};
use crate::cut_writer::{Begin, CutWriter};
use crate::lake::Lake;
use crate::manifest::CutParts;
use crate::store::{Store, StoreError};
use domain::Sequence;
use std::io;
use std::sync::Arc;

impl Lake {
    /// Copies the epoch as it was right after the commit of this ordinal, with the snapshots of that time, into a
    /// store that has nothing of it. Whoever opens it there goes on from that commit.
    ///
    /// # Errors
    /// A store failed.
    pub fn copy_up_to(&self, ordinal: Sequence, to: &dyn Store) -> Result<(), LakeError> {
        let from = &**self.store();
        for snapshot in self.snapshots_up_to(ordinal)? {
            copy(from, to, &snapshot)?;
        }
        for commit in self.commits().iter().take_while(|commit| commit.ordinal <= ordinal) {
            commit.segments.iter().try_for_each(|segment| copy(from, to, &segment.path))?;
            let path = commit_path(self.epoch(), commit.ordinal.0);
            to.put_new(&path, &from.get(&path)?)?;
        }
        Ok(to.settle("lake")?)
    }
}

/// Takes over a cut that was published in another store. Its tree comes into being as a whole, with its manifest.
///
/// # Errors
/// A store failed, or a file is not what the cut's manifest says.
pub fn adopt_cut(from: &dyn Store, to: &Arc<dyn Store>, cut: &Cut) -> Result<Cut, LakeError> {
    let writer = match CutWriter::begin(Arc::clone(to), cut.manifest.parts.clone())? {
        Begin::Finished(cut) => return Ok(cut),
        Begin::Started(writer) => writer,
    };
    for file in &cut.manifest.files {
        copy(from, &**to, &file.path)?;
        writer.take_over(file.clone());
    }
    let cut = writer.finish(cut.manifest.counts, cut.manifest.extra.clone())?;
    match cut.verify(&**to).into_iter().next() {
        None => Ok(cut),
        Some(error) => Err(error),
    }
}

/// The published cut of an epoch from which most files can be taken over for a cut at these positions.
///
/// # Errors
/// The store failed.
pub fn nearest_cut(store: &dyn Store, parts: &CutParts) -> Result<Option<Cut>, LakeError> {
    let within = |cut: &Cut| {
        let of = &cut.manifest.parts;
        of.epoch == parts.epoch && parts.positions.covers(&of.positions)
    };
    let read = |cut: &Cut| cut.manifest.parts.positions.iter().map(|(_, _, next)| next.0).sum::<u64>();
    Ok(cuts(store)?
        .cuts
        .into_iter()
        .filter(within)
        .max_by_key(|cut| (read(cut), cut.manifest.parts.as_of, cut.id)))
}

fn copy(from: &dyn Store, to: &dyn Store, path: &str) -> Result<(), LakeError> {
    let failed = |source: io::Error| StoreError::Io { action: "copy", path: path.to_owned(), source };
    let (mut bytes, mut out) = (from.read(path)?, to.create(path)?);
    io::copy(&mut bytes, &mut out).map_err(failed)?;
    Ok(out.finish()?)
}
