//! The chain of an epoch's commits as files: each holds the checksum of the one before and begins where that
//! one ended. Five hundred at a time are also kept as one page, a copy in one file, so that opening ten
//! thousand commits reads twenty files. A page is only ever a shortcut: what it says is checked like the rest.

use crate::LakeError;
use crate::lake::Commit;
use crate::sealed::{Hash, Unreadable, hex, seal, unseal};
use crate::segment::{self, SegmentKind, SegmentRef};
use crate::store::{Store, StoreError, objects};
use crate::wire::{FORMAT, Fields, WireCommit, WireSegment, write_positions};
use domain::invariant::{Counts, Promise};
use domain::{Day, EpochId, Positions, Sequence};
use std::collections::BTreeSet;

/// Commits of one page: half a megabyte or so, and at most this many single files read at opening.
pub(crate) const PAGE_COMMITS: u64 = 500;

pub(crate) fn commit_path(epoch: EpochId, ordinal: u64) -> String {
    format!("lake/{epoch}/commits/{ordinal:012}.json")
}

fn page_path(epoch: EpochId, first: u64) -> String {
    format!("lake/{epoch}/pages/{first:012}.ndjson")
}

/// What a commit that does not exist yet will say.
pub(crate) struct Draft {
    pub to: Positions,
    pub segments: Vec<SegmentRef>,
    pub counts: Counts,
    pub touched: BTreeSet<Day>,
}

/// The bytes of a commit that continues the chain, and the commit.
pub(crate) fn encode(epoch: EpochId, known: &[Commit], draft: Draft) -> (Vec<u8>, Commit) {
    let ordinal = known.len() as u64;
    let Draft { to, segments, counts, touched } = draft;
    let (bytes, hash) = seal(&WireCommit {
        format: FORMAT,
        epoch: epoch.to_string(),
        ordinal,
        previous: known.last().map(|c| hex(&c.hash)),
        from: write_positions(&known.last().map(|c| c.to.clone()).unwrap_or_default()),
        to: write_positions(&to),
        segments: segments.iter().map(write_segment).collect(),
        counts: counts.into(),
        touched: touched.iter().map(Day::to_string).collect(),
    });
    (bytes, Commit { ordinal: Sequence(ordinal), to, segments, counts, touched, hash })
}

fn write_segment(s: &SegmentRef) -> WireSegment {
    let (kind, path) = (s.kind.name().to_owned(), s.path.clone());
    WireSegment { kind, path, rows: s.rows, bytes: s.bytes, sha256: hex(&s.sha256) }
}

/// Reads the commits that follow those known. On an error `known` holds what is sound before it.
pub(crate) fn load(store: &dyn Store, epoch: EpochId, known: &mut Vec<Commit>) -> Result<(), LakeError> {
    let pages = ordinals(store, &format!("lake/{epoch}/pages"), ".ndjson")?;
    let files = ordinals(store, &format!("lake/{epoch}/commits"), ".json")?;
    let ends =
        files.last().map(|last| last + 1).into_iter().chain(pages.last().map(|first| first + PAGE_COMMITS));
    let end = ends.max().unwrap_or(0);
    while (known.len() as u64) < end {
        let next = known.len() as u64;
        if pages.contains(&next) && load_page(store, epoch, known) {
            continue;
        }
        let path = commit_path(epoch, next);
        let bytes = match store.get(&path) {
            Err(StoreError::Missing { .. }) => return Err(LakeError::MissingCommit { path }),
            got => got?,
        };
        known.push(decode(epoch, known, &path, &bytes, next + 1 == end)?);
    }
    Ok(())
}

fn ordinals(store: &dyn Store, folder: &str, end: &str) -> Result<BTreeSet<u64>, LakeError> {
    let ordinal = |name: &String| name.strip_suffix(end).filter(|n| n.len() == 12)?.parse().ok();
    Ok(objects(store, folder)?.iter().filter_map(ordinal).collect())
}

