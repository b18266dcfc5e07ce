//! Every form of output over one batch that has every kind of value, and over none.

use super::*;
use arrow::array::*;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, TimeUnit};
use std::sync::Arc;

fn batch() -> RecordBatch {
    let times = TimestampMicrosecondArray::from(vec![Some(1_767_225_600_000_000), Some(1_500_000), None]);
    let local = TimestampMillisecondArray::from(vec![Some(1_500), None, None]);
    let mut list = ListBuilder::new(StringBuilder::new());
    list.append_value([Some("a"), None, Some("b \"c\"")]);
    list.append_value(Vec::<Option<&str>>::new());
    list.append_null();
    let dictionary: DictionaryArray<Int32Type> = vec![Some("x"), None, Some("x")].into_iter().collect();
    let (a, b): (ArrayRef, ArrayRef) = (
        Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
        Arc::new(BooleanArray::from(vec![true, false, true])),
    );
    let fields = vec![
        (Arc::new(Field::new("a", DataType::Int64, true)), a),
        (Arc::new(Field::new("b", DataType::Boolean, false)), b),
    ];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", Arc::new(StringArray::from(vec![Some("=1+1"), Some(""), None]))),
        ("n", Arc::new(Int64Array::from(vec![Some(-5), Some(i64::MAX), None]))),
        ("x", Arc::new(Float64Array::from(vec![Some(0.1), Some(f64::NAN), None]))),
        ("at", Arc::new(times.with_timezone("UTC"))),
        ("local", Arc::new(local)),
        ("day", Arc::new(Date32Array::from(vec![Some(20_454), Some(-1), None]))),
        ("list", Arc::new(list.finish())),
        ("word", Arc::new(dictionary)),
        ("both", Arc::new(StructArray::from(fields))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .expect("columns of one length")
}

fn printed(write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("it can be written");
    String::from_utf8(out).expect("text")
}

#[test]
fn json_is_one_array_of_objects() {
    let text = printed(|out| json::write(out, [Ok(batch()), Ok(batch().slice(0, 0))].into_iter()));
    let expected = r#"[
{"text": "=1+1", "n": -5, "x": 0.1, "at": "2026-01-01T00:00:00Z", "local": "1970-01-01T00:00:01.5", "day": "2026-01-01", "list": ["a", null, "b \"c\""], "word": "x", "both": {"a": 1, "b": true}},
{"text": "", "n": 9223372036854775807, "x": null, "at": "1970-01-01T00:00:01.5Z", "local": null, "day": "1969-12-31", "list": [], "word": null, "both": {"a": null, "b": false}},
{"text": null, "n": null, "x": null, "at": null, "local": null, "day": null, "list": null, "word": "x", "both": {"a": 3, "b": true}}
]
"#;
    assert_eq!(text, expected);
    serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON");
    assert_eq!(printed(|out| json::write(out, std::iter::empty())), "[]\n");
}

#[test]
fn csv_is_for_spreadsheets() {
    let text = printed(|out| csv::write(out, &batch().schema(), [Ok(batch())].into_iter()));
    let expected = r#"text,n,x,at,local,day,list,word,both
'=1+1,-5,0.1,2026-01-01T00:00:00Z,1970-01-01T00:00:01.5,2026-01-01,"[""a"", null, ""b \""c\""""]",x,"{""a"": 1, ""b"": true}"
"",9223372036854775807,,1970-01-01T00:00:01.5Z,,1969-12-31,[],,"{""a"": null, ""b"": false}"
,,,,,,,x,"{""a"": 3, ""b"": true}"
"#;
    assert_eq!(text, expected);
}

#[test]
fn a_text_never_becomes_a_formula() {
    let cases = [
        ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
        ("+34600111222", "'+34600111222"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\r=1", "\"'\r=1\""),
        ("＝1", "'＝1"),
        ("a=b", "a=b"),
        ("'=1", "'=1"),
        ("a;b", "\"a;b\""),
        (" a", "\" a\""),
        ("two\nlines", "\"two\nlines\""),
    ];
    for (text, expected) in cases {
        let column: ArrayRef = Arc::new(StringArray::from(vec![text]));
        let batch = RecordBatch::try_from_iter([("t", column)]).expect("a batch");
        let printed = printed(|out| csv::write(out, &batch.schema(), [Ok(batch.clone())].into_iter()));
        assert_eq!(printed, format!("t\n{expected}\n"), "{text:?}");
    }
}

#[test]
fn a_table_is_aligned_and_steers_no_terminal() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("\u{1b}[31mred\n"), None, Some("ñ")]));
    let long: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(61), "y".repeat(60), String::new()]));
    let counts: ArrayRef = Arc::new(Int32Array::from(vec![1, -20, 300]));
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("t", texts, true),
        ("n", counts, false),
        ("long", long, false),
    ]);
    let batch = batch.expect("a batch");
    let text = printed(|out| table::write(out, &batch.schema(), [Ok(batch.clone())].into_iter()));
    let expected = format!(
        "t                  n  long\n{}  ───  {}\n\\u{{1b}}[31mred\\n    1  {}…\nnull             -20  {}\nñ                300\n",
        "─".repeat(15),
        "─".repeat(60),
        "x".repeat(59),
        "y".repeat(60),
    );
    assert_eq!(text, expected);
}

#[test]
fn parquet_keeps_rows_and_types() {
    let batch = batch();
    let mut out = Vec::new();
    parquet::write(&mut out, &batch.schema(), [Ok(batch.clone())].into_iter()).expect("written");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.parquet");
    std::fs::write(&path, out).expect("a file");
    let file = std::fs::File::open(&path).expect("the file");
    let builder =
        ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("parquet");
    let back: Vec<RecordBatch> = builder.build().expect("a reader").collect::<Result<_, _>>().expect("rows");
    assert_eq!(back, [batch]);
}

#[test]
fn times_that_no_calendar_holds_are_printed_all_the_same() {
    let times: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX, -200_000_000_000]));
    assert_eq!(times.data_type(), &DataType::Timestamp(TimeUnit::Second, None));
    let schema = Arc::new(Schema::new(vec![Field::new("t", times.data_type().clone(), false)]));
    let batch = RecordBatch::try_new(schema, vec![times]).expect("a batch");
    let text = printed(|out| json::write(out, [Ok(batch)].into_iter()));
    assert_eq!(text.lines().count(), 4, "{text}");
}
