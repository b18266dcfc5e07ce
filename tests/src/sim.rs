//! The seeded simulator: the whole embedded pipeline on virtual time, once without a fault and once with
//! everything going wrong that a seed says; both must end with the same bytes.
//!
//! Faults: crash at any append of the log and at any operation of the lake's store (before, after, torn, with
//! loss of names that were not synced), redelivery, reordering, late facts, damaged snapshots, jumps of the
//! log's clock, and other numbers of partitions, shards, threads and records per batch.

use crate::flaky::{Crash, FlakyLog, Gone};
use crate::world::{Happening, TAXONOMY, World};
use analytics::Session;
use anyhow::{Context as _, Result, ensure};
use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use classify::Taxonomy;
use domain::fact::CustomerMerged;
use domain::invariant::Promise;
use domain::*;
use fastrand::Rng;
use lake::{Cut, Fault, FaultStore, Lake, LakeError, LocalStore};
use log::Embedded;
use quell::config::Config;
use quell::home::Home;
use quell::instance::{Instance, open_vault, topic_name};
use quell::progress::Meter;
use quell::rules::Rules;
use quell::{ingest, pipeline};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

/// The published files of a cut, by path inside its folder.
pub type Tree = BTreeMap<String, Vec<u8>>;

/// How an instance is set up.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) partitions: u32,
    pub(crate) shards: u32,
    pub(crate) threads: usize,
    pub(crate) fold_batch: usize,
    pub(crate) import_batch: usize,
    pub(crate) state_bytes_max: u64,
}

pub(crate) const PLAIN: Setup = Setup {
    partitions: 1,
    shards: 1,
    threads: 1,
    fold_batch: 100_000,
    import_batch: 100_000,
    state_bytes_max: u64::MAX,
};

/// What goes wrong while one instance is open.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trouble {
    pub(crate) append: Option<(u32, Crash)>,
    pub(crate) store: Option<(u64, Fault)>,
}

/// Tells whether the planned faults have come.
pub(crate) struct Watch {
    pub(crate) append: Box<dyn Fn() -> bool>,
    pub(crate) store: Box<dyn Fn() -> bool>,
}

/// A data folder with its virtual clock.
pub(crate) struct Bed {
    folder: TempDir,
    pub(crate) clock: Arc<AtomicI64>,
}

/// The faults that came, not those that were planned.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fired {
    /// Crashes at an append.
    pub appends: u64,
    /// Faults of the lake's store.
    pub stores: u64,
    /// Snapshots damaged on disk.
    pub snapshots: u64,
    /// Folds stopped by their limit on memory.
    pub starved: u64,
    /// Torn newest commits that were deleted.
    pub repaired: u64,
    /// Parts of a spread fold that failed or were refused, and ended.
    pub ended: u64,
    /// Folds of the whole history part by part.
    pub parted: u64,
}

impl Fired {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            appends: self.appends + other.appends,
            stores: self.stores + other.stores,
            snapshots: self.snapshots + other.snapshots,
            starved: self.starved + other.starved,
            repaired: self.repaired + other.repaired,
            ended: self.ended + other.ended,
            parted: self.parted + other.parted,
        }
    }
}

/// Runs one seed. The error names the promise that was broken.
pub fn run(seed: u64) -> Result<Fired> {
    let world = World::new(seed);
    let expect = plain_run(&world).context("the run without faults failed")?;
    let mut rng = Rng::with_seed(seed ^ 0x5151_5151);
    let mut troubled = Troubled::new(&world, &mut rng)?;
    troubled.run(&mut rng, &expect)?;
    Ok(troubled.fired)
}

/// The tables of a world where nothing goes wrong.
pub(crate) fn plain_run(world: &World) -> Result<Tree> {
    let bed = Bed::new()?;
    let instance = bed.open(&PLAIN, Trouble::default())?;
    deliver(&instance, &world.happenings)?;
    pipeline::rollup(&instance, Some(end_of_time()))?;
    tree(&instance)
}

struct Troubled<'w> {
    world: &'w World,
    setup: Setup,
    bed: Bed,
    /// Facts whose append has returned.
    acknowledged: BTreeSet<FactId>,
    fired: Fired,
}

