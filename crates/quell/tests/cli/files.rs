//! The files that cases work with: those of `files/`, and those that are better made than kept.

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// Puts all files into the folder of a case.
pub fn lay_out(folder: &Path) {
    let kept = format!("{}/tests/cli/files", env!("CARGO_MANIFEST_DIR"));
    for file in fs::read_dir(kept).expect("the files") {
        let path = file.expect("a file").path();
        fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("a copy");
    }
    fs::create_dir(folder.join("folder.csv")).expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("a file");
    write("empty.csv", b"");
    write("header.csv", b"id,opened,via,mail,what\n");
    write("binary.csv", &[0, 159, 146, 150, 0, 1, 2, 3]);
    write("zipped.csv", b"\x1f\x8b\x08\x00\x00\x00\x00\x00");
    write("latin1.csv", b"id,opened,via,mail,what\n1,2026-05-01 10:00,Tel,a@example.org,factura\n2,2026-05-01 10:00,Tel,b@example.org,a\xf1o\n");
    write_huge(&folder.join("huge.ndjson"));
    let parquet = parquet();
    write("calls.parquet", &parquet);
    write("cut.parquet", &parquet[..parquet.len() - 100]);
    write("stump.parquet", &parquet[..20]);
    write(
        "durations.parquet",
        &parquet_of(vec![("id", text(&["1"])), ("opened", Arc::new(DurationSecondArray::from(vec![1])))]),
    );
}

/// A line of 256 MiB (a debug build takes its time with a GiB): a beginning that is text, and zeros that take no room on the disk.
fn write_huge(path: &Path) {
    fs::write(path, "{\"id\": \"1\", \"text\": \"".to_owned() + &"a".repeat(1 << 14)).expect("a file");
    let file = File::options().write(true).open(path).expect("the file");
    file.set_len(256 << 20).expect("a sparse file");
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Calls with every type that a mapping can take.
fn parquet() -> Vec<u8> {
    let seconds = Int32Array::from(vec![Some(60), None, Some(-1)]);
    let times =
        TimestampMillisecondArray::from(vec![1_777_629_600_000, 1_777_633_200_000, 1_777_636_800_000]);
    let vias: DictionaryArray<arrow::datatypes::Int32Type> = vec!["Tel", "Tel", "Mail"].into_iter().collect();
    let who = StructArray::from(vec![(
        Arc::new(Field::new("mail", DataType::Utf8, true)),
        Arc::new(StringArray::from(vec![Some("a@example.org"), None, Some("b@example.org")])) as ArrayRef,
    )]);
    let mut codes = ListBuilder::new(StringBuilder::new());
    codes.append_value([Some("X1"), Some("X2")]);
    codes.append_value(Vec::<Option<&str>>::new());
    codes.append_null();
    parquet_of(vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("opened", Arc::new(times.with_timezone("UTC"))),
        ("via", Arc::new(vias)),
        ("who", Arc::new(who)),
        ("seconds", Arc::new(seconds)),
        ("codes", Arc::new(codes.finish())),
        ("what", text(&["where is my parcel", "hello", "invoice"])),
    ])
}

fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, c)| Field::new(*name, c.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).expect("columns of one length");
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.into_inner().expect("closed")
}
