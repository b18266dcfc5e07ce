//! How good a model is on labelled texts.

use super::{Model, OUT_OF_SCOPE, Prediction, Scratch};
use crate::model::Labelled;
use std::collections::BTreeMap;

/// Bins of the reliability table.
const BINS: usize = 15;

/// What labelled texts say of a model.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Texts whose label is a class, or at least not [`OUT_OF_SCOPE`].
    pub in_scope: u64,
    /// Texts labelled [`OUT_OF_SCOPE`].
    pub out_of_scope: u64,
    /// Share of in-scope texts whose best class, before rejection, is their label.
    pub accuracy: f64,
    /// Mean of the classes' F1, before rejection, over the labels that occur.
    pub macro_f1: f64,
    /// Share of in-scope texts that are classified, and rightly.
    pub accuracy_after_rejection: f64,
    /// Share of in-scope texts that are not classified.
    pub in_scope_rejected: f64,
    /// Expected calibration error over 15 bins of equal width, before rejection.
    pub ece: f64,
    /// Share of out-of-scope texts that are not classified; nothing where there are none.
    pub oos_recall: Option<f64>,
    /// Share of texts not classified that are out of scope; nothing where all are classified.
    pub oos_precision: Option<f64>,
    /// By label.
    pub per_reason: BTreeMap<String, PerReason>,
    /// Probability said, and share that was right, by bin.
    pub reliability: Vec<Bin>,
}

/// One label, before rejection.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PerReason {
    /// Texts with this label.
    pub support: u64,
    /// Texts given this label.
    pub predicted: u64,
    /// Both.
    pub right: u64,
}

/// Texts whose probability is in `[from, to)`; the last bin holds 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bin {
    /// Texts.
    pub texts: u64,
    /// Mean probability said.
    pub confidence: f64,
    /// Share that was right.
    pub accuracy: f64,
}

impl PerReason {
    /// Share of the texts given this label that have it; nothing where none was given it.
    pub fn precision(&self) -> Option<f64> {
        share(self.right, self.predicted)
    }

    /// Share of the texts with this label that were given it; nothing where none has it.
    pub fn recall(&self) -> Option<f64> {
        share(self.right, self.support)
    }

    /// Harmonic mean of both; 0 where nothing was right.
    pub fn f1(&self) -> f64 {
        share(2 * self.right, self.support + self.predicted).unwrap_or(0.0)
    }
}

fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// Measures a model; a text less familiar than `least` is not classified.
pub fn measure(model: &Model, texts: &[Labelled<'_>], least: f32) -> Measured {
    let mut scratch = Scratch::default();
    let mut counts = Counts::default();
    for text in texts {
        let prediction = model.predict(text.text, &mut scratch);
        counts.add(text.label, &model.labels()[prediction.class], &prediction, least);
    }
    counts.finish()
}

#[derive(Default)]
struct Counts {
    made: Measured,
    right: u64,
    right_after: u64,
    rejected: u64,
    oos_rejected: u64,
    reliability: Reliability,
}

impl Counts {
    fn add(&mut self, label: &str, said: &str, prediction: &Prediction, least: f32) {
        let rejected = u64::from(prediction.familiarity < least);
        if label == OUT_OF_SCOPE {
            self.made.out_of_scope += 1;
            self.oos_rejected += rejected;
            return;
        }
        let right = u64::from(label == said);
        self.made.in_scope += 1;
        self.right += right;
        self.rejected += rejected;
        self.right_after += right * (1 - rejected);
        let of = |counts: &mut Self, label: &str, f: fn(&mut PerReason)| {
            f(counts.made.per_reason.entry(label.to_owned()).or_default());
        };
        of(self, label, |r| r.support += 1);
        of(self, said, |r| r.predicted += 1);
        if right == 1 {
            of(self, label, |r| r.right += 1);
        }
        self.reliability.add(prediction.probability, right == 1);
    }

    fn finish(self) -> Measured {
        let mut made = self.made;
        let n = made.in_scope.max(1) as f64;
        made.accuracy = self.right as f64 / n;
        made.accuracy_after_rejection = self.right_after as f64 / n;
        made.in_scope_rejected = self.rejected as f64 / n;
        let occurring = made.per_reason.values().filter(|r| r.support > 0);
        let labels = occurring.clone().count().max(1) as f64;
        made.macro_f1 = occurring.map(PerReason::f1).sum::<f64>() / labels;
        made.oos_recall = share(self.oos_rejected, made.out_of_scope);
        made.oos_precision = share(self.oos_rejected, self.oos_rejected + self.rejected);
        made.ece = self.reliability.ece();
        made.reliability = self.reliability.bins();
        made
    }
}

/// Probabilities said, and whether they were right, in [`BINS`] bins of equal width.
#[derive(Default)]
pub(super) struct Reliability([(u64, f64, u64); BINS]);

impl Reliability {
    pub(super) fn add(&mut self, probability: f32, right: bool) {
        let p = f64::from(probability);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the last bin"
        )]
        let bin = &mut self.0[((p * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + 1, bin.1 + p, bin.2 + u64::from(right));
    }

    /// Expected calibration error (Naeini et al. 2015): mean distance of what was said from what was right.
    pub(super) fn ece(&self) -> f64 {
        let texts: u64 = self.0.iter().map(|bin| bin.0).sum();
        self.0.iter().map(|&(_, said, right)| (said - right as f64).abs()).sum::<f64>() / texts.max(1) as f64
    }

    fn bins(&self) -> Vec<Bin> {
        let bin = |&(texts, said, right): &(u64, f64, u64)| Bin {
            texts,
            confidence: if texts > 0 { said / texts as f64 } else { 0.0 },
            accuracy: share(right, texts).unwrap_or(0.0),
        };
        self.0.iter().map(bin).collect()
    }
}