impl<'w> Troubled<'w> {
    fn new(world: &'w World, rng: &mut Rng) -> Result<Self> {
        let setup = Setup {
            partitions: rng.u32(1..6),
            shards: rng.u32(1..5),
            threads: rng.usize(1..4),
            fold_batch: rng.usize(1..20),
            import_batch: rng.usize(1..10),
            state_bytes_max: u64::MAX,
        };
        Ok(Self { world, setup, bed: Bed::new()?, acknowledged: BTreeSet::new(), fired: Fired::default() })
    }

    fn run(&mut self, rng: &mut Rng, expect: &Tree) -> Result<()> {
        let mut deliveries = self.world.happenings.clone();
        rng.shuffle(&mut deliveries);
        let again: Vec<_> = deliveries.iter().filter(|_| rng.u8(0..5) == 0).cloned().collect();
        for part in deliveries.chunks(rng.usize(5..40)) {
            self.deliver(rng, part)?;
            self.fold(rng);
            self.fired.snapshots += damage_snapshots(&self.bed, rng)?;
            self.bed.jump(rng);
        }
        self.deliver(rng, &again)?;
        self.check(rng, expect)
    }

    /// A source that sends again until it hears that the facts are durable.
    fn deliver(&mut self, rng: &mut Rng, part: &[Happening]) -> Result<()> {
        let trouble =
            Trouble { append: (rng.u8(0..3) == 0).then(|| (rng.u32(0..4), crash(rng))), store: None };
        let (instance, watch) = self.bed.open_watched(&self.setup, trouble)?;
        let done = match deliver(&instance, part) {
            Ok(facts) => facts,
            Err(_) => deliver(&self.bed.open(&self.setup, Trouble::default())?, part)?,
        };
        self.fired.appends += u64::from((watch.append)());
        self.acknowledged.extend(done);
        Ok(())
    }

    /// Folds and publishes; whatever fails is left as it is, for the next instance to find.
    fn fold(&mut self, rng: &mut Rng) {
        let store = (rng.u8(0..3) > 0).then(|| (rng.u64(0..120), Fault::ALL[rng.usize(0..Fault::ALL.len())]));
        let starved = rng.u8(0..10) == 0;
        let setup = Setup {
            threads: rng.usize(1..4),
            fold_batch: rng.usize(1..20),
            state_bytes_max: if starved { 1 } else { u64::MAX },
            ..self.setup.clone()
        };
        let Ok((instance, watch)) = self.bed.open_watched(&setup, Trouble { append: None, store }) else {
            return;
        };
        let as_of = end_of_time().plus(Span::from_hours(-i64::from(rng.u8(1..200))));
        // Publishing costs most of a seed's time; a third of the folds are enough to take over from.
        let done = if rng.u8(0..3) == 0 {
            pipeline::rollup(&instance, Some(as_of)).map(|_| ())
        } else {
            pipeline::catch_up(&instance, &Meter::silent()).map(|_| ())
        };
        self.fired.stores += u64::from((watch.store)());
        self.fired.starved += u64::from(starved && done.is_err() && !(watch.store)());
        drop(instance);
        self.fired.repaired += u64::from(self.bed.repair(&self.setup));
    }

    fn check(&mut self, rng: &mut Rng, expect: &Tree) -> Result<()> {
        self.check_memory()?;
        let instance = self.bed.open(&self.setup, Trouble::default())?;
        pipeline::rollup(&instance, Some(end_of_time())).context("the run after the faults failed")?;
        self.check_durable(&instance)?;
        check_lake(&instance)?;
        check_contacts(&instance, self.world)?;
        differ(expect, &tree(&instance)?, Promise::P4)?;
        let replayed = self.replay(rng)?;
        differ(expect, &replayed, Promise::P5)
    }

    /// P7: with a limit that the state exceeds, folding one more record stops with a message and loses nothing.
    fn check_memory(&self) -> Result<()> {
        let open =
            |most| self.bed.open(&Setup { state_bytes_max: most, ..self.setup.clone() }, Trouble::default());
        let instance = open(u64::MAX)?;
        pipeline::catch_up(&instance, &Meter::silent()).context("the run after the faults failed")?;
        deliver(&instance, &self.world.happenings[..1])?;
        drop(instance);
        let stopped = pipeline::catch_up(&open(1)?, &Meter::silent());
        let said = stopped.err().map(|e| e.to_string()).unwrap_or_default();
        ensure!(
            said.contains("memory.state_max"),
            "{:?} broken: a fold beyond its limit said {said:?}",
            Promise::P7
        );
        Ok(())
    }

