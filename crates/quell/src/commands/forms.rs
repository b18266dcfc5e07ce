//! The forms of what is made for people: which were asked for, and where they go.

use super::Shell;
use crate::cli::{ReportFormat, ReportLang};
use crate::failure::Failure;
use anyhow::{Context as _, Result};
use domain::IsoWeek;
use report::Lang;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The forms that were asked for; without any `default`, or JSON where that was asked for everywhere.
pub(super) fn asked(
    shell: &Shell,
    formats: &[ReportFormat],
    default: ReportFormat,
) -> BTreeSet<ReportFormat> {
    match (formats, shell.json) {
        ([], true) => BTreeSet::from([ReportFormat::Json]),
        ([], false) => BTreeSet::from([default]),
        (asked, _) => asked.iter().copied().collect(),
    }
}

/// A single text or JSON goes to stdout, unless a folder was named; everything else to files, whose names are said.
pub(super) fn deliver(
    shell: &mut Shell,
    formats: &BTreeSet<ReportFormat>,
    out: Option<&Path>,
    render: impl Fn(ReportFormat) -> String,
    file_name: impl Fn(ReportFormat) -> String,
) -> Result<()> {
    if let (Some(only @ (ReportFormat::Text | ReportFormat::Json)), 1, None) =
        (formats.first(), formats.len(), out)
    {
        return shell.out.text(&render(*only));
    }
    let folder = out.map_or_else(|| shell.home.reports(), Path::to_owned);
    for path in write(&folder, formats.iter().map(|f| (file_name(*f), render(*f))))? {
        shell.out.text(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

/// Writes each file into the folder, replacing an earlier one in one step; says where.
pub(crate) fn write(
    folder: &Path,
    files: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let folder =
        folder.canonicalize().with_context(|| format!("cannot open the folder {}", folder.display()))?;
    let write_one = |(name, text): (String, String)| {
        let path = folder.join(name);
        crate::text::replace(&path, &text)?;
        Ok(path)
    };
    files.into_iter().map(write_one).collect()
}

/// The week that was asked for.
pub(super) fn week(text: Option<&str>) -> Result<Option<IsoWeek>, Failure> {
    let parse = |text: &str| {
        let expected = || Failure::Usage(format!("--week {text}: expected an ISO week such as 2026-W20"));
        IsoWeek::parse(text).ok_or_else(expected)
    };
    text.map(parse).transpose()
}

/// The language that was asked for.
pub(super) const fn language(lang: ReportLang) -> Lang {
    match lang {
        ReportLang::Es => Lang::Es,
        ReportLang::En => Lang::En,
    }
}
