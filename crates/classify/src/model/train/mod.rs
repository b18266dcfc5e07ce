//! Training: texts with labels to a model. The work falls into jobs that do not depend on each other; who runs them
//! on how many threads makes no difference to a single bit.

mod assemble;
mod calibrate;
mod net;
mod rows;
mod svm;

pub(super) use assemble::in_steps;
pub(super) use net::{HIDDEN, width};

use super::table::{DIMENSIONS, Table};
use super::{Header, Kind, Model};
use calibrate::Outcome;
use net::Net;
use rows::{Keys, Row, Standard, Vocabulary};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// The label of texts that no reason covers. They are not learned.
pub const OUT_OF_SCOPE: &str = "oos";

/// Below this many texts a set is small: more passes, every piece of a word, a harder SVM, and calibration on all.
const SMALL: usize = 3_000;
/// Passes over all texts. Six more give nothing that could be told from chance and take two fifths longer.
const EPOCHS: u32 = 14;
const EPOCHS_SMALL: u32 = 60;
/// A fifth of the texts is held out for calibration.
const FOLDS: usize = 5;
/// Classes of the SVM that one job solves.
const CLASSES_A_JOB: usize = 20;
/// Texts of a set at most, and features: a model has to fit into memory several times.
pub const TEXTS: usize = 2_000_000;
/// Classes of a set at most: those of a taxonomy.
pub const CLASSES: usize = crate::limits::REASONS;

/// A text and its class.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// The customer's words.
    pub text: &'a str,
    /// The class, or [`OUT_OF_SCOPE`].
    pub label: &'a str,
    /// BCP 47 tag of the language; of it the primary subtag counts.
    pub language: Option<&'a str>,
}

/// Why nothing could be learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untrainable {
    /// Fewer than two classes.
    Classes(usize),
    /// More classes than a taxonomy may have reasons.
    TooManyClasses(usize),
    /// More texts than [`TEXTS`].
    TooManyTexts(usize),
}

impl std::fmt::Display for Untrainable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Classes(n) => write!(f, "{n} labels besides `{OUT_OF_SCOPE}`, expected at least 2"),
            Self::TooManyClasses(n) => write!(f, "{n} labels, expected at most {CLASSES}"),
            Self::TooManyTexts(n) => write!(f, "{n} texts, expected at most {TEXTS}"),
        }
    }
}

impl std::error::Error for Untrainable {}

/// Whether the token table is used, where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// If held-out texts are classified better with it.
    Better,
    /// In any case.
    Always,
}

/// Trains a model. `run` is given jobs that can be run at once, in any order, and returns what each made.
pub fn train(
    examples: &[Labelled<'_>],
    table: Option<(&Arc<Table>, Choice)>,
    run: &mut dyn FnMut(&[Job<'_>]) -> Vec<Part>,
) -> Result<Model, Untrainable> {
    let set = Set::new(examples, table.map(|(table, _)| table))?;
    let folds = calibrate::folds(&set, FOLDS);
    let held_out = 0..if set.is_small() { FOLDS } else { 1 };
    let kinds = match table {
        None => vec![Kind::Words],
        Some((_, Choice::Always)) => vec![Kind::Table],
        Some((_, Choice::Better)) => vec![Kind::Words, Kind::Table],
    };
    let rehearsals: Vec<(Kind, usize)> =
        kinds.iter().flat_map(|&kind| held_out.clone().map(move |fold| (kind, fold))).collect();
    let fits: Vec<Fit> =
        rehearsals.iter().map(|&(kind, fold)| Fit::new(&set, kind, |at| folds[at] == fold)).collect();
    let models = fit_all(&set, &fits, run);
    let mut outcomes: BTreeMap<Kind, Outcome> = BTreeMap::new();
    for ((kind, _), (fit, model)) in rehearsals.iter().zip(fits.iter().zip(&models)) {
        outcomes.entry(*kind).or_default().add(&set, &fit.held_out, model);
    }
    drop((fits, models));
    let (kind, outcome) = better(outcomes);
    let fit = Fit::new(&set, kind, |_| false);
    let mut model = fit_all(&set, std::slice::from_ref(&fit), run).pop().expect("invariant: one model a fit");
    model.calibration = outcome.calibration();
    model.header = Header {
        kind,
        taxonomy: None,
        texts: set.texts.len() as u64,
        languages: set.languages,
        held_out: outcome.texts(),
        accuracy: outcome.accuracy(),
        ece: outcome.ece(model.calibration.temperature),
    };
    Ok(model)
}

/// The kind that classified more held-out texts rightly; the simpler of equals.
fn better(outcomes: BTreeMap<Kind, Outcome>) -> (Kind, Outcome) {
    let mut best: Option<(Kind, Outcome)> = None;
    for (kind, outcome) in outcomes {
        if best.as_ref().is_none_or(|(_, so_far)| outcome.accuracy() > so_far.accuracy()) {
            best = Some((kind, outcome));
        }
    }
    best.expect("invariant: at least one kind was tried")
}

fn fit_all(set: &Set<'_>, fits: &[Fit], run: &mut dyn FnMut(&[Job<'_>]) -> Vec<Part>) -> Vec<Model> {
    let jobs: Vec<Job<'_>> =
        fits.iter().enumerate().flat_map(|(number, fit)| fit.jobs(set, number)).collect();
    let mut made: Vec<Vec<Made>> = fits.iter().map(|_| Vec::new()).collect();
    run(&jobs).into_iter().for_each(|part| made[part.fit].push(part.made));
    fits.iter().zip(made).map(|(fit, made)| assemble::model(set, fit, made)).collect()
}

/// Texts to learn from.
struct Set<'a> {
    labels: Vec<String>,
    keys: Vec<Keys>,
    texts: Vec<&'a str>,
    classes: Vec<u32>,
    languages: Vec<String>,
    table: Option<&'a Arc<Table>>,
    /// Vector of each text, where there is a table.
    vectors: Vec<Vec<f32>>,
}

