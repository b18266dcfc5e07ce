//! Mistakes of a mapping file, or of another TOML file that people write. All of them are collected before anything is said.

use std::fmt;

/// One mistake of a mapping file, or of a file of cost rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingMistake {
    /// The file, as the caller named it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// The key at fault, such as `fields.channel.map`; empty where the file as a whole is.
    pub key: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for MappingMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Mistakes found so far.
pub(crate) struct Mistakes<'t> {
    text: &'t str,
    file: &'t str,
    found: Vec<MappingMistake>,
}

impl<'t> Mistakes<'t> {
    pub fn new(text: &'t str, file: &'t str) -> Self {
        Self { text, file, found: Vec::new() }
    }

    /// Adds a mistake at a byte of the text.
    pub fn add(&mut self, at: usize, key: &str, message: impl Into<String>) {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let (file, key, message) = (self.file.to_owned(), key.to_owned(), message.into());
        self.found.push(MappingMistake { file, line, key, message });
    }

    /// Everything that was found, in the order of the lines; an error where there is anything.
    pub fn outcome(mut self) -> Result<(), Vec<MappingMistake>> {
        self.found.sort_by(|a, b| (a.line, &a.key).cmp(&(b.line, &b.key)));
        if self.found.is_empty() { Ok(()) } else { Err(self.found) }
    }
}
