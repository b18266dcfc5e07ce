//! The lake: what the fold has made durable. For each epoch a chain of commits, each tying Parquet segments
//! to the log positions they cover; snapshots of the fold's state as opaque bytes; and the published tables
//! of cuts as immutable trees. It lives on a [`Store`], its one seam.
//!
//! It never decides anything of the business, never knows what a column means, never reads a clock, and never
//! trusts a file that it has not checksummed.
//!
//! ```text
//! lake/live                                        which epoch is served
//! lake/names/<name>.json                           which epoch a name stands for
//! lake/models/<sha256>.model                       models that epochs are folded by
//! lake/<epoch>/rules.json                          what the epoch is folded by
//! lake/<epoch>/commits/<ordinal>.json              the chain
//! lake/<epoch>/pages/<first ordinal>.ndjson        500 commits in one file: opening stays quick
//! lake/<epoch>/segments/<kind>/<ordinal>-<hash>.parquet
//! lake/<epoch>/snapshots/<ordinal>.snap
//! lake/<epoch>/parts/<part>/<step>.snap             parts of a fold that several processes share
//! archive/<topic>/<partition>/<from>.piece          records of the log, framed
//! tables/<cut>/<table>/dt=YYYY-MM-DD/<table>.parquet   or  tables/<cut>/<table>/<table>.parquet
//! tables/<cut>/manifest.json                       written last: without it the tree does not exist
//! tables/current                                   the cut that is shown
//! ```

mod archive;
mod chain;
mod cut;
mod cut_writer;
mod disk;
mod epochs;
mod error;
#[cfg(any(test, feature = "testing"))]
mod fault;
mod lake;
mod local;
mod manifest;
mod parquet_file;
mod part;
mod payload;
mod retention;
mod rules;
mod scratch;
mod sealed;
mod segment;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;
mod transfer;
mod wire;

pub use archive::{PIECE_RECORDS, Piece, archived_partitions, archived_to, piece, piece_of, put_piece};
pub use cut::{Cut, CutList, current_cut, cuts, make_current, open_cut};
pub use cut_writer::{Begin, CutWriter, PartitionWriter};
pub use epochs::{Live, drop_epoch, epochs, live, serve, served};
pub use error::LakeError;
#[cfg(any(test, feature = "testing"))]
pub use fault::{Fault, FaultStore};
pub use lake::{Commit, CommitInput, Lake, LakeEnd};
pub use local::LocalStore;
pub use manifest::{CutParts, FileRef, Manifest};
pub use parquet_file::{ParquetFile, ParquetOptions, Written, write_parquet};
pub use part::{PartSnapshot, latest_part, put_part};
pub use payload::Writes;
pub use retention::prune;
pub use rules::{
    EpochRules, ModelUse, epoch_names, epoch_rules, good_epoch_name, keep_rules, model, name_epoch,
};
pub use segment::{SegmentKind, SegmentRef};
pub use snapshot::Snapshot;
pub use store::{Entry, Store, StoreError, StoreFile, check_path};
pub use transfer::{adopt_cut, nearest_cut};
