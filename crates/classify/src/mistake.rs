//! What is wrong with a taxonomy file, said so that the line can be put right without opening a manual:
//! place, what was found, what was expected, and the line itself with a mark under the place.

use crate::limits;
use crate::place::{Lines, Place};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// One mistake in a taxonomy file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaxonomyMistake {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Name of the file, as given to [`crate::Taxonomy::parse`].
    pub file: String,
    /// What was wrong, and what was expected.
    pub message: String,
    place: Place,
}

impl fmt::Display for TaxonomyMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        self.place.fmt(f)
    }
}

impl std::error::Error for TaxonomyMistake {}

/// Collects the mistakes of one file.
pub(crate) struct Mistakes<'t> {
    lines: Lines<'t>,
    file: &'t str,
    found: Vec<TaxonomyMistake>,
    /// Lines that are not TOML: what else is wrong in them is an echo, and keys may seem to be missing that
    /// are there.
    broken: BTreeSet<u32>,
    /// Mistakes beyond the limit.
    untold: usize,
}

impl<'t> Mistakes<'t> {
    pub(crate) fn of(text: &'t str, file: &'t str) -> Self {
        Self { lines: Lines::of(text), file, found: Vec::new(), broken: BTreeSet::new(), untold: 0 }
    }

    /// A mistake at these bytes of the file.
    pub(crate) fn add(&mut self, at: Range<usize>, message: impl Into<String>) {
        if !self.broken.contains(&self.line_of(at.start)) {
            self.push(at, message.into());
        }
    }

    /// A mistake of TOML itself.
    pub(crate) fn add_syntax(&mut self, at: Range<usize>, message: &str) {
        self.broken.insert(self.line_of(at.start));
        self.push(at, message.trim().replace('\n', ", "));
    }

    /// Something is not there. Not said of a file that did not parse as a whole.
    pub(crate) fn add_missing(&mut self, at: Range<usize>, message: impl Into<String>) {
        if self.broken.is_empty() {
            self.add(at, message);
        }
    }

    /// Line number, from 1, of a byte of the file.
    pub(crate) fn line_of(&self, at: usize) -> u32 {
        self.lines.line_of(at)
    }

    /// The bytes of the file that hold `part` of a string value: only where the value has no escapes, else
    /// the whole value.
    pub(crate) fn inside(&self, value: &str, span: Range<usize>, part: Range<usize>) -> Range<usize> {
        match self.lines.text.get(span.clone()).and_then(|raw| raw.find(value)) {
            Some(skip) => span.start + skip + part.start..span.start + skip + part.end,
            None => span,
        }
    }

    /// All mistakes in the order of the file.
    pub(crate) fn into_found(mut self) -> Vec<TaxonomyMistake> {
        if self.untold > 0 {
            let message = format!("{} more mistakes are not told", self.untold + 1);
            self.untold = 0;
            self.found.pop();
            let end = self.lines.text.len();
            self.push(end..end, message);
        }
        self.found.sort();
        self.found.dedup();
        self.found
    }

    fn push(&mut self, at: Range<usize>, message: String) {
        if self.found.len() == limits::MISTAKES {
            self.untold += 1;
            return;
        }
        let place = self.lines.place(at);
        self.found.push(TaxonomyMistake {
            file: self.file.to_owned(),
            line: place.line,
            column: place.column,
            message: message.replace(char::is_control, " "),
            place,
        });
    }
}
