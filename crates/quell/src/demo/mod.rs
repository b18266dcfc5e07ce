//! `quell demo`: a synthetic company with planted truths, from its source files to its weekly report, and then the
//! question whether the tables show what was planted.
//!
//! The run has no clock but the company's own: it is the end of a week while that week's file is imported, and the
//! end of the last week for everything that follows. With the seeded vault this makes every byte of the log, the
//! tables and the report a function of the settings.

pub mod company;
mod folder;
mod gather;
mod steps;
pub mod truths;

pub use folder::claim;

use crate::config::Config;
use crate::home::Home;
use crate::instance::Instance;
use crate::output::say;
use anyhow::{Context as _, Result};
use company::{Company, Plants, Settings};
use domain::{Instant, IsoWeek, Zone};
use folder::{SourceFiles, write_sources};
use log::Clock;
use report::DemoSummary;
use report::demo::Progress;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Runs the demo in a folder that was claimed for it.
pub fn run(home: Home, config: Config, settings: Settings) -> Result<DemoSummary> {
    let lang = config.language;
    let (company, files) = write_sources(&home, settings)?;
    let (contacts, weeks) = (company.contacts() as u64, u64::from(settings.weeks));
    say(&Progress::Made { contacts, weeks, folder: home.demo().display().to_string() }.render(lang));
    // A hundred megabytes that nothing needs any more.
    let Company { calendar, plants, .. } = company;
    let clock = VirtualClock::at(calendar.end_of_week(0));
    let instance = Instance::open(home, fixed(config, settings.seed), clock.clock())?;
    fill(&instance, &files, &calendar, &clock)?;
    say(&Progress::Publishing.render(lang));
    let last = calendar.weeks() - 1;
    let rollup = steps::publish(&instance, calendar.end_of_week(last))?;
    say(&Progress::Reporting.render(lang));
    let report = steps::weekly_reports(&instance, calendar.week(last))?;
    judge(&instance, &calendar, &plants, rollup, &report)
}

/// The configuration with everything that the truths rest on as the demo has it, whatever the environment says.
fn fixed(config: Config, seed: u64) -> Config {
    let zone = Zone::named(company::ZONE).expect("a zone of the database");
    let engine = Config::defaults().engine;
    Config { zone, engine, taxonomy: None, vault: vault::Mode::Seeded(seed), ..config }
}

/// Everything that the company's systems know, in the order in which they tell it.
fn fill(
    instance: &Instance,
    files: &SourceFiles,
    calendar: &company::Calendar,
    clock: &VirtualClock,
) -> Result<()> {
    steps::publish_taxonomy(instance, &files.taxonomy)?;
    steps::set_costs(instance, &files.costs)?;
    for (week, file) in (0..).zip(&files.weeks) {
        clock.set(calendar.end_of_week(week));
        let summary = steps::import_week(instance, file)?;
        let (week, rows, refused) = (calendar.week(week), summary.rows, summary.refusals.total());
        say(&Progress::Imported { week, rows, refused }.render(instance.config.language));
    }
    steps::import_beside(instance, &files.beside)?;
    steps::import_units(instance, &files.orders)?;
    steps::merge_customers(instance, &files.merges)
}

/// Looks for the truths in the tables.
fn judge(
    instance: &Instance,
    calendar: &company::Calendar,
    plants: &Plants,
    rollup: report::RollupSummary,
    report: &Path,
) -> Result<DemoSummary> {
    let session = steps::session(instance)?;
    let evidence = gather::gather(&session, calendar, rollup.counts.duplicate)
        .context("cannot look for the truths in the tables")?;
    let (truths, ratios) = truths::truths(&evidence, plants, calendar);
    let last = calendar.weeks() - 1;
    Ok(DemoSummary {
        truths,
        ratios,
        report: report.display().to_string(),
        tables: rollup.folder,
        commands: commands(instance.home.root(), calendar.week(last - 1), calendar.week(last)),
    })
}

/// What to try next, ready to be pasted into a shell.
fn commands(data: &Path, before: IsoWeek, last: IsoWeek) -> Vec<String> {
    let quell = format!("quell --data {}", quoted(&data.display().to_string()));
    vec![
        format!("{quell} sql --named reasons"),
        format!(
            "{quell} sql \"SELECT reason, change, growth_effect, rate_effect FROM movers_weekly WHERE iso_week = \
             '{last}' ORDER BY abs(rate_effect) DESC, reason LIMIT 5\""
        ),
        format!("{quell} report weekly --week {before} --format text"),
    ]
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// A clock that shows what it was set to.
struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    fn at(instant: Instant) -> Self {
        Self(Arc::new(AtomicI64::new(instant.micros())))
    }

    fn set(&self, instant: Instant) {
        self.0.store(instant.micros(), Ordering::Relaxed);
    }

    fn clock(&self) -> Clock {
        let micros = Arc::clone(&self.0);
        Arc::new(move || {
            Instant::from_micros(micros.load(Ordering::Relaxed)).expect("it was set to an instant")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_can_be_pasted() {
        let cases =
            [("/tmp/quell-demo", "/tmp/quell-demo"), ("/my data", "'/my data'"), ("/it's", r"'/it'\''s'")];
        for (path, expect) in cases {
            assert_eq!(quoted(path), expect);
        }
    }
}
