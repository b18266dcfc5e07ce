//! Scores of all classes for one text: rows of 8-bit weights are added up, the hidden units go through the output
//! layer, and the linear SVM's part is added.

use super::dense::Dense;
use super::numbers::{most, softmax};
use super::text::{self, Sink};
use super::{Model, train::HIDDEN};
use pulp::NullaryFnOnce;
use std::ops::Range;

/// Hidden units of both nets.
pub(super) const UNITS: usize = 2 * HIDDEN;
/// Columns that are added up at once.
const LANES: usize = 128;
/// Rows after which sums in 16 bits are emptied: 250 · 127 < 2¹⁵.
const FULL: usize = 250;

/// Room for the work on one text; kept from one text to the next. One thread's own.
#[derive(Default)]
pub struct Scratch {
    chars: Vec<u32>,
    keys: Keys,
    first: Vec<u64>,
    words: Vec<u32>,
    grams: Vec<u32>,
    pieces: Vec<u32>,
    seen: Seen,
    sums: Vec<i32>,
    inputs: Vec<f32>,
    /// Hidden units that are on.
    active: Vec<(usize, f32)>,
    pub(super) scores: Vec<f32>,
}

impl Scratch {
    /// The inputs of hidden units and classes of the last text.
    pub(super) fn inputs(&self) -> &[f32] {
        &self.inputs
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch") // what is in it came from a customer
    }
}

#[derive(Default)]
struct Keys {
    words: Vec<u64>,
    grams: Vec<u64>,
}

impl Sink for Keys {
    #[inline(always)]
    fn word(&mut self, key: u64, _: &[u32], _: Range<usize>) {
        self.words.push(key);
    }
    #[inline(always)]
    fn pair(&mut self, key: u64, _: Range<usize>) {
        self.words.push(key);
    }
    #[inline(always)]
    fn gram(&mut self, key: u64, _: Range<usize>) {
        self.grams.push(key);
    }
}

/// The pieces of the token table that make up a text.
struct Pieces<'a> {
    dense: &'a Dense,
    found: &'a mut Vec<u32>,
}

impl Sink for Pieces<'_> {
    #[inline(always)]
    fn word(&mut self, _: u64, chars: &[u32], _: Range<usize>) {
        self.dense.table.pieces_of(chars, |piece| self.found.push(piece));
    }
    #[inline(always)]
    fn pair(&mut self, _: u64, _: Range<usize>) {}
    #[inline(always)]
    fn gram(&mut self, _: u64, _: Range<usize>) {}
}

/// Which features the text at hand has shown already: a stamp a feature, so that nothing is cleared between texts.
#[derive(Default)]
struct Seen {
    stamps: Vec<u8>,
    now: u8,
}

impl Seen {
    fn begin(&mut self, features: usize) {
        self.now = self.now.wrapping_add(1);
        if self.stamps.len() != features || self.now == 0 {
            self.stamps.clear();
            self.stamps.resize(features, 0);
            self.now = 1;
        }
    }

    #[inline(always)]
    fn is_new(&mut self, feature: u32) -> bool {
        let stamp = &mut self.stamps[feature as usize];
        let new = *stamp != self.now;
        *stamp = self.now;
        new
    }
}

/// Fills `scratch.scores`.
pub(super) struct Scoring<'a> {
    pub(super) model: &'a Model,
    pub(super) text: &'a str,
    pub(super) scratch: &'a mut Scratch,
}

/// What a text gets besides its scores.
pub(super) struct Scored {
    /// The highest score of the SVM.
    pub(super) linear: f32,
    /// Share of the text's distinct words and pairs that the model knows.
    pub(super) coverage: f32,
    /// At least one feature is known.
    pub(super) is_known: bool,
}

impl NullaryFnOnce for Scoring<'_> {
    type Output = Scored;

    #[inline(always)]
    fn call(self) -> Scored {
        let Self { model, text, scratch: s } = self;
        s.keys.words.clear();
        s.keys.grams.clear();
        text::walk(text, &mut s.chars, &mut s.keys);
        s.keys.words.sort_unstable();
        s.keys.words.dedup();
        s.seen.begin(model.features());
        s.words.clear();
        s.grams.clear();
        let (words, grams, seen) = (&mut s.words, &mut s.grams, &mut s.seen);
        model.dictionary.numbers(&s.keys.words, &mut s.first, |feature| words.push(feature));
        model.dictionary.numbers(&s.keys.grams, &mut s.first, |feature| {
            if seen.is_new(feature) {
                grams.push(feature);
            }
        });
        let coverage = words.len() as f32 / s.keys.words.len().max(1) as f32;

        s.inputs.clear();
        s.inputs.extend_from_slice(&model.constant);
        for (rows, scales) in [(&s.words, &model.word_scales), (&s.grams, &model.gram_scales)] {
            if !rows.is_empty() {
                let value = 1.0 / (rows.len() as f32).sqrt();
                add_block(&model.rows, model.stride, rows, (scales, value), &mut s.sums, &mut s.inputs);
            }
        }
        if let Some(dense) = &model.dense {
            s.pieces.clear();
            text::walk(text, &mut s.chars, &mut Pieces { dense, found: &mut s.pieces });
            if !s.pieces.is_empty() {
                let value = 1.0 / dense.length(&s.pieces, &mut s.sums);
                add_block(
                    &dense.rows,
                    model.stride,
                    &s.pieces,
                    (&dense.scales, value),
                    &mut s.sums,
                    &mut s.inputs,
                );
            }
        }
        let (hidden, linear) = s.inputs.split_at(UNITS);
        let active = active(hidden, model.bias.len(), &mut s.active);
        s.scores.clear();
        s.scores.extend(model.bias.iter().zip(linear).map(|(bias, linear)| bias + LINEAR * linear));
        add_units(&model.outputs, active, &mut s.scores);
        let classes = model.classes();
        let linear = most(&linear[..classes]);
        s.scores.truncate(classes);
        Scored { linear, coverage, is_known: !(s.words.is_empty() && s.grams.is_empty()) }
    }
}

