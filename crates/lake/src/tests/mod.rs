//! Tests of the whole crate against a store on a local disk.

mod commits;
mod crash;
mod cuts;
mod damage;
mod local;
mod parquet;

use crate::{CommitInput, CutParts, LocalStore, SegmentKind, Store};
use arrow::array::{FixedSizeBinaryBuilder, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use domain::invariant::Counts;
use domain::{Day, EpochId, Instant, Offset, Partition, Positions, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const EPOCH: EpochId = EpochId::from_bytes(*b"an epoch");

/// A store that is only ever ended by the test itself.
fn disk(root: &Path) -> LocalStore {
    LocalStore::open_unsynced(root).expect("a folder of the test")
}

fn shared(root: &Path) -> Arc<dyn Store> {
    Arc::new(disk(root))
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::FixedSizeBinary(16), false),
        Field::new("reason", DataType::Utf8, true),
        Field::new("sequence", DataType::Int64, false),
    ]))
}

/// Rows `[from, to)` of an endless table; every seventh has no reason.
fn rows(from: u64, to: u64) -> RecordBatch {
    let mut ids = FixedSizeBinaryBuilder::new(16);
    for i in from..to {
        let id = u128::from(i).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        ids.append_value(id.to_be_bytes()).expect("sixteen bytes");
    }
    let reason = |i: u64| (!i.is_multiple_of(7)).then(|| format!("reason_{}", i % 13));
    RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(ids.finish()),
            Arc::new((from..to).map(reason).collect::<StringArray>()),
            Arc::new((from..to).map(|i| i64::try_from(i).expect("small")).collect::<Int64Array>()),
        ],
    )
    .expect("columns of the schema")
}

/// The log positions after `n` commits.
fn positions(n: u64) -> Positions {
    [(0, 10 * n), (1, 7 * n)]
        .into_iter()
        .map(|(p, next)| (Topic::Facts, Partition(p), Offset(next)))
        .collect()
}

fn counts(n: u64) -> Counts {
    Counts { accepted: 17 * n, stored: 15 * n, duplicate: n, rejected: n }
}

fn day(n: u64) -> Day {
    Day::from_epoch_days(20_000 + i32::try_from(n).expect("small")).expect("a day")
}

/// What the fold commits as the `n`-th, from 0.
fn input(n: u64) -> CommitInput {
    CommitInput {
        from: positions(n),
        to: positions(n + 1),
        segments: vec![
            (SegmentKind::Contacts, vec![rows(10 * n, 10 * n + 6), rows(10 * n + 6, 10 * n + 10)]),
            (SegmentKind::Verdicts, vec![rows(10 * n, 10 * n + 10)]),
            (SegmentKind::Refused, vec![]),
        ],
        counts: counts(n + 1),
        touched: BTreeSet::from([day(n), day(n + 1)]),
    }
}

/// A commit without rows, for long chains.
fn bare(n: u64) -> CommitInput {
    CommitInput { segments: vec![], ..input(n) }
}

fn parts(commits: u64) -> CutParts {
    let as_of = Instant::from_micros(1_700_000_000_000_000 + i64::try_from(commits).expect("small"))
        .expect("instant");
    CutParts { epoch: EPOCH, positions: positions(commits), as_of }
}

/// Every object of a store but marks, with its bytes.
fn content(store: &dyn Store) -> BTreeMap<String, Vec<u8>> {
    ["lake", "tables"]
        .iter()
        .flat_map(|top| crate::store::walk(store, top).expect("walk"))
        .filter(|path| !path.ends_with(".mark"))
        .map(|path| (path.clone(), store.get(&path).expect("listed")))
        .collect()
}