    fn check_durable(&self, instance: &Instance) -> Result<()> {
        let mut kept = BTreeSet::new();
        for topic in [Topic::Facts, Topic::Company, Topic::Governance] {
            each_record(instance, topic, |value| {
                kept.insert(codec::decode_fact(value).context("a record of the log does not decode")?.id);
                Ok(())
            })?;
        }
        let lost = self.acknowledged.difference(&kept).count();
        ensure!(lost == 0, "{:?} broken: {lost} acknowledged facts are not in the log", Promise::P1);
        Ok(())
    }

    /// The same log and vault, and nothing else: other threads and batches, from zero. Half of the seeds fold batch by
    /// batch, as every day; the others part by part, and half of these fail once on the way.
    fn replay(&mut self, rng: &mut Rng) -> Result<Tree> {
        let bed = Bed::new()?;
        for part in ["log", "vault"] {
            copy_folder(&self.bed.root().join(part), &bed.root().join(part))?;
        }
        let setup =
            Setup { threads: 2, fold_batch: 7, shards: self.setup.shards % 3 + 1, ..self.setup.clone() };
        if rng.bool() {
            if rng.bool() {
                let fault = Fault::ALL[rng.usize(0..Fault::ALL.len())];
                let trouble = Trouble { append: None, store: Some((rng.u64(0..60), fault)) };
                let (instance, watch) = bed.open_watched(&setup, trouble)?;
                drop(
                    Rules::written(&instance).and_then(|rules| pipeline::replay(&instance, &rules, "again")),
                );
                self.fired.stores += u64::from((watch.store)());
            }
            let instance = bed.open(&setup, Trouble::default())?;
            let rules = Rules::written(&instance)?;
            pipeline::replay(&instance, &rules, "again").context("the replay part by part failed")?;
            self.fired.parted += 1;
        }
        let instance = bed.open(&setup, Trouble::default())?;
        pipeline::rollup(&instance, Some(end_of_time())).context("the replay failed")?;
        check_lake(&instance)?;
        tree(&instance)
    }
}

/// P3 by the generator's own count: every whole contact that counts is in the table once.
pub(crate) fn check_contacts(instance: &Instance, world: &World) -> Result<()> {
    let cut = lake::current_cut(&*instance.store)?.context("no cut is published")?;
    let session =
        Session::open(&*instance.store, &cut, &pipeline::resources(instance), &instance.config.zone)?;
    let (found, all, different) = count_contacts(&session)?;
    let expect = world.whole_contacts as u64;
    ensure!(
        found == expect && all == different,
        "{:?} broken: {found} whole contacts instead of {expect}; {all} rows of {different} contacts",
        Promise::P3
    );
    Ok(())
}

/// Damages some of the snapshots on disk; how many.
pub(crate) fn damage_snapshots(bed: &Bed, rng: &mut Rng) -> Result<u64> {
    let mut damaged = 0;
    for file in files_below(&bed.root().join("lake"))? {
        if file.extension().is_some_and(|e| e == "snap") && rng.u8(0..3) == 0 {
            let mut bytes = std::fs::read(&file)?;
            let at = rng.usize(0..bytes.len().max(1));
            if rng.bool() {
                bytes.truncate(at)
            } else if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 0x20
            }
            std::fs::write(&file, bytes)?;
            damaged += 1;
        }
    }
    Ok(damaged)
}

/// Rows of whole contacts, all rows, and different contacts.
fn count_contacts(session: &Session) -> Result<(u64, u64, u64)> {
    let text = "SELECT count(*) FILTER (WHERE substr(record_id, 1, 1) IN ('n', 'k')), count(*), count(DISTINCT contact_id) FROM contacts";
    let batches = session.sql(text)?.collect_all()?;
    let number = |column: usize| {
        let counts = batches[0].column(column).as_primitive::<Int64Type>();
        u64::try_from(counts.value(0)).context("a count is not negative")
    };
    Ok((number(0)?, number(1)?, number(2)?))
}

