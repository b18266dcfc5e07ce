//! The parts of a shared fold that this process has: one thread lets each of them do its next step, one after the
//! other, for as long as there is anything to do. A part that fails is dropped and taken over again, as by another
//! process; what it had said counts, and nothing else of it is left.

use super::health::Job;
use super::rounds::Drain;
use super::told::Told;
use super::watcher::{Place, Reader};
use crate::instance::Instance;
use crate::pipeline::{self, AssemblePart, JudgePart, Keeper, RulesNews, Share};
use anyhow::Result;
use domain::{Offset, Partition, Positions};
use engine::Ruleset;
use log::Roster;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long to wait where there was nothing to do.
const IDLE: Duration = Duration::from_millis(20);
/// How long a part that failed waits before it is taken over again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a part that was given away keeps its state: a rebalance takes all away and gives most back.
const REST: Duration = Duration::from_secs(60);
/// How often it is said where the parts stand.
const STAND_EVERY: Duration = Duration::from_secs(1);
/// How often the log is searched for a new taxonomy.
const NEWS_EVERY: Duration = Duration::from_secs(5);

/// What the thread works with.
pub struct Crew {
    /// Log, lake and vault.
    pub instance: Arc<Instance>,
    /// What this process does.
    pub shares: Vec<Share>,
    /// Who hears how it goes.
    pub told: Told,
    /// Whether the lake is this process's; its publisher looks at it.
    pub leads: Arc<AtomicBool>,
}

impl Crew {
    /// Works until it is asked to end, or whoever could ask has gone; whether everything was saved.
    pub fn run(self, drain: &Receiver<Drain>) -> bool {
        loop {
            match self.work(drain) {
                Ok(saved) => return saved,
                Err(error) => {
                    self.fails(&error);
                    match drain.recv_timeout(AGAIN) {
                        Err(RecvTimeoutError::Timeout) => {}
                        Ok(Drain) | Err(RecvTimeoutError::Disconnected) => return false,
                    }
                }
            }
        }
    }

    /// Joins those who share the fold, under the rules that are in force, and works until it is asked to end or the
    /// rules change.
    fn work(&self, drain: &Receiver<Drain>) -> Result<bool> {
        let mut news = RulesNews::default();
        loop {
            news.any(&self.instance)?;
            let rules = pipeline::rules(&self.instance)?;
            let hands = self.shares.iter().map(|share| Hands::join(self, *share, &rules));
            let mut hands = hands.collect::<Result<Vec<_>>>()?;
            let (mut searched, mut stood) = (Instant::now(), None::<Instant>);
            loop {
                let worked = hands.iter_mut().fold(false, |worked, hands| hands.turn() | worked);
                if hands.iter().all(|hands| hands.failing.is_none()) {
                    self.told.health.caught_up();
                    self.told.health.works(Job::Fold);
                }
                if stood.is_none_or(|at| at.elapsed() >= STAND_EVERY) {
                    stood = Some(Instant::now());
                    self.told.metrics.standing.set(hands.iter().flat_map(Hands::stands).collect());
                }
                match drain.recv_timeout(if worked { Duration::ZERO } else { IDLE }) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(Drain) | Err(RecvTimeoutError::Disconnected) => {
                        finish(&mut hands);
                        return Ok(hands.into_iter().fold(true, |saved, hands| hands.end() & saved));
                    }
                }
                if searched.elapsed() >= NEWS_EVERY {
                    searched = Instant::now();
                    if news.any(&self.instance)? && pipeline::rules(&self.instance)?.epoch() != rules.epoch()
                    {
                        break;
                    }
                }
            }
            tracing::info!("another taxonomy is in force: folding its epoch");
        }
    }

    fn fails(&self, error: &anyhow::Error) {
        self.told.fails(Job::Fold, Duration::ZERO, error);
    }
}

