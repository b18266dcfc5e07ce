//! The learned model: two small nets and a linear SVM on words, pairs of words and pieces of words, in 8-bit weights;
//! calibrated, and honest about texts it has not been taught.

mod bytes;
mod dense;
mod dictionary;
mod explain;
mod file;
mod header;
mod measure;
mod numbers;
mod score;
mod table;
mod text;
mod train;

pub use bytes::Broken;
pub use explain::Explanation;
pub use header::{Header, Kind};
pub use measure::{Bin, Measured, PerReason, measure};
pub use score::Scratch;
pub use table::Table;
pub use train::{CLASSES, Choice, Job, Labelled, OUT_OF_SCOPE, Part, TEXTS, Untrainable, train};

use dense::Dense;
use dictionary::Dictionary;
use numbers::highest;
use pulp::Arch;
use score::{Probabilities, Scoring, UNITS};

/// A trained model. Shared by threads without locks; each brings its own [`Scratch`].
pub struct Model {
    header: Header,
    /// The classes in the order of the scores.
    labels: Vec<String>,
    dictionary: Dictionary,
    /// Key of each feature.
    keys: Vec<u64>,
    /// Bytes from one row to the next: the nets' units, then the classes, then what fills the last lanes.
    stride: usize,
    /// A row of weights a feature: its part in each hidden unit, then in each class of the SVM.
    rows: Vec<i8>,
    /// What one step of a weight is worth, by column: in rows of words and pairs, and in rows of pieces.
    word_scales: Vec<f32>,
    gram_scales: Vec<f32>,
    /// The row of the constant feature.
    constant: Vec<f32>,
    /// From hidden units to classes; the mean of both nets.
    outputs: Vec<f32>,
    bias: Vec<f32>,
    dense: Option<Dense>,
    calibration: Calibration,
    arch: Arch,
}

/// What held-out texts taught about the scores.
#[derive(Debug, Clone, PartialEq)]
struct Calibration {
    /// Scores divided by this make probabilities.
    temperature: f32,
    /// Mean and standard deviation of the SVM's highest score.
    linear: (f32, f32),
    /// Mean and standard deviation of the share of known words and pairs.
    coverage: (f32, f32),
    /// How familiar held-out texts were: the quantile of each thousandth.
    familiarity: Vec<f32>,
}

/// Steps of [`Calibration::familiarity`].
const THOUSAND: usize = 1000;

/// What coverage counts beside the SVM's score in the familiarity of a text.
const COVERAGE: f32 = 0.5;

impl Calibration {
    /// How much a text is like those that were taught. The sum of two standardised values.
    fn familiar(&self, linear: f32, coverage: f32) -> f32 {
        (linear - self.linear.0) / self.linear.1 + COVERAGE * (coverage - self.coverage.0) / self.coverage.1
    }
}

/// What the model says of one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The best class: its place in [`Model::labels`].
    pub class: usize,
    /// Its probability.
    pub probability: f32,
    /// The next best class.
    pub runner_up: usize,
    /// Its probability.
    pub runner_up_probability: f32,
    /// How much the text is like what was taught. Compared with [`Model::least_familiarity`].
    pub familiarity: f32,
    /// The text has at least one word, or piece of one, that was taught.
    pub is_known: bool,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({} classes, {} features)", self.classes(), self.features())
    }
}

impl Model {
    /// Where it comes from, and how good it was on held-out texts.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Notes for which taxonomy it was trained, by its meaning.
    pub fn belongs_to(&mut self, meaning: [u8; 32]) {
        self.header.taxonomy = Some(meaning.iter().map(|byte| format!("{byte:02x}")).collect());
    }

    /// The classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Scores divided by this are probabilities.
    pub const fn temperature(&self) -> f32 {
        self.calibration.temperature
    }

    fn classes(&self) -> usize {
        self.labels.len()
    }

    fn features(&self) -> usize {
        self.keys.len()
    }

    /// Says which class a text is, how sure that is, and how familiar the text.
    pub fn predict(&self, text: &str, scratch: &mut Scratch) -> Prediction {
        let scored = self.arch.dispatch(Scoring { model: self, text, scratch });
        let familiarity = self.calibration.familiar(scored.linear, scored.coverage);
        self.arch.dispatch(Probabilities(&mut scratch.scores, self.calibration.temperature));
        let (class, probability) = highest(&scratch.scores).expect("invariant: a model has classes");
        scratch.scores[class] = -1.0;
        let (runner_up, runner_up_probability) = highest(&scratch.scores).expect("invariant: at least two");
        scratch.scores[class] = probability;
        let is_known = scored.is_known;
        Prediction { class, probability, runner_up, runner_up_probability, familiarity, is_known }
    }

    /// Below this familiarity a text is not classified, so that of texts like those that were taught about this
    /// share is lost, in `[0, 1]`.
    pub fn least_familiarity(&self, accepted_loss: f64) -> f32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and a thousand"
        )]
        let at = (accepted_loss.clamp(0.0, 1.0) * THOUSAND as f64).round() as usize;
        if at == 0 { f32::NEG_INFINITY } else { self.calibration.familiarity[at] }
    }
}

/// Columns of a model with so many classes.
const fn stride(classes: usize) -> usize {
    UNITS + classes.next_multiple_of(16)
}
