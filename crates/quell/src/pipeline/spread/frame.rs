//! One part's word on one step as records of the log: cut into pieces that each fit into a record, and put together
//! again by whoever reads.

use anyhow::{Result, ensure};
use domain::{Offset, Sequence};
use std::collections::BTreeMap;

/// Most bytes of a piece: below what a record may hold.
const PIECE: usize = 4 * 1024 * 1024;

/// Bytes before a piece: step, part, speaker, and which piece of how many.
const HEAD: usize = 8 + 4 + 8 + 4 + 4;

/// A whole word as records. `speaker` tells apart what several processes say of the same, or one says twice: pieces of
/// two are never mixed.
pub(super) fn cut(step: Sequence, part: u32, speaker: u64, body: &[u8]) -> Vec<Vec<u8>> {
    let pieces: Vec<&[u8]> = if body.is_empty() { vec![body] } else { body.chunks(PIECE).collect() };
    let count = u32::try_from(pieces.len()).expect("a word is far below 2^32 pieces of 4 MiB");
    let head = |at: u32| {
        let mut head = Vec::with_capacity(HEAD);
        head.extend_from_slice(&step.0.to_le_bytes());
        head.extend_from_slice(&part.to_le_bytes());
        head.extend_from_slice(&speaker.to_le_bytes());
        head.extend_from_slice(&at.to_le_bytes());
        head.extend_from_slice(&count.to_le_bytes());
        head
    };
    (0..count).zip(pieces).map(|(at, piece)| [&head(at), piece].concat()).collect()
}

/// A word that is not whole yet.
struct Open {
    pieces: BTreeMap<u32, Vec<u8>>,
    count: u32,
}

/// Puts words together. Of one part and step the word that is whole first counts.
#[derive(Default)]
pub(super) struct Collector {
    open: BTreeMap<(Sequence, u32, u64), Open>,
    whole: BTreeMap<(Sequence, u32), Vec<u8>>,
    /// Where the first record of each step lies.
    began: BTreeMap<Sequence, Offset>,
    /// Steps before this one are dealt with.
    from: u64,
    /// The newest step with a whole word, dealt with or not.
    newest: Option<Sequence>,
}

impl Collector {
    /// One that passes over what is said of earlier steps.
    pub(super) fn from(step: Sequence) -> Self {
        Self { from: step.0, ..Self::default() }
    }

    /// Takes one record.
    pub(super) fn push(&mut self, record: &[u8], offset: Offset) -> Result<()> {
        let (step, part, speaker, at, count, piece) = parse(record)?;
        if step.0 < self.from || self.whole.contains_key(&(step, part)) {
            return Ok(());
        }
        self.began.entry(step).or_insert(offset);
        let key = (step, part, speaker);
        let open = self.open.entry(key).or_insert_with(|| Open { pieces: BTreeMap::new(), count });
        ensure!(open.count == count, "a piece of another number of pieces");
        open.pieces.insert(at, piece.to_vec());
        if open.pieces.len() == count as usize {
            let word = self.open.remove(&key).map(|open| open.pieces.into_values().collect::<Vec<_>>());
            self.whole.insert((step, part), word.unwrap_or_default().concat());
            self.newest = self.newest.max(Some(step));
        }
        Ok(())
    }

    /// The words of these parts on a step, in the order of the parts, once all are there.
    pub(super) fn take(&mut self, step: Sequence, parts: std::ops::Range<u32>) -> Option<Vec<Vec<u8>>> {
        if !parts.clone().all(|part| self.whole.contains_key(&(step, part))) {
            return None;
        }
        let words = parts.filter_map(|part| self.whole.remove(&(step, part))).collect();
        self.forget(Sequence(step.0 + 1));
        Some(words)
    }

    /// Whether a part's word on a step is there.
    pub(super) fn has(&self, step: Sequence, part: u32) -> bool {
        self.whole.contains_key(&(step, part))
    }

    /// Drops everything of earlier steps.
    pub(super) fn forget(&mut self, from: Sequence) {
        self.from = self.from.max(from.0);
        let from = Sequence(self.from);
        self.open = self.open.split_off(&(from, 0, 0));
        self.whole = self.whole.split_off(&(from, 0));
        self.began = self.began.split_off(&from);
    }

    /// The newest step with a whole word.
    pub(super) const fn newest(&self) -> Option<Sequence> {
        self.newest
    }

    /// Where to begin to read again for everything that was not taken; `None`: where reading stands.
    pub(super) fn began(&self) -> Option<Offset> {
        self.began.values().min().copied()
    }
}

type Parsed<'r> = (Sequence, u32, u64, u32, u32, &'r [u8]);

fn parse(record: &[u8]) -> Result<Parsed<'_>> {
    let (head, piece) = record.split_at_checked(HEAD).unwrap_or_default();
    ensure!(head.len() == HEAD, "a record that is too short");
    let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
    let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| head[at + i]));
    let (at, count) = (short(20), short(24));
    ensure!(at < count, "a piece beyond the last one");
    Ok((Sequence(long(0)), short(8), long(12), at, count, piece))
}
