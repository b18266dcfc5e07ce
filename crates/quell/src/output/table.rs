//! Aligned columns for people: numbers to the right, the rest to the left. Unknown is `null`. Control
//! characters are shown and never sent: a text of a customer must not steer the terminal.

use super::cell::{Cell, each_row};
use super::json::write_value;
use anyhow::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::io::Write;

/// Longest cell, in characters; what is longer ends in `…`. Whoever needs all of it asks for JSON.
const CELL_CHARS_MAX: usize = 60;

/// Writes header, rule and all rows.
pub(super) fn write(
    out: &mut impl Write,
    schema: &SchemaRef,
    rows: impl Iterator<Item = Result<RecordBatch>>,
) -> Result<()> {
    let header: Vec<String> = schema.fields().iter().map(|f| shown(f.name())).collect();
    let right: Vec<bool> = schema.fields().iter().map(|f| f.data_type().is_numeric()).collect();
    let mut lines = vec![header];
    each_row(rows, |_, cells| {
        lines.push(cells.iter().map(text).collect());
        Ok(())
    })?;
    let width_of = |column: usize| lines.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..right.len()).map(width_of).collect();
    lines.insert(1, widths.iter().map(|width| "─".repeat(*width)).collect());
    for row in &lines {
        let mut line = String::new();
        for ((cell, width), right) in row.iter().zip(&widths).zip(&right) {
            let gap = " ".repeat(width - cell.chars().count());
            let (before, after) = if *right { (gap.as_str(), "") } else { ("", gap.as_str()) };
            line.push_str(&format!("{before}{cell}{after}  "));
        }
        out.write_all(line.trim_end().as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn text(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Bool(on) => on.to_string(),
        Cell::Number(text) | Cell::Made(text) => text.clone(),
        Cell::Text(text) => shown(text),
        Cell::List(_) | Cell::Object(_) => {
            let mut json = String::new();
            write_value(&mut json, cell);
            shown(&json)
        }
    }
}

fn shown(text: &str) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == CELL_CHARS_MAX {
            out.pop();
            out.push('…');
            break;
        }
        if is_steering(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// Control characters, and the marks that turn the direction of writing.
fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
