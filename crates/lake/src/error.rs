//! Why an operation of the lake did not succeed. A failed assertion is a bug of the caller and no error.

use crate::StoreError;
use arrow::error::ArrowError;
use domain::{CutId, EpochId, Positions};
use parquet::errors::ParquetError;

/// Why an operation of the lake did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The store failed. What was acknowledged before stays true; open the lake again and go on from its end.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another writer has committed since this one read the lake's end. Stop, or open again and start over.
    #[error(
        "another writer is ahead in epoch {epoch}: commit {ordinal} would begin at [{from}], the lake ends at [{end}]"
    )]
    Fenced {
        /// The epoch.
        epoch: EpochId,
        /// The commit that was attempted.
        ordinal: u64,
        /// Where it would have begun.
        from: Positions,
        /// The end of the lake as far as this writer knows it.
        end: Positions,
    },
    /// The log no longer holds what the lake needs next. Replay from the archive, or begin another epoch.
    #[error(
        "the log starts at [{from}], after the end of epoch {epoch} in the lake, [{end}]: records in between are missing"
    )]
    Gap {
        /// The epoch.
        epoch: EpochId,
        /// Where the log starts.
        from: Positions,
        /// Where the lake ends.
        end: Positions,
    },
    /// A commit inside the chain is not there.
    #[error("commit {path} is missing although later ones exist")]
    MissingCommit {
        /// Its file.
        path: String,
    },
    /// A commit's file was damaged. The newest one may be deleted, which undoes that commit alone.
    #[error(
        "{}commit {path} is damaged: {why}{}",
        if *.newest { "the newest " } else { "" },
        if *.newest { "; delete that file to undo this commit alone, then its records are folded again" } else { "" }
    )]
    DamagedCommit {
        /// Its file.
        path: String,
        /// What is wrong with it.
        why: String,
        /// Whether no commit follows it.
        newest: bool,
    },
    /// A commit is whole but does not continue the one before it (P6).
    #[error("commit {path} does not continue the chain: {why}")]
    BrokenChain {
        /// Its file.
        path: String,
        /// What does not fit.
        why: String,
    },
    /// A file was written by a later version of Quell.
    #[error("{path} has format {format}, this version reads format {known}")]
    NewerFormat {
        /// The file.
        path: String,
        /// Its format.
        format: u32,
        /// The format this version reads.
        known: u32,
    },
    /// A segment, a table's file, a manifest or a pointer is not what was written.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A batch does not have the columns of its table.
    #[error("the rows for {path} do not fit their schema: {source}")]
    Columns {
        /// The file that was written.
        path: String,
        /// What does not fit.
        source: ArrowError,
    },
    /// A float column holds NaN or an infinity, which readers prune and compare each in their own way.
    #[error("column {column} of {path} holds a number that is not finite; expected null")]
    NotFinite {
        /// The file that was written.
        path: String,
        /// The column.
        column: String,
    },
    /// Writing Parquet failed.
    #[error("cannot write {path}: {source}")]
    Parquet {
        /// The file that was written.
        path: String,
        /// What went wrong.
        source: ParquetError,
    },
    /// The epoch is being served and cannot be dropped.
    #[error("epoch {epoch} is live and cannot be dropped")]
    EpochIsLive {
        /// The epoch.
        epoch: EpochId,
    },
    /// A name stands for an epoch already.
    #[error("the name {name} stands for the epoch {epoch} already")]
    NameTaken {
        /// The name.
        name: String,
        /// What it stands for.
        epoch: EpochId,
    },
    /// A cut has no file of a table for that day, or cannot keep it.
    #[error("cut {cut} has no file {path} to keep")]
    NothingToKeep {
        /// The earlier cut.
        cut: CutId,
        /// The file.
        path: String,
    },
}
