//! What held-out texts teach about a model's scores: the temperature at which they are probabilities (Guo et al.
//! 2017), and how familiar texts of known reasons look.

use super::Set;
use crate::model::measure::Reliability;
use crate::model::numbers::{Random, highest, softmax};
use crate::model::score::Scoring;
use crate::model::{Calibration, Model, Scratch, THOUSAND};

/// Texts of a class that are compared with each other; of larger classes, so many at a time.
const COMPARED: usize = 1_000;

/// Texts that share this much of their words and pairs are variants of one.
const ALIKE: f32 = 0.3;

/// Which fold each text is held out with. Texts of a class that are much alike go to the same fold: people who label
/// collect variants of one sentence, and a text whose variant was learned says nothing about texts to come.
pub(super) fn folds(set: &Set<'_>, folds: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..set.classes.len()).collect();
    Random::new(0).shuffle(&mut order);
    order.sort_by_key(|&at| set.classes[at]); // stable: random within a class
    let mut fold = vec![0; order.len()];
    let mut next = 0;
    for of_class in order.chunk_by(|&a, &b| set.classes[a] == set.classes[b]) {
        let mut sizes = vec![0usize; folds];
        for part in of_class.chunks(COMPARED) {
            for group in alike(set, part) {
                // to the fold that has the fewest; of equals not always the first, so that small classes are spread
                let at = (0..folds).map(|n| (next + n) % folds).min_by_key(|&n| sizes[n]).unwrap_or(0);
                sizes[at] += group.len();
                next = at + 1;
                group.into_iter().for_each(|text| fold[text] = at);
            }
        }
    }
    fold
}

/// Groups of texts of one class such that texts much alike are in one, the largest groups first; no group holds more
/// than a tenth.
fn alike(set: &Set<'_>, texts: &[usize]) -> Vec<Vec<usize>> {
    let most = (texts.len() / 10).max(1);
    let mut group_of: Vec<usize> = (0..texts.len()).collect();
    let mut groups: Vec<Vec<usize>> = texts.iter().map(|&text| vec![text]).collect();
    for a in 0..texts.len() {
        for b in a + 1..texts.len() {
            let (x, y) = (group_of[a], group_of[b]);
            let fits = x != y && groups[x].len() + groups[y].len() <= most;
            if fits && are_alike(&set.keys[texts[a]].words, &set.keys[texts[b]].words) {
                let moved = std::mem::take(&mut groups[y]);
                groups[x].extend(moved);
                group_of.iter_mut().filter(|group| **group == y).for_each(|group| *group = x);
            }
        }
    }
    groups.retain(|group| !group.is_empty());
    groups.sort_by_key(|group| std::cmp::Reverse(group.len())); // stable
    groups
}

/// Whether two texts are variants of one (Jaccard). Both are sorted.
fn are_alike(a: &[u64], b: &[u64]) -> bool {
    let (mut i, mut j, mut both) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, both) = (i + 1, j + 1, both + 1),
        }
    }
    both as f32 >= ALIKE * (a.len() + b.len() - both) as f32
}

/// Of a model that nothing was held out for.
pub(super) fn nothing() -> Calibration {
    Calibration {
        temperature: 1.0,
        linear: (0.0, 1.0),
        coverage: (0.0, 1.0),
        familiarity: vec![0.0; THOUSAND + 1],
    }
}

/// What models said of the texts that were held out from them.
#[derive(Default)]
pub(super) struct Outcome(Vec<Seen>);

/// One held-out text.
struct Seen {
    scores: Vec<f32>,
    class: usize,
    linear: f32,
    coverage: f32,
}

impl Outcome {
    pub(super) fn add(&mut self, set: &Set<'_>, held_out: &[usize], model: &Model) {
        let mut scratch = Scratch::default();
        for &at in held_out {
            let scored = model.arch.dispatch(Scoring { model, text: set.texts[at], scratch: &mut scratch });
            self.0.push(Seen {
                scores: scratch.scores.clone(),
                class: set.classes[at] as usize,
                linear: scored.linear,
                coverage: scored.coverage,
            });
        }
    }

    pub(super) fn texts(&self) -> u64 {
        self.0.len() as u64
    }

    /// Share that was classified rightly.
    pub(super) fn accuracy(&self) -> f64 {
        let right = self.0.iter().filter(|s| highest(&s.scores).is_some_and(|(class, _)| class == s.class));
        right.count() as f64 / self.0.len().max(1) as f64
    }

    /// Expected calibration error.
    pub(super) fn ece(&self, temperature: f32) -> f64 {
        let mut bins = Reliability::default();
        for seen in &self.0 {
            let mut scores = seen.scores.clone();
            softmax(&mut scores, temperature);
            if let Some((class, probability)) = highest(&scores) {
                bins.add(probability, class == seen.class);
            }
        }
        bins.ece()
    }

    pub(super) fn calibration(&self) -> Calibration {
        if self.0.is_empty() {
            return nothing();
        }
        let linear = spread(self.0.iter().map(|s| s.linear));
        let coverage = spread(self.0.iter().map(|s| s.coverage));
        let mut made = Calibration { temperature: temperature(&self.0), linear, coverage, ..nothing() };
        let mut familiarity: Vec<f32> = self.0.iter().map(|s| made.familiar(s.linear, s.coverage)).collect();
        familiarity.sort_unstable_by(f32::total_cmp);
        let last = familiarity.len() - 1;
        made.familiarity =
            (0..=THOUSAND).map(|thousandth| familiarity[last * thousandth / THOUSAND]).collect();
        made
    }
}

/// Mean and standard deviation, of which the second is never 0.
fn spread(values: impl Iterator<Item = f32> + Clone) -> (f32, f32) {
    let n = values.clone().count() as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / n;
    let variance = values.map(|v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
    #[expect(clippy::cast_possible_truncation, reason = "statistics of floats")]
    let pair = (mean as f32, variance.sqrt().max(1e-6) as f32);
    pair
}

/// The temperature with the least negative log-likelihood, between 0.05 and 20, to a thousandth.
fn temperature(seen: &[Seen]) -> f32 {
    let golden = 0.618_034f64;
    let (mut low, mut high) = (libm::log(0.05), libm::log(20.0));
    let mut inner = [high - golden * (high - low), low + golden * (high - low)];
    let mut losses = inner.map(|t| loss(seen, libm::exp(t)));
    while high - low > 1e-3 {
        if losses[0] < losses[1] {
            high = inner[1];
            inner = [high - golden * (high - low), inner[0]];
            losses = [loss(seen, libm::exp(inner[0])), losses[0]];
        } else {
            low = inner[0];
            inner = [inner[1], low + golden * (high - low)];
            losses = [losses[1], loss(seen, libm::exp(inner[1]))];
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "a thousandth is enough")]
    let temperature = libm::exp((low + high) / 2.0) as f32;
    temperature
}

/// Mean negative log-likelihood of the true classes.
fn loss(seen: &[Seen], temperature: f64) -> f64 {
    let of = |s: &Seen| {
        let most = f64::from(highest(&s.scores).map_or(0.0, |(_, score)| score));
        let total: f64 = s.scores.iter().map(|&x| libm::exp((f64::from(x) - most) / temperature)).sum();
        libm::log(total) - (f64::from(s.scores[s.class]) - most) / temperature
    };
    seen.iter().map(of).sum::<f64>() / seen.len() as f64
}
