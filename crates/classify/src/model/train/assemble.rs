//! From floating-point weights to a model in 8 bits: one scale for each column and block, and what is beyond 0.7 of
//! a column's largest weight is cut.

use super::net::{HIDDEN, Net, width};
use super::{Fit, Made, Set, calibrate};
use crate::model::dense::Dense;
use crate::model::dictionary::Dictionary;
use crate::model::{Header, Model, score::UNITS, stride};
use pulp::Arch;

/// The largest step stands for this share of a column's largest weight.
const CUT: f32 = 0.7;

pub(super) fn model(set: &Set<'_>, fit: &Fit, made: Vec<Made>) -> Model {
    let weights = Weights::of(set.labels.len(), made);
    let stride = stride(set.labels.len());
    let features = fit.vocabulary.keys.len();
    let row =
        |feature: usize| -> Vec<f32> { (0..stride).map(|column| weights.at(feature, column)).collect() };
    let mut rows = vec![0i8; features * stride];
    let [word_scales, gram_scales] = [false, true].map(|grams| {
        let of_block: Vec<usize> = (0..features).filter(|&f| fit.vocabulary.is_gram[f] == grams).collect();
        let block: Vec<f32> = of_block.iter().flat_map(|&feature| row(feature)).collect();
        let (steps, scales) = in_steps(&block, stride);
        for (&feature, steps) in of_block.iter().zip(steps.chunks_exact(stride)) {
            rows[feature * stride..(feature + 1) * stride].copy_from_slice(steps);
        }
        scales
    });
    let mut constant = row(features);
    let dense = set.table.zip(fit.standard.as_ref()).map(|(table, standard)| {
        // (x − mean) · scale · weight, with the mean's part moved into the constant
        let mut folded = Vec::with_capacity(standard.mean.len() * stride);
        for (at, (mean, scale)) in standard.mean.iter().zip(&standard.scale).enumerate() {
            for (column, weight) in row(features + 1 + at).into_iter().enumerate() {
                constant[column] -= mean * scale * weight;
                folded.push(table.scales[at] * scale * weight);
            }
        }
        Dense::new(table.clone(), folded, stride)
    });
    let (outputs, bias) = weights.outputs(set.labels.len());
    Model {
        header: Header::default(),
        labels: set.labels.clone(),
        dictionary: Dictionary::of(&fit.vocabulary.keys),
        keys: fit.vocabulary.keys.clone(),
        stride,
        rows,
        word_scales,
        gram_scales,
        constant,
        outputs,
        bias,
        dense,
        calibration: calibrate::nothing(),
        arch: Arch::new(),
    }
}

/// All that was learned.
struct Weights {
    nets: Vec<Net>,
    linear: Vec<Vec<f32>>,
}

impl Weights {
    fn of(classes: usize, made: Vec<Made>) -> Self {
        let mut nets: Vec<(u64, Net)> = Vec::new();
        let mut linear: Vec<Vec<f32>> = vec![Vec::new(); classes];
        for made in made {
            match made {
                Made::Net(seed, net) => nets.push((seed, net)),
                Made::Svm(range, solved) => {
                    range.zip(solved).for_each(|(class, weights)| linear[class] = weights)
                }
            }
        }
        nets.sort_by_key(|(seed, _)| *seed);
        Self { nets: nets.into_iter().map(|(_, net)| net).collect(), linear }
    }

    /// What a feature adds to a column: the units of both nets, then the classes of the SVM.
    fn at(&self, feature: usize, column: usize) -> f32 {
        match column.checked_sub(UNITS) {
            None => self.nets[column / HIDDEN].inputs[feature][column % HIDDEN],
            Some(class) => self.linear.get(class).map_or(0.0, |weights| weights[feature]),
        }
    }

    /// The output layers of both nets as that of one, which gives the mean of their scores.
    fn outputs(&self, classes: usize) -> (Vec<f32>, Vec<f32>) {
        let mut outputs = Vec::with_capacity(UNITS * width(classes));
        let mut bias = vec![0.0; width(classes)];
        for net in &self.nets {
            outputs.extend(net.outputs.iter().map(|weight| weight / 2.0));
            bias.iter_mut().zip(&net.bias).for_each(|(out, weight)| *out += weight / 2.0);
        }
        (outputs, bias)
    }
}

/// Rows of weights in whole steps, and what a step of each column is worth.
pub(in crate::model) fn in_steps(weights: &[f32], stride: usize) -> (Vec<i8>, Vec<f32>) {
    let mut most = vec![0.0f32; stride];
    for row in weights.chunks_exact(stride) {
        most.iter_mut().zip(row).for_each(|(most, weight)| *most = most.max(weight.abs()));
    }
    let scales: Vec<f32> = most.iter().map(|most| most * CUT / 127.0).collect();
    let inverse: Vec<f32> = scales.iter().map(|&scale| if scale > 0.0 { 1.0 / scale } else { 0.0 }).collect();
    #[expect(clippy::cast_possible_truncation, reason = "cut to what fits")]
    let step = |(weight, inverse): (&f32, &f32)| (weight * inverse).round().clamp(-127.0, 127.0) as i8;
    let steps = weights.chunks_exact(stride).flat_map(|row| row.iter().zip(&inverse).map(step)).collect();
    (steps, scales)
}
