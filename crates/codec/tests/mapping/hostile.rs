//! Input that was made to break readers: nothing panics, nothing is lost, and well-kept readers of others
//! agree with ours.

use crate::run::{Outcome, deployed, run, run_within, shared};
use codec::mapping::{Format, Mapping};
use codec::records::{Columns, Limits, Piece, Reader, Refusal, Unreadable, Value};
use domain::Body;
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// A mapping that uses every kind of field, on columns `a` to `e`.
fn everything(format: &str) -> Mapping {
    let text = format!(
        r#"
        format = "{format}"
        source = {{ system = "hostile" }}
        [fields]
        record = "a"
        revision = "b"
        occurred_at = {{ from = "b", format = ["iso", "epoch_s", "%d/%m/%Y"] }}
        channel = {{ from = "c", otherwise = "unknown" }}
        customer = [{{ from = "d", kind = "email", otherwise = "null" }}, {{ from = "e", kind = "phone", otherwise = "null" }}]
        text = {{ from = "d", otherwise = "null" }}
        turns = {{ from = "e", otherwise = "null", speaker = {{ from = "a", otherwise = "unknown" }}, text = "b", at_ms = "d.e" }}
        products = {{ from = "e", split = ",", otherwise = "null" }}
        handle_ms = {{ from = "e", scale = 1000, otherwise = "null" }}
        resolved = {{ from = "e", otherwise = "null" }}
        attributes = {{ x = {{ from = "d.e", otherwise = "null" }} }}
        "#
    );
    Mapping::parse(&text, "everything.toml").unwrap_or_else(|m| panic!("{m:?}"))
}

static MAPPINGS: LazyLock<[(Mapping, Format); 2]> =
    LazyLock::new(|| [(everything("csv"), Format::Csv), (everything("ndjson"), Format::Ndjson)]);

fn files(folder: &str) -> Vec<PathBuf> {
    let Some(folder) = shared(folder) else { return Vec::new() };
    let mut found = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("entry").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "an empty corpus");
    found
}

#[test]
fn no_file_of_the_corpora_makes_us_panic() {
    for folder in ["csv-spectrum", "csv-injection", "json-nst", "json-deep", "blns"] {
        for path in files(&format!("corpora/{folder}")) {
            let bytes = std::fs::read(&path).expect("a file");
            // A header of ours makes every corpus file a body of CSV.
            let with_header = [b"a,b,c,d,e,d.e\n".as_slice(), &bytes].concat();
            for (mapping, format) in MAPPINGS.iter() {
                drop(run(mapping, *format, &bytes, 4_096));
                drop(run(mapping, *format, &with_header, 4_096));
            }
        }
    }
}

/// Pieces of a text, each with its record's values or its refusal.
type Rows = Vec<(u64, Vec<u8>, bool, Result<Vec<Option<String>>, Refusal>)>;

/// Reads texts by columns.
fn read(mut reader: Reader, bytes: &[u8], chunk: usize) -> Result<Rows, Unreadable> {
    let mut rows = Vec::new();
    let mut each = |parser: &codec::records::Parser, piece: Piece<'_>| match piece {
        Piece::Refused { line, raw, whole, refusal } => rows.push((line, raw.to_vec(), whole, Err(refusal))),
        Piece::Record { line, raw } => {
            let values = parser.parse(raw).map(|record| {
                let text = |slot: usize| match record.at(slot) {
                    Value::Missing | Value::Null => None,
                    Value::Text(text) | Value::Cell(text) => Some(text.to_string()),
                    other => Some(other.kind().to_owned()),
                };
                (0..record.columns().names().len()).map(text).collect()
            });
            rows.push((line, raw.to_vec(), true, values));
        }
    };
    for part in bytes.chunks(chunk) {
        reader.feed(part, &mut each)?;
    }
    reader.finish(&mut each)?;
    Ok(rows)
}

fn columns(names: &[&str]) -> Arc<Columns> {
    Arc::new(names.iter().collect())
}

#[test]
fn csv_spectrum_is_read_as_its_authors_say() {
    let mut count = 0;
    for path in files("corpora/csv-spectrum/csvs") {
        let name = path.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
        let expected = shared(&format!("corpora/csv-spectrum/json/{name}.json")).expect("the corpus");
        let expected = std::fs::read_to_string(expected).expect("the authors' reading");
        let expected: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_str(&expected).expect("JSON");
        let names: Vec<&str> = expected[0].keys().map(String::as_str).collect();
        let reader = Reader::csv(columns(&names), b',', Limits::default());
        let bytes = std::fs::read(&path).expect("a file");
        let rows = read(reader, &bytes, 7).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(rows.len(), expected.len(), "{name}");
        for ((_, _, _, row), expected) in rows.iter().zip(&expected) {
            let row = row.as_ref().unwrap_or_else(|e| panic!("{name}: {e}"));
            // The corpus lost its CRs on the way to us, in the files but not in the reading of them.
            let expected = expected.values().map(|v| v.as_str().map(|text| text.replace('\r', "")));
            let expected: Vec<_> = expected.collect();
            assert_eq!(*row, expected, "{name}");
        }
        count += 1;
    }
    assert!(count == 0 || count >= 11, "the corpus has eleven files");
}

