//! The steps of the demo, each as the command of its name does it.

use super::folder::MAPPING;
use crate::cli::ReportFormat;
use crate::commands::report_weekly::write;
use crate::ingest;
use crate::instance::Instance;
use crate::pipeline;
use crate::progress::Meter;
use crate::sources::{SourceReader, Wanted};
use crate::weekly;
use analytics::Session;
use anyhow::{Context as _, Result, anyhow, bail};
use codec::mapping::{Format, Mapping};
use domain::fact::CustomerMerged;
use domain::{Body, Fact, Identifier, Instant, IsoWeek, Origin, Strength};
use lake::Cut;
use report::{ImportSummary, Lang, RollupSummary};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Publishes the taxonomy.
pub(super) fn publish_taxonomy(instance: &Instance, file: &Path) -> Result<()> {
    let toml = crate::text::read(file, "the taxonomy")?;
    ingest::publish_taxonomy(instance, toml, &file.display().to_string(), None).map(drop)
}

/// Imports one week's contacts.
pub(super) fn import_week(instance: &Instance, file: &Path) -> Result<ImportSummary> {
    import(instance, mapping()?, file)
}

/// Imports what the company's other systems say, each file with its mapping.
pub(super) fn import_beside(instance: &Instance, files: &[(&str, PathBuf)]) -> Result<()> {
    for (mapping, file) in files {
        let name = file.display().to_string();
        import(instance, parsed(mapping, &name)?, file)?;
    }
    Ok(())
}

fn import(instance: &Instance, mapping: Mapping, file: &Path) -> Result<ImportSummary> {
    let mapping = Arc::new(mapping);
    let record_bytes_max = instance.config.record_bytes_max;
    let wanted = Wanted { mapping: Arc::clone(&mapping), format: Format::Ndjson, record_bytes_max };
    let mut source = SourceReader::open(&[file.to_owned()], wanted)?;
    ingest::import(instance, &mapping, &mut source, &Meter::silent())
}

fn mapping() -> Result<Mapping> {
    parsed(MAPPING, "the contacts")
}

fn parsed(toml: &str, name: &str) -> Result<Mapping> {
    Mapping::parse(toml, name).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow!("the mapping of {name} is not valid\n{}", mistakes.join("\n"))
    })
}

/// States that customers are one, a fact a line of the file.
pub(super) fn merge_customers(instance: &Instance, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let system = mapping()?.system().to_owned();
    let facts: Vec<Fact> =
        text.lines().skip(1).map(|line| merged(instance, &system, line)).collect::<Result<_>>()?;
    ingest::append_facts(instance, facts)
}

fn merged(instance: &Instance, system: &str, line: &str) -> Result<Fact> {
    let [surviving_kind, surviving, absorbed_kind, absorbed] = line.split(',').collect::<Vec<_>>()[..] else {
        bail!("{line}: expected surviving_kind,surviving,absorbed_kind,absorbed");
    };
    let known = |kind: &str, value: &str| {
        let identifier = identifier(system, kind, value).context("expected account, email or phone")?;
        instance.vault.lookup(&identifier)?.context("expected a customer who has contacted before")
    };
    let merge = CustomerMerged {
        surviving: known(surviving_kind, surviving)?,
        absorbed: known(absorbed_kind, absorbed)?,
    };
    let record = format!("{}/{}", merge.surviving, merge.absorbed);
    let origin = Origin { system: system.to_owned(), record, ..Origin::default() };
    let now = (instance.clock)();
    Ok(ingest::fact(&instance.vault, origin, now, Body::CustomerMerged(Box::new(merge))))
}

/// The identifier as the mapping of the contacts makes it.
fn identifier(system: &str, kind: &str, value: &str) -> Option<Identifier> {
    let (strength, namespace) = match kind {
        "account" => (Strength::Account, system),
        "email" => (Strength::Email, ""),
        "phone" => (Strength::Phone, ""),
        _ => return None,
    };
    Some(Identifier { strength, namespace: namespace.to_owned(), value: value.to_owned() })
}

/// Folds everything and publishes the tables as of this instant.
pub(super) fn publish(instance: &Instance, as_of: Instant) -> Result<RollupSummary> {
    pipeline::rollup(instance, Some(as_of))
}

/// Counts what contacts are divided by.
pub(super) fn import_units(instance: &Instance, file: &Path) -> Result<()> {
    ingest::import_units(instance, &[file.to_owned()]).map(drop)
}

/// Says what contacts cost.
pub(super) fn set_costs(instance: &Instance, file: &Path) -> Result<()> {
    let text = crate::text::read(file, "the cost rates")?;
    let rates = codec::governance::cost_rates(&text, "costs.toml", None).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow!("the cost rates of the demo are not valid\n{}", mistakes.join("\n"))
    })?;
    ingest::set_costs(instance, rates).map(drop)
}

/// Writes the week's report as a page in both languages and closes the week; the path of the page in the
/// configured language.
pub(super) fn weekly_reports(instance: &Instance, week: IsoWeek) -> Result<PathBuf> {
    let weekly = weekly::weekly(instance, &cut(instance)?, Some(week))?;
    weekly::close(instance, &weekly)?;
    let html = BTreeSet::from([ReportFormat::Html]);
    let page = |lang: Lang| Ok((lang, write(&weekly, lang, &html, &instance.home.reports())?));
    let pages: Vec<(Lang, Vec<PathBuf>)> = Lang::ALL.iter().copied().map(page).collect::<Result<_>>()?;
    let mut own = pages.into_iter().filter(|(lang, _)| *lang == instance.config.language);
    own.find_map(|(_, paths)| paths.into_iter().next())
        .context("no page in the configured language was written")
}

/// SQL over the cut that was published.
pub(super) fn session(instance: &Instance) -> Result<Session> {
    let zone = &instance.config.zone;
    Ok(Session::open(&*instance.store, &cut(instance)?, &pipeline::resources(instance), zone)?)
}

fn cut(instance: &Instance) -> Result<Cut> {
    let cut = lake::current_cut(&*instance.store).context("cannot read the published tables")?;
    cut.context("the tables that were published just now are gone")
}
