//! `quell units import`.

use super::Shell;
use super::import::{refusals_json, require_some};
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::ingest;
use report::UnitsSummary;
use serde_json::{Value, json};

pub(super) fn run(shell: &mut Shell, command: &cli::Units) -> Result<Exit, Failure> {
    let cli::Units::Import { files } = command;
    let summary = ingest::import_units(&shell.instance()?, files)?;
    shell.summary(&summary.render(shell.lang()), &json(&summary))?;
    require_some(summary.accepted, summary.rows, &summary.refusals)?;
    Ok(Exit::Done)
}

fn json(summary: &UnitsSummary) -> Value {
    let UnitsSummary { files, rows, accepted, new, corrected, known, units, refusals } = summary;
    let days = |u: &report::UnitDays| {
        json!({
            "unit": u.unit,
            "first": u.first.to_string(),
            "last": u.last.to_string(),
            "days": u.days,
        })
    };
    json!({
        "files": files,
        "rows": rows,
        "accepted": accepted,
        "new": new,
        "corrected": corrected,
        "known": known,
        "units": units.iter().map(days).collect::<Vec<_>>(),
        "refused": refusals.total(),
        "refusals": refusals_json(refusals),
    })
}
