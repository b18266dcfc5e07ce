//! `quell rollup`: fold what is new, publish the tables at a cut.

use super::Shell;
use crate::cli::Rollup;
use crate::config::parse_instant;
use crate::failure::{Exit, Failure};
use crate::pipeline::{self, AsOf, Asked};
use domain::{CutId, Zone};
use report::{OtherEpoch, RollupSummary};
use serde_json::{Map, Value, json};

pub(super) fn run(shell: &mut Shell, args: &Rollup) -> Result<Exit, Failure> {
    let as_of = args.as_of.as_deref().map(|text| as_of(text, &shell.loaded.config.zone)).transpose()?;
    let asked = Asked { as_of, epoch: args.epoch.clone() };
    let summary = pipeline::rollup_asked(&shell.instance()?, &asked)?;
    shell.summary(&summary.render(shell.lang()), &json(&summary))?;
    Ok(Exit::Done)
}

/// A cut's id is sixteen digits without any mark, which no time is.
fn as_of(text: &str, zone: &Zone) -> Result<AsOf, Failure> {
    let cut = CutId::parse(text).map(AsOf::Cut);
    cut.or_else(|| parse_instant(text, zone).map(AsOf::Time)).ok_or_else(|| {
        let expected =
            "expected a time such as 2026-06-01T00:00:00+02:00, a day such as 2026-06-01, or the id of a cut";
        Failure::Usage(format!("--as-of {text}: {expected}"))
    })
}

fn json(summary: &RollupSummary) -> Value {
    let RollupSummary { epoch, cut, as_of, folded, counts, tables, folder, shown, unknown, others } = summary;
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
        "shown": shown,
        "unknown": unknown,
        "others": others.iter().map(other).collect::<Vec<_>>(),
    })
}

fn other(other: &OtherEpoch) -> Value {
    json!({ "name": other.name, "epoch": other.epoch.to_string(), "folded": other.records })
}
