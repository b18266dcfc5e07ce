//! One epoch of the lake. A commit ties rows to the log positions they come from; it begins where the one
//! before ended, and of two writers only one can take its place. Idempotence, crash safety and the fencing of
//! a stale writer are this one check. It never retries and never guesses where the log stands.

use crate::chain::{self, Draft, grown};
use crate::sealed::Hash;
use crate::segment::{self, SegmentKind, SegmentRef};
use crate::store::{Store, StoreError};
use crate::{LakeError, epochs};
use arrow::array::RecordBatch;
use domain::invariant::{Counts, Promise};
use domain::{Day, EpochId, Positions, Sequence};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// A commit of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its place in the chain, from 0.
    pub ordinal: Sequence,
    /// The log positions up to which the lake is complete with it; it begins where the one before ends.
    pub to: Positions,
    /// Its rows.
    pub segments: Vec<SegmentRef>,
    /// What became of all facts since the epoch began.
    pub counts: Counts,
    /// Days whose published rows it may change.
    pub touched: BTreeSet<Day>,
    /// Checksum, which stands for the whole history up to it.
    pub(crate) hash: Hash,
}

/// What the fold hands over as one commit.
#[derive(Debug, Clone)]
pub struct CommitInput {
    /// Where the fold began to read: the lake's end.
    pub from: Positions,
    /// Where it will go on.
    pub to: Positions,
    /// Rows by kind, each kind at most once.
    pub segments: Vec<(SegmentKind, Vec<RecordBatch>)>,
    /// What became of all facts since the epoch began.
    pub counts: Counts,
    /// Days whose published rows may change.
    pub touched: BTreeSet<Day>,
}

/// Where a lake ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeEnd {
    /// Everything before these is in the lake.
    pub positions: Positions,
    /// The sequence of the next commit.
    pub next: Sequence,
    /// What became of all facts since the epoch began.
    pub counts: Counts,
}

/// One epoch of the lake, as far as it has been read.
pub struct Lake {
    pub(crate) store: Arc<dyn Store>,
    epoch: EpochId,
    commits: Vec<Commit>,
    /// Leftovers of crashes are removed once, with the first commit.
    swept: bool,
}

impl Lake {
    /// Reads the chain of an epoch; one without commits is empty. Writes nothing, except that it ends a drop
    /// of this epoch that was cut short.
    pub fn open(store: Arc<dyn Store>, epoch: EpochId) -> Result<Self, LakeError> {
        epochs::end_drop(&*store, epoch)?;
        let mut lake = Self { store, epoch, commits: Vec::new(), swept: false };
        lake.refresh()?;
        Ok(lake)
    }

    /// Reads the commits that others have added. Says whether there were any.
    pub fn refresh(&mut self) -> Result<bool, LakeError> {
        let before = self.commits.len();
        chain::load(&*self.store, self.epoch, &mut self.commits)?;
        Ok(self.commits.len() > before)
    }

    /// The epoch.
    pub fn epoch(&self) -> EpochId {
        self.epoch
    }

    /// The store it lives on.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Where the next commit has to begin.
    pub fn end(&self) -> LakeEnd {
        let last = self.commits.last();
        LakeEnd {
            positions: last.map(|c| c.to.clone()).unwrap_or_default(),
            next: Sequence(self.commits.len() as u64),
            counts: last.map(|c| c.counts).unwrap_or_default(),
        }
    }

    /// The chain, oldest first.
    pub fn commits(&self) -> &[Commit] {
        &self.commits
    }

    /// The newest commit that reads nothing beyond these positions; its `to` equals them where a cut was
    /// taken at a commit.
    pub fn newest_within(&self, positions: &Positions) -> Option<&Commit> {
        let within = self.commits.partition_point(|c| positions.covers(&c.to));
        self.commits[..within].last()
    }

    /// All segments of a kind, oldest first.
    pub fn segments(&self, kind: SegmentKind) -> impl Iterator<Item = &SegmentRef> {
        self.commits.iter().flat_map(|c| &c.segments).filter(move |s| s.kind == kind)
    }

    /// Days that commits after `after` may have changed; `None` means all commits.
    pub fn touched_after(&self, after: Option<Sequence>) -> BTreeSet<Day> {
        let later = |c: &&Commit| after.is_none_or(|after| c.ordinal > after);
        self.commits.iter().filter(later).flat_map(|c| c.touched.iter().copied()).collect()
    }

    /// Adds a commit. When this returns `Ok` the rows and the positions are durable together; on an error
    /// the lake ends where it did, or, after a failure of the store, where the next opening finds it.
    ///
    /// # Panics
    /// When the input breaks a promise that its maker owes: positions that go back, counts that do not
    /// balance or shrink (P2), a kind given twice.
    pub fn commit(&mut self, input: CommitInput) -> Result<Sequence, LakeError> {
        self.commit_staged(input, Vec::new())
    }

