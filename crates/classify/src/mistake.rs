//! What is wrong with a taxonomy file, said so that the line can be put right without opening a manual:
//! place, what was found, what was expected, and the line itself with a mark under the place.

use crate::limits;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// Characters of a source line that are shown; of a longer line the part around the mistake.
const SHOWN_CHARS: usize = 120;

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
    shown: String,
    mark_from: usize,
    mark_chars: usize,
}

impl fmt::Display for TaxonomyMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let margin = number.len();
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        writeln!(f, " {number} | {}", self.shown)?;
        write!(f, " {:margin$} | {:from$}{}", "", "", "^".repeat(self.mark_chars), from = self.mark_from)
    }
}

impl std::error::Error for TaxonomyMistake {}

/// Collects the mistakes of one file.
pub(crate) struct Mistakes<'t> {
    text: &'t str,
    file: &'t str,
    /// Byte where each line starts.
    lines: Vec<usize>,
    found: Vec<TaxonomyMistake>,
    /// Lines that are not TOML: what else is wrong in them is an echo, and keys may seem to be missing that
    /// are there.
    broken: BTreeSet<u32>,
    /// Mistakes beyond the limit.
    untold: usize,
}

impl<'t> Mistakes<'t> {
    pub(crate) fn of(text: &'t str, file: &'t str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, file, lines, found: Vec::new(), broken: BTreeSet::new(), untold: 0 }
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
        ordinal(self.line_index(at))
    }

    /// The bytes of the file that hold `part` of a string value: only where the value has no escapes, else
    /// the whole value.
    pub(crate) fn inside(&self, value: &str, span: Range<usize>, part: Range<usize>) -> Range<usize> {
        match self.text.get(span.clone()).and_then(|raw| raw.find(value)) {
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
            self.push(self.text.len()..self.text.len(), message);
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
        let start = floor_char(self.text, at.start);
        let line = self.line_index(start);
        let line_start = self.lines[line];
        let line_text = self.text[line_start..].lines().next().unwrap_or_default();
        let before = line_text.get(..start - line_start).unwrap_or(line_text).chars().count();
        let marked = self.text[start..floor_char(self.text, at.end.max(start))].chars().count();
        let (shown, mark_from) = excerpt(line_text, before);
        let mark_chars = marked.clamp(1, shown.chars().count().saturating_sub(mark_from).max(1));
        self.found.push(TaxonomyMistake {
            file: self.file.to_owned(),
            line: ordinal(line),
            column: ordinal(before),
            message: message.replace(char::is_control, " "),
            shown,
            mark_from,
            mark_chars,
        });
    }

    fn line_index(&self, at: usize) -> usize {
        self.lines.partition_point(|&start| start <= at) - 1
    }
}

/// The part of the line that is shown, and how many of its characters stand before the mark.
fn excerpt(line: &str, before: usize) -> (String, usize) {
    let skipped = if before < SHOWN_CHARS { 0 } else { before - SHOWN_CHARS / 2 };
    let lead = if skipped > 0 { "… " } else { "" };
    let body = line.chars().skip(skipped).take(SHOWN_CHARS);
    let shown = lead.chars().chain(body).map(|c| if c.is_control() { ' ' } else { c }).collect();
    (shown, before - skipped + lead.chars().count())
}

fn floor_char(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

fn ordinal(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
