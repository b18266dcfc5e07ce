//! `quell report weekly`: the report of one week of the tables that are shown, as files or on stdout.

use super::Shell;
use super::freshness::meant;
use crate::cli::{Report, ReportFormat, ReportLang, ReportWeekly};
use crate::failure::{Exit, Failure};
use crate::weekly;
use anyhow::{Context as _, Result};
use domain::IsoWeek;
use report::Lang;
use report::weekly::{self as page, Weekly};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn run(shell: &mut Shell, command: &Report) -> Result<Exit, Failure> {
    let Report::Weekly(args) = command;
    let week = args.week.as_deref().map(parse_week).transpose()?;
    let lang = args.lang.map_or(shell.lang(), language);
    let instance = shell.instance()?;
    let cut = meant(shell, &*instance.store, &args.which)?;
    let weekly = weekly::weekly(&instance, &cut, week)?;
    if args.which.cut.is_none() && args.which.epoch.is_none() {
        weekly::close(&instance, &weekly)?;
    }
    let formats = formats(shell, args);
    match formats.first() {
        Some(only @ (ReportFormat::Text | ReportFormat::Json))
            if formats.len() == 1 && args.out.is_none() =>
        {
            shell.out.text(&rendered(&weekly, lang, *only))?;
        }
        _ => {
            let folder = args.out.clone().unwrap_or_else(|| shell.home.reports());
            for path in write(&weekly, lang, &formats, &folder)? {
                shell.out.text(&format!("{}\n", path.display()))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn parse_week(text: &str) -> Result<IsoWeek, Failure> {
    let expected = || Failure::Usage(format!("--week {text}: expected an ISO week such as 2026-W20"));
    IsoWeek::parse(text).ok_or_else(expected)
}

/// The language that was asked for.
pub(super) const fn language(lang: ReportLang) -> Lang {
    match lang {
        ReportLang::Es => Lang::Es,
        ReportLang::En => Lang::En,
    }
}

fn formats(shell: &Shell, args: &ReportWeekly) -> BTreeSet<ReportFormat> {
    match (args.format.as_slice(), shell.json) {
        ([], true) => BTreeSet::from([ReportFormat::Json]),
        ([], false) => BTreeSet::from([ReportFormat::Html]),
        (asked, _) => asked.iter().copied().collect(),
    }
}

fn rendered(weekly: &Weekly, lang: Lang, format: ReportFormat) -> String {
    match format {
        ReportFormat::Html => page::html(weekly, lang),
        ReportFormat::Text => page::text(weekly, lang),
        ReportFormat::Json => format!("{:#}\n", page::json(weekly)),
    }
}

/// Writes each form into the folder, replacing an earlier one in one step; says where.
pub(crate) fn write(
    weekly: &Weekly,
    lang: Lang,
    formats: &BTreeSet<ReportFormat>,
    folder: &Path,
) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let folder =
        folder.canonicalize().with_context(|| format!("cannot open the folder {}", folder.display()))?;
    let write_one = |format: &ReportFormat| {
        let path = folder.join(file_name(weekly, lang, *format));
        crate::text::replace(&path, &rendered(weekly, lang, *format))?;
        Ok(path)
    };
    formats.iter().map(write_one).collect()
}

fn file_name(weekly: &Weekly, lang: Lang, format: ReportFormat) -> String {
    let (week, lang) = (weekly.headline.iso_week, lang.tag());
    match format {
        ReportFormat::Html => format!("weekly-{week}.{lang}.html"),
        ReportFormat::Text => format!("weekly-{week}.{lang}.txt"),
        ReportFormat::Json => format!("weekly-{week}.json"),
    }
}
