//! Which literal pieces a text must hold for an expression to be found in it. Of all sets of pieces of which
//! one is part of every match, the most telling is taken: a text without any of them need not be searched.

use regex_syntax::hir::literal::{ExtractKind, Extractor, Literal};
use regex_syntax::hir::{Hir, HirKind};
use std::cmp::Reverse;

/// Most pieces in one set. More would only make a common word rarer by spelling out what follows it.
const PIECES: usize = 100;
/// Parts of a sequence that are read as one stretch, and places in it where a stretch may start: bounds the
/// time spent on an expression of a thousand characters.
const STRETCH: usize = 8;
const STARTS: usize = 32;

/// One of these is part of every match; `None` = nothing is known.
pub(crate) fn of(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let inside = match hir.kind() {
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of(&repetition.sub),
        HirKind::Alternation(branches) => any(branches),
        HirKind::Concat(parts) => best(parts.iter().take(STARTS).enumerate().map(|(at, part)| {
            let stretch = &parts[at..parts.len().min(at + STRETCH)];
            best([of(part), prefixes(&Hir::concat(stretch.to_vec()))])
        })),
        _ => None,
    };
    best([inside, prefixes(hir)])
}

/// Each branch needs a set of its own: a match is of one of them.
fn any(branches: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let sets = branches.iter().map(of).collect::<Option<Vec<_>>>()?;
    let mut all = sets.concat();
    all.sort();
    all.dedup();
    (all.len() <= PIECES).then_some(all)
}

/// What a match of this can start with.
fn prefixes(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let found = Extractor::new().kind(ExtractKind::Prefix).limit_total(PIECES).extract(hir);
    let mut pieces: Vec<_> = found.literals()?.iter().map(Literal::as_bytes).map(<[u8]>::to_vec).collect();
    pieces.sort();
    pieces.dedup();
    (!pieces.is_empty() && pieces.iter().all(|piece| !piece.is_empty())).then_some(pieces)
}

/// The set whose shortest piece is longest; of equals, the smallest.
fn best(sets: impl IntoIterator<Item = Option<Vec<Vec<u8>>>>) -> Option<Vec<Vec<u8>>> {
    sets.into_iter().flatten().max_by_key(|set| {
        let shortest = set.iter().map(Vec::len).min().unwrap_or_default();
        (shortest, Reverse(set.len()))
    })
}
