//! One linear SVM for each class against all others: squared hinge, L2, solved in the dual one coordinate at a time
//! with shrinking (Hsieh et al. 2008, the method of LIBLINEAR's solver 1).

use super::rows::Row;
use crate::model::numbers::Random;

/// Passes over the rows at most.
const PASSES: u32 = 30;
/// The gap of projected gradients at which a class is done.
const GAP: f32 = 0.1;

/// Weights of one class against the others, one for each feature.
pub(super) fn fit(
    rows: &[Row],
    positive: impl Fn(usize) -> bool,
    features: usize,
    cost: f32,
    seed: u64,
) -> Vec<f32> {
    let mut random = Random::new(seed);
    let mut weights = vec![0.0f32; features];
    let mut alphas = vec![0.0f32; rows.len()];
    let diagonal = 0.5 / cost;
    let curvature: Vec<f32> =
        rows.iter().map(|row| diagonal + row.0.iter().map(|(_, x)| x * x).sum::<f32>()).collect();
    let sign: Vec<f32> = (0..rows.len()).map(|at| if positive(at) { 1.0 } else { -1.0 }).collect();
    let mut active: Vec<usize> = (0..rows.len()).collect();
    let mut shrink_above = f32::INFINITY;
    for _ in 0..PASSES {
        let (mut most, mut least) = (f32::NEG_INFINITY, f32::INFINITY);
        random.shuffle(&mut active);
        let mut at = 0;
        while at < active.len() {
            let row = active[at];
            let score: f32 = rows[row].0.iter().map(|&(feature, x)| x * weights[feature as usize]).sum();
            let gradient = sign[row] * score - 1.0 + alphas[row] * diagonal;
            if alphas[row] == 0.0 && gradient > shrink_above {
                active.swap_remove(at);
                continue;
            }
            at += 1;
            let projected = if alphas[row] == 0.0 { gradient.min(0.0) } else { gradient };
            most = most.max(projected);
            least = least.min(projected);
            if projected.abs() > 1e-12 {
                let before = alphas[row];
                alphas[row] = (before - gradient / curvature[row]).max(0.0);
                let change = (alphas[row] - before) * sign[row];
                for &(feature, x) in &rows[row].0 {
                    weights[feature as usize] += change * x;
                }
            }
        }
        if most - least <= GAP {
            if active.len() == rows.len() {
                break;
            }
            // done with what is left: look at all once more
            active = (0..rows.len()).collect();
            shrink_above = f32::INFINITY;
        } else {
            shrink_above = if most <= 0.0 { f32::INFINITY } else { most };
        }
    }
    weights
}
