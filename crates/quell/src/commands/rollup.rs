//! `quell rollup`: fold what is new, publish the tables at a cut.

use super::Shell;
use crate::cli::Rollup;
use crate::config::parse_instant;
use crate::failure::{Exit, Failure};
use crate::pipeline;
use report::RollupSummary;
use serde_json::{Map, Value, json};

pub(super) fn run(shell: &mut Shell, args: &Rollup) -> Result<Exit, Failure> {
    let zone = &shell.loaded.config.zone;
    let as_of = match args.as_of.as_deref().map(|text| (text, parse_instant(text, zone))) {
        None => None,
        Some((_, Some(instant))) => Some(instant),
        Some((text, None)) => {
            let expected = "expected a time such as 2026-06-01T00:00:00+02:00 or a day such as 2026-06-01";
            return Err(Failure::Usage(format!("--as-of {text}: {expected}")));
        }
    };
    let summary = pipeline::rollup(&shell.instance()?, as_of)?;
    shell.summary(&summary.render(shell.lang()), &json(&summary))?;
    Ok(Exit::Done)
}

fn json(summary: &RollupSummary) -> Value {
    let RollupSummary { epoch, cut, as_of, folded, counts, tables, folder } = summary;
    let tables: Map<String, Value> = tables.iter().map(|t| (t.table.clone(), json!(t.rows))).collect();
    json!({
        "epoch": epoch.to_string(),
        "cut": cut.to_string(),
        "as_of": as_of.to_string(),
        "folded": folded,
        "accepted": counts.accepted,
        "stored": counts.stored,
        "duplicate": counts.duplicate,
        "rejected": counts.rejected,
        "tables": tables,
        "folder": folder,
    })
}
