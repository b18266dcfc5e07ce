//! Texts as sparse rows: which features a text has, and what each is worth.

use crate::model::table::DIMENSIONS;
use crate::model::text::{self, Sink};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

/// The distinct features of one text, before it is known which of them the model keeps. Sorted.
pub(super) struct Keys {
    pub(super) words: Vec<u64>,
    pub(super) grams: Vec<u64>,
}

impl Keys {
    pub(super) fn of(text: &str) -> Self {
        let mut keys = Self { words: Vec::new(), grams: Vec::new() };
        text::walk(text, &mut Vec::new(), &mut keys);
        for block in [&mut keys.words, &mut keys.grams] {
            block.sort_unstable();
            block.dedup();
        }
        keys
    }
}

impl Sink for Keys {
    fn word(&mut self, key: u64, _: &[u32], _: Range<usize>) {
        self.words.push(key);
    }
    fn pair(&mut self, key: u64, _: Range<usize>) {
        self.words.push(key);
    }
    fn gram(&mut self, key: u64, _: Range<usize>) {
        self.grams.push(key);
    }
}

/// The features that a model knows, the most frequent first: what is used most lies together.
pub(super) struct Vocabulary {
    /// Key of each feature; its number is its place.
    pub(super) keys: Vec<u64>,
    /// Whether it is a piece of a word.
    pub(super) is_gram: Vec<bool>,
    numbers: Numbers,
}

type Numbers = HashMap<u64, u32, BuildHasherDefault<AsItIs>>;

impl Vocabulary {
    /// Words and pairs of at least one text; pieces of at least `gram_texts`.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a Keys>, gram_texts: u32) -> Self {
        let mut counts: HashMap<u64, (u32, bool), BuildHasherDefault<AsItIs>> = HashMap::default();
        for keys in texts {
            keys.words.iter().for_each(|&key| counts.entry(key).or_insert((0, false)).0 += 1);
            keys.grams.iter().for_each(|&key| counts.entry(key).or_insert((0, true)).0 += 1);
        }
        let kept = counts.into_iter().filter(|(_, (texts, gram))| !gram || *texts >= gram_texts);
        let mut kept: Vec<_> = kept.map(|(key, (texts, gram))| (Reverse(texts), key, gram)).collect();
        kept.sort_unstable();
        let is_gram = kept.iter().map(|&(_, _, gram)| gram).collect();
        let keys: Vec<u64> = kept.into_iter().map(|(_, key, _)| key).collect();
        let numbers = (0..).zip(&keys).map(|(number, &key)| (key, number)).collect();
        Self { keys, is_gram, numbers }
    }

    /// The row of a text: each block of known features has length 1, and the constant comes last.
    pub(super) fn row(&self, keys: &Keys) -> Row {
        let mut row = Row(Vec::with_capacity(keys.words.len() + keys.grams.len() + 1));
        for block in [&keys.words, &keys.grams] {
            let from = row.0.len();
            row.0.extend(block.iter().filter_map(|key| Some((*self.numbers.get(key)?, 0.0))));
            let value = 1.0 / ((row.0.len() - from) as f32).sqrt();
            row.0[from..].iter_mut().for_each(|feature| feature.1 = value);
        }
        row.0.push((self.constant(), 1.0));
        row
    }

    /// Number of the constant feature.
    pub(super) fn constant(&self) -> u32 {
        u32::try_from(self.keys.len()).expect("invariant: limits keep the features below 2^32")
    }
}

/// Mean and spread of the vectors that a token table gives the texts.
pub(super) struct Standard {
    pub(super) mean: Vec<f32>,
    /// What a standardised dimension is multiplied by, over its standard deviation.
    pub(super) scale: Vec<f32>,
}

/// All dimensions together weigh as much as two blocks of words: 256 · (2/16)² = 4.
const DENSE: f64 = 2.0 / 16.0;

impl Standard {
    pub(super) fn of<'a>(vectors: impl Iterator<Item = &'a Vec<f32>> + Clone) -> Self {
        let n = vectors.clone().count().max(1) as f64;
        let mut sums = vec![(0.0f64, 0.0f64); DIMENSIONS];
        for vector in vectors {
            for (sum, &x) in sums.iter_mut().zip(vector) {
                *sum = (sum.0 + f64::from(x), sum.1 + f64::from(x).powi(2));
            }
        }
        let deviation =
            |&(sum, squares): &(f64, f64)| (squares / n - (sum / n).powi(2)).max(0.0).sqrt().max(1e-6);
        #[expect(clippy::cast_possible_truncation, reason = "statistics of floats")]
        let made = Self {
            mean: sums.iter().map(|(sum, _)| (sum / n) as f32).collect(),
            scale: sums.iter().map(|s| (DENSE / deviation(s)) as f32).collect(),
        };
        made
    }

    /// Appends the dimensions of a vector to a row, as features from `first` on.
    pub(super) fn append(&self, vector: &[f32], first: u32, row: &mut Row) {
        let values =
            vector.iter().zip(&self.mean).zip(&self.scale).map(|((x, mean), scale)| (x - mean) * scale);
        row.0.extend((first..).zip(values));
    }
}

/// Features with their values; every other is 0.
pub(super) struct Row(pub(super) Vec<(u32, f32)>);

/// Keys are spread already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 keys are hashed");
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
