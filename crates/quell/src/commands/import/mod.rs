//! `quell import`: files into the log, or with `--dry-run` only counted.

mod dry_run;
mod json;

pub(super) use json::refusals as refusals_json;

use super::Shell;
use crate::cli::{Import, SourceName};
use crate::failure::{Exit, Failure};
use crate::ingest;
use crate::pipeline;
use crate::progress::Meter;
use crate::sources::{SourceReader, Wanted};
use anyhow::{Result, anyhow, bail};
use codec::mapping::{Format, Mapping};
use report::Refusals;
use std::path::Path;
use std::sync::Arc;

pub(super) fn run(shell: &mut Shell, args: &Import) -> Result<Exit, Failure> {
    let Some(mapping) = &args.mapping else {
        let usage = "--mapping FILE is needed: it says which field of the source becomes what";
        return Err(Failure::Usage(usage.to_owned()));
    };
    let mapping = Arc::new(read_mapping(mapping)?);
    let format = format(args.source);
    check_format(&mapping, format)?;
    let record_bytes_max = shell.loaded.config.record_bytes_max;
    let mut source =
        SourceReader::open(&args.files, Wanted { mapping: Arc::clone(&mapping), format, record_bytes_max })?;
    let files = args.files.len() as u64;
    if args.dry_run {
        dry_run(shell, &mapping, &mut source, files)?
    } else {
        import(shell, &mapping, &mut source, files)?
    }
    Ok(Exit::Done)
}

fn import(shell: &mut Shell, mapping: &Mapping, source: &mut SourceReader, files: u64) -> Result<()> {
    let instance = shell.instance()?;
    let meter = Meter::for_people(source.bytes_total());
    let imported = ingest::import(&instance, mapping, source, &meter);
    meter.finish();
    let mut summary = imported?;
    summary.files = files;
    // What was imported is durable by now; the fold says what of it is new.
    summary.folded = Some(pipeline::catch_up(&instance, &Meter::for_people(None))?.fresh);
    shell.summary(&summary.render(shell.lang()), &json::import(&summary))?;
    require_some(summary.accepted, summary.rows, &summary.refusals)
}

fn dry_run(shell: &mut Shell, mapping: &Mapping, source: &mut SourceReader, files: u64) -> Result<()> {
    let meter = Meter::for_people(source.bytes_total());
    let tried = dry_run::run(mapping, source, shell.loaded.config.threads, &meter);
    meter.finish();
    let mut summary = tried?;
    summary.files = files;
    shell.summary(&summary.render(shell.lang()), &json::dry_run(&summary))?;
    require_some(summary.accepted, summary.rows, &summary.refusals)
}

/// Refused rows alone are no failure; nothing accepted is one.
pub(super) fn require_some(accepted: u64, rows: u64, refusals: &Refusals) -> Result<()> {
    let by_count = refusals.by_count();
    let Some(worst) = by_count.first().filter(|_| accepted == 0) else { return Ok(()) };
    let first = &worst.first;
    let field = first.field.as_ref().map(|field| format!(", field {field}")).unwrap_or_default();
    let (file, line, kind, expected) = (&first.file, first.line, worst.kind.word(), &first.expected);
    let rows = report::Lang::En.rows(rows);
    bail!("nothing was accepted of {rows}; {file} line {line}{field}: {kind}, expected {expected}")
}

fn read_mapping(path: &Path) -> Result<Mapping> {
    let name = path.display().to_string();
    let text = crate::text::read(path, "the mapping")?;
    Mapping::parse(&text, &name).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow!("the mapping {name} is not valid\n{}", mistakes.join("\n"))
    })
}

const fn format(source: SourceName) -> Format {
    match source {
        SourceName::Csv => Format::Csv,
        SourceName::Ndjson => Format::Ndjson,
        SourceName::Parquet => Format::Parquet,
    }
}

/// A mapping that names a format is of that format.
fn check_format(mapping: &Mapping, format: Format) -> Result<()> {
    if let Some(named) = mapping.format().filter(|named| *named != format) {
        bail!("the mapping is for {} files, but --source says {}", named.word(), format.word());
    }
    Ok(())
}
