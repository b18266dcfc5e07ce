//! `quell demo`: the made-up company, end to end.

use super::Shell;
use crate::cli::Demo;
use crate::demo;
use crate::demo::company::Settings;
use crate::failure::{Exit, Failure};
use anyhow::anyhow;
use report::demo::Truth;
use report::{DemoSummary, Lang};
use serde_json::{Value, json};

/// The exit code is 1 where a truth was not found: then the tables do not show what is in the files.
pub(super) fn run(shell: &mut Shell, args: &Demo) -> Result<Exit, Failure> {
    let settings = Settings { seed: args.seed, weeks: args.weeks, plants: !args.no_plants };
    let summary = demo::run(shell.home.clone(), shell.loaded.config.clone(), settings)?;
    shell.summary(&summary.render(shell.lang()), &json(&summary))?;
    let wrong = summary.truths.iter().filter(|truth| !truth.ok).count();
    if wrong > 0 {
        return Err(anyhow!("{wrong} of {} truths are not as planted", summary.truths.len()).into());
    }
    Ok(Exit::Done)
}

fn json(summary: &DemoSummary) -> Value {
    let truth = |truth: &Truth| {
        json!({
            "name": truth.name,
            "planted": truth.planted.render(Lang::En),
            "found": truth.found.render(Lang::En),
            "ok": truth.ok,
        })
    };
    json!({
        "truths": summary.truths.iter().map(truth).collect::<Vec<_>>(),
        "report": summary.report,
        "tables": summary.tables,
    })
}
