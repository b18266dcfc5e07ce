use super::{rows, schema};
use crate::{LakeError, ParquetFile, ParquetOptions, Written, write_parquet};
use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::PageIndexPolicy;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

fn bytes_of(batches: &[RecordBatch], options: &ParquetOptions) -> (Vec<u8>, Written) {
    write_parquet(Vec::new(), "test", &batches[0].schema(), options, batches).expect("write")
}

/// Strings, nulls and lists, besides what `rows` has.
fn wide(from: u64, to: u64) -> RecordBatch {
    let base = rows(from, to);
    let tags = ListArray::from_iter_primitive::<Int64Type, _, _>((from..to).map(|i| {
        (i % 5 != 0).then(|| {
            (0..i % 4).map(|k| (k != 2).then_some(i64::try_from(i).expect("small"))).collect::<Vec<_>>()
        })
    }));
    let note: StringArray =
        (from..to).map(|i| (i % 3 != 0).then(|| format!("{i}").repeat(1 + (i % 9) as usize))).collect();
    let column: HashMap<_, _> =
        [("doc", "what it says"), ("unit", "none"), ("a", "b")].map(|(k, v)| (k.into(), v.into())).into();
    let mut fields: Vec<Field> = base.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.push(Field::new("tags", tags.data_type().clone(), true));
    fields.push(Field::new("note", DataType::Utf8, true).with_metadata(column));
    let mut columns = base.columns().to_vec();
    columns.push(Arc::new(tags));
    columns.push(Arc::new(note) as ArrayRef);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns")
}

#[test]
fn the_file_holds_the_rows_and_what_readers_need() {
    let all = wide(0, 132_000);
    let (bytes, written) = bytes_of(std::slice::from_ref(&all), &ParquetOptions::published(&["note"]));
    assert_eq!((written.rows, written.bytes), (132_000, bytes.len() as u64));
    assert_eq!(written.sha256, crate::sealed::sha256(&bytes));
    let root = tempfile::tempdir().expect("tempdir");
    let path = root.path().join("file");
    std::fs::write(&path, &bytes).expect("write");
    let file = std::fs::File::open(&path).expect("open");
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let meta = ArrowReaderMetadata::load(&file, options).expect("metadata with page index");
    let parquet = meta.metadata();
    assert_eq!(parquet.file_metadata().created_by(), Some("quell version 1.0.0"));
    let groups: Vec<i64> = parquet.row_groups().iter().map(|g| g.num_rows()).collect();
    assert_eq!(groups, [131_072, 928]);
    let dictionary = |name: &str| {
        let column =
            parquet.row_group(0).columns().iter().find(|c| c.column_path().string() == name).expect(name);
        assert!(
            matches!(column.compression(), Compression::ZSTD(_)) && column.statistics().is_some(),
            "{name}"
        );
        column.encodings().any(|e| e == Encoding::RLE_DICTIONARY)
    };
    assert_eq!((dictionary("id"), dictionary("note"), dictionary("reason")), (false, false, true));
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, meta).build().expect("reader");
    let read: Vec<RecordBatch> = reader.collect::<Result<_, _>>().expect("rows");
    let read = concat_batches(&all.schema(), &read).expect("one batch");
    assert_eq!(read, all);
    assert_eq!(read.schema().field_with_name("note").expect("note").metadata()["doc"], "what it says");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn bytes_do_not_depend_on_the_batches(sizes in prop::collection::vec(0u64..9_000, 1..5)) {
        let total: u64 = sizes.iter().sum();
        let whole = bytes_of(&[wide(0, total)], &ParquetOptions::published(&[]));
        let mut at = 0;
        // Some batches are slices of a bigger one, as readers hand them out.
        let cut: Vec<RecordBatch> = sizes.iter().enumerate().map(|(i, n)| {
            at += n;
            let before = if i % 2 == 0 { 0 } else { (at - n).min(100) };
            let from = at - n - before;
            wide(from, at).slice(usize::try_from(before).expect("small"), usize::try_from(*n).expect("small"))
        }).collect();
        prop_assert_eq!(whole, bytes_of(&cut, &ParquetOptions::published(&[])));
    }
}

#[test]
fn an_empty_table_is_a_file_with_columns() {
    let (bytes, written) = bytes_of(&[rows(0, 0)], &ParquetOptions::segment());
    assert_eq!(written.rows, 0);
    let none: [RecordBatch; 0] = [];
    let (same, _) =
        write_parquet(Vec::new(), "test", &schema(), &ParquetOptions::segment(), &none).expect("write");
    assert_eq!(same, bytes);
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let error = |schema: &Arc<Schema>, columns: Vec<(&str, ArrayRef)>| {
        let mut file = ParquetFile::new(Vec::new(), "x", schema, &ParquetOptions::segment()).expect("new");
        file.write(&RecordBatch::try_from_iter(columns).expect("batch")).expect_err("refused").to_string()
    };
    let ints = |v: Vec<Option<i64>>| Arc::new(Int64Array::from(v)) as ArrayRef;
    let floats = |v: Vec<Option<f64>>| Arc::new(Float64Array::from(v)) as ArrayRef;
    let two = Arc::new(Schema::new(vec![
        Field::new("a", DataType::Int64, false),
        Field::new("b", DataType::Float64, true),
    ]));
    let swapped = error(&two, vec![("b", ints(vec![Some(1)])), ("a", floats(vec![None]))]);
    assert!(swapped.contains("expected the columns") && swapped.contains('x'), "{swapped}");
    let null = error(&two, vec![("a", ints(vec![None])), ("b", floats(vec![None]))]);
    assert!(null.contains('a'), "{null}");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let found = error(&two, vec![("a", ints(vec![Some(1)])), ("b", floats(vec![Some(bad)]))]);
        assert_eq!(found, "column b of x holds a number that is not finite; expected null");
    }
}

#[test]
fn a_full_disk_is_seen_as_one() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let batch = rows(0, 100);
    let failed = write_parquet(Full, "x", &schema(), &ParquetOptions::segment(), [&batch]).map(|_| ());
    assert!(matches!(failed, Err(LakeError::Store(e)) if e.is_full()));
}
