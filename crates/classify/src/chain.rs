//! Expressions that are chains: a few words, a gap of limited width, a few more words, as in
//! `\b(?:where|when)\b.{0,30}\b(?:order|parcel)\b`. Rules are hardly ever anything else, and where the words of
//! a chain are in a text tells whether and where it matches, without an automaton whose states multiply with
//! the width of its gaps. What is no chain is left to the regular expression.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look, Repetition};

/// Most literals that one part of a chain is spelt out to, and bytes of one.
const LITERALS: usize = 128;
const LITERAL_BYTES: usize = 64;
/// Most characters that a class is spelt out to.
const CLASS_CHARS: u32 = 4;
/// Most characters of a gap: what is between two words is looked at for each pair of them.
const GAP_CHARS: usize = 256;
/// Most characters that a gap may bar.
const BARRED: usize = 8;
/// Most parts of a branch: one bit each in [`crate::sieve`].
pub(crate) const PARTS: usize = 8;

/// Any of the branches; of those that match at one place, the first.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) branches: Vec<Branch>,
}

/// Parts in their order with a gap between each two.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    pub(crate) parts: Vec<Part>,
    pub(crate) gaps: Vec<Gap>,
}

/// Any of the words; of those at one place, the first.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) needles: Vec<Needle>,
}

/// A literal and whether ASCII word boundaries are asked for on its sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Needle {
    pub(crate) bytes: Vec<u8>,
    pub(crate) boundary_before: bool,
    pub(crate) boundary_after: bool,
}

/// Up to `most` characters, the more the better, none of them one of the barred ASCII characters.
#[derive(Debug, Clone)]
pub(crate) struct Gap {
    most: usize,
    barred: Vec<u8>,
}

impl Chain {
    /// Bytes of all its literals.
    pub(crate) fn bytes(&self) -> usize {
        let parts = self.branches.iter().flat_map(|branch| &branch.parts);
        parts.flat_map(|part| &part.needles).map(|needle| needle.bytes.len()).sum()
    }
}

impl Needle {
    pub(crate) const fn plain(bytes: Vec<u8>) -> Self {
        Self { bytes, boundary_before: false, boundary_after: false }
    }

    /// Whether it stands there, given that its bytes end at `end`.
    pub(crate) fn stands(&self, text: &[u8], end: usize) -> bool {
        let boundary = |at: usize| {
            let word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
            word(at.checked_sub(1).and_then(|before| text.get(before))) != word(text.get(at))
        };
        (!self.boundary_before || boundary(end - self.bytes.len())) && (!self.boundary_after || boundary(end))
    }
}

impl Gap {
    /// Whether it can be what stands there. Looks at no more than four bytes for each character it may have.
    pub(crate) fn spans(&self, between: &[u8]) -> bool {
        let chars = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        between.len() <= self.most * 4
            && (between.len() <= self.most || chars(between) <= self.most)
            && !self.barred.iter().any(|barred| between.contains(barred))
    }
}

/// The expression as a chain, if it is one.
pub(crate) fn of(hir: &Hir) -> Option<Chain> {
    let branches = branches(hir).iter().map(|items| branch(items)).collect::<Option<Vec<_>>>()?;
    Some(Chain { branches })
}

/// The branches, each a sequence. A boundary that all of them begin with may stand before the branching.
fn branches(hir: &Hir) -> Vec<Vec<Hir>> {
    let items = match bare(hir).kind() {
        HirKind::Concat(items) => items.as_slice(),
        _ => std::slice::from_ref(bare(hir)),
    };
    let looks = items.iter().take_while(|item| matches!(item.kind(), HirKind::Look(_))).count();
    let Some((head, tail)) = items[looks..].split_first() else { return vec![items.to_vec()] };
    match bare(head).kind() {
        HirKind::Alternation(branches) if texts(head).is_none() => {
            let of = |branch: &Hir| [&items[..looks], std::slice::from_ref(branch), tail].concat();
            branches.iter().map(of).map(|items| flat(&Hir::concat(items))).collect()
        }
        _ => vec![items.to_vec()],
    }
}

fn flat(hir: &Hir) -> Vec<Hir> {
    match hir.kind() {
        HirKind::Concat(items) => items.clone(),
        _ => vec![hir.clone()],
    }
}

fn bare(hir: &Hir) -> &Hir {
    match hir.kind() {
        HirKind::Capture(capture) => bare(&capture.sub),
        _ => hir,
    }
}

