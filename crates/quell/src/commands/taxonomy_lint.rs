//! `quell taxonomy lint`: what a reviewer says of a taxonomy file. Reads the file, the numbers of the published
//! tables and the taxonomy in force where they are; `classify` judges.

use super::Shell;
use super::forms::language;
use crate::cli::TaxonomyLint;
use crate::failure::{Exit, Failure};
use crate::instance::open_store;
use crate::output::say;
use crate::pipeline;
use analytics::{Resources, Session};
use anyhow::{Context as _, Result};
use classify::lint::{About, Finding, LintSettings, Linted, Severity, Volumes, lint};
use classify::{Draft, Taxonomy, TaxonomyMistake};
use domain::{OwnerId, ReasonId};
use report::{Lang, notice};
use serde_json::{Value, json};

/// The id under which mistakes are told to programs.
const MISTAKE: &str = "F01";

pub(super) fn run(shell: &mut Shell, args: &TaxonomyLint) -> Result<Exit, Failure> {
    let lang = args.lang.map_or(shell.lang(), language);
    let file = args.file.display().to_string();
    let toml = crate::text::read(&args.file, "the taxonomy")?;
    let draft = match Draft::parse(&toml, &file) {
        Ok(draft) => draft,
        Err(mistakes) => {
            shell.summary(&mistakes_text(&mistakes, lang), &mistakes_json(&mistakes))?;
            return Ok(Exit::Failed);
        }
    };
    let settings = LintSettings::default();
    let volumes = volumes(shell, settings.dead_weeks)?;
    let before = before(shell, args)?;
    let linted = lint(&draft, &settings, volumes.as_ref(), before.as_ref());
    for skipped in &linted.skipped {
        let ids: Vec<&str> = skipped.checks.iter().map(|check| check.id()).collect();
        say(&format!("{}: {}", ids.join(", "), skipped.why.in_language(lang.tag())));
    }
    shell.summary(&text(&linted, &file, lang), &json(&linted, &file, lang))?;
    Ok(if linted.count(Severity::Error) > 0 { Exit::Failed } else { Exit::Done })
}

/// The contacts of the last whole weeks in the published tables; `None` where nothing is published. Publishes
/// nothing itself: a review changes no data.
fn volumes(shell: &Shell, weeks: u32) -> Result<Option<Volumes>> {
    let store = open_store(&shell.home)?;
    let Some(cut) = lake::current_cut(&*store).context("cannot read the published tables")? else {
        return Ok(None);
    };
    let config = &shell.loaded.config;
    let session = Session::open(&*store, &cut, &Resources::with_threads(config.threads.get()), &config.zone)?;
    let counted = session.volumes(weeks)?;
    Ok(Some(Volumes { weeks: counted.weeks, contacts: counted.contacts }))
}

/// The taxonomy to compare with: the one that was named, else the one in force. Where there is no log, nothing is
/// opened that would have to be made first.
fn before(shell: &Shell, args: &TaxonomyLint) -> Result<Option<Taxonomy>> {
    if let Some(path) = &args.against {
        return super::taxonomy::read(path).map(|(_, taxonomy)| Some(taxonomy));
    }
    if !shell.home.log().is_dir() {
        return Ok(None);
    }
    Ok(pipeline::taxonomy(&shell.instance()?)?.map(|in_force| in_force.taxonomy))
}

fn text(linted: &Linted, file: &str, lang: Lang) -> String {
    let findings = linted.findings.iter();
    let mut text: String = findings.map(|finding| format!("{}\n", finding.shown(file, lang.tag()))).collect();
    let [errors, warnings, notes] =
        [Severity::Error, Severity::Warning, Severity::Note].map(|severity| linted.count(severity));
    text.push_str(&notice::findings(lang, [errors, warnings, notes], linted.untold));
    text.push('\n');
    text
}

fn json(linted: &Linted, file: &str, lang: Lang) -> Value {
    Value::Array(linted.findings.iter().map(|finding| finding_json(finding, file, lang)).collect())
}

fn finding_json(finding: &Finding, file: &str, lang: Lang) -> Value {
    let (reason, owner) = match &finding.about {
        About::File => (None, None),
        About::Reason(id) => (Some(id), None),
        About::Owner(id) => (None, Some(id)),
    };
    json!({
        "id": finding.check.id(),
        "severity": finding.severity.word(),
        "file": file,
        "line": finding.place.line,
        "column": finding.place.column,
        "reason": reason.map(ReasonId::as_str),
        "owner": owner.map(OwnerId::as_str),
        "message": finding.message.in_language(lang.tag()),
        "fix": finding.fix.in_language(lang.tag()),
    })
}

/// Mistakes are told as `taxonomy publish` tells them, in English.
fn mistakes_text(mistakes: &[TaxonomyMistake], lang: Lang) -> String {
    let mut text: String = mistakes.iter().map(|mistake| format!("{mistake}\n")).collect();
    text.push_str(&notice::findings(lang, [mistakes.len(), 0, 0], 0));
    text.push('\n');
    text
}

fn mistakes_json(mistakes: &[TaxonomyMistake]) -> Value {
    let one = |mistake: &TaxonomyMistake| {
        json!({
            "id": MISTAKE,
            "severity": Severity::Error.word(),
            "file": mistake.file,
            "line": mistake.line,
            "column": mistake.column,
            "reason": null,
            "owner": null,
            "message": mistake.message,
            "fix": null,
        })
    };
    Value::Array(mistakes.iter().map(one).collect())
}
