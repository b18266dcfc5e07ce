//! `quell doctor`: looks at everything that lies in the data folder, changes nothing, and says a line for each
//! check. The exit code is 1 where a check failed; a warning is no failure.

use super::Shell;
use super::freshness::FOLDED;
use crate::failure::{Exit, Failure};
use crate::instance::{existing_log, open_store, partitions};
use anyhow::Result;
use domain::invariant::Promise;
use domain::{Offset, Partition, Positions, Topic};
use lake::{Lake, Store};
use log::{Limits, Log, TopicName, system_clock};
use report::doctor::{Check, DoctorReport, Finding, Hint, State, TopicEnds};
use serde_json::{Value, json};
use std::sync::Arc;
use vault::Vault;

pub(super) fn run(shell: &mut Shell) -> Result<Exit, Failure> {
    let mut lines = Lines::default();
    check_folder(shell, &mut lines);
    let file = shell.loaded.file.as_ref().map(|path| path.display().to_string());
    lines.ok("configuration", Finding::Configuration { file });
    check_vault(shell, &mut lines);
    let ends = check_log(shell, &mut lines);
    match open_store(&shell.home) {
        Ok(store) => check_lake(&store, ends.as_ref(), &mut lines),
        Err(error) => lines.fail("lake", &error),
    }
    let report = lines.report;
    shell.summary(&report.render(shell.lang()), &json(&report))?;
    Ok(if report.worst() == State::Fail { Exit::Failed } else { Exit::Done })
}

/// The report while it is being written.
#[derive(Default)]
struct Lines {
    report: DoctorReport,
}

impl Lines {
    fn add(&mut self, name: &str, state: State, finding: Finding) {
        self.report.checks.push(Check { name: name.to_owned(), state, finding });
    }

    fn ok(&mut self, name: &str, finding: Finding) {
        self.add(name, State::Ok, finding);
    }

    fn nothing(&mut self, name: &str, hint: Hint) {
        self.add(name, State::Warn, Finding::Nothing { hint });
    }

    fn fail(&mut self, name: &str, error: &dyn std::fmt::Display) {
        self.add(name, State::Fail, Finding::Trouble { message: format!("{error:#}").replace('\n', " ") });
    }
}

fn check_folder(shell: &Shell, lines: &mut Lines) {
    let path = shell.home.root();
    let probe = path.join(format!("doctor-{}.tmp", std::process::id()));
    let written = std::fs::write(&probe, b"quell").and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => lines.ok("folder", Finding::Folder { path: path.display().to_string() }),
        Err(error) => lines.fail("folder", &format!("cannot write in {}: {error}", path.display())),
    }
}

fn check_vault(shell: &Shell, lines: &mut Lines) {
    let path = shell.home.vault();
    if !path.exists() {
        return lines.nothing("vault", Hint::Import);
    }
    let opened = Vault::open(&path, shell.loaded.config.vault);
    match opened.and_then(|vault| vault.integrity()) {
        Ok(found) if found.is_sound() => lines.ok("vault", Finding::Vault { customers: found.customers }),
        Ok(found) if !found.problems.is_empty() => lines.fail("vault", &found.problems.join("; ")),
        Ok(found) => lines.fail("vault", &format!("{} customers have no key", found.customers_without_key)),
        Err(error) => lines.fail("vault", &anyhow::Error::from(error)),
    }
}

/// Reads every record of every topic. The ends, where all could be read.
fn check_log(shell: &Shell, lines: &mut Lines) -> Option<Positions> {
    let log = match existing_log(&shell.home, &shell.loaded.config, &system_clock()) {
        Ok(Some(log)) => log,
        Ok(None) => {
            lines.nothing("log", Hint::Import);
            return Some(Positions::start());
        }
        Err(error) => {
            lines.fail("log", &error);
            return None;
        }
    };
    let mut ends = Some(Positions::start());
    for topic in Topic::ALL {
        let name = format!("log/{}", topic.name());
        match read_topic(&*log, *topic, partitions(*topic, &shell.loaded.config)) {
            Ok(found) => {
                let records = found.iter().map(|(_, _, end)| end.0).sum();
                let partitions = log.partitions(&(*topic).into()).unwrap_or_default().into();
                let topic = topic.name().to_owned();
                lines.ok(&name, Finding::Log(TopicEnds { topic, partitions, records }));
                if let Some(ends) = &mut ends {
                    found.iter().for_each(|(topic, partition, end)| ends.set(topic, partition, end));
                }
            }
            Err(error) if is_unknown(&error) => lines.nothing(&name, Hint::Import),
            Err(error) => {
                lines.fail(&name, &error);
                ends = None;
            }
        }
    }
    ends
}

fn is_unknown(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(log::Error::UnknownTopic { .. }))
}

