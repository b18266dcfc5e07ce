//! `quell path TABLE`: the glob under which other tools find a table's files. It goes through the cut's own
//! folder and never through `tables/current`, so that a reader who takes his time never sees two cuts.

use super::Shell;
use crate::cli::{TablePath, Which};
use crate::failure::{Exit, Failure};
use crate::instance::open_store;
use anyhow::{Result, bail};
use serde_json::json;
use std::path::PathBuf;

pub(super) fn run(shell: &mut Shell, args: &TablePath) -> Result<Exit, Failure> {
    let (cut, glob) = find(shell, &args.table, &args.which)?;
    let glob = glob.display().to_string();
    shell.summary(
        &format!("{glob}\n"),
        &json!({ "table": args.table, "cut": cut.to_string(), "glob": glob }),
    )?;
    Ok(Exit::Done)
}

fn find(shell: &Shell, table: &str, which: &Which) -> Result<(domain::CutId, PathBuf)> {
    let store = open_store(&shell.home)?;
    let cut = super::freshness::meant(shell, &*store, which)?;
    if let Some(glob) = cut.glob(&*store, table) {
        return Ok((cut.id, glob));
    }
    if tables::published().iter().any(|known| known.name == table) {
        bail!("the table {table} has no rows in the cut {}", cut.id);
    }
    let known: Vec<&str> = tables::published().iter().map(|known| known.name).collect();
    bail!("no published table is called {table}; expected one of {}", known.join(", "))
}