/// Takes a whole page or nothing of it; the single files hold the same.
fn load_page(store: &dyn Store, epoch: EpochId, known: &mut Vec<Commit>) -> bool {
    let sound = known.len();
    let path = page_path(epoch, sound as u64);
    let loaded = store.get(&path).map_err(LakeError::from).and_then(|bytes| {
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            known.push(decode(epoch, known, &path, line, false)?);
        }
        Ok(())
    });
    let whole = (known.len() - sound) as u64 == PAGE_COMMITS;
    if loaded.is_ok() && whole {
        return true;
    }
    tracing::warn!(path, error = ?loaded.err().map(|e| e.to_string()), "page of commits is unusable, reading its commits singly");
    known.truncate(sound);
    false
}

/// Writes the page that ends with the newest commit, when there is one to write.
pub(crate) fn write_page(store: &dyn Store, epoch: EpochId, commits: u64) -> Result<(), LakeError> {
    if commits == 0 || !commits.is_multiple_of(PAGE_COMMITS) {
        return Ok(());
    }
    let first = commits - PAGE_COMMITS;
    let mut page = Vec::new();
    for ordinal in first..commits {
        page.extend(store.get(&commit_path(epoch, ordinal))?);
    }
    store.put_replace(&page_path(epoch, first), &page)?;
    Ok(())
}

/// Reads a commit and holds it against the chain so far.
pub(crate) fn decode(
    epoch: EpochId,
    known: &[Commit],
    path: &str,
    bytes: &[u8],
    newest: bool,
) -> Result<Commit, LakeError> {
    let (wire, hash) = unseal::<WireCommit>(bytes).map_err(|e| match e {
        Unreadable::Damaged(why) => LakeError::DamagedCommit { path: path.to_owned(), why, newest },
        newer => newer.into_error(path),
    })?;
    let broken = |why: &str| LakeError::BrokenChain { path: path.to_owned(), why: why.to_owned() };
    let fields = Fields { path };
    let from = fields.positions(&wire.from)?;
    let commit = read_commit(&fields, epoch, &wire, hash)?;
    let before = known.last();
    if wire.epoch != epoch.to_string() || wire.ordinal != known.len() as u64 {
        return Err(broken("it is of another epoch or place"));
    }
    if wire.previous != before.map(|c| hex(&c.hash)) {
        return Err(broken("it names another commit as the one before it"));
    }
    if from != before.map(|c| c.to.clone()).unwrap_or_default() || !commit.to.covers(&from) {
        return Err(broken("its positions do not begin where the commit before ends"));
    }
    if !commit.counts.balanced() || !grown(before.map(|c| c.counts).unwrap_or_default(), commit.counts) {
        return Err(broken(Promise::P2.statement()));
    }
    Ok(commit)
}

fn read_commit(
    fields: &Fields<'_>,
    epoch: EpochId,
    wire: &WireCommit,
    hash: Hash,
) -> Result<Commit, LakeError> {
    let segment = |s: &WireSegment| {
        let kind = SegmentKind::from_name(&s.kind)
            .ok_or_else(|| fields.damaged("it has a segment of unknown kind"))?;
        let sha256 = fields.hash(&s.sha256)?;
        if s.path != segment::path(epoch, kind, wire.ordinal, &sha256) {
            return Err(fields.damaged("it names a segment outside its place"));
        }
        let ordinal = Sequence(wire.ordinal);
        Ok(SegmentRef { kind, path: s.path.clone(), ordinal, rows: s.rows, bytes: s.bytes, sha256 })
    };
    Ok(Commit {
        ordinal: Sequence(wire.ordinal),
        to: fields.positions(&wire.to)?,
        segments: wire.segments.iter().map(segment).collect::<Result<_, _>>()?,
        counts: (&wire.counts).into(),
        touched: fields.days(&wire.touched)?,
        hash,
    })
}

/// Whether no count has shrunk.
pub(crate) fn grown(before: Counts, after: Counts) -> bool {
    after.accepted >= before.accepted
        && after.stored >= before.stored
        && after.duplicate >= before.duplicate
        && after.rejected >= before.rejected
}