fn read_topic(log: &dyn Log, topic: Topic, configured: u32) -> Result<Positions> {
    let name = TopicName::from(topic);
    let has = log.partitions(&name)?;
    anyhow::ensure!(has == configured, "it has {has} partitions, but {configured} are configured");
    let mut ends = Positions::start();
    for (partition, end) in log.ends(&name)? {
        read_partition(log, &name, partition, end)?;
        ends.set(topic, partition, end);
    }
    Ok(ends)
}

fn read_partition(log: &dyn Log, topic: &TopicName, partition: Partition, end: Offset) -> Result<()> {
    let mut from = Offset(0);
    while from < end {
        let batch = log.read(topic, partition, from, Limits::default())?;
        let (at, partition) = (from.0, partition.0);
        anyhow::ensure!(batch.next > from, "partition {partition} ends at {at}, expected {}", end.0);
        from = batch.next;
    }
    Ok(())
}

fn check_lake(store: &Arc<dyn Store>, ends: Option<&Positions>, lines: &mut Lines) {
    let epoch = match lake::live(&**store) {
        Ok(Some(epoch)) => epoch,
        Ok(None) => return lines.nothing("lake", Hint::Rollup),
        Err(error) => return lines.fail("epoch", &anyhow::Error::from(error)),
    };
    lines.ok("epoch", Finding::Epoch { id: epoch.to_string() });
    match Lake::open(Arc::clone(store), epoch) {
        Ok(lake) => {
            check_chain(&lake, lines);
            check_snapshot(&lake, lines);
            check_balance(&lake, ends, lines);
        }
        Err(error) => lines.fail("lake", &anyhow::Error::from(error)),
    }
    check_cut(&**store, lines);
}

fn check_chain(lake: &Lake, lines: &mut Lines) {
    let wrong: Vec<String> =
        lake.verify().into_iter().map(|e| format!("{:#}", anyhow::Error::from(e))).collect();
    if !wrong.is_empty() {
        return lines.fail("lake", &wrong.join("; "));
    }
    let segments = lake.commits().iter().map(|commit| commit.segments.len() as u64).sum();
    lines.ok("lake", Finding::Lake { commits: lake.commits().len() as u64, segments });
}

fn check_snapshot(lake: &Lake, lines: &mut Lines) {
    match lake.latest_snapshot() {
        Ok(Some(snapshot)) => lines.ok("snapshot", Finding::Snapshot { up_to: snapshot.up_to.to_string() }),
        Ok(None) => lines.add("snapshot", State::Warn, Finding::NoSnapshot),
        Err(error) => lines.fail("snapshot", &anyhow::Error::from(error)),
    }
}

/// P2: what the lake has counted is what it has read, and it has read nothing that the log does not have.
fn check_balance(lake: &Lake, ends: Option<&Positions>, lines: &mut Lines) {
    let Some(ends) = ends else { return lines.fail("balance", &"the log cannot be read") };
    let end = lake.end();
    if !ends.covers(&end.positions) {
        let message = format!("the lake has read up to {}, but the log ends at {ends}", end.positions);
        return lines.fail("balance", &message);
    }
    if !end.counts.balanced() {
        return lines.fail("balance", &format!("{}: {:?}", Promise::P2.statement(), end.counts));
    }
    let sum = |positions: &Positions| -> u64 {
        positions.iter().filter(|(topic, _, _)| FOLDED.contains(topic)).map(|(_, _, end)| end.0).sum()
    };
    let (read, total) = (sum(&end.positions), sum(ends));
    if end.counts.accepted != read {
        let message = format!("the lake has counted {} records, but read {read}", end.counts.accepted);
        return lines.fail("balance", &message);
    }
    lines.ok("balance", Finding::Balance { counts: end.counts, behind: total - read });
}

fn check_cut(store: &dyn Store, lines: &mut Lines) {
    let cut = match lake::current_cut(store) {
        Ok(Some(cut)) => cut,
        Ok(None) => return lines.nothing("cut", Hint::Rollup),
        Err(error) => return lines.fail("cut", &anyhow::Error::from(error)),
    };
    let wrong: Vec<String> =
        cut.verify(store).into_iter().map(|e| format!("{:#}", anyhow::Error::from(e))).collect();
    if !wrong.is_empty() {
        return lines.fail("cut", &wrong.join("; "));
    }
    let folder = store.local_path(&format!("tables/{}", cut.id));
    let folder = folder.map_or_else(|| format!("tables/{}", cut.id), |path| path.display().to_string());
    lines.ok("cut", Finding::Cut { id: cut.id.to_string(), folder });
}

fn json(report: &DoctorReport) -> Value {
    let line = |check: &Check| {
        let detail = check.finding.render(report::Lang::En);
        json!({ "check": check.name, "state": check.state.word(), "detail": detail })
    };
    json!({ "state": report.worst().word(), "checks": report.checks.iter().map(line).collect::<Vec<_>>() })
}
