//! Payment cards: the groups in which cards are written, the numbers that networks give out, and Luhn's
//! check. The groups keep a card apart from a phone that stands before it.

use super::runs::{Group, groups, runs};
use std::ops::Range;

/// Lengths of the groups in which cards are written, where they are not written in one.
const SHAPES: &[&[usize]] = &[
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
    &[4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 5],
    &[8, 8],
];

pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for run in runs(&groups(text)) {
        let mut rest = run;
        while let Some(first) = rest.first() {
            let taken = width(rest);
            if taken > 0 {
                spans.push(first.start..rest[taken - 1].end());
            }
            rest = &rest[taken.max(1)..];
        }
    }
    spans
}

/// How many of these groups are one card: 0 where they are none.
fn width(groups: &[Group<'_>]) -> usize {
    let written_as = |shape: &[usize]| {
        groups.len() >= shape.len() && shape.iter().zip(groups).all(|(len, g)| g.digits.len() == *len)
    };
    let in_one: &[usize] = &[groups[0].digits.len()];
    let mut shapes = SHAPES.iter().copied().chain([in_one]);
    shapes.find(|s| written_as(s) && is_card(&groups[..s.len()])).map_or(0, <[usize]>::len)
}

fn is_card(groups: &[Group<'_>]) -> bool {
    let digits: Vec<u8> = groups.iter().flat_map(|g| g.digits.bytes()).map(|b| b - b'0').collect();
    issued(&digits) && luhn(&digits)
}

/// Whether a network gives out numbers that begin so and are as long (ISO/IEC 7812; a broad reading).
fn issued(digits: &[u8]) -> bool {
    matches!(
        (digits.len(), digits),
        (12, [5, 0 | 6..=9, ..] | [6, ..])
            | (13, [4, ..])
            | (14, [3, 0 | 6 | 8 | 9, ..])
            | (15, [3, 4 | 7, ..] | [1, 8, 0, 0, ..] | [2, 1, 3, 1, ..])
            | (16, [2..=6, ..])
            | (17..=19, [4..=6, ..])
    )
}

fn luhn(digits: &[u8]) -> bool {
    let doubled = |d: u8| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| u32::from(if i % 2 == 1 { doubled(*d) } else { *d }))
        .sum();
    sum.is_multiple_of(10)
}
