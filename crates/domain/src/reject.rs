//! Refused inputs. Nothing refused is lost: its bytes are sealed in the rejects log with the reason.

use crate::{FactId, closed::Channel};

/// Where in the flow an input was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectStage {
    /// Splitting bytes into records.
    Read,
    /// Mapping a record's fields to a fact.
    Map,
    /// Decoding a record of the log.
    Decode,
    /// The fold.
    Fold,
}

impl RejectStage {
    /// Every stage.
    pub const ALL: &'static [Self] = &[Self::Read, Self::Map, Self::Decode, Self::Fold];

    /// Its word in tables, metrics and listings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Map => "map",
            Self::Decode => "decode",
            Self::Fold => "fold",
        }
    }

    /// The stage with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|s| s.word() == word)
    }
}

/// Why an input was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectKind {
    /// Not UTF-8.
    NotUtf8,
    /// Longer than the limit.
    TooLong,
    /// Not a record of its format: broken JSON, wrong number of CSV fields.
    Malformed,
    /// A required field is missing or null.
    Missing,
    /// A field has the wrong type.
    WrongType,
    /// A number, text length or instant outside the accepted range.
    OutOfRange,
    /// Not a date or time.
    BadTime,
    /// A word that the mapping does not know.
    UnknownWord,
    /// Rows collected under one record id contradict each other.
    Inconsistent,
    /// Same record and revision, other content.
    Conflict,
    /// A record of the log that no schema decodes.
    Undecodable,
}

impl RejectKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::NotUtf8,
        Self::TooLong,
        Self::Malformed,
        Self::Missing,
        Self::WrongType,
        Self::OutOfRange,
        Self::BadTime,
        Self::UnknownWord,
        Self::Inconsistent,
        Self::Conflict,
        Self::Undecodable,
    ];

    /// Its word in tables, metrics and listings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Missing => "missing",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::BadTime => "bad_time",
            Self::UnknownWord => "unknown_word",
            Self::Inconsistent => "inconsistent",
            Self::Conflict => "conflict",
            Self::Undecodable => "undecodable",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.word() == word)
    }
}

/// One refused input, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it was refused.
    pub stage: RejectStage,
    /// Why.
    pub kind: RejectKind,
    /// Where it stood: file name and line, or topic, partition and offset. Never personal data.
    pub position: String,
    /// The field at fault, where one is.
    pub field: Option<String>,
    /// What was expected. Never the customer's words.
    pub expected: String,
}

/// A fact that the fold refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Refused {
    /// The fact.
    pub fact: FactId,
    /// Why.
    pub kind: RejectKind,
}

/// Message for a word that is not a channel.
pub fn expected_channel() -> String {
    format!("one of {}", Channel::WORDS.join(", "))
}
