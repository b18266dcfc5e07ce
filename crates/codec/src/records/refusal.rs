//! Why one record was refused.

use domain::{Reject, RejectKind, RejectStage};
use std::fmt;

/// Why one record was refused. Never holds the record's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where in the flow.
    pub stage: RejectStage,
    /// Why.
    pub kind: RejectKind,
    /// The fact field at fault, where one is.
    pub field: Option<String>,
    /// What was expected.
    pub expected: String,
}

impl Refusal {
    /// A refusal while bytes are cut or parsed.
    pub(crate) fn read(kind: RejectKind, expected: impl Into<String>) -> Self {
        Self { stage: RejectStage::Read, kind, field: None, expected: expected.into() }
    }

    /// A refusal while fields are mapped.
    pub(crate) fn map(kind: RejectKind, field: &str, expected: impl Into<String>) -> Self {
        Self { stage: RejectStage::Map, kind, field: Some(field.to_owned()), expected: expected.into() }
    }

    /// The refusal together with where the record stood.
    pub fn at(self, position: String) -> Reject {
        Reject { stage: self.stage, kind: self.kind, position, field: self.field, expected: self.expected }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind.word())?;
        if let Some(field) = &self.field {
            write!(f, "field {field}: ")?;
        }
        write!(f, "expected {}", self.expected)
    }
}

/// The text of a record, or where it stops being text.
pub(super) fn utf8(raw: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(raw).map_err(|e| {
        let offset = e.valid_up_to();
        Refusal::read(RejectKind::NotUtf8, format!("UTF-8 text, which ends at byte {offset} of the record"))
    })
}
