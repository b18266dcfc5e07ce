//! `quell diff`: two epochs at one cut, contact by contact, as text, JSON or a page.

use super::freshness::shown;
use super::{Shell, forms};
use crate::cli::{Diff as Args, ReportFormat};
use crate::compared;
use crate::failure::{Exit, Failure};
use crate::instance::open_store;
use report::Lang;
use report::diff::Diff;

pub(super) fn run(shell: &mut Shell, args: &Args) -> Result<Exit, Failure> {
    let week = forms::week(args.week.as_deref())?;
    let lang = args.lang.map_or(shell.lang(), forms::language);
    let shown = shown(shell, &*open_store(&shell.home)?)?;
    let diff = compared::compare(&shell.instance()?, [&args.a, &args.b], &shown, week)?;
    let formats = forms::asked(shell, &args.format, ReportFormat::Text);
    let render = |format| rendered(&diff, lang, format);
    forms::deliver(shell, &formats, args.out.as_deref(), render, |format| file_name(&diff, lang, format))?;
    Ok(Exit::Done)
}

fn rendered(diff: &Diff, lang: Lang, format: ReportFormat) -> String {
    match format {
        ReportFormat::Html => diff.html(lang),
        ReportFormat::Text => diff.text(lang),
        ReportFormat::Json => format!("{:#}\n", diff.json()),
    }
}

fn file_name(diff: &Diff, lang: Lang, format: ReportFormat) -> String {
    let p = &diff.provenance;
    let week = p.week.map(|week| format!("-{week}")).unwrap_or_default();
    let name = format!("diff-{}-{}{week}", p.epochs.a.name, p.epochs.b.name);
    match format {
        ReportFormat::Html => format!("{name}.{}.html", lang.tag()),
        ReportFormat::Text => format!("{name}.{}.txt", lang.tag()),
        ReportFormat::Json => format!("{name}.json"),
    }
}
