//! Texts with labels from a CSV file: columns `text`, `label` and, where it is there, `lang`; others are ignored.

use crate::output::say;
use crate::sources::{self, Read};
use anyhow::{Result, bail};
use classify::model::Labelled;
use codec::records::{Columns, Unreadable, Value};
use std::path::Path;
use std::sync::Arc;

/// Refused rows that are named; the rest are only counted.
const NAMED_ROWS: usize = 10;

/// A text and its label.
pub struct Row {
    text: String,
    label: String,
    lang: Option<String>,
}

/// Says what is wrong with rows that are left out: the first of them, and how many more there are.
pub fn say_refused(path: &Path, refused: &[String]) {
    refused.iter().take(NAMED_ROWS).for_each(|message| say(message));
    if refused.len() > NAMED_ROWS {
        say(&format!("{} more rows of {} were refused", refused.len() - NAMED_ROWS, path.display()));
    }
}

/// Reads a file. Rows that cannot be read are said on stderr and left out; a file without any other is an error.
pub fn read(path: &Path, record_bytes_max: usize) -> Result<Vec<Row>> {
    let file = match read_columns(path, &["text", "label", "lang"], record_bytes_max) {
        Err(error) if lacks_only_lang(&error) => read_columns(path, &["text", "label"], record_bytes_max)?,
        other => other?,
    };
    say_refused(path, &file.refused);
    if file.rows.is_empty() {
        bail!("{}: no row with a text and a label", path.display());
    }
    Ok(file.rows)
}

/// The rows as the model wants them.
pub fn labelled(rows: &[Row]) -> Vec<Labelled<'_>> {
    rows.iter()
        .map(|row| Labelled { text: &row.text, label: &row.label, language: row.lang.as_deref() })
        .collect()
}

#[derive(Default)]
struct File {
    rows: Vec<Row>,
    refused: Vec<String>,
}

fn read_columns(path: &Path, columns: &[&str], record_bytes_max: usize) -> Result<File> {
    let columns: Arc<Columns> = Arc::new(columns.iter().collect());
    let mut file = File::default();
    sources::each_csv_row(path, columns, record_bytes_max, |read| match read {
        Read::Record { record, place, .. } => {
            let cell = |column| match record.get(column) {
                Some(Value::Cell(text)) => text.as_ref(),
                _ => "",
            };
            let (label, lang) = (cell("label").trim(), cell("lang").trim());
            if label.is_empty() {
                file.refused.push(format!("{}:{}: label: expected a label", place.file, place.line));
                return;
            }
            file.rows.push(Row {
                text: cell("text").to_owned(),
                label: label.to_owned(),
                lang: (!lang.is_empty()).then(|| lang.to_owned()),
            });
        }
        Read::Refused { refusal, place, .. } => {
            file.refused.push(format!("{}:{}: {refusal}", place.file, place.line))
        }
    })?;
    Ok(file)
}

fn lacks_only_lang(error: &anyhow::Error) -> bool {
    let broken = error.chain().find_map(|cause| cause.downcast_ref::<Unreadable>());
    matches!(broken, Some(Unreadable::UnknownColumns { missing, .. }) if *missing == ["lang"])
}
