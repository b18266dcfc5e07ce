//! What the model sees of a text: its words, pairs of neighbouring words, and pieces of three and four characters
//! inside each word, each as a 64-bit key.
//!
//! A word is a run of letters, digits and `_`, in lower case and without accents; everything else separates. The
//! pieces are cut from the word with one space before and after it; a padded word shorter than a piece gives
//! itself once. Keys of three characters cannot meet; of the others two meet with a chance of 2⁻⁶⁴.

use crate::fold;
use std::ops::Range;

/// Told every feature of a text, as often as it occurs, with its place in the text.
pub(super) trait Sink {
    /// A word; `chars` are its characters with a space on either side.
    fn word(&mut self, key: u64, chars: &[u32], place: Range<usize>);
    /// Two neighbouring words.
    fn pair(&mut self, key: u64, place: Range<usize>);
    /// Three or four characters of a padded word; the place is that of the word.
    fn gram(&mut self, key: u64, place: Range<usize>);
}

/// Longest word in characters; a longer run is cut there, so that no text makes a word that is unbounded.
const WORD_CHARS: usize = 64;

const SPACE: u32 = ' ' as u32;

/// Reads a text. `chars` is room for one word.
#[inline(always)]
pub(super) fn walk(text: &str, chars: &mut Vec<u32>, sink: &mut impl Sink) {
    let bytes = text.as_bytes();
    let mut words = Words { chars, from: 0, before: None, hash: SEED };
    words.begin();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte < 128 {
            match ASCII[usize::from(byte)] {
                0 => words.end(at, sink),
                letter => words.letter(u32::from(letter), at, at + 1, sink),
            }
            at += 1;
        } else {
            let c = text[at..].chars().next().unwrap_or(' ');
            let end = at + c.len_utf8();
            for folded in fold::lower(c) {
                if folded.is_alphanumeric() {
                    words.letter(u32::from(folded), at, end, sink);
                } else if !is_accent(folded) {
                    words.end(at, sink);
                }
            }
            at = end;
        }
    }
    words.end(bytes.len(), sink);
}

/// The accent of a decomposed letter; it belongs to the letter before it.
const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// The word that is being read, and the one before it.
struct Words<'a> {
    chars: &'a mut Vec<u32>,
    /// Where the word begins in the text.
    from: usize,
    /// Hash and beginning of the word before.
    before: Option<(u64, usize)>,
    hash: u64,
}

impl Words<'_> {
    #[inline(always)]
    fn begin(&mut self) {
        self.chars.clear();
        self.chars.push(SPACE);
        self.hash = SEED;
    }

    #[inline(always)]
    fn letter(&mut self, letter: u32, from: usize, to: usize, sink: &mut impl Sink) {
        if self.chars.len() == 1 {
            self.from = from;
        }
        self.chars.push(letter);
        self.hash = next(self.hash, letter);
        if self.chars.len() > WORD_CHARS {
            self.end(to, sink);
        }
    }

    #[inline(always)]
    fn end(&mut self, to: usize, sink: &mut impl Sink) {
        if self.chars.len() == 1 {
            return;
        }
        self.chars.push(SPACE);
        let place = self.from..to;
        sink.word(mix(self.hash ^ WORD_TAG), self.chars, place.clone());
        if let Some((before, from)) = self.before {
            let pair = (before ^ PAIR_TAG).wrapping_mul(PAIR).rotate_left(29) ^ self.hash;
            sink.pair(mix(pair), from..to);
        }
        self.before = Some((self.hash, self.from));
        grams(self.chars, &place, sink);
        self.begin();
    }
}

#[inline(always)]
fn next(hash: u64, letter: u32) -> u64 {
    (hash.rotate_left(5) ^ u64::from(letter)).wrapping_mul(WORD)
}

/// Hash of letters, not spread yet.
#[inline(always)]
pub(super) fn hash_of(letters: &[u32]) -> u64 {
    letters.iter().fold(SEED, |hash, &letter| next(hash, letter))
}

/// Hash of each beginning of letters, the shortest first.
#[inline(always)]
pub(super) fn hashes_of(letters: &[u32], hashes: &mut [u64]) {
    let mut hash = SEED;
    for (slot, &letter) in hashes.iter_mut().zip(letters) {
        hash = next(hash, letter);
        *slot = hash;
    }
}

/// Hash of a text that is folded already, not spread yet.
pub(super) fn hash(letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(SEED, |hash, letter| next(hash, u32::from(letter)))
}

#[inline(always)]
fn grams(chars: &[u32], place: &Range<usize>, sink: &mut impl Sink) {
    for three in chars.windows(3) {
        sink.gram(mix(packed(three)), place.clone());
    }
    for four in chars.windows(4) {
        let head = mix(packed(&four[..3]) ^ FOUR_TAG);
        sink.gram(mix(head ^ u64::from(four[3])), place.clone());
    }
}

/// Three characters side by side: a character has 21 bits.
#[inline(always)]
fn packed(three: &[u32]) -> u64 {
    u64::from(three[0]) | u64::from(three[1]) << 21 | u64::from(three[2]) << 42
}

const SEED: u64 = 0x243f_6a88_85a3_08d3;
const WORD: u64 = 0x517c_c1b7_2722_0a95;
const PAIR: u64 = 0x9e37_79b9_7f4a_7c15;
const WORD_TAG: u64 = 0x1319_8a2e_0370_7344;
const PAIR_TAG: u64 = 0xa409_3822_299f_31d0;
const FOUR_TAG: u64 = 1 << 63;

/// Spreads every bit over all others (the finaliser of MurmurHash3). One to one.
#[inline(always)]
pub(super) const fn mix(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ x >> 33
}

/// Lower-case letter, digit or `_`; 0 separates.
static ASCII: [u8; 128] = ascii();

const fn ascii() -> [u8; 128] {
    let mut table = [0; 128];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
}
