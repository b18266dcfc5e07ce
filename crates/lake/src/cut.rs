//! Published cuts as readers see them. A cut exists once its manifest does; from then on its tree never
//! changes, so whoever opened it never sees another one.

use crate::LakeError;
use crate::manifest::{self, FileRef, Manifest, manifest_path, tree};
use crate::segment::check_object;
use crate::store::{Store, StoreError, folders};
use domain::{CutId, Day};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The pointer to the cut that is shown.
pub(crate) const CURRENT: &str = "tables/current";

/// A published cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Its identity.
    pub id: CutId,
    /// What it holds.
    pub manifest: Manifest,
}

impl Cut {
    /// The tables that have a file.
    pub fn tables(&self) -> BTreeSet<&str> {
        self.manifest.files.iter().map(|f| f.table.as_str()).collect()
    }

    /// The files of a table, by day.
    pub fn files<'a>(&'a self, table: &str) -> impl Iterator<Item = &'a FileRef> {
        self.manifest.files.iter().filter(move |f| f.table == table)
    }

    /// The file of a table's day.
    pub fn file(&self, table: &str, day: Option<Day>) -> Option<&FileRef> {
        self.files(table).find(|f| f.day == day)
    }

    /// The absolute pattern under which every tool finds the files of a table, all of this one cut. `None`
    /// where the cut has no file of it, or the store has no real files.
    pub fn glob(&self, store: &dyn Store, table: &str) -> Option<PathBuf> {
        let dated = self.files(table).next()?.day.is_some();
        let folder = store.local_path(&format!("{}/{table}", tree(self.id)))?;
        let file = format!("{table}.parquet");
        Some(if dated { folder.join("dt=*").join("*.parquet") } else { folder.join(file) })
    }

    /// Checksum of the manifest's file, which holds the checksum of every other file: it stands for the whole tree.
    pub fn manifest_sha256(&self) -> [u8; 32] {
        manifest::sha256(&self.manifest)
    }

    /// Reads every file and compares it with the manifest. Gives all that is wrong.
    pub fn verify(&self, store: &dyn Store) -> Vec<LakeError> {
        let check = |f: &FileRef| check_object(store, &f.path, f.bytes, &f.sha256).err();
        self.manifest.files.iter().filter_map(check).collect()
    }

    /// Whether every file is there in its length, which a removal cut short would not leave.
    pub(crate) fn is_complete(&self, store: &dyn Store) -> Result<bool, LakeError> {
        for file in &self.manifest.files {
            if store.size(&file.path)? != Some(file.bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The published cuts, and the trees that are none.
#[derive(Debug, Default)]
pub struct CutList {
    /// By `as_of`, then by id.
    pub cuts: Vec<Cut>,
    /// Cuts whose manifest cannot be read.
    pub damaged: Vec<LakeError>,
    /// Trees that were never finished.
    pub unfinished: Vec<CutId>,
}

/// A cut by its id; `None` when it was never published, or no longer is.
pub fn open_cut(store: &dyn Store, id: CutId) -> Result<Option<Cut>, LakeError> {
    match store.get(&manifest_path(id)) {
        Err(StoreError::Missing { .. }) => Ok(None),
        got => Ok(Some(Cut { id, manifest: manifest::read(id, &got?)? })),
    }
}

/// The cut that is shown; `None` before the first.
pub fn current_cut(store: &dyn Store) -> Result<Option<Cut>, LakeError> {
    let Some(id) = current_id(store)? else { return Ok(None) };
    let gone = || LakeError::Damaged { path: CURRENT.to_owned(), why: format!("cut {id} is not published") };
    open_cut(store, id)?.ok_or_else(gone).map(Some)
}

/// Every tree beneath `tables/`.
pub fn cuts(store: &dyn Store) -> Result<CutList, LakeError> {
    let mut list = CutList::default();
    for id in cut_ids(store)? {
        match open_cut(store, id) {
            Ok(Some(cut)) => list.cuts.push(cut),
            Ok(None) => list.unfinished.push(id),
            Err(LakeError::Store(e)) => return Err(e.into()),
            Err(damaged) => list.damaged.push(damaged),
        }
    }
    list.cuts.sort_by_key(|cut| (cut.manifest.parts.as_of, cut.id));
    Ok(list)
}

/// Shows a cut instead of the one shown so far, in one step. The earlier one is marked first: from this moment
/// its readers have their time (see [`crate::prune`]).
pub fn make_current(store: &dyn Store, cut: &Cut) -> Result<(), LakeError> {
    let earlier = current_id(store)?;
    if earlier == Some(cut.id) {
        return Ok(());
    }
    if let Some(earlier) = earlier {
        store.put_replace(&superseded_path(earlier), cut.id.to_string().as_bytes())?;
    }
    Ok(store.point(CURRENT, &cut.id.to_string())?)
}

pub(crate) fn current_id(store: &dyn Store) -> Result<Option<CutId>, LakeError> {
    let Some(target) = store.pointed(CURRENT)? else { return Ok(None) };
    let why = || "it points to no cut".to_owned();
    CutId::parse(&target).ok_or_else(|| LakeError::Damaged { path: CURRENT.to_owned(), why: why() }).map(Some)
}

pub(crate) fn cut_ids(store: &dyn Store) -> Result<Vec<CutId>, LakeError> {
    Ok(folders(store, "tables")?.iter().filter_map(|name| CutId::parse(name)).collect())
}

/// A mark beside the tables while they are written: kept files are old, so their age says nothing.
pub(crate) fn begun_path(cut: CutId) -> String {
    format!("{}/begun.mark", tree(cut))
}

/// A mark beside the tables, written when another cut took this one's place; its age is what counts.
pub(crate) fn superseded_path(cut: CutId) -> String {
    format!("{}/superseded.mark", tree(cut))
}
