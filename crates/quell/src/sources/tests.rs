//! Chunks, their order, and the ways in which files fail. What a record says is tested with the mappings.

use super::*;
use std::fs;
use std::num::NonZeroUsize;
use tempfile::TempDir;

fn wanted(format: Format, columns: &[&str]) -> Wanted {
    let fields: String = columns.iter().map(|c| format!("\"{c}\" = \"{c}\"\n")).collect();
    let toml = format!(
        "source = {{ system = \"s\" }}\n[fields]\nrecord = \"{}\"\noccurred_at = {{ constant = \"2026-01-01\" }}\n\
         channel = {{ constant = \"phone\" }}\nattributes = {{ {} }}\n",
        columns[0],
        fields.replace('\n', ", ").trim_end_matches(", ")
    );
    let mapping = Mapping::parse(&toml, "test").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    Wanted { mapping: Arc::new(mapping), format, record_bytes_max: 1 << 16 }
}

fn lines(folder: &TempDir, name: &str, count: usize) -> PathBuf {
    let path = folder.path().join(name);
    let text: String = (1..=count).map(|n| format!("{{\"id\": \"{name}-{n}\"}}\n")).collect();
    fs::write(&path, text).expect("a file");
    path
}

/// `file:line=id` of every record, as the workers see them.
fn read(files: &[PathBuf], format: Format, threads: usize) -> Result<Vec<String>> {
    let mut source = SourceReader::open(files, wanted(format, &["id"]))?;
    let threads = NonZeroUsize::new(threads).expect("not zero");
    let mut all = Vec::new();
    let work = |chunk: &Chunk| -> Vec<String> {
        let seen = chunk.reads().map(|read| match read {
            Read::Record { record, place, .. } => match record.get("id") {
                Some(codec::records::Value::Text(id) | codec::records::Value::Cell(id)) => {
                    format!("{}:{}={id}", place.file, place.line)
                }
                other => format!("{}:{}: {other:?}", place.file, place.line),
            },
            Read::Refused { refusal, place, raw, whole } => {
                let kept = raw.bytes().len();
                format!("{}:{}! {} {kept} {whole}", place.file, place.line, refusal.kind.word())
            }
        });
        seen.collect()
    };
    in_order(&mut source, threads, work, |seen| {
        all.push(seen);
        Ok(())
    })?;
    assert!(all.iter().all(|chunk| (1..=CHUNK_RECORDS).contains(&chunk.len())));
    Ok(all.concat())
}

#[test]
fn records_come_in_the_order_of_the_files_whatever_the_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [lines(&folder, "b", 2_500), lines(&folder, "a", 1), lines(&folder, "c", 3_000)];
    let expected: Vec<String> = [("b", 2_500), ("a", 1), ("c", 3_000)]
        .iter()
        .flat_map(|(name, count)| (1..=*count).map(move |n| format!("{name}:{n}={name}-{n}")))
        .collect();
    for threads in [1, 2, 7] {
        assert!(read(&files, Format::Ndjson, threads).expect("read") == expected, "{threads} threads");
    }
}

#[test]
fn an_error_of_the_taker_ends_reading() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [lines(&folder, "a", 50_000)];
    let mut source = SourceReader::open(&files, wanted(Format::Ndjson, &["id"])).expect("opened");
    let mut taken = 0;
    let result = in_order(&mut source, NonZeroUsize::new(3).expect("3"), Chunk::len, |_| {
        taken += 1;
        if taken == 2 { Err(anyhow::anyhow!("disk full")) } else { Ok(()) }
    });
    assert_eq!((taken, result.map_err(|e| e.to_string())), (2, Err("disk full".to_owned())));
}

#[test]
fn an_error_of_the_file_comes_after_what_was_read_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = lines(&folder, "a", 1_500);
    let gone = lines(&folder, "b", 1);
    let mut source =
        SourceReader::open(&[good, gone.clone()], wanted(Format::Ndjson, &["id"])).expect("opened");
    fs::remove_file(gone).expect("removed");
    let mut records = 0;
    let result = in_order(&mut source, NonZeroUsize::new(2).expect("2"), Chunk::len, |n| {
        records += n;
        Ok(())
    });
    assert_eq!(records, 1_500);
    assert!(result.is_err_and(|e| e.to_string().contains("no such file")));
}

#[test]
fn long_records_are_refused_and_reading_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let long = format!("{{\"id\": \"{}\"}}", "a".repeat(1 << 17));
    fs::write(&path, format!("{{\"id\": \"1\"}}\n{long}\n\n{{\"id\": \"2\"}}")).expect("a file");
    let seen = read(&[path], Format::Ndjson, 1).expect("read");
    assert_eq!(seen, ["x:1=1", "x:2! too_long 65536 false", "x:4=2"]);
}

#[test]
fn a_chunk_is_full_by_bytes_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let line = format!("{{\"id\": \"{}\"}}\n", "a".repeat(60_000));
    fs::write(&path, line.repeat(100)).expect("a file");
    let mut source = SourceReader::open(&[path], wanted(Format::Ndjson, &["id"])).expect("opened");
    let (mut chunks, mut bytes_read) = (0, 0);
    while let Some(chunk) = source.next_chunk().expect("a chunk") {
        chunks += 1;
        bytes_read += chunk.bytes_read;
        assert!(chunk.len() <= CHUNK_BYTES / 60_000 + 1, "{}", chunk.len());
    }
    assert!(chunks >= 5, "{chunks}");
    assert_eq!(Some(bytes_read), source.bytes_total());
}

/// Whatever is cut off or flipped in a Parquet file: an error or rows, never a panic.
#[test]
fn no_parquet_file_makes_reading_panic() {
    use ::parquet::arrow::ArrowWriter;
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..300).map(|n| format!("id-{n}"))));
    let counts: ArrayRef = Arc::new(Int64Array::from_iter((0..300).map(|n| (n % 3 != 0).then_some(n))));
    let batch =
        RecordBatch::try_from_iter_with_nullable([("id", ids, false), ("n", counts, true)]).expect("a batch");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    let good = writer.into_inner().expect("closed");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.parquet");
    let attempt = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("a file");
        let mut source =
            SourceReader::open(std::slice::from_ref(&path), wanted(Format::Parquet, &["id", "n"]))?;
        let mut rows = 0;
        while let Some(chunk) = source.next_chunk()? {
            rows += chunk.reads().count();
        }
        Ok::<usize, anyhow::Error>(rows)
    };
    assert_eq!(attempt(&good).expect("the whole file"), 300);
    for end in (0..good.len()).step_by(7) {
        let error = attempt(&good[..end]).expect_err("a truncated file");
        assert!(error.to_string().contains("x.parquet as Parquet"), "{error}");
    }
    for at in (0..good.len()).step_by(3) {
        let mut broken = good.clone();
        broken[at] ^= 0xff;
        // Without checksums some of the bytes may change unseen.
        let _ = attempt(&broken);
    }
}
