//! `quell sql`: a query, a named query, or the list of these. The answer is of the cut that is shown.

use super::Shell;
use crate::cli::{Format, Sql};
use crate::failure::{Exit, Failure};
use crate::instance::open_store;
use crate::output::{print_rows, say};
use crate::pipeline;
use analytics::{NAMED, Resources, Session};
use anyhow::{Context as _, Result, bail};
use domain::EpochId;
use lake::{Cut, Store};
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
    let cut = super::freshness::meant(shell, &*store, &args.which)?;
    let config = &shell.loaded.config;
    let session = Session::open(&*store, &cut, &Resources::with_threads(config.threads.get()), &config.zone)?;
    let unpublished = match &args.query {
        Some(query) => add_epochs(shell, &*store, &session, &cut, query)?,
        None => Vec::new(),
    };
    let rows = match (&args.query, &args.named) {
        (Some(query), _) if unpublished.is_empty() => session.sql(query)?,
        (Some(query), _) => session.sql(query).with_context(|| hint(&unpublished))?,
        (None, Some(name)) => session.named(name)?,
        (None, None) => bail!("expected a query or --named NAME"),
    };
    let format = if shell.json { Format::Json } else { args.format.unwrap_or(Format::Table) };
    let schema = rows.schema().clone();
    print_rows(&mut shell.out, &schema, rows, format)
}

/// Makes the other epochs that a query mentions known to it; gives those whose tables are not published. Tables of
/// another cut than the one that is asked are told of: they may know more or less.
fn add_epochs(
    shell: &Shell,
    store: &dyn Store,
    session: &Session,
    cut: &Cut,
    query: &str,
) -> Result<Vec<String>> {
    let mut unpublished = Vec::new();
    for (name, epoch) in mentioned(store, query)? {
        match pipeline::tables_of(store, epoch)? {
            Some(of_epoch) => {
                session.add(&name, &of_epoch)?;
                let (asked, other) = (&cut.manifest.parts, &of_epoch.manifest.parts);
                if (&asked.positions, asked.as_of) != (&other.positions, other.as_of) {
                    say(&report::notice::other_cut(shell.lang(), &name));
                }
            }
            None => unpublished.push(name),
        }
    }
    Ok(unpublished)
}

/// The epochs whose name, or whole id behind an `@`, stands in a query.
fn mentioned(store: &dyn Store, query: &str) -> Result<Vec<(String, EpochId)>> {
    let names = lake::epoch_names(store).context("cannot read the names of epochs")?;
    let ids = lake::epochs(store).context("cannot list the epochs")?;
    let by_id = ids.into_iter().map(|id| (id.to_string(), id));
    let stands = |name: &str| {
        [format!("{name}."), format!("\"{name}\"."), format!("@{name}\"")]
            .iter()
            .any(|form| query.contains(form))
    };
    Ok(names.into_iter().chain(by_id).filter(|(name, _)| stands(name)).collect())
}

fn hint(unpublished: &[String]) -> String {
    let name = unpublished.first().map_or("NAME", String::as_str);
    format!("the tables of the epoch {name} are not published: run `quell rollup --epoch {name}` first")
}