/// Folds what the log holds, where nobody else would.
fn finish(hands: &mut [Hands<'_>]) {
    if hands.iter().all(|hands| hands.roster.is_alone()) {
        while hands.iter_mut().fold(false, |worked, hands| hands.turn() | worked) {}
    }
}

/// A part in this process's hands.
enum Part {
    Assemble(Box<AssemblePart>),
    Judge(Box<JudgePart>),
    Lake(Box<Lake>),
}

/// The lake, and whether its epoch is served.
struct Lake {
    keeper: Keeper,
    /// Where the log ended when this process took the lake over.
    ended: Positions,
    shown: bool,
}

impl Lake {
    fn open(keeper: Keeper) -> Result<Self> {
        let ended = keeper.log_ends()?;
        Ok(Self { keeper, ended, shown: false })
    }

    fn turn(&mut self, instance: &Instance) -> Result<bool> {
        let worked = self.keeper.turn()?;
        if !self.shown && self.is_whole(worked) {
            pipeline::show_epoch(instance, self.keeper.lake().epoch())?;
            self.shown = true;
        }
        Ok(worked)
    }

    /// An epoch is served once everything is folded that the log held when this process took over: readers never see half
    /// of one. Nobody waits for a moment in which nothing new comes, since there may be none.
    fn is_whole(&self, worked: bool) -> bool {
        let idle = !worked && !self.keeper.is_under_way();
        idle || self.ended != Positions::start() && self.keeper.lake().end().positions.covers(&self.ended)
    }
}

impl Part {
    fn open(instance: &Arc<Instance>, rules: &Arc<Ruleset>, share: Share, at: Partition) -> Result<Self> {
        let (instance, rules) = (Arc::clone(instance), Arc::clone(rules));
        Ok(match share {
            Share::Assemble => Self::Assemble(Box::new(AssemblePart::open(instance, rules, at)?)),
            Share::Judge => Self::Judge(Box::new(JudgePart::open(instance, rules, at.0)?)),
            Share::Lake => Self::Lake(Box::new(Lake::open(Keeper::open(instance, rules)?)?)),
        })
    }

    /// Whether it did anything.
    fn turn(&mut self, instance: &Instance) -> Result<bool> {
        match self {
            Self::Assemble(part) => part.turn(),
            Self::Judge(part) => part.turn(),
            Self::Lake(lake) => lake.turn(instance),
        }
    }

    /// Goes on after others may have had it.
    fn resume(&mut self) -> Result<()> {
        match self {
            Self::Assemble(part) => part.resume(),
            Self::Judge(part) => part.resume(),
            // The lake may have gone on: its next commit would be refused, and the part then be opened anew.
            Self::Lake(_) => Ok(()),
        }
    }

    /// What it has read.
    fn stands(&self) -> Vec<(Place, Offset)> {
        let at = |reader, (topic, partition, offset)| (Place { reader, topic, partition }, offset);
        match self {
            Self::Assemble(part) => vec![at(Reader::Assemble, part.stands())],
            Self::Judge(part) => vec![at(Reader::Judge, part.stands())],
            Self::Lake(lake) => lake.keeper.stands().map(|stands| at(Reader::Lake, stands)).collect(),
        }
    }

    fn save(&mut self) -> Result<()> {
        match self {
            Self::Assemble(part) => part.save_unsaved(),
            Self::Judge(part) => part.save_unsaved(),
            Self::Lake(lake) => lake.keeper.note(),
        }
    }
}

/// One kind of part, as far as it is this process's.
struct Hands<'c> {
    crew: &'c Crew,
    share: Share,
    rules: Arc<Ruleset>,
    roster: Box<dyn Roster>,
    mine: BTreeSet<Partition>,
    parts: BTreeMap<Partition, Part>,
    /// Since when there is nothing that is this process's.
    resting: Option<Instant>,
    /// When a part that failed is taken over again.
    failing: Option<Instant>,
}

impl<'c> Hands<'c> {
    fn join(crew: &'c Crew, share: Share, rules: &Arc<Ruleset>) -> Result<Self> {
        let roster = pipeline::share(&crew.instance, rules.epoch(), share)?;
        let (mine, parts) = (BTreeSet::new(), BTreeMap::new());
        Ok(Self { crew, share, rules: Arc::clone(rules), roster, mine, parts, resting: None, failing: None })
    }

    /// A place in the group that was lost for good is taken anew.
    fn join_again(&mut self) -> Result<()> {
        self.roster = pipeline::share(&self.crew.instance, self.rules.epoch(), self.share)?;
        Ok(())
    }

    /// Lets each part do one step; whether any did.
    fn turn(&mut self) -> bool {
        if let Err(error) = self.look_who_has_what().or_else(|_| self.join_again()) {
            self.fails(&error);
        }
        if self.failing.is_some_and(|again| Instant::now() < again) {
            return false;
        }
        self.failing = None;
        let mut worked = false;
        for at in self.mine.clone() {
            match self.step(at) {
                Ok(did) => worked |= did,
                Err(error) => {
                    self.parts.remove(&at);
                    self.fails(&error);
                }
            }
        }
        worked
    }

    fn step(&mut self, at: Partition) -> Result<bool> {
        if !self.parts.contains_key(&at) {
            let part = Part::open(&self.crew.instance, &self.rules, self.share, at)?;
            self.parts.insert(at, part);
        }
        let instance = &self.crew.instance;
        self.parts.get_mut(&at).map_or(Ok(false), |part| part.turn(instance))
    }

    fn stands(&self) -> Vec<(Place, Offset)> {
        let own = self.parts.iter().filter(|(at, _)| self.mine.contains(at));
        own.flat_map(|(_, part)| part.stands()).collect()
    }

    fn look_who_has_what(&mut self) -> Result<()> {
        let mine = self.roster.mine()?;
        if mine != self.mine {
            tracing::info!(share = ?self.share, parts = ?mine, "the parts of this process");
            self.change(mine);
        }
        if self.resting.is_some_and(|since| since.elapsed() >= REST) {
            self.parts.clear();
            self.resting = None;
        }
        Ok(())
    }

    fn change(&mut self, mine: BTreeSet<Partition>) {
        if mine.is_empty() {
            self.resting = Some(Instant::now());
        } else {
            self.resting = None;
            self.parts.retain(|at, _| mine.contains(at));
            for at in mine.difference(&self.mine) {
                if let Some(part) = self.parts.get_mut(at)
                    && let Err(error) = part.resume()
                {
                    tracing::warn!(error = format!("{error:#}"), "a part is taken over anew");
                    self.parts.remove(at);
                }
            }
        }
        if self.share == Share::Lake {
            self.crew.leads.store(!mine.is_empty(), Ordering::SeqCst);
        }
        self.mine = mine;
    }

    fn fails(&mut self, error: &anyhow::Error) {
        self.failing = Some(Instant::now() + AGAIN);
        if pipeline::is_fenced(error) {
            tracing::info!("another process commits: starting from where it is");
        } else {
            self.crew.fails(error);
        }
    }

    /// Saves what the next to take it over would have to repeat; whether all of it went well.
    fn end(mut self) -> bool {
        let mut saved = true;
        for at in &self.mine {
            let Some(part) = self.parts.get_mut(at) else { continue };
            if let Err(error) = part.save() {
                self.crew.fails(&error);
                saved = false;
            }
        }
        saved
    }
}
