//! One finding: which check, how grave, about what, where, and what to do.

use super::Said;
use crate::Place;
use domain::{OwnerId, ReasonId};
use std::fmt;

/// What is looked at. The numbers are those of the design rules and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Too few or too many reasons.
    L01,
    /// A reason without owner.
    L02,
    /// A service team owns what it only answers.
    L03,
    /// A reason without disposition.
    L04,
    /// A label that is not in the customer's words.
    L05,
    /// A label with jargon or ids of the company.
    L06,
    /// Two reasons for the same contacts.
    L07,
    /// A reason without contacts.
    L08,
    /// A reason with too many contacts.
    L09,
    /// Too many unclassified contacts.
    L10,
    /// A reason that belongs to more than one owner.
    L11,
    /// A label that names the channel.
    L12,
    /// A label that names a sentiment or an outcome.
    L13,
    /// A reason without examples.
    L14,
    /// Another meaning under the same id.
    L15,
    /// Votes and disposition contradict each other.
    L16,
    /// A label that names no step, place or defect.
    A01,
}

impl Check {
    /// Every check.
    pub const ALL: &'static [Self] = &[
        Self::L01,
        Self::L02,
        Self::L03,
        Self::L04,
        Self::L05,
        Self::L06,
        Self::L07,
        Self::L08,
        Self::L09,
        Self::L10,
        Self::L11,
        Self::L12,
        Self::L13,
        Self::L14,
        Self::L15,
        Self::L16,
        Self::A01,
    ];

    /// Its id, as `L01`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::L01 => "L01",
            Self::L02 => "L02",
            Self::L03 => "L03",
            Self::L04 => "L04",
            Self::L05 => "L05",
            Self::L06 => "L06",
            Self::L07 => "L07",
            Self::L08 => "L08",
            Self::L09 => "L09",
            Self::L10 => "L10",
            Self::L11 => "L11",
            Self::L12 => "L12",
            Self::L13 => "L13",
            Self::L14 => "L14",
            Self::L15 => "L15",
            Self::L16 => "L16",
            Self::A01 => "A01",
        }
    }
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file should not be published: figures would be wrong, or nobody could act on them.
    Error,
    /// The taxonomy works, and would work better.
    Warning,
    /// Worth knowing; there may be a good reason.
    Note,
}

impl Severity {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    /// Its word for people, in the language with this tag.
    pub fn in_language(self, tag: &str) -> &'static str {
        match self {
            Self::Warning if tag == "es" => "aviso",
            Self::Note if tag == "es" => "nota",
            Self::Error | Self::Warning | Self::Note => self.word(),
        }
    }
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The file as a whole.
    File,
    /// A reason; `unclassified` is one.
    Reason(ReasonId),
    /// An owner.
    Owner(OwnerId),
}

/// What a reviewer would say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check found it.
    pub check: Check,
    /// How grave it is.
    pub severity: Severity,
    /// What it is about.
    pub about: About,
    /// Where in the file that stands.
    pub place: Place,
    /// What is wrong.
    pub message: Said,
    /// What to do.
    pub fix: Said,
}

impl Finding {
    /// The finding as it is shown to people: place, message, the line with a mark, and what to do. `file` is
    /// the name of the file, `language` the tag of theirs.
    pub fn shown<'a>(&'a self, file: &'a str, language: &'a str) -> impl fmt::Display + 'a {
        Shown { finding: self, file, language }
    }
}

struct Shown<'a> {
    finding: &'a Finding,
    file: &'a str,
    language: &'a str,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { check, severity, place, message, fix, .. } = self.finding;
        let (severity, id) = (severity.in_language(self.language), check.id());
        let [message, fix] = [message, fix].map(|said| said.in_language(self.language));
        writeln!(f, "{}:{}:{}: {severity}[{id}] {message}", self.file, place.line, place.column)?;
        writeln!(f, "{place}")?;
        let to_do = if self.language == "es" { "qué hacer" } else { "fix" };
        write!(f, " {:margin$} = {to_do}: {fix}", "", margin = place.margin())
    }
}