fn branch(items: &[Hir]) -> Option<Branch> {
    let mut made = Branch { parts: Vec::new(), gaps: Vec::new() };
    let mut rest = items;
    loop {
        let end = rest.iter().position(|item| gap(item).is_some()).unwrap_or(rest.len());
        made.parts.push(part(&rest[..end])?);
        let Some(gap) = rest.get(end).and_then(gap) else { break };
        made.gaps.push(gap);
        rest = &rest[end + 1..];
    }
    (made.parts.len() <= PARTS).then_some(made)
}

/// `.{0,9}` and its like, such as `[^.?!]{0,9}`.
fn gap(hir: &Hir) -> Option<Gap> {
    let HirKind::Repetition(Repetition { min: 0, max: Some(most), greedy: true, sub }) = hir.kind() else {
        return None;
    };
    let HirKind::Class(Class::Unicode(class)) = sub.kind() else { return None };
    let most = usize::try_from(*most).ok().filter(|&most| most <= GAP_CHARS)?;
    Some(Gap { most, barred: barred(class)? })
}

/// What is not in the class, if that is a few characters of ASCII.
fn barred(class: &ClassUnicode) -> Option<Vec<u8>> {
    let mut outside = class.clone();
    outside.negate();
    let mut barred = Vec::new();
    for range in outside.ranges() {
        let (from, to) = (u8::try_from(range.start()).ok()?, u8::try_from(range.end()).ok()?);
        barred.extend(from..=to);
    }
    (barred.len() <= BARRED && barred.is_ascii()).then_some(barred)
}

fn part(items: &[Hir]) -> Option<Part> {
    let is_boundary =
        |item: Option<&Hir>| item.is_some_and(|item| matches!(item.kind(), HirKind::Look(Look::WordAscii)));
    let boundary_before = is_boundary(items.first());
    let items = &items[usize::from(boundary_before)..];
    let boundary_after = is_boundary(items.last());
    let items = &items[..items.len() - usize::from(boundary_after)];
    let mut needles = Vec::<Needle>::new();
    for bytes in sequence(items)? {
        let needle = Needle { bytes, boundary_before, boundary_after };
        if needle.bytes.is_empty() {
            return None;
        }
        if !needles.contains(&needle) {
            needles.push(needle);
        }
    }
    (!needles.is_empty()).then_some(Part { needles })
}

/// Every text the expression stands for, what it prefers first; `None` if they are too many, or not so
/// described.
fn texts(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => texts(&capture.sub),
        HirKind::Concat(items) => sequence(items),
        HirKind::Alternation(branches) => {
            limited(branches.iter().map(texts).collect::<Option<Vec<_>>>()?.concat())
        }
        HirKind::Class(Class::Unicode(class)) => characters(class),
        HirKind::Repetition(repetition) => repeated(repetition),
        HirKind::Class(Class::Bytes(_)) | HirKind::Look(_) => None,
    }
}

fn sequence(items: &[Hir]) -> Option<Vec<Vec<u8>>> {
    items.iter().try_fold(vec![Vec::new()], |heads, item| followed(&heads, &texts(item)?))
}

fn followed(heads: &[Vec<u8>], tails: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    if heads.len().saturating_mul(tails.len()) > LITERALS {
        return None;
    }
    let tails_of =
        |head: &Vec<u8>| tails.iter().map(|tail| [head.as_slice(), tail].concat()).collect::<Vec<_>>();
    limited(heads.iter().flat_map(tails_of).collect())
}

fn characters(class: &ClassUnicode) -> Option<Vec<Vec<u8>>> {
    let width =
        |range: &regex_syntax::hir::ClassUnicodeRange| u32::from(range.end()) - u32::from(range.start()) + 1;
    let chars = || class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let few = class.ranges().iter().map(width).fold(0, u32::saturating_add) <= CLASS_CHARS;
    few.then(|| chars().map(|c| c.to_string().into_bytes()).collect())
}

/// `x{m,n}` is `x` and then `x{m-1,n-1}`, or nothing if it need not be there.
fn repeated(Repetition { min, max, greedy, sub }: &Repetition) -> Option<Vec<Vec<u8>>> {
    let max = max.filter(|&max| max as usize <= PARTS)?;
    let once = texts(sub)?;
    if max > 1 && once.iter().any(Vec::is_empty) {
        return None;
    }
    let mut made = vec![Vec::new()];
    for left in (0..max).rev() {
        let more = followed(&once, &made)?;
        let nothing = if left < *min { vec![] } else { vec![Vec::new()] };
        made = limited(if *greedy { [more, nothing].concat() } else { [nothing, more].concat() })?;
    }
    Some(made)
}

fn limited(texts: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    (texts.len() <= LITERALS && texts.iter().all(|text| text.len() <= LITERAL_BYTES)).then_some(texts)
}
