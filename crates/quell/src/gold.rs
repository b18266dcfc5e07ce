//! Contacts with the reason that a person found right, from a CSV file: the columns `contact_id` and `label`, or
//! `source`, `record_id`, `label` and perhaps `instance`; others are ignored.

use crate::labels::say_refused;
use crate::sources::{self, Read};
use anyhow::{Result, bail};
use codec::records::{Columns, Unreadable, Value};
use domain::ContactId;
use std::path::Path;
use std::sync::Arc;

/// A contact and its label.
pub struct Row {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The contact.
    pub contact: ContactId,
    /// What the file calls it.
    pub called: String,
    /// The label.
    pub label: String,
}

/// The columns that name a contact, each set with how many of them a row must fill.
const NAMED_BY: [(&[&str], usize); 3] =
    [(&["contact_id"], 1), (&["source", "record_id", "instance"], 2), (&["source", "record_id"], 2)];

/// Reads a file. Rows that cannot be read are said on stderr and left out; a file without any other is an error.
pub fn read(path: &Path, record_bytes_max: usize) -> Result<Vec<Row>> {
    for (names, needed) in NAMED_BY {
        match read_columns(path, names, needed, record_bytes_max) {
            Err(error) if lacks_columns(&error) => {}
            other => return other,
        }
    }
    let name = path.display();
    bail!(
        "{name}: expected the columns contact_id and label, or source, record_id and label (and perhaps instance)"
    )
}

fn read_columns(path: &Path, names: &[&str], needed: usize, record_bytes_max: usize) -> Result<Vec<Row>> {
    let columns: Arc<Columns> = Arc::new(names.iter().chain(&["label"]).collect());
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    sources::each_csv_row(path, columns, record_bytes_max, |read| match read {
        Read::Record { record, place, .. } => {
            let cell = |column: &str| match record.get(column) {
                Some(Value::Cell(text)) => text.trim(),
                _ => "",
            };
            let found = ["label"].iter().chain(&names[..needed]).find(|column| cell(column).is_empty());
            match (found, contact(names, &cell)) {
                (Some(column), _) => {
                    refused.push(format!("{}:{}: {column}: expected a value", place.file, place.line));
                }
                (None, None) => {
                    refused.push(format!("{}:{}: contact_id: expected a UUID", place.file, place.line));
                }
                (None, Some(contact)) => {
                    let called: Vec<&str> =
                        names.iter().map(|name| cell(name)).filter(|c| !c.is_empty()).collect();
                    let (called, label) = (called.join(" "), cell("label").to_owned());
                    rows.push(Row { line: place.line, contact, called, label });
                }
            }
        }
        Read::Refused { refusal, place, .. } => {
            refused.push(format!("{}:{}: {refusal}", place.file, place.line));
        }
    })?;
    say_refused(path, &refused);
    if rows.is_empty() {
        bail!("{}: no row with a contact and a label", path.display());
    }
    Ok(rows)
}

/// The contact that a row names: by its id, or as that of a record.
fn contact<'r>(names: &[&str], cell: &impl Fn(&str) -> &'r str) -> Option<ContactId> {
    match names {
        ["contact_id"] => ContactId::parse(cell("contact_id")),
        _ => Some(ContactId::of_record(cell("source"), cell("instance"), cell("record_id"))),
    }
}

fn lacks_columns(error: &anyhow::Error) -> bool {
    let broken = error.chain().find_map(|cause| cause.downcast_ref::<Unreadable>());
    matches!(broken, Some(Unreadable::UnknownColumns { .. }))
}
