//! One net: sum of feature rows → 128 ReLU → softmax over the classes. Cross-entropy on hard labels, dropout on
//! inputs and hidden units, Adagrad (Duchi et al. 2011) one example at a time with a step that falls to nothing.

use super::rows::Row;
use crate::model::numbers::{Random, dot, softmax};
use pulp::{Arch, NullaryFnOnce};

/// Hidden units of a net.
pub(in crate::model) const HIDDEN: usize = 128;
/// Share of inputs, and of hidden units, that one step drops.
const DROPOUT: f32 = 0.3;
const KEPT: f32 = 1.0 / (1.0 - DROPOUT);
/// Of 2¹⁶ equally likely numbers, the first this many keep a unit.
const KEEP: u16 = 45_875;
const STEP: f32 = 0.05;
const BIAS_STEP: f32 = 0.1;
/// Where the sums of squared gradients begin.
const SQUARES: f32 = 1e-6;

/// A trained net.
pub(in crate::model) struct Net {
    /// Weights of each feature into the hidden units.
    pub(in crate::model) inputs: Vec<[f32; HIDDEN]>,
    /// Weights of each hidden unit into the classes, `width` a unit.
    pub(in crate::model) outputs: Vec<f32>,
    pub(in crate::model) bias: Vec<f32>,
}

/// Number of classes, rounded up to whole vectors.
pub(in crate::model) const fn width(classes: usize) -> usize {
    classes.next_multiple_of(16)
}

/// What a net learns from.
pub(super) struct Task<'a> {
    pub(super) rows: &'a [Row],
    /// Class of each row.
    pub(super) classes: &'a [u32],
    /// Features, the constant and the dense ones included.
    pub(super) features: usize,
    /// Number of the constant feature: it starts at nothing, as a bias does.
    pub(super) constant: u32,
    /// How many classes there are.
    pub(super) of: usize,
    pub(super) epochs: u32,
    pub(super) seed: u64,
}

/// Trains one net.
pub(super) fn fit(task: &Task<'_>) -> Net {
    let mut random = Random::new(task.seed);
    let mut learner = Learner::new(task, &mut random);
    let mut order: Vec<usize> = (0..task.rows.len()).collect();
    let steps = (task.rows.len() * task.epochs as usize).max(1) as f32;
    let arch = Arch::new();
    let mut done = 0usize;
    for _ in 0..task.epochs {
        random.shuffle(&mut order);
        for &at in &order {
            let rate = 1.0 - done as f32 / steps;
            learner.draw(&task.rows[at], &mut random);
            arch.dispatch(Step { learner: &mut learner, class: task.classes[at] as usize, rate });
            done += 1;
        }
    }
    learner.into_net()
}

/// A weight vector and its sums of squared gradients, side by side in memory.
#[derive(Clone)]
struct Cell {
    weight: [f32; HIDDEN],
    squares: [f32; HIDDEN],
}

struct Learner {
    inputs: Vec<Cell>,
    outputs: Vec<f32>,
    output_squares: Vec<f32>,
    bias: Vec<f32>,
    bias_squares: Vec<f32>,
    width: usize,
    /// The inputs that this step keeps.
    kept: Vec<(u32, f32)>,
    /// What this step multiplies each hidden unit by: 0, or what makes up for the dropped.
    mask: [f32; HIDDEN],
    /// Probabilities, then their errors.
    errors: Vec<f32>,
}

impl Learner {
    fn new(task: &Task<'_>, random: &mut Random) -> Self {
        let width = width(task.of);
        let mut cell = |_| Cell {
            weight: std::array::from_fn(|_| 0.05 * random.signed_unit()),
            squares: [SQUARES; HIDDEN],
        };
        let mut inputs: Vec<Cell> = (0..task.features).map(&mut cell).collect();
        inputs[task.constant as usize].weight = [0.0; HIDDEN];
        let spread = (3.0 / HIDDEN as f32).sqrt();
        let mut outputs = vec![0.0; HIDDEN * width];
        for unit in outputs.chunks_exact_mut(width) {
            unit[..task.of].iter_mut().for_each(|weight| *weight = spread * random.signed_unit());
        }
        // what fills the last lanes is no class: its probability is 0 and stays so
        let mut bias = vec![-1e30; width];
        bias[..task.of].fill(0.0);
        Self {
            inputs,
            output_squares: vec![SQUARES; outputs.len()],
            outputs,
            bias_squares: vec![SQUARES; width],
            bias,
            width,
            kept: Vec::new(),
            mask: [0.0; HIDDEN],
            errors: vec![0.0; width],
        }
    }

