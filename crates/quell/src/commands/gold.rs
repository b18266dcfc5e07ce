//! `quell eval --gold`: how often an epoch gives contacts the reason that a person gave them.

use super::Shell;
use super::freshness::shown;
use crate::cli::Eval;
use crate::compared::beside;
use crate::failure::{Exit, Failure};
use crate::gold::{self, Row};
use crate::instance::open_store;
use crate::labels::say_refused;
use crate::pipeline::{self, Epoch, LIVE};
use analytics::Session;
use anyhow::{Result, anyhow};
use classify::Taxonomy;
use classify::model::OUT_OF_SCOPE;
use domain::{ContactId, ReasonId, UNCLASSIFIED};
use report::gold::{Gold, LeftOut, Why};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn run(shell: &mut Shell, file: &Path, args: &Eval) -> Result<Exit, Failure> {
    let rows = gold::read(file, shell.loaded.config.record_bytes_max)?;
    let gold = measure(shell, args.epoch.as_deref().unwrap_or(LIVE), &rows)?;
    let lang = shell.lang();
    let said = |left: &LeftOut| format!("{}:{}: {}", file.display(), left.line, left.render(lang));
    say_refused(file, &gold.left_out.iter().map(said).collect::<Vec<_>>());
    if gold.pairs.is_empty() {
        return Err(anyhow!("{}: no line can be judged by the epoch {}", file.display(), gold.name).into());
    }
    shell.summary(&gold.render(lang), &gold.json())?;
    Ok(Exit::Done)
}

fn measure(shell: &Shell, name: &str, rows: &[Row]) -> Result<Gold> {
    let shown = shown(shell, &*open_store(&shell.home)?)?;
    let instance = shell.instance()?;
    let epoch = Epoch::open(&instance, name)?;
    let cut = beside(&instance, &epoch, &shown)?;
    let (resources, zone) = (pipeline::resources(&instance), epoch.rules.ruleset.zone());
    let session = Session::open(&*instance.store, &cut, &resources, zone)?;
    let found = session.reasons_of(&rows.iter().map(|row| row.contact).collect())?;
    let (pairs, left_out) = judge(rows, &found, epoch.rules.taxonomy());
    Ok(Gold { name: name.to_owned(), epoch: epoch.id, cut: cut.id, pairs, left_out })
}

type Pairs = BTreeMap<(String, String), u64>;

/// Counts the lines by the right reason and the one found; a line that says nothing of the epoch is left out.
fn judge(rows: &[Row], found: &BTreeMap<ContactId, ReasonId>, taxonomy: &Taxonomy) -> (Pairs, Vec<LeftOut>) {
    let (mut pairs, mut left_out, mut seen) = (Pairs::new(), Vec::new(), BTreeMap::new());
    for row in rows {
        let label = if row.label == OUT_OF_SCOPE { UNCLASSIFIED } else { &row.label };
        let why = match (seen.get(&row.contact), found.get(&row.contact)) {
            (Some(line), _) => Why::Again(*line),
            (None, None) => Why::NoContact(row.called.clone()),
            (None, Some(_)) if label != UNCLASSIFIED && taxonomy.leaf(label).is_none() => {
                Why::NoReason(row.label.clone())
            }
            (None, Some(reason)) => {
                *pairs.entry((label.to_owned(), reason.to_string())).or_default() += 1;
                seen.insert(row.contact, row.line);
                continue;
            }
        };
        left_out.push(LeftOut { line: row.line, why });
    }
    (pairs, left_out)
}
