//! An archive whose log keeps its records for a while only.

use crate::flaky::Gone;
use crate::sim::{Bed, PLAIN, Setup, Trouble, copy_folder, deliver, end_of_time, files_below, tree};
use crate::world::World;
use anyhow::{Context as _, Result, ensure};
use domain::Topic;
use domain::invariant::Promise;
use quell::instance::{Instance, topic_name};
use quell::{archive, pipeline};
use std::collections::BTreeMap;

/// Archives half of a history, lets go of what was archived, archives the rest, and looks whether the archive is the one
/// that is made of the whole log at once. The error names the promise that was broken.
pub fn run(seed: u64) -> Result<()> {
    let world = World::new(seed);
    let (bed, whole) = (Bed::new()?, Bed::new()?);
    let setup = Setup { partitions: 3, ..PLAIN };
    let (early, late) = world.happenings.split_at(world.happenings.len() / 2);
    let instance = bed.open(&setup, Trouble::default())?;
    deliver(&instance, early)?;
    archive::archive(&instance)?;
    pipeline::rollup(&instance, Some(end_of_time()))?;
    let gone = ends(&instance)?;
    ensure!(gone.values().any(|end| end.0 > 0), "nothing was let go of");
    drop(instance);
    let instance = bed.open_letting_go(&setup, gone.clone())?;
    deliver(&instance, late)?;
    archive::archive(&instance).context("the archive of a log that has let go of records")?;
    // What is served goes on from its snapshot; only a fold from nothing needs what is gone.
    pipeline::rollup(&instance, Some(end_of_time()))
        .context("the fold of a log that has let go of records")?;
    let tables = tree(&instance)?;
    drop(instance);
    for part in ["log", "vault"] {
        copy_folder(&bed.root().join(part), &whole.root().join(part))?;
    }
    let instance = whole.open(&setup, Trouble::default())?;
    archive::archive(&instance)?;
    pipeline::rollup(&instance, Some(end_of_time()))?;
    ensure!(tree(&instance)? == tables, "{:?} broken: other tables", Promise::P4);
    ensure!(archived(&bed)? == archived(&whole)?, "{:?} broken: another archive", Promise::P5);
    Ok(())
}

/// Where the topics end that a log may let go of.
fn ends(instance: &Instance) -> Result<Gone> {
    let mut gone = Gone::new();
    for topic in [Topic::Facts, Topic::Rejects].map(topic_name) {
        let ends = instance.log.ends(&topic)?;
        gone.extend(ends.into_iter().map(|(partition, end)| ((topic.clone(), partition), end)));
    }
    Ok(gone)
}

/// The files of the archive, by path, without governance: both beds have taken cuts of their own.
fn archived(bed: &Bed) -> Result<BTreeMap<String, Vec<u8>>> {
    let root = bed.root().join("archive");
    let files = files_below(&root)?.into_iter().map(|file| {
        let name = file.strip_prefix(&root)?.display().to_string();
        Ok((name, std::fs::read(file)?))
    });
    let all: BTreeMap<String, Vec<u8>> = files.collect::<Result<_>>()?;
    Ok(all.into_iter().filter(|(name, _)| !name.starts_with("governance")).collect())
}
