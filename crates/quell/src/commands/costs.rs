//! `quell costs set`.

use super::Shell;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::{ingest, pipeline};
use anyhow::{Result, anyhow};
use domain::fact::CostRatePublished;
use domain::governance::CostRow;
use report::CostsSummary;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(shell: &mut Shell, command: &cli::Costs) -> Result<Exit, Failure> {
    let cli::Costs::Set { file } = command;
    let text = crate::text::read(file, "the cost rates")?;
    let instance = shell.instance()?;
    let rates = parse(&instance, file, &text)?;
    let summary = ingest::set_costs(&instance, rates)?;
    shell.summary(&summary.render(shell.lang()), &json(&summary))?;
    Ok(Exit::Done)
}

fn parse(instance: &Instance, file: &Path, text: &str) -> Result<CostRatePublished> {
    let name = file.display().to_string();
    let known = pipeline::dimensions(instance)?;
    codec::governance::cost_rates(text, &name, known.currency()).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow!("the cost rates {name} are not valid\n{}", mistakes.join("\n"))
    })
}

fn json(summary: &CostsSummary) -> Value {
    let row = |rate: &CostRow| {
        json!({
            "valid_from": rate.valid_from.to_string(),
            "channel": rate.channel.word(),
            "currency": rate.currency,
            "per_contact_micros": rate.per_contact_micros,
            "per_second_micros": rate.per_second_micros,
        })
    };
    json!({
        "changed": summary.changed,
        "from": summary.from.to_string(),
        "rates": summary.rates.iter().map(row).collect::<Vec<_>>(),
    })
}