    /// Draws what this step drops.
    fn draw(&mut self, row: &Row, random: &mut Random) {
        let mut lots = Lots { bits: 0, left: 0, random };
        self.kept.clear();
        for &(feature, value) in &row.0 {
            if lots.keep() {
                self.kept.push((feature, value * KEPT));
            }
        }
        for unit in &mut self.mask {
            *unit = if lots.keep() { KEPT } else { 0.0 };
        }
    }

    fn into_net(self) -> Net {
        Net {
            inputs: self.inputs.into_iter().map(|cell| cell.weight).collect(),
            outputs: self.outputs,
            bias: self.bias,
        }
    }
}

/// Four lots of every random number.
struct Lots<'r> {
    bits: u64,
    left: u32,
    random: &'r mut Random,
}

impl Lots<'_> {
    #[inline(always)]
    fn keep(&mut self) -> bool {
        if self.left == 0 {
            (self.bits, self.left) = (self.random.next(), 4);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are one lot")]
        let lot = self.bits as u16;
        self.bits >>= 16;
        self.left -= 1;
        lot < KEEP
    }
}

/// One example, in the widest instructions that this machine has.
struct Step<'a> {
    learner: &'a mut Learner,
    class: usize,
    rate: f32,
}

impl NullaryFnOnce for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { learner, class, rate } = self;
        let mut hidden = [0.0f32; HIDDEN];
        for &(feature, value) in &learner.kept {
            let weight = &learner.inputs[feature as usize].weight;
            for (unit, weight) in hidden.iter_mut().zip(weight) {
                *unit += value * weight;
            }
        }
        // `slope` of a unit: what it is multiplied by where it is on
        let mut slope = [0.0f32; HIDDEN];
        for ((slope, unit), mask) in slope.iter_mut().zip(&mut hidden).zip(&learner.mask) {
            *slope = if *unit > 0.0 { *mask } else { 0.0 };
            *unit *= *slope;
        }
        let width = learner.width;
        learner.errors.copy_from_slice(&learner.bias);
        for (unit, weights) in hidden.iter().zip(learner.outputs.chunks_exact(width)) {
            if *unit > 0.0 {
                for (error, weight) in learner.errors.iter_mut().zip(weights) {
                    *error += unit * weight;
                }
            }
        }
        softmax(&mut learner.errors, 1.0);
        learner.errors[class] -= 1.0;

        let mut back = [0.0f32; HIDDEN];
        let units =
            learner.outputs.chunks_exact_mut(width).zip(learner.output_squares.chunks_exact_mut(width));
        for (at, (weights, squares)) in units.enumerate() {
            if slope[at] > 0.0 {
                back[at] = slope[at] * dot(weights, &learner.errors);
                adapt(weights, squares, &learner.errors, hidden[at], STEP * rate);
            }
        }
        adapt(&mut learner.bias, &mut learner.bias_squares, &learner.errors, 1.0, BIAS_STEP * rate);
        for &(feature, value) in &learner.kept {
            let cell = &mut learner.inputs[feature as usize];
            adapt(&mut cell.weight, &mut cell.squares, &back, value, STEP * rate);
        }
    }
}

/// One step of Adagrad; the gradient is `value · errors`.
#[inline(always)]
fn adapt(weights: &mut [f32], squares: &mut [f32], errors: &[f32], value: f32, step: f32) {
    for ((weight, square), error) in weights.iter_mut().zip(squares).zip(errors) {
        let gradient = value * error;
        *square += gradient * gradient;
        *weight -= step * gradient / square.sqrt();
    }
}
