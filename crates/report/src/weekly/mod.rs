//! The weekly contact-elimination report: rows that arrive counted, said in the reader's language, as a page, as
//! text and as JSON. One model, one wording of every figure; nothing here queries, sends, or reads a clock.
//!
//! ```text
//! answers of tables::weekly ──▶ Weekly ──▶ Page (every word and figure of one language) ──▶ html, text
//!                                  └─────▶ json
//! ```

mod chart;
mod compose;
pub(crate) mod figures;
pub(crate) mod html;
mod json;
pub(crate) mod measure;
mod model;
pub(crate) mod page;
pub(crate) mod read;
pub(crate) mod text;
pub(crate) mod words;

use crate::Lang;

pub use measure::{FEW, Figure, HeadlineFigure, Metric, Missing};
pub use model::*;
pub use read::{Answers, ReadError};
pub use text::WIDTH;

/// The report as one HTML page: everything in the file, nothing loaded, nothing run.
pub fn html(weekly: &Weekly, lang: Lang) -> String {
    html::html(&compose::page(weekly, lang))
}

/// The report as text of at most [`WIDTH`] columns, for terminals and plain mail.
pub fn text(weekly: &Weekly, lang: Lang) -> String {
    text::text(&compose::page(weekly, lang))
}

/// The report as JSON, for programs: the same in every language.
pub fn json(weekly: &Weekly) -> serde_json::Value {
    json::json(weekly)
}
