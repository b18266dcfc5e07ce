//! Phone numbers: international (`+…`, `00…`), and national as people in Spain, Argentina and North America
//! write them, and elsewhere with a zero in front. A bare number that could be anything (ten digits in one, `4123-4567`) is a phone only after
//! a word that says so.
//!
//! Left alone: what is glued to letters or stands behind `ABC-` or `#` (orders, product models), amounts of
//! money, dates and years.

use super::DIGITS_MIN;
use super::context::{Before, is_amount};
use super::runs::{Group, groups, runs};
use std::ops::Range;

pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for run in runs(&groups(text)) {
        if run.iter().map(|g| g.digits.len()).sum::<usize>() < DIGITS_MIN {
            continue;
        }
        let before = Before::of(&text[..run[0].start]);
        // An amount's last group belongs to no phone.
        let amount = is_amount(&text[run[run.len() - 1].end()..]);
        let end = if amount { run.len() - 1 } else { run.len() };
        let mut at = held(run, &before);
        while at < end {
            let first = (at == 0).then_some(&before);
            match width(&run[at..end], first) {
                0 => at += 1,
                taken => {
                    spans.push(span(text, &run[at..at + taken], first));
                    at += taken;
                }
            }
        }
    }
    spans
}

/// The bytes of a phone: with its plus sign, and with the bracket that its first group stands in.
fn span(text: &str, groups: &[Group<'_>], first: Option<&Before<'_>>) -> Range<usize> {
    let mut start = groups[0].start;
    let end = groups[groups.len() - 1].end();
    let bracket_closes = text[start..end].contains(')');
    if bracket_closes && text[..start].ends_with('(') {
        start -= 1;
    }
    if first.is_some_and(|b| b.is_plus()) {
        start = text[..start].rfind('+').unwrap_or(start);
        if bracket_closes && text[..start].ends_with('(') {
            start -= 1;
        }
    }
    start..end
}

/// The most groups that one phone is written in, and the most digits it has: two zeros and fifteen (E.164).
const GROUPS_MAX: usize = 7;
const DIGITS_MAX: usize = 17;

/// How many groups at the beginning of a run are an identifier, `ORD-2026-612345678`, or an amount,
/// `$ 612.345.678`.
fn held(run: &[Group<'_>], before: &Before<'_>) -> usize {
    let joined_by = |separator| 1 + run[1..].iter().take_while(|g| g.separator == Some(separator)).count();
    match before {
        b if b.is_identified() => joined_by("-"),
        b if b.is_currency() => joined_by("."),
        _ => 0,
    }
}

/// How many of these groups are one phone: 0 where they are none. What stands before matters to the first
/// group of a run.
fn width(groups: &[Group<'_>], first: Option<&Before<'_>>) -> usize {
    let mut room = Room::default();
    let all = room.window(groups);
    if first.is_some_and(|b| b.is_plus()) {
        return match all.longest(|w| w.is_international(0)) {
            0 => all.longest(|w| (9..=15).contains(&w.digits.len())),
            taken => taken,
        };
    }
    match all.longest(|w| w.is_phone()) {
        1 if first.is_some_and(Before::is_identifier) => 0,
        0 if first.is_some_and(|b| b.is_cue() && !b.is_identifier()) && !begins_with_date(groups) => {
            all.longest(|w| (7..=13).contains(&w.digits.len()) && w.lens.iter().all(|l| *l > 1))
        }
        taken => taken,
    }
}

/// `12.05.2026`, `2026-05-12`, `2025-2026`.
fn begins_with_date(groups: &[Group<'_>]) -> bool {
    let year =
        |g: &Group<'_>| g.digits.len() == 4 && (g.digits.starts_with("19") || g.digits.starts_with("20"));
    let short = |g: &Group<'_>| g.digits.len() <= 2;
    match groups {
        [a, b, c, ..] if short(a) && short(b) && year(c) => true,
        [a, b, c, ..] if year(a) && short(b) && short(c) => true,
        [a, b, ..] => year(a) && year(b),
        _ => false,
    }
}

/// Where the digits of a window are put together.
#[derive(Default)]
struct Room {
    digits: [u8; DIGITS_MAX],
    lens: [usize; GROUPS_MAX],
}

impl Room {
    /// As many of the first groups as a phone can have.
    fn window(&mut self, groups: &[Group<'_>]) -> Window<'_> {
        let (mut digits, mut count) = (0, 0);
        for group in groups.iter().take(GROUPS_MAX) {
            let end = digits + group.digits.len();
            let Some(place) = self.digits.get_mut(digits..end) else { break };
            place.copy_from_slice(group.digits.as_bytes());
            self.lens[count] = group.digits.len();
            (digits, count) = (end, count + 1);
        }
        Window { digits: &self.digits[..digits], lens: &self.lens[..count] }
    }
}

/// Consecutive groups, taken together.
#[derive(Clone, Copy)]
struct Window<'w> {
    /// Their digits, in ASCII.
    digits: &'w [u8],
    /// How many digits each of them has.
    lens: &'w [usize],
}

/// Country codes with the least and the greatest number of digits behind them: those of the Americas, of
/// Western Europe, and of the larger communities there.
#[rustfmt::skip] // A table, several to a line.
const COUNTRIES: &[(&[u8], usize, usize)] = &[
    (b"1", 10, 10), (b"31", 9, 9), (b"32", 8, 9), (b"33", 9, 9), (b"34", 9, 9), (b"351", 9, 9), (b"353", 7, 9),
    (b"376", 6, 6), (b"380", 9, 9), (b"39", 8, 11), (b"40", 9, 9), (b"41", 9, 9), (b"43", 7, 12), (b"44", 9, 10),
    (b"49", 7, 11), (b"502", 8, 8), (b"503", 8, 8), (b"504", 8, 8), (b"505", 8, 8), (b"506", 8, 8),
    (b"507", 7, 8), (b"51", 8, 9), (b"52", 10, 11), (b"53", 8, 8), (b"54", 10, 11), (b"55", 10, 11),
    (b"56", 9, 9), (b"57", 10, 10), (b"58", 10, 10), (b"591", 8, 8), (b"593", 8, 9), (b"595", 9, 9),
    (b"598", 8, 8), (b"61", 9, 9), (b"86", 11, 11), (b"91", 10, 10), (b"212", 9, 9),
];

impl Window<'_> {
    /// The most of its first groups that follow a rule.
    fn longest(self, rule: impl Fn(&Window<'_>) -> bool) -> usize {
        let first = |n: usize| {
            let digits = self.lens[..n].iter().sum();
            Window { digits: &self.digits[..digits], lens: &self.lens[..n] }
        };
        (1..=self.lens.len()).rev().find(|n| rule(&first(*n))).unwrap_or(0)
    }

    fn is_phone(&self) -> bool {
        let international = self.digits.starts_with(b"00") && self.is_international(2);
        let known = self.is_spanish() || self.is_argentine() || self.is_north_american();
        international || known || self.is_national()
    }

    /// Digits behind a prefix of this length are a country's code and a number as long as its numbers are.
    fn is_international(&self, prefix: usize) -> bool {
        let digits = self.digits.get(prefix..).unwrap_or_default();
        COUNTRIES.iter().any(|(code, least, greatest)| {
            digits.strip_prefix(*code).is_some_and(|rest| (*least..=*greatest).contains(&rest.len()))
        })
    }

    fn is_spanish(&self) -> bool {
        let (digits, lens) = match (self.digits, self.lens) {
            ([b'3', b'4', rest @ ..], [2, lens @ ..]) => (rest, lens),
            ([b'3', b'4', rest @ ..], [11]) => (rest, &[9][..]),
            (all, lens) => (all, lens),
        };
        let given_out =
            matches!(digits, [b'6', ..] | [b'7', b'1'..=b'9', ..] | [b'8' | b'9', b'0'..=b'8', ..]);
        given_out
            && matches!(
                lens,
                [9] | [3, 6] | [2, 7] | [3, 3, 3] | [3, 2, 2, 2] | [2, 3, 2, 2] | [2, 2, 2, 3] | [2, 3, 4]
            )
    }

    /// With the area's code (11, 2xx, 3xx, with or without 0), with or without the 15 of a mobile, or with
    /// the country's code and no sign before it.
    fn is_argentine(&self) -> bool {
        matches!(
            (self.lens, self.digits),
            ([2, 4, 4] | [2, 8], [b'1', b'1' | b'5', ..])
                | ([3, 4, 4] | [3, 8] | [3, 2, 4, 4], [b'0', b'1', b'1', ..])
                | ([2, 2, 4, 4], [b'1', b'1', b'1', b'5', ..])
                | ([11], [b'0', b'1', b'1', b'2'..=b'7', ..])
                | ([4, 3, 4] | [4, 7] | [4, 2, 3, 4] | [5, 2, 4] | [5, 6], [b'0', b'2' | b'3', ..])
                | ([3, 3, 4] | [3, 7], [b'2' | b'3', ..])
                | ([12] | [13], [b'5', b'4', b'1' | b'2' | b'3' | b'9', ..])
        )
    }

    /// `212-555-1234`, `(212) 555-1234`, `1-800-555-1234`.
    fn is_north_american(&self) -> bool {
        let digits = match (self.lens, self.digits) {
            ([3, 3, 4], all) => all,
            ([1, 3, 3, 4], [b'1', rest @ ..]) => rest,
            _ => return false,
        };
        matches!(digits, [b'2'..=b'9', _, _, b'2'..=b'9', ..])
    }
    /// As most countries write them: a zero, and three groups or more (`079 2718 1155`, `01 23 45 67 89`).
    fn is_national(&self) -> bool {
        let [first, rest @ ..] = self.lens else { return false };
        let date =
            matches!((self.lens, self.digits), ([2, 2, 4, ..], [_, _, _, _, b'1' | b'2', b'9' | b'0', ..]));
        matches!(self.digits, [b'0', b'1'..=b'9', ..])
            && (9..=11).contains(&self.digits.len())
            && (2..=5).contains(first)
            && rest.len() >= 2
            && rest.iter().all(|l| (2..=4).contains(l))
            && !date
    }
}
