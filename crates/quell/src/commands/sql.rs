//! `quell sql`: a query, a named query, or the list of these. The answer is of the cut that is shown.

use super::Shell;
use crate::cli::{Format, Sql};
use crate::failure::{Exit, Failure};
use crate::instance::open_store;
use crate::output::print_rows;
use analytics::{NAMED, Resources, Session};
use anyhow::{Result, bail};
use serde_json::{Value, json};

pub(super) fn run(shell: &mut Shell, args: &Sql) -> Result<Exit, Failure> {
    if args.list {
        list(shell)?
    } else {
        answer(shell, args)?
    }
    Ok(Exit::Done)
}

fn list(shell: &mut Shell) -> Result<()> {
    let json = NAMED.iter().map(|query| json!({ "name": query.name, "description": query.description() }));
    let width = NAMED.iter().map(|query| query.name.len()).max().unwrap_or(0);
    let line = |query: &analytics::NamedQuery| format!("{:width$}  {}\n", query.name, query.description());
    let text: String = NAMED.iter().map(line).collect();
    shell.summary(&text, &Value::Array(json.collect()))
}

fn answer(shell: &mut Shell, args: &Sql) -> Result<()> {
    let store = open_store(&shell.home)?;
    let cut = super::freshness::shown(shell, &*store)?;
    let config = &shell.loaded.config;
    let session = Session::open(&*store, &cut, &Resources::with_threads(config.threads.get()), &config.zone)?;
    let rows = match (&args.query, &args.named) {
        (Some(query), _) => session.sql(query)?,
        (None, Some(name)) => session.named(name)?,
        (None, None) => bail!("expected a query or --named NAME"),
    };
    let format = if shell.json { Format::Json } else { args.format.unwrap_or(Format::Table) };
    let schema = rows.schema().clone();
    print_rows(&mut shell.out, &schema, rows, format)
}
