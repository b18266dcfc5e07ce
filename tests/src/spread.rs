//! The seeded simulator of a fold that several processes share: parts are taken over while others still hold them,
//! processes die, writes fail before or after they are done, snapshots are damaged. It must end with the bytes of the
//! fold in one process.

use crate::sim::{
    Bed, Fired, PLAIN, Setup, Trouble, Watch, check_contacts, check_lake, damage_snapshots, deliver,
};
use crate::sim::{crash, differ, end_of_time, plain_run, tree};
use crate::world::World;
use anyhow::{Context as _, Result, ensure};
use domain::Partition;
use domain::invariant::Promise;
use fastrand::Rng;
use lake::Fault;
use quell::instance::Instance;
use quell::pipeline::{self, AssemblePart, JudgePart, Keeper};
use quell::progress::Meter;
use std::sync::Arc;

/// Processes that may hold parts at once.
const HOLDERS: usize = 12;

/// One part in the hands of one process.
enum Holder {
    Assemble(Box<AssemblePart>),
    Judge(Box<JudgePart>),
    Lake(Box<Keeper>),
}

/// A part of the fold.
#[derive(Clone, Copy)]
enum Part {
    Assemble(u32),
    Judge(u32),
    Lake,
}

impl Holder {
    fn open(instance: &Arc<Instance>, part: Part) -> Result<Self> {
        let rules = pipeline::rules(instance)?;
        let instance = Arc::clone(instance);
        Ok(match part {
            Part::Assemble(p) => Self::Assemble(Box::new(AssemblePart::open(instance, rules, Partition(p))?)),
            Part::Judge(j) => Self::Judge(Box::new(JudgePart::open(instance, rules, j)?)),
            Part::Lake => Self::Lake(Box::new(Keeper::open(instance, rules)?)),
        })
    }

    /// Whether it did anything.
    fn turn(&mut self) -> Result<bool> {
        match self {
            Self::Assemble(part) => part.turn(),
            Self::Judge(part) => part.turn(),
            Self::Lake(keeper) => keeper.turn(),
        }
    }

    fn save(&mut self) -> Result<()> {
        match self {
            Self::Assemble(part) => part.save_unsaved(),
            Self::Judge(part) => part.save_unsaved(),
            Self::Lake(keeper) => keeper.note(),
        }
    }
}

/// Runs one seed. The error names the promise that was broken.
pub fn run(seed: u64) -> Result<Fired> {
    let world = World::new(seed);
    let expect = plain_run(&world).context("the run in one process failed")?;
    let mut rng = Rng::with_seed(seed ^ 0x5eed_5eed);
    let setup = Setup {
        partitions: rng.u32(1..5),
        shards: rng.u32(1..4),
        fold_batch: rng.usize(1..30),
        import_batch: rng.usize(1..10),
        ..PLAIN
    };
    let mut spread = Spread { setup, bed: Bed::new()?, holders: Vec::new(), fired: Fired::default() };
    let mut deliveries = world.happenings.clone();
    rng.shuffle(&mut deliveries);
    for (at, part) in deliveries.chunks(rng.usize(10..60)).enumerate() {
        let instance = spread.bed.open(&spread.setup, Trouble::default())?;
        deliver(&instance, part)?;
        if at == 0 && rng.bool() {
            // What one process has folded is gone on from.
            pipeline::catch_up(&instance, &Meter::silent())?;
        }
        spread.live(&mut rng)?;
    }
    spread.settle()?;
    let instance = spread.bed.open(&spread.setup, Trouble::default())?;
    let folded = pipeline::rollup(&instance, Some(end_of_time()))?.folded;
    ensure!(folded == 0, "{:?} broken: {folded} records were left", Promise::P2);
    check_lake(&instance)?;
    check_contacts(&instance, &world)?;
    differ(&expect, &tree(&instance)?, Promise::P4)?;
    Ok(spread.fired)
}

struct Spread {
    setup: Setup,
    bed: Bed,
    /// Each with what tells whether its planned faults have come.
    holders: Vec<(Holder, Watch)>,
    fired: Fired,
}

impl Spread {
    fn parts(&self) -> Vec<Part> {
        let assemble = (0..self.setup.partitions).map(Part::Assemble);
        let judge = (0..self.setup.shards).map(Part::Judge);
        assemble.chain(judge).chain([Part::Lake]).collect()
    }

    /// Some time in which everything goes wrong that can.
    fn live(&mut self, rng: &mut Rng) -> Result<()> {
        for _ in 0..rng.usize(50..300) {
            match rng.u8(0..20) {
                0..=2 => self.take_over(rng)?,
                3 if !self.holders.is_empty() => {
                    // Killed.
                    self.end(rng.usize(0..self.holders.len()));
                }
                4 => self.with_holder(rng, Holder::save),
                5 if rng.u8(0..8) == 0 => self.fired.snapshots += damage_snapshots(&self.bed, rng)?,
                6 => self.bed.jump(rng),
                _ => self.with_holder(rng, |holder| holder.turn().map(drop)),
            }
        }
        Ok(())
    }

    /// A process takes a part, whoever has it. Half of the processes will fail at some write.
    fn take_over(&mut self, rng: &mut Rng) -> Result<()> {
        let parts = self.parts();
        let part = parts[rng.usize(0..parts.len())];
        let trouble = Trouble {
            append: (rng.u8(0..3) == 0).then(|| (rng.u32(0..4), crash(rng))),
            store: (rng.u8(0..4) == 0).then(|| (rng.u64(0..60), Fault::ALL[rng.usize(0..Fault::ALL.len())])),
        };
        let planned = trouble.append.is_some() || trouble.store.is_some();
        let Ok((instance, watch)) = self.bed.open_watched(&self.setup, trouble) else { return Ok(()) };
        match Holder::open(&Arc::new(instance), part) {
            Ok(holder) => self.holders.push((holder, watch)),
            Err(error) => ensure!(planned, "{error:#}"),
        }
        if self.holders.len() > HOLDERS {
            self.end(rng.usize(0..HOLDERS));
        }
        Ok(())
    }

    /// Lets one of the processes do something. One that fails ends.
    fn with_holder(&mut self, rng: &mut Rng, work: impl FnOnce(&mut Holder) -> Result<()>) {
        if self.holders.is_empty() {
            return;
        }
        let at = rng.usize(0..self.holders.len());
        if work(&mut self.holders[at].0).is_err() {
            self.end(at);
            self.fired.repaired += u64::from(self.bed.repair(&self.setup));
            self.fired.ended += 1;
        }
    }

    fn end(&mut self, at: usize) {
        let (_, watch) = self.holders.swap_remove(at);
        self.fired.appends += u64::from((watch.append)());
        self.fired.stores += u64::from((watch.store)());
    }

    /// Faults are over: every part in good hands, until nothing is left to do.
    fn settle(&mut self) -> Result<()> {
        while !self.holders.is_empty() {
            self.end(0);
        }
        self.bed.repair(&self.setup);
        let instance = Arc::new(self.bed.open(&self.setup, Trouble::default())?);
        let mut holders =
            self.parts().into_iter().map(|part| Holder::open(&instance, part)).collect::<Result<Vec<_>>>()?;
        loop {
            let mut done = false;
            for holder in &mut holders {
                done |= holder.turn().context("a part fails after the faults are over")?;
            }
            if !done {
                return Ok(());
            }
        }
    }
}
