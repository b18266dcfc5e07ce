//! What stands above the fields of a mapping file: format, zone, source, and what is collected.

use super::collect::Collect;
use super::mistake::Mistakes;
use super::sheet::{Sheet, one_of};
use domain::Zone;

/// Format of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header row.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet, which the shell reads.
    Parquet,
}

impl Format {
    pub(super) const WORDS: &'static [(&'static str, Self)] =
        &[("csv", Self::Csv), ("ndjson", Self::Ndjson), ("parquet", Self::Parquet)];

    /// Its name in mapping files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// The format with this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, format)| *format)
    }

    /// The format that a file's name ends in.
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

pub(super) fn section<'t>(
    key: &'static str,
    top: &mut Sheet<'t>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Sheet<'t>> {
    let Some(entry) = top.take(key) else {
        mistakes.add(0, key, "missing, expected a table");
        return None;
    };
    let sheet = entry.sheet();
    if sheet.is_none() {
        entry.wrong(mistakes, "a table");
    }
    sheet
}

pub(super) fn separator(top: &mut Sheet<'_>, mistakes: &mut Mistakes<'_>) -> u8 {
    let Some(entry) = top.take("separator") else { return b',' };
    match entry.as_text().map(str::as_bytes) {
        Some([byte]) if byte.is_ascii() && !b"\"\r\n".contains(byte) => *byte,
        _ => {
            entry.wrong(mistakes, "one ASCII character such as \";\" or \"\\t\"");
            b','
        }
    }
}

pub(super) fn zone(top: &mut Sheet<'_>, mistakes: &mut Mistakes<'_>) -> Zone {
    let Some(entry) = top.take("zone") else { return Zone::utc() };
    entry.as_text().and_then(Zone::named).unwrap_or_else(|| {
        entry.wrong(mistakes, "an IANA time zone such as \"Europe/Madrid\"");
        Zone::utc()
    })
}

pub(super) fn source(top: &mut Sheet<'_>, mistakes: &mut Mistakes<'_>) -> (String, String) {
    let Some(mut sheet) = section("source", top, mistakes) else { return Default::default() };
    let system = sheet.text("system", mistakes).unwrap_or_default();
    if system.is_empty() {
        mistakes.add(sheet.at, "source.system", "missing, expected the name of the source system");
    }
    let instance = sheet.text("instance", mistakes).unwrap_or_default();
    sheet.finish(mistakes);
    (system, instance)
}

pub(super) fn collect(
    top: &mut Sheet<'_>,
    fact: &str,
    fields: Option<&Sheet<'_>>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Collect> {
    let Some(entry) = top.take("collect") else { return Vec::new() };
    let has = |field: &str| fields.is_none_or(|fields| fields.has(field));
    if fact != "ContactRecorded" {
        mistakes.add(entry.at, "collect", "only the rows of contacts can be collected");
    }
    if fields.is_some_and(|fields| fields.has("source_reason") && fields.has("source_reasons")) {
        mistakes.add(entry.at, "collect", "the rows' source_reason are the source_reasons: do not map both");
    }
    let mut found = Vec::new();
    for element in entry.elements() {
        match Collect::ALL.iter().find(|(word, _)| element.as_text() == Some(word)) {
            Some((word, _)) if !has(word) => element.wrong(mistakes, "a field that is mapped"),
            Some((_, field)) => found.push(*field),
            None => element.wrong(mistakes, &one_of(Collect::ALL.iter().map(|(word, _)| *word))),
        }
    }
    found
}