    /// Writes rows of a commit to come, durably: they exist from that commit on. No rows, no segment. Without the
    /// commit they are removed once another one has taken its place.
    pub fn stage(
        &self,
        ordinal: Sequence,
        kind: SegmentKind,
        batches: &[RecordBatch],
    ) -> Result<Option<SegmentRef>, LakeError> {
        segment::write(&*self.store, self.epoch, ordinal.0, kind, batches)
    }

    /// Adds a commit, as [`Lake::commit`] does, with rows that were staged for it besides those of `input`.
    ///
    /// # Panics
    /// As [`Lake::commit`]; also when rows were staged for another commit.
    pub fn commit_staged(
        &mut self,
        input: CommitInput,
        staged: Vec<SegmentRef>,
    ) -> Result<Sequence, LakeError> {
        let end = self.end();
        self.check_from(&end, &input.from)?;
        check_input(&end, &input);
        assert!(
            staged.iter().all(|s| s.ordinal == end.next),
            "rows are staged for the commit that they are in"
        );
        let ordinal = end.next.0;
        let mut segments = staged;
        for (kind, batches) in &input.segments {
            segments.extend(segment::write(&*self.store, self.epoch, ordinal, *kind, batches)?);
        }
        let draft = Draft { to: input.to, segments, counts: input.counts, touched: input.touched };
        let (bytes, commit) = chain::encode(self.epoch, &self.commits, draft);
        match self.store.put_new(&chain::commit_path(self.epoch, ordinal), &bytes) {
            Err(StoreError::Exists { .. }) => return Err(self.fenced(&end, input.from)),
            done => done?,
        }
        self.commits.push(commit);
        self.housekeep();
        Ok(Sequence(ordinal))
    }

    /// Reads every commit and segment again and compares them with the chain in memory. Gives all that is
    /// wrong; nothing, when all is sound.
    pub fn verify(&self) -> Vec<LakeError> {
        let commits = self.commits.iter().filter_map(|c| self.verify_commit(c).err());
        let segments = self.commits.iter().flat_map(|c| &c.segments);
        commits.chain(segments.filter_map(|s| s.verify(&*self.store).err())).collect()
    }

    fn verify_commit(&self, commit: &Commit) -> Result<(), LakeError> {
        let path = chain::commit_path(self.epoch, commit.ordinal.0);
        let before = usize::try_from(commit.ordinal.0).expect("an ordinal counts commits in memory");
        let bytes = match self.store.get(&path) {
            Err(StoreError::Missing { .. }) => return Err(LakeError::MissingCommit { path }),
            got => got?,
        };
        let newest = before + 1 == self.commits.len();
        let found = chain::decode(self.epoch, &self.commits[..before], &path, &bytes, newest)?;
        let why = || "it is not the commit that was read at opening".to_owned();
        if found == *commit { Ok(()) } else { Err(LakeError::BrokenChain { path, why: why() }) }
    }

    fn check_from(&self, end: &LakeEnd, from: &Positions) -> Result<(), LakeError> {
        if *from == end.positions {
            return Ok(());
        }
        if from.covers(&end.positions) {
            return Err(LakeError::Gap { epoch: self.epoch, from: from.clone(), end: end.positions.clone() });
        }
        Err(self.fenced(end, from.clone()))
    }

    fn fenced(&self, end: &LakeEnd, from: Positions) -> LakeError {
        LakeError::Fenced { epoch: self.epoch, ordinal: end.next.0, from, end: end.positions.clone() }
    }

    /// What a commit may leave undone: the commit is durable already, so nothing here can fail it.
    fn housekeep(&mut self) {
        let store = &*self.store;
        if let Err(error) = chain::write_page(store, self.epoch, self.commits.len() as u64) {
            tracing::warn!(epoch = %self.epoch, %error, "no page of commits written, opening stays slower");
        }
        if !self.swept {
            let named: HashSet<&str> =
                self.commits.iter().flat_map(|c| &c.segments).map(|s| s.path.as_str()).collect();
            match segment::sweep(store, self.epoch, &named, self.commits.len() as u64) {
                Ok(0) => {}
                Ok(removed) => {
                    tracing::info!(epoch = %self.epoch, removed, "removed segments without a commit")
                }
                Err(error) => tracing::warn!(epoch = %self.epoch, %error, "segments without a commit stay"),
            }
            self.swept = true;
        }
    }
}

fn check_input(end: &LakeEnd, input: &CommitInput) {
    assert!(input.to.covers(&input.from), "{}: a commit never goes back", Promise::P6.statement());
    assert!(input.counts.balanced(), "{}: {:?}", Promise::P2.statement(), input.counts);
    assert!(
        grown(end.counts, input.counts),
        "counts of an epoch only grow: {:?} after {:?}",
        input.counts,
        end.counts
    );
    let kinds: BTreeSet<SegmentKind> = input.segments.iter().map(|(kind, _)| *kind).collect();
    assert!(kinds.len() == input.segments.len(), "each kind has one segment in a commit");
}