/// P2 and P6.
pub(crate) fn check_lake(instance: &Instance) -> Result<()> {
    let lake = Lake::open(Arc::clone(&instance.store), rules_epoch(instance)?)?;
    let broken = lake.verify();
    ensure!(broken.is_empty(), "{:?} broken: {broken:?}", Promise::P6);
    for pair in lake.commits().windows(2) {
        let chained = pair[1].to.covers(&pair[0].to) && pair[1].ordinal.0 == pair[0].ordinal.0 + 1;
        ensure!(
            chained,
            "{:?} broken: commit {:?} does not follow {:?}",
            Promise::P6,
            pair[1].ordinal,
            pair[0].ordinal
        );
    }
    let mut records = 0;
    for topic in [Topic::Facts, Topic::Company] {
        each_record(instance, topic, |_| {
            records += 1;
            Ok(())
        })?;
    }
    let counts = lake.end().counts;
    ensure!(
        counts.balanced() && counts.accepted == records,
        "{:?} broken: {counts:?} of {records} records",
        Promise::P2
    );
    Ok(())
}

fn rules_epoch(instance: &Instance) -> Result<EpochId> {
    let taxonomy = Taxonomy::parse(TAXONOMY, "world.toml").map_err(|m| anyhow::anyhow!("{m:?}"))?;
    Ok(engine::Ruleset::new(taxonomy, None, instance.config.engine, instance.config.zone.clone()).epoch())
}

/// Sends happenings as a source does and returns the facts that were acknowledged.
pub(crate) fn deliver(instance: &Instance, happenings: &[Happening]) -> Result<Vec<FactId>> {
    let mut acknowledged = Vec::new();
    for batch in happenings.chunks(instance.config.import_batch) {
        let drafts = batch.iter().filter_map(|h| match h {
            Happening::Record(draft) => Some(draft.clone()),
            Happening::Merge(..) => None,
        });
        acknowledged.extend(ingest::record(instance, drafts.collect())?);
        for happening in batch {
            if let Happening::Merge(surviving, absorbed) = happening {
                acknowledged.extend(merge(instance, surviving, absorbed)?);
            }
        }
    }
    Ok(acknowledged)
}

fn merge(instance: &Instance, surviving: &Identifier, absorbed: &Identifier) -> Result<Vec<FactId>> {
    let both = instance.vault.resolve(&[surviving.clone(), absorbed.clone()])?;
    let [vault::Resolution::Customer(surviving), vault::Resolution::Customer(absorbed)] = both[..] else {
        return Ok(vec![]);
    };
    let origin =
        Origin { system: "crm".into(), record: format!("{surviving}{absorbed}"), ..Origin::default() };
    let body = Body::CustomerMerged(Box::new(CustomerMerged { surviving, absorbed }));
    let fact = ingest::fact(&instance.vault, origin, start_of_time(), body);
    let id = fact.id;
    ingest::append_facts(instance, vec![fact])?;
    Ok(vec![id])
}

fn start_of_time() -> Instant {
    Instant::parse_rfc3339("2025-01-06T00:00:00Z").expect("an instant")
}

pub(crate) fn end_of_time() -> Instant {
    Instant::parse_rfc3339("2025-02-01T00:00:00Z").expect("an instant")
}

pub(crate) fn crash(rng: &mut Rng) -> Crash {
    if rng.bool() { Crash::Before } else { Crash::After }
}

