//! `quell taxonomy publish|show`; `lint` has a file of its own.

use super::Shell;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::ingest::{self, Publication};
use crate::pipeline::{self, Step, signature_line};
use crate::text::hex;
use anyhow::{Result, bail};
use classify::{Leaf, Taxonomy};
use serde_json::{Map, Value, json};
use std::path::Path;

pub(super) fn run(shell: &mut Shell, command: &cli::Taxonomy) -> Result<Exit, Failure> {
    match command {
        cli::Taxonomy::Lint(args) => return super::taxonomy_lint::run(shell, args),
        cli::Taxonomy::Publish { file, by } => publish(shell, file, by.as_deref())?,
        cli::Taxonomy::Show { file } => show(shell, file.as_deref())?,
    }
    Ok(Exit::Done)
}

/// Reads a taxonomy file; every mistake at once.
pub(crate) fn read(path: &Path) -> Result<(String, Taxonomy)> {
    let name = path.display().to_string();
    let toml = crate::text::read(path, "the taxonomy")?;
    let taxonomy = ingest::parse_taxonomy(&toml, &name)?;
    Ok((toml, taxonomy))
}

fn publish(shell: &mut Shell, file: &Path, by: Option<&str>) -> Result<(), Failure> {
    let by = by.map(|by| signature_line("by", by)).transpose().map_err(Failure::Usage)?;
    let (toml, _) = read(file)?;
    let Publication { taxonomy, meaning, new } =
        ingest::publish_taxonomy(&shell.instance()?, toml, &file.display().to_string(), by)?;
    let (name, version) = (taxonomy.name(), taxonomy.version());
    let reasons = taxonomy.leaves().count();
    let done = if new { "published" } else { "already in force" };
    let text = format!("{done}: taxonomy {name} {version}, {reasons} reasons, meaning {}\n", &meaning[..16]);
    let json =
        json!({ "published": new, "name": name, "version": version, "reasons": reasons, "meaning": meaning });
    shell.summary(&text, &json)?;
    Ok(())
}

fn show(shell: &mut Shell, file: Option<&Path>) -> Result<()> {
    let lang = shell.lang().tag();
    if let Some(path) = file {
        let (origin, taxonomy) = (path.display().to_string(), read(path)?.1);
        return shell.summary(&text(&origin, &taxonomy, lang), &Value::Object(json(&origin, &taxonomy)));
    }
    let instance = shell.instance()?;
    let Some(in_force) = pipeline::taxonomy(&instance)? else {
        bail!("no taxonomy is in force: every contact is unclassified; see `quell taxonomy publish`")
    };
    let history = pipeline::taxonomy_history(&instance)?;
    let mut text = text(&in_force.origin, &in_force.taxonomy, lang);
    text.push_str(&history_text(&history));
    let mut json = json(&in_force.origin, &in_force.taxonomy);
    json.insert("history".to_owned(), history.iter().map(step_json).collect());
    shell.summary(&text, &Value::Object(json))
}

fn history_text(history: &[Step]) -> String {
    let mut out = "\nhistory\n".to_owned();
    for Step { at, what, taxonomy, epoch, by, why } in history {
        let of_epoch = epoch.as_ref().map(|epoch| format!(", epoch {epoch}")).unwrap_or_default();
        let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let taxonomy = if taxonomy.is_empty() { "none" } else { taxonomy };
        out.push_str(&format!("{at}  {what}  {taxonomy}{of_epoch}{by}{why}\n"));
    }
    out
}

fn step_json(step: &Step) -> Value {
    json!({
        "at": step.at.to_string(),
        "what": step.what,
        "taxonomy": step.taxonomy,
        "epoch": step.epoch,
        "by": step.by,
        "why": step.why,
    })
}

fn text(origin: &str, taxonomy: &Taxonomy, lang: &str) -> String {
    let (name, version) = (taxonomy.name(), taxonomy.version());
    let meaning = hex(&taxonomy.meaning());
    let effective = taxonomy.effective().map(|day| format!(", effective {day}")).unwrap_or_default();
    let mut out = format!("taxonomy {name} {version} from {origin}{effective}\nmeaning {meaning}\n\n");
    let header = ["reason", "label", "owner", "disposition", "mechanism", "rules"].map(str::to_owned);
    let mut rows = vec![header];
    rows.extend(taxonomy.leaves().map(|leaf| row(taxonomy, leaf, lang)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn row(taxonomy: &Taxonomy, leaf: &Leaf, lang: &str) -> [String; 6] {
    let owner = leaf.owner.as_ref().map_or("unowned".to_owned(), ToString::to_string);
    let disposition = leaf.disposition.map_or("-", |d| d.word()).to_owned();
    let mechanism = leaf.mechanism.map_or("-", |m| m.word()).to_owned();
    let rules = taxonomy.rules().iter().filter(|rule| rule.reason == leaf.id).count().to_string();
    [leaf.id.to_string(), leaf.label(lang).to_owned(), owner, disposition, mechanism, rules]
}

fn json(origin: &str, taxonomy: &Taxonomy) -> Map<String, Value> {
    let reasons: Vec<Value> = taxonomy
        .leaves()
        .map(|leaf| {
            json!({
                "reason": leaf.id.to_string(),
                "labels": leaf.labels,
                "owner": leaf.owner.as_ref().map(ToString::to_string),
                "disposition": leaf.disposition.map(|d| d.word()),
                "mechanism": leaf.mechanism.map(|m| m.word()),
                "group": leaf.group,
                "rules": taxonomy.rules().iter().filter(|rule| rule.reason == leaf.id).count(),
            })
        })
        .collect();
    let fields = [
        ("name", json!(taxonomy.name())),
        ("version", json!(taxonomy.version())),
        ("origin", json!(origin)),
        ("effective", json!(taxonomy.effective().map(|day| day.to_string()))),
        ("meaning", json!(hex(&taxonomy.meaning()))),
        ("reasons", Value::Array(reasons)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
