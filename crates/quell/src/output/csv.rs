//! CSV for spreadsheets, as RFC 4180 has it, with a header line and `\n` ends.
//!
//! Text is data of customers and sources. A spreadsheet runs a cell that begins with one of `= + - @` or a tab
//! as a formula (CWE-1236), so such a text gets an apostrophe in front, which the spreadsheet takes away again.
//! Columns of numbers and times never do: a negative number stays a number. Programs that need every text
//! unchanged read JSON or Parquet.

use super::cell::{Cell, each_row};
use super::json::write_value;
use anyhow::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::io::Write;

/// First characters that spreadsheets take for a formula; the wide forms are read like the narrow ones.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Writes the header and all rows.
pub(super) fn write(
    out: &mut impl Write,
    schema: &SchemaRef,
    rows: impl Iterator<Item = Result<RecordBatch>>,
) -> Result<()> {
    let mut line = String::new();
    for (i, field) in schema.fields().iter().enumerate() {
        line.push_str(if i == 0 { "" } else { "," });
        push_text(&mut line, field.name());
    }
    line.push('\n');
    out.write_all(line.as_bytes())?;
    each_row(rows, |_, cells| {
        line.clear();
        for (i, cell) in cells.iter().enumerate() {
            line.push_str(if i == 0 { "" } else { "," });
            push_cell(&mut line, cell);
        }
        line.push('\n');
        Ok(out.write_all(line.as_bytes())?)
    })
}

/// Unknown is an empty field, an empty text is `""`; lists and objects are JSON text.
fn push_cell(line: &mut String, cell: &Cell<'_>) {
    match cell {
        Cell::Null => {}
        Cell::Bool(on) => line.push_str(if *on { "true" } else { "false" }),
        Cell::Number(digits) => line.push_str(digits),
        Cell::Made(text) => push_quoted(line, text),
        Cell::Text(text) => push_text(line, text),
        Cell::List(_) | Cell::Object(_) => {
            let mut json = String::new();
            write_value(&mut json, cell);
            push_quoted(line, &json);
        }
    }
}

fn push_text(line: &mut String, text: &str) {
    if text.starts_with(FORMULA) {
        push_quoted(line, &format!("'{text}"));
    } else {
        push_quoted(line, text);
    }
}

fn push_quoted(line: &mut String, text: &str) {
    let plain = !text.is_empty() && !text.contains([',', '"', '\n', '\r', ';']) && text.trim() == text;
    if plain {
        line.push_str(text);
    } else {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    }
}
