//! `quell promote`, `quell rollback`, `quell epochs list|drop`: which fold of the log is served.

use super::Shell;
use crate::cli::{Epochs, Promote, Rollback, Signed};
use crate::failure::{Exit, Failure};
use crate::pipeline::{self, Listed, Promoted, PromotionSaid, signature_line};
use report::{EpochLine, PromoteSummary};
use serde_json::{Value, json};

pub(super) fn promote(shell: &mut Shell, args: &Promote) -> Result<Exit, Failure> {
    let said = said(&args.said)?;
    let promoted = pipeline::promote(&shell.instance()?, &args.epoch, said)?;
    show(shell, &promoted)
}

pub(super) fn rollback(shell: &mut Shell, args: &Rollback) -> Result<Exit, Failure> {
    let said = said(&args.said)?;
    let promoted = pipeline::rollback(&shell.instance()?, said)?;
    show(shell, &promoted)
}

pub(super) fn run(shell: &mut Shell, command: &Epochs) -> Result<Exit, Failure> {
    match command {
        Epochs::List => list(shell)?,
        Epochs::Drop { epoch } => drop_one(shell, epoch)?,
    }
    Ok(Exit::Done)
}

fn said(signed: &Signed) -> Result<PromotionSaid, Failure> {
    let line = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| signature_line(name, text)).transpose().map_err(Failure::Usage)
    };
    Ok(PromotionSaid { by: line("by", &signed.by)?, why: line("why", &signed.why)? })
}

fn show(shell: &mut Shell, promoted: &Promoted) -> Result<Exit, Failure> {
    let summary = PromoteSummary {
        called: promoted.epoch.called(),
        epoch: promoted.epoch.id,
        before: promoted.before,
        cut: promoted.cut.as_ref().map(|cut| cut.id),
    };
    let json = json!({
        "epoch": summary.epoch.to_string(),
        "names": promoted.epoch.names,
        "before": summary.before.map(|before| before.to_string()),
        "cut": summary.cut.map(|cut| cut.to_string()),
        "changed": summary.cut.is_some(),
    });
    shell.summary(&summary.render(shell.lang()), &json)?;
    Ok(Exit::Done)
}

fn list(shell: &mut Shell) -> anyhow::Result<()> {
    let lines: Vec<EpochLine> = pipeline::list(&shell.instance()?)?.into_iter().map(line).collect();
    let json = Value::Array(lines.iter().map(json_of).collect());
    shell.summary(&report::epochs::list(&lines, shell.lang()), &json)
}

fn line(epoch: Listed) -> EpochLine {
    let Listed { id, names, live, before, kept, taxonomy, records, behind } = epoch;
    EpochLine { id, names, live, before, kept, taxonomy, records, behind }
}

fn json_of(line: &EpochLine) -> Value {
    json!({
        "epoch": line.id.to_string(),
        "names": line.names,
        "live": line.live,
        "before": line.before,
        "kept": line.kept,
        "taxonomy": line.taxonomy,
        "records": line.records,
        "behind": line.behind,
    })
}

fn drop_one(shell: &mut Shell, text: &str) -> anyhow::Result<()> {
    let epoch = pipeline::drop_epoch(&shell.instance()?, text)?;
    let json = json!({ "dropped": epoch.to_string() });
    shell.summary(&report::epochs::dropped(epoch, shell.lang()), &json)
}