impl Bed {
    pub(crate) fn new() -> Result<Self> {
        // Memory where there is some to mount: crashes of the process are simulated, syncs need not be slow.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory)? } else { TempDir::new()? };
        std::fs::write(folder.path().join("taxonomy.toml"), TAXONOMY)?;
        Ok(Self { folder, clock: Arc::new(AtomicI64::new(end_of_time().micros())) })
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// What the message of a torn newest commit asks for, which only a disk that lied leaves behind: the file is
    /// deleted. Whether there was one.
    pub(crate) fn repair(&self, setup: &Setup) -> bool {
        let Ok(instance) = self.open(setup, Trouble::default()) else { return false };
        let Ok(epoch) = rules_epoch(&instance) else { return false };
        match Lake::open(Arc::clone(&instance.store), epoch) {
            Err(LakeError::DamagedCommit { path, newest: true, .. }) => {
                std::fs::remove_file(self.root().join(path)).is_ok()
            }
            Ok(_) | Err(_) => false,
        }
    }

    /// The log's clock jumps, also backwards.
    pub(crate) fn jump(&self, rng: &mut Rng) {
        self.clock.fetch_add(rng.i64(-3_600_000_000..7_200_000_000), Ordering::SeqCst);
    }

    pub(crate) fn open(&self, setup: &Setup, trouble: Trouble) -> Result<Instance> {
        Ok(self.open_watched(setup, trouble)?.0)
    }

    pub(crate) fn open_watched(&self, setup: &Setup, trouble: Trouble) -> Result<(Instance, Watch)> {
        self.open_with(setup, trouble, Gone::new())
    }

    /// With a log that no longer has its oldest records.
    pub(crate) fn open_letting_go(&self, setup: &Setup, gone: Gone) -> Result<Instance> {
        Ok(self.open_with(setup, Trouble::default(), gone)?.0)
    }

    fn open_with(&self, setup: &Setup, trouble: Trouble, gone: Gone) -> Result<(Instance, Watch)> {
        let home = Home::open(self.root())?;
        let config = config(setup, self.root().join("taxonomy.toml"));
        let vault = open_vault(&home, &config)?;
        let ticks = Arc::clone(&self.clock);
        let clock: log::Clock = Arc::new(move || {
            Instant::from_micros(ticks.fetch_add(1_000, Ordering::SeqCst))
                .expect("the clock stays inside the range")
        });
        let log = Embedded::open(&home.log(), Arc::clone(&clock))?;
        let log = FlakyLog::new(log, trouble.append).letting_go(gone);
        let disk = LocalStore::open_unsynced(home.root())?;
        let store = match trouble.store {
            Some((at, fault)) => FaultStore::new(disk, at, fault),
            None => FaultStore::counting(disk),
        };
        let store = Arc::new(store);
        let (append, hit) = (log.watch(), Arc::clone(&store));
        let watch = Watch { append: Box::new(append), store: Box::new(move || hit.hit()) };
        Ok((Instance::from_parts(home, config, vault, Box::new(log), store, clock)?, watch))
    }
}

fn config(setup: &Setup, taxonomy: PathBuf) -> Config {
    Config {
        zone: Zone::named("Europe/Madrid").expect("a zone of the bundled database"),
        language: report::Lang::En,
        taxonomy: Some(taxonomy),
        model: None,
        accepted_loss_ppm: 0,
        threads: NonZeroUsize::new(setup.threads).unwrap_or(NonZeroUsize::MIN),
        trace: String::new(),
        log: Config::defaults().log,
        partitions: setup.partitions,
        shards: setup.shards,
        engine: EngineSettings::default(),
        import_batch: setup.import_batch,
        record_bytes_max: 1 << 20,
        fold_batch: setup.fold_batch,
        spread: false,
        state_bytes_max: setup.state_bytes_max,
        vault_store: Config::defaults().vault_store,
        archive: false,
        vault: vault::Mode::Seeded(42),
        serving: Config::defaults().serving,
    }
}

/// The published tables that are compared byte by byte: all but those that tell when and where something was
/// recorded or refused.
pub(crate) fn tree(instance: &Instance) -> Result<Tree> {
    tree_of(instance, &lake::current_cut(&*instance.store)?.context("no cut is published")?)
}

/// The same of any cut.
pub(crate) fn tree_of(instance: &Instance, cut: &Cut) -> Result<Tree> {
    let root = instance.home.tables().join(cut.id.to_string());
    let mut tree = Tree::new();
    for file in cut.manifest.files.iter().filter(|f| !["provenance", "rejects"].contains(&f.table.as_str())) {
        let path = instance.home.root().join(&file.path);
        tree.insert(path.strip_prefix(&root)?.display().to_string(), std::fs::read(&path)?);
    }
    Ok(tree)
}

pub(crate) fn differ(expect: &Tree, found: &Tree, promise: Promise) -> Result<()> {
    let names: BTreeSet<_> = expect.keys().chain(found.keys()).collect();
    let other: Vec<_> = names.into_iter().filter(|n| expect.get(*n) != found.get(*n)).collect();
    ensure!(other.is_empty(), "{promise:?} broken ({}): {other:?} differ", promise.statement());
    Ok(())
}

fn each_record(instance: &Instance, topic: Topic, mut see: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let name = topic_name(topic);
    for partition in (0..instance.log.partitions(&name)?).map(Partition) {
        let mut from = Offset(0);
        loop {
            let batch = instance.log.read(&name, partition, from, log::Limits::default())?;
            if batch.is_empty() {
                break;
            }
            from = batch.next;
            batch.records.iter().try_for_each(|r| see(&r.value))?;
        }
    }
    Ok(())
}

pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.exists() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for file in files_below(from)? {
        let target = to.join(file.strip_prefix(from)?);
        std::fs::create_dir_all(target.parent().context("a file has a folder")?)?;
        std::fs::copy(&file, target)?;
    }
    Ok(())
}