/// Where the weights of the hidden units that are on begin, and how much each is on. Without a branch: which are on
/// is as good as a coin to the processor.
#[inline(always)]
fn active<'s>(hidden: &[f32], width: usize, room: &'s mut Vec<(usize, f32)>) -> &'s [(usize, f32)] {
    room.resize(hidden.len(), (0, 0.0));
    let (mut found, mut from) = (0usize, 0usize);
    for &unit in hidden {
        room[found] = (from, unit);
        found = found.wrapping_add(usize::from(unit > 0.0));
        from = from.wrapping_add(width);
    }
    &room[..found]
}

/// Classes whose sums fit into the registers at once.
const CLASSES_AT_ONCE: usize = 96;

/// Adds what the active hidden units give each class. Few and wide blocks: each sum waits for the one before it, and
/// only many sums side by side fill that time.
#[inline(always)]
fn add_units(outputs: &[f32], active: &[(usize, f32)], scores: &mut [f32]) {
    let lanes = scores.len() / 16;
    let block = lanes.div_ceil(scores.len().div_ceil(CLASSES_AT_ONCE)) * 16;
    let mut column = 0;
    while column < scores.len() {
        let (outputs, scores) = (&outputs[column..], &mut scores[column..]);
        let columns = scores.len().min(block);
        match columns {
            96 => add_columns::<96>(outputs, active, scores),
            80 => add_columns::<80>(outputs, active, scores),
            64 => add_columns::<64>(outputs, active, scores),
            48 => add_columns::<48>(outputs, active, scores),
            32 => add_columns::<32>(outputs, active, scores),
            _ => add_columns::<16>(outputs, active, scores),
        }
        column += columns;
    }
}

/// Adds the first `N` classes in registers.
#[inline(always)]
fn add_columns<const N: usize>(outputs: &[f32], active: &[(usize, f32)], scores: &mut [f32]) {
    let scores = scores.first_chunk_mut::<N>().expect("invariant: N classes are left");
    let mut lanes = *scores;
    for &(from, value) in active {
        let weights = outputs[from..].first_chunk::<N>().expect("invariant: N weights are left");
        for (lane, weight) in lanes.iter_mut().zip(weights) {
            *lane += value * weight;
        }
    }
    *scores = lanes;
}

/// What the SVM's score counts beside the nets' mean log-probability.
pub(super) const LINEAR: f32 = 2.0;

/// Adds the rows of one block to the inputs; `scales` is what a step of each column is worth, and times what.
#[inline(always)]
fn add_block(
    table: &[i8],
    stride: usize,
    rows: &[u32],
    (scales, value): (&[f32], f32),
    sums: &mut Vec<i32>,
    inputs: &mut [f32],
) {
    sums.clear();
    sums.resize(stride, 0);
    add_rows(table, stride, rows, sums);
    for ((input, &sum), scale) in inputs.iter_mut().zip(sums.iter()).zip(scales) {
        *input += sum as f32 * (scale * value);
    }
}

/// Adds rows of steps, column by column.
#[inline(always)]
pub(super) fn add_rows(table: &[i8], stride: usize, rows: &[u32], sums: &mut [i32]) {
    for part in rows.chunks(FULL) {
        let mut column = 0;
        while column + LANES <= stride {
            add_lanes::<LANES>(&table[column..], stride, part, &mut sums[column..]);
            column += LANES;
        }
        while column + 32 <= stride {
            add_lanes::<32>(&table[column..], stride, part, &mut sums[column..]);
            column += 32;
        }
        while column < stride {
            add_lanes::<16>(&table[column..], stride, part, &mut sums[column..]);
            column += 16;
        }
    }
}

/// Adds the first `N` columns of all rows in registers.
#[inline(always)]
fn add_lanes<const N: usize>(table: &[i8], stride: usize, rows: &[u32], sums: &mut [i32]) {
    let mut lanes = [0i16; N];
    for &row in rows {
        // within the table, which fits into memory: the product cannot overflow
        let from = (row as usize).wrapping_mul(stride);
        let weights = table[from..].first_chunk::<N>().expect("invariant: rows are whole");
        for (lane, &weight) in lanes.iter_mut().zip(weights) {
            *lane = lane.wrapping_add(i16::from(weight));
        }
    }
    for (sum, lane) in sums.iter_mut().zip(lanes) {
        *sum = sum.wrapping_add(i32::from(lane));
    }
}

/// Probabilities of the classes from their scores.
pub(super) struct Probabilities<'a>(pub(super) &'a mut [f32], pub(super) f32);

impl NullaryFnOnce for Probabilities<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        softmax(self.0, self.1);
    }
}
