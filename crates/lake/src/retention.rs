//! Which published trees go. A reader may have opened a cut at the last moment it was current, so a cut's
//! time runs from when another took its place. It never removes the current cut.

use crate::LakeError;
use crate::cut::{current_id, cut_ids, superseded_path};
use crate::manifest::{manifest_path, tree};
use crate::store::{Store, walk};
use domain::{CutId, Instant};

/// Removes cuts of which all holds: not current, not among the `keep_newest` last published (the current one
/// counts as one of them), and published
/// as well as superseded before `older_than` (the shell passes now less 24 hours or more, by the clock of the
/// machine that holds the store). Trees that were never finished go when nothing in them is younger.
/// Gives the cuts that went.
pub fn prune(store: &dyn Store, keep_newest: usize, older_than: Instant) -> Result<Vec<CutId>, LakeError> {
    let current = current_id(store)?;
    let mut published = Vec::new();
    let mut gone = Vec::new();
    for id in cut_ids(store)?.into_iter().filter(|id| Some(*id) != current) {
        match store.modified(&manifest_path(id))? {
            Some(at) => published.push((at, id)),
            None if abandoned(store, id, older_than)? => gone.push(id),
            None => {}
        }
    }
    published.sort_by(|a, b| b.cmp(a));
    for (at, id) in published.into_iter().skip(keep_newest.saturating_sub(usize::from(current.is_some()))) {
        let superseded = store.modified(&superseded_path(id))?;
        if superseded.unwrap_or(at).max(at) < older_than {
            gone.push(id);
        }
    }
    for id in &gone {
        // First the cut ceases to exist, durably; then its files go.
        store.delete(&manifest_path(*id))?;
        store.delete_tree(&tree(*id))?;
    }
    Ok(gone)
}

fn abandoned(store: &dyn Store, id: CutId, older_than: Instant) -> Result<bool, LakeError> {
    for path in walk(store, &tree(id))? {
        if store.modified(&path)?.is_some_and(|at| at >= older_than) {
            return Ok(false);
        }
    }
    Ok(true)
}
