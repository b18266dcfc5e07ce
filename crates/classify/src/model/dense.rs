//! What the token table adds to a model: for each piece of a word its part in every column, worked out once, so that
//! a text needs one more row a word.

use super::score::add_rows;
use super::table::{DIMENSIONS, Table};
use super::train::in_steps;
use pulp::{Arch, NullaryFnOnce};
use std::sync::Arc;

/// The token table's part of a model.
pub(super) struct Dense {
    pub(super) table: Arc<Table>,
    /// From a step of each dimension to each column.
    pub(super) weights: Vec<f32>,
    /// A row of steps a piece, and what a step of each column is worth.
    pub(super) rows: Vec<i8>,
    pub(super) scales: Vec<f32>,
}

impl Dense {
    pub(super) fn new(table: Arc<Table>, weights: Vec<f32>, stride: usize) -> Self {
        let product = Arch::new().dispatch(Product { table: &table, weights: &weights, stride });
        let (rows, scales) = in_steps(&product, stride);
        Self { table, weights, rows, scales }
    }
}

impl Dense {
    /// Length of the sum of the pieces' vectors; 1 of nothing.
    #[inline(always)]
    pub(super) fn length(&self, pieces: &[u32], sums: &mut Vec<i32>) -> f32 {
        sums.clear();
        sums.resize(DIMENSIONS, 0);
        add_rows(&self.table.vectors, DIMENSIONS, pieces, sums);
        let mut lanes = [0.0f32; 8];
        for (sums, scales) in sums.chunks_exact(8).zip(self.table.scales.chunks_exact(8)) {
            for ((lane, &sum), scale) in lanes.iter_mut().zip(sums).zip(scales) {
                let x = sum as f32 * scale;
                *lane += x * x;
            }
        }
        let length = lanes.iter().sum::<f32>().sqrt();
        if length > 0.0 { length } else { 1.0 }
    }
}

/// Pieces × dimensions times dimensions × columns.
struct Product<'a> {
    table: &'a Table,
    weights: &'a [f32],
    stride: usize,
}

impl NullaryFnOnce for Product<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn call(self) -> Vec<f32> {
        let Self { table, weights, stride } = self;
        let mut product = vec![0.0f32; table.pieces() * stride];
        for (row, vector) in product.chunks_exact_mut(stride).zip(table.vectors.chunks_exact(DIMENSIONS)) {
            for (&step, weights) in vector.iter().zip(weights.chunks_exact(stride)) {
                let step = f32::from(step);
                for (sum, weight) in row.iter_mut().zip(weights) {
                    *sum += step * weight;
                }
            }
        }
        product
    }
}
