//! `quell report weekly`: the report of one week of the tables that are shown, as files or on stdout.

use super::freshness::meant;
use super::{Shell, forms};
use crate::cli::{Report, ReportFormat};
use crate::failure::{Exit, Failure};
use crate::weekly;
use anyhow::Result;
use report::Lang;
use report::weekly::{self as page, Weekly};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn run(shell: &mut Shell, command: &Report) -> Result<Exit, Failure> {
    let Report::Weekly(args) = command;
    let week = forms::week(args.week.as_deref())?;
    let lang = args.lang.map_or(shell.lang(), forms::language);
    let instance = shell.instance()?;
    let cut = meant(shell, &*instance.store, &args.which)?;
    let weekly = weekly::weekly(&instance, &cut, week)?;
    if args.which.cut.is_none() && args.which.epoch.is_none() {
        weekly::close(&instance, &weekly)?;
    }
    let formats = forms::asked(shell, &args.format, ReportFormat::Html);
    let render = |format| rendered(&weekly, lang, format);
    forms::deliver(shell, &formats, args.out.as_deref(), render, |format| file_name(&weekly, lang, format))?;
    Ok(Exit::Done)
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
    forms::write(folder, formats.iter().map(|f| (file_name(weekly, lang, *f), rendered(weekly, lang, *f))))
}

fn file_name(weekly: &Weekly, lang: Lang, format: ReportFormat) -> String {
    let (week, lang) = (weekly.headline.iso_week, lang.tag());
    match format {
        ReportFormat::Html => format!("weekly-{week}.{lang}.html"),
        ReportFormat::Text => format!("weekly-{week}.{lang}.txt"),
        ReportFormat::Json => format!("weekly-{week}.json"),
    }
}
