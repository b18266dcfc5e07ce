//! A static token table: a vector for each piece of a word, learned once from a large text encoder. It tells a model
//! that words which were never in its training texts mean the same as others that were. Optional.
//!
//! Format `QTBL` 1, little-endian: magic, u32 version, u32 dimensions, u32 pieces, name (u16 length), languages (u8
//! count; each u8 length), one f32 scale a dimension; then the pieces, each u8 length, its folded text and u8 1 where
//! it begins a word; then one i8 for each piece and dimension.

use super::bytes::{Broken, Reader};
use super::dictionary::Dictionary;
use super::text::{self, Sink};
use std::ops::Range;

/// Dimensions of a table.
pub(super) const DIMENSIONS: usize = 256;
/// Longest piece that is looked for inside a word, in characters.
const PIECE_CHARS: usize = 24;
/// Pieces of a table at most.
const PIECES: usize = 1 << 20;

/// A table of vectors.
pub struct Table {
    /// The file as it was.
    pub(super) file: Vec<u8>,
    name: String,
    languages: Vec<String>,
    pub(super) scales: Vec<f32>,
    dictionary: Dictionary,
    /// [`DIMENSIONS`] steps a piece.
    pub(super) vectors: Vec<i8>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({}, {} pieces)", self.name, self.vectors.len() / DIMENSIONS)
    }
}

impl Table {
    /// Reads a table.
    pub fn read(file: &[u8]) -> Result<Self, Broken> {
        let mut r = Reader::new(file);
        r.expect(b"QTBL", "a token table (it begins with QTBL)")?;
        if r.u32()? != 1 {
            return Err(Broken::new("version 1 of a token table"));
        }
        if r.count()? != DIMENSIONS {
            return Err(Broken::new("256 dimensions"));
        }
        let pieces = r.count()?;
        if pieces > PIECES {
            return Err(Broken::new("at most 1,048,576 pieces"));
        }
        let name_bytes = usize::from(r.u16()?);
        let name = r.text(name_bytes)?;
        let languages = r.u8()?;
        let languages = (0..languages).map(|_| {
            let bytes = usize::from(r.u8()?);
            r.text(bytes)
        });
        let languages = languages.collect::<Result<_, _>>()?;
        let scales = r.floats(DIMENSIONS)?;
        let mut keys = Vec::with_capacity(pieces);
        for _ in 0..pieces {
            let bytes = usize::from(r.u8()?);
            let piece = r.text(bytes)?;
            keys.push(key(text::hash(piece.chars()), r.u8()? == 1));
        }
        let vectors = r.steps(pieces * DIMENSIONS)?;
        r.end()?;
        Ok(Self { file: file.to_vec(), name, languages, scales, dictionary: Dictionary::of(&keys), vectors })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Primary subtags of the languages it is made for.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// Number of pieces.
    pub(super) fn pieces(&self) -> usize {
        self.vectors.len() / DIMENSIONS
    }

    /// The pieces of a word, longest first from its beginning; what no piece begins with is passed over. `chars`
    /// are its characters with a space on either side.
    #[inline(always)]
    pub(super) fn pieces_of(&self, chars: &[u32], mut found: impl FnMut(u32)) {
        let word = &chars[1..chars.len() - 1];
        if let Some(piece) = self.dictionary.number(key(text::hash_of(word), true)) {
            return found(piece);
        }
        let mut hashes = [0u64; PIECE_CHARS];
        let mut from = 0;
        while from < word.len() {
            let rest = &word[from..word.len().min(from + PIECE_CHARS)];
            text::hashes_of(rest, &mut hashes);
            let longest = (1..=rest.len())
                .rev()
                .find_map(|to| Some((to, self.dictionary.number(key(hashes[to - 1], from == 0))?)));
            if let Some((to, piece)) = longest {
                found(piece);
                from += to;
            } else {
                from += 1;
            }
        }
    }

    /// The vector of a text, of length 1; of a text without any piece, nothing but zeros.
    pub(super) fn vector(&self, text: &str) -> Vec<f32> {
        let mut sum = Sum { table: self, sums: vec![0i32; DIMENSIONS] };
        text::walk(text, &mut Vec::new(), &mut sum);
        let vector: Vec<f32> =
            sum.sums.iter().zip(&self.scales).map(|(&s, scale)| s as f32 * scale).collect();
        let length = length(&vector);
        vector.into_iter().map(|x| x / length).collect()
    }
}

/// Euclidean length; 1 of nothing.
#[inline(always)]
pub(super) fn length(vector: &[f32]) -> f32 {
    let length = super::numbers::dot(vector, vector).sqrt();
    if length > 0.0 { length } else { 1.0 }
}

struct Sum<'t> {
    table: &'t Table,
    sums: Vec<i32>,
}

impl Sink for Sum<'_> {
    fn word(&mut self, _: u64, chars: &[u32], _: Range<usize>) {
        let Self { table, sums } = self;
        table.pieces_of(chars, |piece| {
            let from = piece as usize * DIMENSIONS;
            for (sum, &step) in sums.iter_mut().zip(&table.vectors[from..from + DIMENSIONS]) {
                *sum += i32::from(step);
            }
        });
    }
    fn pair(&mut self, _: u64, _: Range<usize>) {}
    fn gram(&mut self, _: u64, _: Range<usize>) {}
}

/// Key of a piece that begins a word, or goes on with one.
#[inline(always)]
fn key(hash: u64, begins: bool) -> u64 {
    text::mix(hash ^ if begins { 0x6a09_e667_f3bc_c908 } else { 0xbb67_ae85_84ca_a73b })
}
