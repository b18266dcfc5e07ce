//! Why the model says what it says: what each word of a text did for the reason that was given, against the next best.
//!
//! Where the hidden units that are on stay as they are, the score is a sum over the text's features, so each has an
//! exact part in the margin between two classes. Pieces of a word count for their word, a pair for its two words.

use super::dense::Dense;
use super::score::{LINEAR, Scratch, UNITS};
use super::text::{self, Sink};
use super::{Model, Prediction};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What the words of a text did.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What was said.
    pub prediction: Prediction,
    /// Words and pairs with their part in the margin over the runner-up, the strongest first. The place is in bytes
    /// of the text; the number is in units of the score.
    pub parts: Vec<(Range<usize>, f32)>,
}

impl Model {
    /// Explains a prediction with the words that spoke most for it and against it, at most `most` of them.
    pub fn explain(&self, text: &str, scratch: &mut Scratch, most: usize) -> Explanation {
        let prediction = self.predict(text, scratch);
        let slope = self.slope(scratch.inputs(), prediction.class, prediction.runner_up);
        let mut found = Found::default();
        text::walk(text, &mut Vec::new(), &mut found);
        let mut parts: BTreeMap<(usize, usize), f32> = BTreeMap::new();
        for (block, scales) in [(&found.words, &self.word_scales), (&found.grams, &self.gram_scales)] {
            let known: Vec<(u32, &Range<usize>)> = known(self, block);
            let value = 1.0 / (known.len().max(1) as f32).sqrt();
            for (feature, place) in known {
                let part = self.part(&self.rows, feature, scales, &slope);
                *parts.entry((place.start, place.end)).or_default() += part * value;
            }
        }
        if let Some(dense) = &self.dense {
            let mut pieces = Pieces { dense, found: Vec::new() };
            text::walk(text, &mut Vec::new(), &mut pieces);
            let numbers: Vec<u32> = pieces.found.iter().map(|(piece, _)| *piece).collect();
            let value = 1.0 / dense.length(&numbers, &mut Vec::new());
            for (piece, place) in &pieces.found {
                let part = self.part(&dense.rows, *piece, &dense.scales, &slope);
                *parts.entry((place.start, place.end)).or_default() += part * value;
            }
        }
        let mut parts: Vec<_> = parts.into_iter().map(|((from, to), part)| (from..to, part)).collect();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.start.cmp(&b.0.start)));
        parts.truncate(most);
        Explanation { prediction, parts }
    }

    /// What one row of a table of steps adds to the margin.
    fn part(&self, rows: &[i8], row: u32, scales: &[f32], slope: &[f32]) -> f32 {
        let from = row as usize * self.stride;
        let steps = rows[from..from + self.stride].iter().zip(scales).zip(slope);
        steps.map(|((&step, scale), slope)| f32::from(step) * scale * slope).sum()
    }

    /// What a unit of each column adds to the margin.
    fn slope(&self, inputs: &[f32], class: usize, other: usize) -> Vec<f32> {
        let width = self.bias.len();
        let unit = |at: usize| {
            let weights = &self.outputs[at * width..(at + 1) * width];
            if inputs[at] > 0.0 { weights[class] - weights[other] } else { 0.0 }
        };
        let linear = |at: usize| match at {
            at if at == class => LINEAR,
            at if at == other => -LINEAR,
            _ => 0.0,
        };
        (0..UNITS).map(unit).chain((0..self.stride - UNITS).map(linear)).collect()
    }
}

/// Each known feature once, where it is first.
fn known<'f>(model: &Model, features: &'f [(u64, Range<usize>)]) -> Vec<(u32, &'f Range<usize>)> {
    let mut seen = BTreeSet::new();
    let number = |(key, place): &'f (u64, Range<usize>)| Some((model.dictionary.number(*key)?, place));
    features.iter().filter_map(number).filter(|(feature, _)| seen.insert(*feature)).collect()
}

/// The pieces of the token table, each with the place of its word.
struct Pieces<'a> {
    dense: &'a Dense,
    found: Vec<(u32, Range<usize>)>,
}

impl Sink for Pieces<'_> {
    fn word(&mut self, _: u64, chars: &[u32], place: Range<usize>) {
        self.dense.table.pieces_of(chars, |piece| self.found.push((piece, place.clone())));
    }
    fn pair(&mut self, _: u64, _: Range<usize>) {}
    fn gram(&mut self, _: u64, _: Range<usize>) {}
}

#[derive(Default)]
struct Found {
    words: Vec<(u64, Range<usize>)>,
    grams: Vec<(u64, Range<usize>)>,
}

impl Sink for Found {
    fn word(&mut self, key: u64, _: &[u32], place: Range<usize>) {
        self.words.push((key, place));
    }
    fn pair(&mut self, key: u64, place: Range<usize>) {
        self.words.push((key, place));
    }
    fn gram(&mut self, key: u64, place: Range<usize>) {
        self.grams.push((key, place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Job, Labelled, train};

    /// The parts and what every text has add up to the margin.
    #[test]
    fn parts_add_up_to_the_margin() {
        let texts = [
            ("my bill is wrong", "bill"),
            ("the bill of may", "bill"),
            ("where is my parcel", "parcel"),
            ("a parcel is lost", "parcel"),
            ("cancel my account", "cancel"),
            ("close the account", "cancel"),
        ];
        let texts = texts.map(|(text, label)| Labelled { text, label, language: None });
        let model = train(&texts, None, &mut |jobs| jobs.iter().map(Job::run).collect()).unwrap();
        let mut scratch = Scratch::default();
        for text in
            ["where is my bill", "close it, close it now", "is the parcel of may lost?", "nothing", ""]
        {
            let explained = model.explain(text, &mut scratch, usize::MAX);
            let (class, other) = (explained.prediction.class, explained.prediction.runner_up);
            let slope = model.slope(scratch.inputs(), class, other);
            let always: f32 = model.constant.iter().zip(&slope).map(|(c, slope)| c * slope).sum();
            let sum: f32 = explained.parts.iter().map(|(_, part)| part).sum();
            // of probabilities p and q at temperature T, T · ln(p / q) is the margin of the scores
            let p = explained.prediction;
            let margin = (p.probability / p.runner_up_probability).ln() * model.temperature();
            let biases = model.bias[class] - model.bias[other];
            assert!(
                (sum + always + biases - margin).abs() < 1e-3,
                "{text}: {sum} {always} {biases} {margin}"
            );
        }
    }
}
