//! The data dictionary: what people read about the published tables, made from the same definitions as the
//! files themselves.

use crate::column::{Column, Table};
use crate::named::{QUERIES, Query};
use crate::published;
use crate::{diff, weekly};
use std::fmt::Write as _;

const OPENING: &str = "# Data dictionary

Made from the definitions in `crates/tables`; change them there and run `cargo test -p tables` with
`QUELL_REWRITE=1`.

A table lies as `<table>/dt=YYYY-MM-DD/<table>.parquet` under one cut; `dt` is the day in the tenant's zone, read
from the path. Of a table by weeks it is the week's Monday. The dimensions are one file each,
`<table>/<table>.parquet`. A day, week or dimension without rows has no file. Null means unknown or none, never 0.
Instants are UTC; ids are hyphenated UUIDs. Money is whole micro-units of one currency, in `costs`.
";

/// Every published table, named query and row of a report with their columns, in Markdown.
pub fn dictionary() -> String {
    let mut out = OPENING.to_owned();
    for table in published() {
        section(&mut out, table);
    }
    out.push_str("\n# Named queries\n\n`quell sql --named NAME` answers with these columns.\n");
    queries(&mut out, QUERIES);
    out.push_str(
        "\n# Rows of the weekly report\n\nWhat the report reads of one week; each is asked with `$week`.\n",
    );
    queries(&mut out, weekly::QUERIES);
    out.push_str(
        "\n# Rows of a diff\n\nWhat `quell diff` reads of two epochs; docs/epochs.md says what it makes of them.\n",
    );
    queries(&mut out, diff::QUERIES);
    out
}

fn queries(out: &mut String, queries: &[Query]) {
    for query in queries {
        heading(out, query.name, query.doc);
        rows(out, query.columns);
    }
}

fn section(out: &mut String, table: &Table) {
    heading(out, table.name, table.doc);
    if !table.sorted_by.is_empty() {
        let by: Vec<String> = table.sorted_by.iter().map(|c| format!("`{c}`")).collect();
        let within = if table.dated { " within a file" } else { "; one file, without `dt`" };
        line(out, format_args!("\nSorted by {}{within}.", by.join(", ")));
    }
    rows(out, &table.columns);
}

fn heading(out: &mut String, name: &str, doc: &str) {
    line(out, format_args!("\n## {name}\n\n{doc}"));
}

fn rows(out: &mut String, columns: &[Column]) {
    out.push_str("\n| column | type | null | meaning |\n|---|---|---|---|\n");
    for column in columns {
        let null = if column.nullable { "yes" } else { "" };
        line(out, format_args!("| `{}` | {} | {null} | {} |", column.name, column.kind.words(), column.doc));
    }
}

fn line(out: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(out, "{what}").expect("writing to memory cannot fail");
}
