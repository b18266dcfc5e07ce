//! Two epochs side by side: what a taxonomy's owner has to see before another one is promoted. Rows that arrive
//! counted become one model, and the model a page, a text and JSON that agree about every figure.
//!
//! ```text
//! answers of tables::diff ──▶ Diff ──▶ Page ──▶ html, text
//!                               └────▶ json
//! ```

mod compose;
mod json;
mod measure;
mod model;
mod read;

use crate::Lang;
use crate::weekly::{html, text};

pub use measure::{Moved, ReasonChange, Renamed, Totals};
pub use model::*;

/// Moves that are shown one by one; the others are folded.
pub const MOVES_SHOWN: usize = 10;

impl Diff {
    /// As one HTML page: everything in the file, nothing loaded, nothing run.
    pub fn html(&self, lang: Lang) -> String {
        html::html(&compose::page(self, lang))
    }

    /// As text for terminals, at most [`crate::weekly::WIDTH`] columns wide.
    pub fn text(&self, lang: Lang) -> String {
        text::text(&compose::page(self, lang))
    }

    /// As JSON, for programs: the whole matrix, the same in every language.
    pub fn json(&self) -> serde_json::Value {
        json::json(self)
    }
}