impl<'a> Set<'a> {
    fn new(examples: &[Labelled<'a>], table: Option<&'a Arc<Table>>) -> Result<Self, Untrainable> {
        let known: Vec<_> = examples.iter().filter(|e| e.label != OUT_OF_SCOPE).collect();
        let labels: BTreeSet<&str> = known.iter().map(|e| e.label).collect();
        match (labels.len(), known.len()) {
            (n @ (0 | 1), _) => return Err(Untrainable::Classes(n)),
            (n, _) if n > CLASSES => return Err(Untrainable::TooManyClasses(n)),
            (_, n) if n > TEXTS => return Err(Untrainable::TooManyTexts(n)),
            _ => {}
        }
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        let number: BTreeMap<&str, u32> = labels.iter().map(String::as_str).zip(0..).collect();
        let languages: BTreeSet<String> =
            known.iter().filter_map(|e| e.language).map(crate::language::primary).collect();
        Ok(Self {
            keys: known.iter().map(|e| Keys::of(e.text)).collect(),
            texts: known.iter().map(|e| e.text).collect(),
            classes: known.iter().map(|e| number[e.label]).collect(),
            languages: languages.into_iter().collect(),
            table,
            vectors: table.map_or_else(Vec::new, |t| known.iter().map(|e| t.vector(e.text)).collect()),
            labels,
        })
    }

    fn is_small(&self) -> bool {
        self.keys.len() < SMALL
    }
}

/// One model to be fitted.
struct Fit {
    vocabulary: Vocabulary,
    /// Mean and spread of the vectors, where the table is used.
    standard: Option<Standard>,
    rows: Vec<Row>,
    classes: Vec<u32>,
    /// Places of the texts that are held out.
    held_out: Vec<usize>,
}

impl Fit {
    fn new(set: &Set<'_>, kind: Kind, held_out: impl Fn(usize) -> bool) -> Self {
        let (held_out, learned): (Vec<usize>, Vec<usize>) = (0..set.keys.len()).partition(|&at| held_out(at));
        let gram_texts = if set.is_small() { 1 } else { 2 };
        let vocabulary = Vocabulary::of(learned.iter().map(|&at| &set.keys[at]), gram_texts);
        let standard =
            (kind == Kind::Table).then(|| Standard::of(learned.iter().map(|&at| &set.vectors[at])));
        let row = |&at: &usize| {
            let mut row = vocabulary.row(&set.keys[at]);
            if let Some(standard) = &standard {
                standard.append(&set.vectors[at], vocabulary.constant() + 1, &mut row);
            }
            row
        };
        Self {
            rows: learned.iter().map(row).collect(),
            classes: learned.iter().map(|&at| set.classes[at]).collect(),
            held_out,
            standard,
            vocabulary,
        }
    }

    /// Features, the constant and the table's dimensions.
    fn features(&self) -> usize {
        self.vocabulary.keys.len() + 1 + if self.standard.is_some() { DIMENSIONS } else { 0 }
    }

    fn jobs<'f>(&'f self, set: &Set<'_>, number: usize) -> impl Iterator<Item = Job<'f>> + use<'f> {
        let classes = set.labels.len();
        let ranges =
            (0..classes).step_by(CLASSES_A_JOB).map(move |from| from..classes.min(from + CLASSES_A_JOB));
        let pieces = [1, 2].map(Piece::Net).into_iter().chain(ranges.map(Piece::Svm));
        let is_small = set.is_small();
        pieces.map(move |piece| Job { fit: self, number, classes, is_small, piece })
    }
}

/// A part of the work, independent of all others.
pub struct Job<'f> {
    fit: &'f Fit,
    number: usize,
    classes: usize,
    is_small: bool,
    piece: Piece,
}

enum Piece {
    /// The net with this seed.
    Net(u64),
    /// These classes of the SVM.
    Svm(Range<usize>),
}

/// What a job made.
pub struct Part {
    fit: usize,
    made: Made,
}

enum Made {
    Net(u64, Net),
    /// Weights of these classes, one vector a class.
    Svm(Range<usize>, Vec<Vec<f32>>),
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.piece {
            Piece::Net(seed) => write!(f, "net {seed} of fit {}", self.number),
            Piece::Svm(range) => write!(f, "classes {range:?} of fit {}", self.number),
        }
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "part of fit {}", self.fit)
    }
}

impl Job<'_> {
    /// Does it.
    pub fn run(&self) -> Part {
        let fit = self.fit;
        let made = match &self.piece {
            Piece::Net(seed) => Made::Net(
                *seed,
                net::fit(&net::Task {
                    rows: &fit.rows,
                    classes: &fit.classes,
                    features: fit.features(),
                    constant: fit.vocabulary.constant(),
                    of: self.classes,
                    epochs: if self.is_small { EPOCHS_SMALL } else { EPOCHS },
                    seed: *seed,
                }),
            ),
            Piece::Svm(range) => {
                let cost = if self.is_small { 1.0 } else { 0.3 };
                let solve = |class: usize| {
                    let positive = |row: usize| fit.classes[row] as usize == class;
                    svm::fit(&fit.rows, positive, fit.features(), cost, class as u64)
                };
                Made::Svm(range.clone(), range.clone().map(solve).collect())
            }
        };
        Part { fit: self.number, made }
    }
}