#[test]
fn json_is_accepted_and_refused_as_the_grammar_says() {
    // As the value of a field that is read, and of one that is not.
    let (mut accepted, mut refused) = (0, 0);
    for path in files("corpora/json-nst/test_parsing") {
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        let bytes = std::fs::read(&path).expect("a file");
        // Records end with the line, so what spans lines is another document.
        if bytes.contains(&b'\n') || bytes.starts_with(b"\xef\xbb\xbf") {
            continue;
        }
        let line = [b"{\"before\":[],\"v\":".as_slice(), &bytes, b"}"].concat();
        for column in ["v", "w"] {
            let reader = Reader::ndjson(columns(&[column]), Limits::default());
            let outcome = read(reader, &line, 4_096);
            let is_record = outcome.as_ref().is_ok_and(|rows| rows[0].3.is_ok());
            match name.as_bytes()[0] {
                b'y' => assert!(is_record, "{name} is JSON"),
                b'n' => assert!(!is_record, "{name} is no JSON"),
                _ => {}
            }
            if is_record { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(
        accepted + refused == 0 || (accepted > 150 && refused > 300),
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn a_line_without_end_is_refused_in_bounded_memory() {
    let mapping = deployed("work.toml");
    let mut reader = mapping.reader(Format::Ndjson, Limits::default()).expect("text");
    let mut seen = Vec::new();
    let mut each = |_: &codec::records::Parser, piece: Piece<'_>| {
        seen.push(match piece {
            Piece::Record { line, raw } => (line, raw.len(), None),
            Piece::Refused { line, raw, whole, refusal } => {
                (line, raw.len(), Some((whole, refusal.kind.word())))
            }
        });
    };
    let chunk = vec![b'x'; 1 << 20];
    reader.feed(b"{}\n{\"text\":\"", &mut each).expect("text");
    for _ in 0..40 {
        reader.feed(&chunk, &mut each).expect("text");
    }
    reader.feed(b"\"}\n{}\n", &mut each).expect("text");
    reader.finish(&mut each).expect("text");
    assert_eq!(seen, [(1, 2, None), (2, 1 << 16, Some((false, "too_long"))), (3, 2, None)]);
}

#[test]
fn an_object_of_100_000_keys_is_read() {
    // Once it took twelve seconds: for each key all others were looked through.
    let keys: Vec<String> = (0..100_000).map(|n| format!("\"{n:x}\":1")).collect();
    let line =
        format!("{{\"a\":1,\"b\":\"2026-03-05\",\"c\":\"chat\",\"d\":{{{},\"e\":7}}}}", keys.join(","));
    let outcomes = run(&MAPPINGS[1].0, Format::Ndjson, line.as_bytes(), 1 << 16).expect("one record");
    let [Outcome::Draft { draft, .. }] = outcomes.as_slice() else { panic!("one draft") };
    let Body::ContactRecorded(contact) = &draft.body else { panic!("a contact") };
    assert_eq!(contact.attributes["x"], "7");
}

/// Every line of the file is in one piece, is blank, or is the header.
fn accounts_for(bytes: &[u8], rows: &Rows, header_lines: usize, blank: impl Fn(&[u8]) -> bool) {
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    let trimmed = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).to_vec();
    let mut next = header_lines;
    for (line, raw, whole, _) in rows {
        let first = usize::try_from(*line).expect("a line") - 1;
        assert!(
            lines[next..first].iter().all(|line| blank(&trimmed(line))),
            "lines {next} to {first} are lost"
        );
        let count = 1 + raw.iter().filter(|b| **b == b'\n').count();
        let there = trimmed(&lines[first..first + count].join(&b'\n'));
        if *whole {
            assert_eq!(there.escape_ascii().to_string(), raw.escape_ascii().to_string());
        } else {
            assert!(there.starts_with(raw) && there.len() > raw.len(), "the start of a long line is kept");
        }
        next = first + count;
    }
    assert!(
        lines[next.min(lines.len())..].iter().all(|line| blank(&trimmed(line))),
        "lines after {next} are lost"
    );
}

const SMALL: Limits = Limits { record_bytes: 24, kept_bytes: 8 };

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), chunk in 1usize..50) {
        for (mapping, format) in MAPPINGS.iter() {
            let with_header = [b"a,b,c,d,e,d.e\n".as_slice(), &bytes].concat();
            drop(run_within(mapping, *format, &bytes, chunk, SMALL));
            drop(run_within(mapping, *format, &with_header, chunk, SMALL));
        }
    }

    #[test]
    fn every_line_of_csv_is_accounted_for(body in "[ab,\"\r\n é;]{0,200}", chunk in 1usize..40) {
        let bytes = format!("a,b\n{body}").into_bytes();
        let reader = || Reader::csv(columns(&["a"]), b',', SMALL);
        let whole = read(reader(), &bytes, usize::MAX);
        prop_assert_eq!(&whole, &read(reader(), &bytes, chunk), "the size of the chunks matters");
        if let Ok(rows) = whole {
            accounts_for(&bytes, &rows, 1, <[u8]>::is_empty);
        }
    }

    #[test]
    fn every_line_of_ndjson_is_accounted_for(body in "[a{}:,\"\r\n \\[\\]1]{0,200}", chunk in 1usize..40) {
        let bytes = format!("{{}}\n{body}").into_bytes();
        let reader = || Reader::ndjson(columns(&["a"]), SMALL);
        let rows = read(reader(), &bytes, usize::MAX).expect("readable");
        prop_assert_eq!(&rows, &read(reader(), &bytes, chunk).expect("readable"));
        accounts_for(&bytes, &rows, 0, |line| line.trim_ascii().is_empty());
    }

    #[test]
    fn the_csv_crate_reads_the_same(body in proptest::collection::vec(csv_part(), 0..60).prop_map(|parts| parts.concat())) {
        let text = format!("x,y,z\n{body}\n");
        let rows = read(Reader::csv(columns(&["x", "y", "z"]), b',', Limits::default()), text.as_bytes(), 16);
        let Ok(rows) = rows else { return Ok(()) };
        let open_quote = |row: &Result<_, Refusal>| row.as_ref().is_err_and(|e| e.expected.contains("that is open"));
        prop_assume!(!rows.iter().any(|(_, _, _, row)| open_quote(row)));
        let mut theirs = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let theirs: Vec<Vec<String>> = theirs
            .records()
            .map(|row| row.expect("text").iter().map(str::to_owned).collect())
            .collect();
        prop_assert_eq!(rows.len(), theirs.len());
        for ((_, _, _, ours), theirs) in rows.into_iter().zip(theirs) {
            if let Ok(ours) = ours {
                prop_assert_eq!(ours.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>(), theirs);
            }
        }
    }

    #[test]
    fn what_the_csv_crate_writes_we_read(rows in proptest::collection::vec(proptest::array::uniform2(".{0,12}"), 1..8)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["x", "y"]).expect("memory");
        rows.iter().for_each(|row| writer.write_record(row).expect("memory"));
        let bytes = writer.into_inner().expect("memory");
        prop_assume!(!bytes.contains(&0));
        match read(Reader::csv(columns(&["x", "y"]), b',', Limits::default()), &bytes, 9) {
            Ok(read) => {
                let read: Vec<_> = read.into_iter().map(|(_, _, _, row)| row.expect("a row")).collect();
                let rows: Vec<Vec<_>> = rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect();
                prop_assert_eq!(read, rows);
            }
            Err(error) => prop_assert!(matches!(error, Unreadable::NotText { .. }), "{error}"),
        }
    }

    #[test]
    fn any_json_values_are_mapped_without_a_panic(values in proptest::array::uniform5(json())) {
        let mapping = &MAPPINGS[1].0;
        let object: serde_json::Map<_, _> = ["a", "b", "c", "d", "e"].map(str::to_owned).into_iter().zip(values).collect();
        let line = serde_json::to_vec(&object).expect("JSON");
        let outcomes = run(mapping, Format::Ndjson, &line, 64).expect("one record");
        prop_assert_eq!(outcomes.len(), 1);
        if let Outcome::Refused { refusal, .. } = &outcomes[0] {
            prop_assert!(refusal.field.is_some(), "valid JSON is refused for a field only: {refusal}");
        }
    }
}

fn csv_part() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        " ",
        ",",
        ",",
        "\n",
        "\r\n",
        "\"",
        "\"\"",
        "\"a,\nb\"",
        "\"c\"\"d\"",
        "e\"f",
        "\",\"",
        ",,\n",
    ])
}

/// Any JSON, with words that some fields understand.
pub fn json() -> impl Strategy<Value = serde_json::Value> {
    let words = [
        "2026-03-05",
        "2026-03-05T14:07:00.5+01:00",
        "1748772308",
        "-1",
        "1e9",
        "a@b.c",
        "+34 600",
        "x",
        "",
        " ",
        "né",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        prop::sample::select(words.to_vec()).prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::vec(("[a-f]", inner), 0..4)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}
