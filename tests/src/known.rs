//! What was known on an earlier day: a history whose facts arrive in any order is folded and published now and then, and
//! afterwards the tables as of ten of its dates have to be those of a log that ended then.

use crate::sim::{Bed, Setup, Trouble, copy_folder, deliver, differ, tree_of};
use crate::world::World;
use anyhow::{Context as _, Result, ensure};
use domain::invariant::Promise;
use domain::{CutId, Instant, Offset, Partition, Topic};
use fastrand::Rng;
use lake::{Cut, open_cut};
use log::{Embedded, Limits, Log as _, Outgoing};
use quell::instance::{Instance, topic_name};
use quell::pipeline::{self, AsOf, Asked};
use quell::progress::Meter;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Dates of a history.
const DATES: usize = 10;
/// Longest pause between two deliveries: two weeks in microseconds, so that facts are late by weeks as well.
const PAUSE_MAX_US: i64 = 14 * 86_400_000_000;

/// Runs one history; the error names what differs.
pub fn run(seed: u64) -> Result<()> {
    let mut rng = Rng::with_seed(seed ^ 0x6b6e_6f77);
    let setup = Setup {
        partitions: rng.u32(1..4),
        shards: rng.u32(1..4),
        threads: rng.usize(1..3),
        fold_batch: rng.usize(1..20),
        import_batch: rng.usize(1..10),
        state_bytes_max: u64::MAX,
    };
    let bed = Bed::new()?;
    let dates = history(seed, &bed, &setup, &mut rng)?;
    let instance = bed.open(&setup, Trouble::default())?;
    pipeline::rollup(&instance, None)?;
    for at in dates {
        check(&bed, &instance, &setup, at).with_context(|| format!("as of {at}"))?;
    }
    Ok(())
}

/// Delivers a world in pieces, out of order and with pauses; the moments in between.
fn history(seed: u64, bed: &Bed, setup: &Setup, rng: &mut Rng) -> Result<Vec<Instant>> {
    let mut happenings = World::new(seed).happenings;
    rng.shuffle(&mut happenings);
    let mut dates = Vec::new();
    for part in happenings.chunks(happenings.len().div_ceil(DATES + 1).max(1)) {
        let instance = bed.open(setup, Trouble::default())?;
        deliver(&instance, part)?;
        match rng.u8(0..4) {
            0 => drop(pipeline::rollup(&instance, None)?),
            1 => drop(pipeline::catch_up(&instance, &Meter::silent())?),
            _ => {}
        }
        dates.push((instance.clock)());
        bed.clock.fetch_add(rng.i64(1..PAUSE_MAX_US), Ordering::SeqCst);
    }
    dates.truncate(DATES);
    Ok(dates)
}

fn check(bed: &Bed, instance: &Instance, setup: &Setup, at: Instant) -> Result<()> {
    let shown = lake::current_cut(&*instance.store)?.map(|cut| cut.id);
    let asked = Asked { as_of: Some(AsOf::Time(at)), epoch: None };
    let summary = pipeline::rollup_asked(instance, &asked)?;
    let found = published(instance, summary.cut)?;
    let found_tree = tree_of(instance, &found)?;
    let then = Bed::new()?;
    copy_folder(&bed.root().join("vault"), &then.root().join("vault"))?;
    let known = cut_short(instance, &then, setup, at)?;
    let expect = published(&known, pipeline::rollup(&known, Some(at))?.cut)?;
    ensure!(expect.id == found.id, "the cut is {}, expected {}", found.id, expect.id);
    differ(&tree_of(&known, &expect)?, &found_tree, Promise::P4)?;
    let now = lake::current_cut(&*instance.store)?.map(|cut| cut.id);
    ensure!(summary.shown || now == shown, "tables that leave something out are shown as current");
    // Not the other way round: units, costs and rejects that came later are left out as well.
    ensure!(
        !summary.shown || summary.unknown == 0,
        "{} facts are left out of what is shown",
        summary.unknown
    );
    Ok(())
}

fn published(instance: &Instance, cut: CutId) -> Result<Cut> {
    open_cut(&*instance.store, cut)?.context("a cut that was published just now")
}

/// An instance whose log ends at that moment: every record that was recorded by then, at its own time and place.
fn cut_short(from: &Instance, bed: &Bed, setup: &Setup, at: Instant) -> Result<Instance> {
    let now = Arc::clone(&bed.clock);
    let read = move || Instant::from_micros(now.load(Ordering::SeqCst)).expect("a time of the other log");
    let log = Embedded::open(&bed.root().join("log"), Arc::new(read))?;
    for topic in Topic::ALL {
        let name = topic_name(*topic);
        let partitions = from.log.partitions(&name)?;
        log.create(&name, partitions)?;
        for partition in (0..partitions).map(Partition) {
            for record in records(from, *topic, partition)? {
                if record.recorded_at > at {
                    break;
                }
                bed.clock.store(record.recorded_at.micros(), Ordering::SeqCst);
                let offset = record.offset;
                let again = Outgoing { partition, key: record.key, value: record.value };
                ensure!(log.append(&name, &[again])? == [offset], "a record got another place");
            }
        }
    }
    drop(log);
    bed.clock.store(at.micros(), Ordering::SeqCst);
    bed.open(setup, Trouble::default())
}

fn records(from: &Instance, topic: Topic, partition: Partition) -> Result<Vec<log::Record>> {
    let (mut at, mut records) = (Offset(0), Vec::new());
    loop {
        let batch = from.log.read(&topic_name(topic), partition, at, Limits::default())?;
        if batch.is_empty() {
            return Ok(records);
        }
        at = batch.next;
        records.extend(batch.records);
    }
}
