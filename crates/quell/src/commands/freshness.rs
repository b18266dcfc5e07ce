//! Says on stderr when the log holds records that the published tables do not know yet: an answer that is a day
//! old should not pass for today's.

use super::Shell;
use crate::cli::Which;
use crate::instance::{existing_log, topic_name};
use crate::output::say;
use crate::pipeline;
use anyhow::{Context as _, Result};
use domain::governance::states_dimension;
use domain::{CutId, Partition, Positions, Topic};
use lake::{Cut, Store};
use log::{Limits, Log, system_clock};

/// The topics whose every record is counted as a fact (P2).
pub(super) const FOLDED: &[Topic] = &[Topic::Facts, Topic::Company];
/// The topics whose every record may change a table.
const SHOWN: &[Topic] = &[Topic::Facts, Topic::Company, Topic::Rejects];

/// The cut that is shown. Where nothing was published yet, what is in the log is folded and published first.
pub(super) fn shown(shell: &Shell, store: &dyn Store) -> Result<Cut> {
    if let Some(cut) = current(store)? {
        mention(shell, &cut)?;
        return Ok(cut);
    }
    shell.ensure_imported()?;
    say(&report::notice::first_rollup(shell.lang()));
    pipeline::rollup(&shell.instance()?, None)?;
    current(store)?.context("the tables that were published just now are gone")
}

/// The cut that is meant: the one that was named, the tables of the epoch that was named, else the one that is shown.
pub(super) fn meant(shell: &Shell, store: &dyn Store, which: &Which) -> Result<Cut> {
    match (&which.cut, &which.epoch) {
        (Some(cut), _) => named(store, cut),
        (None, Some(epoch)) => of_epoch(store, epoch),
        (None, None) => shown(shell, store),
    }
}

fn named(store: &dyn Store, text: &str) -> Result<Cut> {
    let id =
        CutId::parse(text).with_context(|| format!("`{text}` is no cut: expected 16 hexadecimal digits"))?;
    let cut = lake::open_cut(store, id).context("cannot read the published tables")?;
    cut.with_context(|| {
        format!("the tables of the cut {id} are not there: `quell rollup --as-of {id}` makes them")
    })
}

fn of_epoch(store: &dyn Store, text: &str) -> Result<Cut> {
    let epoch = pipeline::resolve(store, text)?;
    let cut = pipeline::tables_of(store, epoch)?;
    cut.with_context(|| {
        format!("no tables of the epoch {text} are published: run `quell rollup --epoch {text}` first")
    })
}

fn current(store: &dyn Store) -> Result<Option<Cut>> {
    lake::current_cut(store).context("cannot read the published tables")
}

/// Says how many records are newer than the cut, if any are.
fn mention(shell: &Shell, cut: &Cut) -> Result<()> {
    let newer = newer_records(shell, cut)?;
    if newer > 0 {
        say(&report::notice::newer_records(shell.lang(), newer));
    }
    Ok(())
}

fn newer_records(shell: &Shell, cut: &Cut) -> Result<u64> {
    let Some(log) = existing_log(&shell.home, &shell.loaded.config, &system_clock())? else { return Ok(0) };
    let positions = &cut.manifest.parts.positions;
    let mut newer = 0;
    for topic in SHOWN {
        for (partition, end) in log.ends(&topic_name(*topic)).context("cannot open the log")? {
            newer += end.0.saturating_sub(positions.get(*topic, partition).0);
        }
    }
    Ok(newer + newer_governance(&*log, positions)?)
}

/// Of governance only what states rows of a dimension makes tables old; a cut that was taken does not.
fn newer_governance(log: &dyn Log, positions: &Positions) -> Result<u64> {
    let (topic, partition) = (topic_name(Topic::Governance), Partition(0));
    let (mut newer, mut from) = (0, positions.get(Topic::Governance, partition));
    loop {
        let batch = log.read(&topic, partition, from, Limits::default()).context("cannot open the log")?;
        if batch.is_empty() {
            return Ok(newer);
        }
        let facts = batch.records.iter().filter_map(|r| codec::decode_fact(&r.value).ok());
        newer += facts.filter(|fact| states_dimension(&fact.body)).count() as u64;
        from = batch.next;
    }
}
