//! Publishing a cut: a tree of files, then its manifest. The tree is the same whatever the order in which its
//! files are written, and by however many threads. A tree without a manifest does not exist; beginning the
//! same cut again writes over it, file by file in one step each, so that even two publishers of one cut end
//! with one sound tree. It never touches a tree that is published.

use crate::LakeError;
use crate::cut::{Cut, begun_path, open_cut, superseded_path};
use crate::manifest::{self, CutParts, FileRef, Manifest, file_in_tree, good_table, manifest_path, tree};
use crate::parquet_file::{ParquetFile, ParquetOptions};
use crate::segment::check_object;
use crate::store::{Store, StoreError, StoreFile, walk};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use domain::invariant::Counts;
use domain::{CutId, Day};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The files so far, by table and day.
type Files = BTreeMap<(String, Option<Day>), FileRef>;

/// What beginning a cut leads to.
pub enum Begin {
    /// The cut is published already; there is nothing to do.
    Finished(Cut),
    /// The cut is to be written.
    Started(CutWriter),
}

/// A cut in the making. Its methods may be called from several threads.
pub struct CutWriter {
    store: Arc<dyn Store>,
    id: CutId,
    parts: CutParts,
    files: Arc<Mutex<Files>>,
}

impl CutWriter {
    /// Begins a cut, or finds it finished. One that was left unfinished, or lost a file, is written anew.
    pub fn begin(store: Arc<dyn Store>, parts: CutParts) -> Result<Begin, LakeError> {
        let id = parts.id();
        match open_cut(&*store, id) {
            Ok(Some(cut)) if cut.is_complete(&*store)? => return Ok(Begin::Finished(cut)),
            Ok(_) => {}
            Err(LakeError::Store(e)) => return Err(e.into()),
            Err(error) => tracing::warn!(cut = %id, %error, "published cut is unusable, publishing it anew"),
        }
        store.put_replace(&begun_path(id), b"")?;
        Ok(Begin::Started(Self { store, id, parts, files: Arc::default() }))
    }

    /// The cut.
    pub fn id(&self) -> CutId {
        self.id
    }

    /// Begins the file of a table's day, or of a table without days.
    ///
    /// # Panics
    /// When the table's name is none, or [`PartitionWriter::finish`] meets a file written before.
    pub fn partition(
        &self,
        table: &str,
        day: Option<Day>,
        schema: &SchemaRef,
        options: &ParquetOptions,
    ) -> Result<PartitionWriter, LakeError> {
        let path = self.path(table, day);
        let file = ParquetFile::new(self.store.create(&path)?, &path, schema, options)?;
        Ok(PartitionWriter { file, table: table.to_owned(), day, path, files: self.files.clone() })
    }

    /// Writes the file of a table's day from batches at hand.
    pub fn write_partition<'a>(
        &self,
        table: &str,
        day: Option<Day>,
        schema: &SchemaRef,
        options: &ParquetOptions,
        batches: impl IntoIterator<Item = &'a RecordBatch>,
    ) -> Result<FileRef, LakeError> {
        let mut partition = self.partition(table, day, schema, options)?;
        batches.into_iter().try_for_each(|batch| partition.write(batch))?;
        partition.finish()
    }

    /// Takes over an unchanged file of an earlier cut, without a copy where the store can.
    pub fn keep(&self, table: &str, day: Option<Day>, from: &Cut) -> Result<FileRef, LakeError> {
        let path = self.path(table, day);
        let nothing = || LakeError::NothingToKeep { cut: from.id, path: file_in_tree(table, day) };
        let kept = FileRef { path: path.clone(), ..from.file(table, day).ok_or_else(nothing)?.clone() };
        let source = &from.file(table, day).ok_or_else(nothing)?.path;
        if self.store.size(source)? != Some(kept.bytes) {
            return Err(LakeError::Damaged {
                path: source.clone(),
                why: "it is missing or has another length".into(),
            });
        }
        match self.store.link_or_copy(source, &path) {
            // Left by an unfinished attempt: right already, or of an earlier version of the job.
            Err(StoreError::Exists { .. }) => {
                if check_object(&*self.store, &path, kept.bytes, &kept.sha256).is_err() {
                    self.store.delete(&path)?;
                    self.store.link_or_copy(source, &path)?;
                }
            }
            done => done?,
        }
        note(&self.files, kept.clone());
        Ok(kept)
    }

    /// A file of this cut that was copied into its place from another store.
    pub(crate) fn take_over(&self, file: FileRef) {
        note(&self.files, file);
    }

    /// The files of a table so far, by day: those written and those taken over. They can be read already, and
    /// stay as they are.
    pub fn files(&self, table: &str) -> Vec<FileRef> {
        locked(&self.files).values().filter(|f| f.table == table).cloned().collect()
    }

    /// Publishes the cut: everything durable first, the manifest last. [`crate::make_current`] then shows it.
    pub fn finish(self, counts: Counts, extra: BTreeMap<String, String>) -> Result<Cut, LakeError> {
        let files: Vec<FileRef> = locked(&self.files).values().cloned().collect();
        self.remove_strays(&files)?;
        self.store.settle(&tree(self.id))?;
        let manifest = Manifest { parts: self.parts, counts, extra, files };
        self.store.put_replace(&manifest_path(self.id), &manifest::write(&manifest))?;
        if let Err(error) = self.store.delete(&begun_path(self.id)) {
            tracing::warn!(cut = %self.id, %error, "the mark of a finished cut stays");
        }
        Ok(Cut { id: self.id, manifest })
    }

    /// Files of an unfinished attempt that this one did not write again: a glob would find them.
    fn remove_strays(&self, files: &[FileRef]) -> Result<(), LakeError> {
        let own = [manifest_path(self.id), superseded_path(self.id), begun_path(self.id)];
        let ours: HashSet<&str> = files.iter().map(|f| &f.path).chain(&own).map(String::as_str).collect();
        for path in walk(&*self.store, &tree(self.id))? {
            if !ours.contains(path.as_str()) {
                self.store.delete(&path)?;
            }
        }
        Ok(())
    }

    fn path(&self, table: &str, day: Option<Day>) -> String {
        assert!(good_table(table), "{table:?} is no table's name");
        format!("{}/{}", tree(self.id), file_in_tree(table, day))
    }
}

/// A file of a cut in the making. Without `finish` the cut does not have it.
#[must_use]
pub struct PartitionWriter {
    file: ParquetFile<Box<dyn StoreFile>>,
    table: String,
    day: Option<Day>,
    path: String,
    files: Arc<Mutex<Files>>,
}

impl PartitionWriter {
    /// Appends rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        self.file.write(batch)
    }

    /// Ends the file and adds it to its cut.
    pub fn finish(self) -> Result<FileRef, LakeError> {
        let (out, written) = self.file.finish()?;
        out.finish()?;
        let (rows, bytes, sha256) = (written.rows, written.bytes, written.sha256);
        let file = FileRef { table: self.table, day: self.day, path: self.path, rows, bytes, sha256 };
        note(&self.files, file.clone());
        Ok(file)
    }
}

fn note(files: &Mutex<Files>, file: FileRef) {
    let replaced = locked(files).insert((file.table.clone(), file.day), file);
    assert!(replaced.is_none(), "a cut has one file for each table and day");
}

fn locked(files: &Mutex<Files>) -> MutexGuard<'_, Files> {
    // One insertion at a time, so a panic of another thread leaves the map whole.
    files.lock().unwrap_or_else(PoisonError::into_inner)
}
