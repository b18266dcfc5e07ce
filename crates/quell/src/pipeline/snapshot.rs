//! The snapshot of a whole fold: one part a partition of facts, one a shard of customers. Other numbers of
//! partitions or shards make it useless, and the fold starts from an older one or from zero.

use crate::parallel;
use engine::{Assemble, Damaged, Judge, Ruleset};
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

/// The states of a fold.
pub(crate) struct States {
    pub(crate) assemble: Vec<Assemble>,
    pub(crate) judge: Vec<Judge>,
}

impl States {
    pub(crate) fn new(rules: &Arc<Ruleset>, partitions: usize, shards: usize) -> Self {
        Self {
            assemble: (0..partitions).map(|_| Assemble::new(Arc::clone(rules))).collect(),
            judge: (0..shards).map(|_| Judge::new(Arc::clone(rules))).collect(),
        }
    }

    /// All states as one piece of bytes: the two counts, then each part with its length before it.
    pub(crate) fn save(&self, threads: NonZeroUsize) -> Vec<u8> {
        let assemble = parallel::map(threads, self.assemble.iter().collect(), Assemble::snapshot);
        let judge = parallel::map(threads, self.judge.iter().collect(), Judge::snapshot);
        let mut out =
            Vec::with_capacity(assemble.iter().chain(&judge).map(|p| p.len() + 8).sum::<usize>() + 16);
        out.extend_from_slice(&head(assemble.len(), judge.len()));
        for part in assemble.iter().chain(&judge) {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(part);
        }
        out
    }

    /// The states that `bytes` were saved from; `None` for other numbers of partitions or shards.
    pub(crate) fn load(
        rules: &Arc<Ruleset>,
        partitions: usize,
        shards: usize,
        bytes: &[u8],
    ) -> Result<Option<Self>, Damaged> {
        let mut rest = bytes;
        let found = (number(&mut rest)?, number(&mut rest)?);
        if found != (partitions as u64, shards as u64) {
            return Ok(None);
        }
        let assemble: Vec<Assemble> = (0..partitions)
            .map(|_| Assemble::restore(Arc::clone(rules), part(&mut rest)?))
            .collect::<Result<_, _>>()?;
        let known = |contact| assemble.iter().find_map(|a| a.contact(contact));
        let judge = (0..shards)
            .map(|_| Judge::restore(Arc::clone(rules), part(&mut rest)?, known))
            .collect::<Result<_, _>>()?;
        if rest.is_empty() { Ok(Some(Self { assemble, judge })) } else { Err(Damaged) }
    }

    /// Records in the states.
    pub(crate) fn len(&self) -> usize {
        self.assemble.iter().map(Assemble::len).sum()
    }
}

/// The bytes of [`States::save`], of states that lie in files.
pub(crate) fn write_files(out: &mut dyn Write, assemble: &[PathBuf], judge: &[PathBuf]) -> io::Result<()> {
    out.write_all(&head(assemble.len(), judge.len()))?;
    for path in assemble.iter().chain(judge) {
        let mut part = File::open(path)?;
        out.write_all(&part.metadata()?.len().to_le_bytes())?;
        io::copy(&mut part, out)?;
    }
    Ok(())
}

fn head(assemble: usize, judge: usize) -> Vec<u8> {
    [assemble, judge].into_iter().flat_map(|count| (count as u64).to_le_bytes()).collect()
}

fn number(rest: &mut &[u8]) -> Result<u64, Damaged> {
    let (head, tail) = rest.split_first_chunk::<8>().ok_or(Damaged)?;
    *rest = tail;
    Ok(u64::from_le_bytes(*head))
}

fn part<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], Damaged> {
    let len = usize::try_from(number(rest)?).map_err(|_| Damaged)?;
    let (head, tail) = rest.split_at_checked(len).ok_or(Damaged)?;
    *rest = tail;
    Ok(head)
}
