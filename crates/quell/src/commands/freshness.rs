//! Says on stderr when the log holds records that the published tables do not know yet: an answer that is a day
//! old should not pass for today's.

use super::Shell;
use crate::instance::topic_name;
use crate::output::say;
use crate::pipeline;
use anyhow::{Context as _, Result, ensure};
use domain::Topic;
use lake::{Cut, Store};
use log::{Embedded, Log as _, system_clock};

/// The topics whose records become rows.
pub(super) const FOLDED: &[Topic] = &[Topic::Facts, Topic::Company];

/// The cut that is shown. Where nothing was published yet, what is in the log is folded and published first.
pub(super) fn shown(shell: &Shell, store: &dyn Store) -> Result<Cut> {
    if let Some(cut) = current(store)? {
        mention(shell, &cut)?;
        return Ok(cut);
    }
    ensure!(shell.home.log().is_dir(), "nothing is imported yet: run `quell import` first");
    say(&report::notice::first_rollup(shell.lang()));
    pipeline::rollup(&shell.instance()?, None)?;
    current(store)?.context("the tables that were published just now are gone")
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
    let folder = shell.home.log();
    if !folder.is_dir() {
        return Ok(0);
    }
    let log = Embedded::open(&folder, system_clock()).context("cannot open the log")?;
    let mut newer = 0;
    for topic in FOLDED {
        for (partition, end) in log.ends(&topic_name(*topic)).context("cannot open the log")? {
            newer += end.0.saturating_sub(cut.manifest.parts.positions.get(*topic, partition).0);
        }
    }
    Ok(newer)
}
