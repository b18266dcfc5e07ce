//! A taxonomy file under review: what it says and where in it that stands. A file whose votes and dispositions
//! contradict each other is no [`Taxonomy`], but it is a draft, so that lint can tell that together with the
//! rest.

use crate::place::Places;
use crate::{Taxonomy, TaxonomyMistake, parse};

/// A taxonomy file under review. It cannot be published or classified with.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(crate) text: String,
    pub(crate) taxonomy: Taxonomy,
    pub(crate) places: Places,
}

impl Draft {
    /// Reads a taxonomy file for review; `file` is the name that mistakes are reported under. Every mistake
    /// of the file is told at once, as [`Taxonomy::parse`] tells them.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<TaxonomyMistake>> {
        let (taxonomy, places) = parse::draft(text, file)?;
        Ok(Self { text: text.to_owned(), taxonomy, places })
    }
}
