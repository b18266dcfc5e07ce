//! One array of objects: numbers as numbers, times as ISO 8601 text, unknown as null. A line an object, so
//! that a person can look at it too.

use super::cell::{Cell, each_row};
use anyhow::Result;
use arrow::array::RecordBatch;
use std::io::Write;

/// Writes all rows.
pub(super) fn write(out: &mut impl Write, rows: impl Iterator<Item = Result<RecordBatch>>) -> Result<()> {
    let mut line = String::new();
    out.write_all(b"[")?;
    let mut first = true;
    each_row(rows, |batch, cells| {
        line.clear();
        line.push_str(if first { "\n{" } else { ",\n{" });
        first = false;
        let schema = batch.schema_ref();
        for (i, (field, cell)) in schema.fields().iter().zip(cells).enumerate() {
            line.push_str(if i == 0 { "" } else { ", " });
            push_text(&mut line, field.name());
            line.push_str(": ");
            write_value(&mut line, cell);
        }
        line.push('}');
        Ok(out.write_all(line.as_bytes())?)
    })?;
    out.write_all(if first { b"]\n" } else { b"\n]\n" })?;
    Ok(())
}

/// Writes one value.
pub fn write_value(line: &mut String, cell: &Cell<'_>) {
    match cell {
        Cell::Null => line.push_str("null"),
        Cell::Bool(on) => line.push_str(if *on { "true" } else { "false" }),
        Cell::Number(digits) => line.push_str(digits),
        Cell::Text(text) => push_text(line, text),
        Cell::Made(text) => push_text(line, text),
        Cell::List(items) => {
            line.push('[');
            for (i, item) in items.iter().enumerate() {
                line.push_str(if i == 0 { "" } else { ", " });
                write_value(line, item);
            }
            line.push(']');
        }
        Cell::Object(fields) => {
            line.push('{');
            for (i, (name, value)) in fields.iter().enumerate() {
                line.push_str(if i == 0 { "" } else { ", " });
                push_text(line, name);
                line.push_str(": ");
                write_value(line, value);
            }
            line.push('}');
        }
    }
}

fn push_text(line: &mut String, text: &str) {
    line.push_str(&serde_json::to_string(text).expect("any text is a JSON string"));
}
