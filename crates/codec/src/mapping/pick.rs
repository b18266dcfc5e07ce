//! Where the value of a fact's field comes from, and what an empty or wrong one means. What a right one is,
//! is the business of the kind of field.

use crate::records::{Record, Refusal, Value};
use domain::RejectKind;
use std::borrow::Cow;

/// Where a field's value comes from.
pub(super) struct Pick<T> {
    /// Name of the fact's field.
    pub field: String,
    pub source: Source<T>,
}

pub(super) enum Source<T> {
    /// The same for every record.
    Constant(T),
    /// A column of the record.
    Column(Column<T>),
}

/// A column, and what its emptiness means.
pub(super) struct Column<T> {
    pub name: String,
    pub slot: usize,
    /// Further columns, looked at in this order where the ones before are empty.
    pub others: Vec<usize>,
    /// An empty value without a default refuses the record.
    pub required: bool,
    /// White space around a text is no part of it.
    pub trim: bool,
    /// Texts that mean that there is nothing.
    pub nulls: Vec<String>,
    /// Stands in for an empty value.
    pub default: Option<T>,
    pub otherwise: Otherwise<T>,
}

/// What to do with a value that is not understood.
pub(super) enum Otherwise<T> {
    /// Refuse the record.
    Refuse,
    /// Take it for empty.
    Null,
    /// Take this instead.
    Value(T),
}

/// What is wrong with a value.
pub(super) struct Wrong {
    pub kind: RejectKind,
    pub expected: String,
}

impl Wrong {
    pub fn new(kind: RejectKind, expected: impl Into<String>) -> Self {
        Self { kind, expected: expected.into() }
    }

    pub fn kind(expected: impl Into<String>) -> Self {
        Self::new(RejectKind::WrongType, expected)
    }
}

impl<T: Clone> Pick<T> {
    /// The field's value in a record; `None` where there is none and none is needed.
    pub fn get(
        &self,
        record: &Record<'_>,
        read: impl FnOnce(&Value<'_>) -> Result<T, Wrong>,
    ) -> Result<Option<T>, Refusal> {
        let column = match &self.source {
            Source::Constant(value) => return Ok(Some(value.clone())),
            Source::Column(column) => column,
        };
        let Some(value) = column.value(record) else { return self.empty(column) };
        match (read(value), &column.otherwise) {
            (Ok(value), _) => Ok(Some(value)),
            (Err(_), Otherwise::Value(value)) => Ok(Some(value.clone())),
            (Err(_), Otherwise::Null) => self.empty(column),
            (Err(wrong), Otherwise::Refuse) => Err(self.refusal(column, &wrong)),
        }
    }

    fn empty(&self, column: &Column<T>) -> Result<Option<T>, Refusal> {
        match &column.default {
            Some(value) => Ok(Some(value.clone())),
            None if column.required => {
                Err(self.refusal(column, &Wrong::new(RejectKind::Missing, "a value that is not empty")))
            }
            None => Ok(None),
        }
    }

    fn refusal(&self, column: &Column<T>, wrong: &Wrong) -> Refusal {
        let expected = match column.name == self.field {
            true => wrong.expected.clone(),
            false => format!("{} in column `{}`", wrong.expected, column.name),
        };
        Refusal::map(wrong.kind, &self.field, expected)
    }

    /// Whether an empty value without a default refuses the record.
    pub const fn is_required(&self) -> bool {
        matches!(&self.source, Source::Column(Column { required: true, .. }))
    }

    /// Whether white space around texts is to be cut off.
    pub const fn trims(&self) -> bool {
        matches!(&self.source, Source::Column(Column { trim: true, .. }))
    }
}

impl<T> Column<T> {
    /// The first value that is not empty.
    pub fn value<'r, 'a>(&self, record: &'r Record<'a>) -> Option<&'r Value<'a>> {
        let slots = std::iter::once(&self.slot).chain(&self.others);
        slots.map(|slot| record.at(*slot)).find(|value| !self.is_null(value))
    }

    fn is_null(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Missing | Value::Null => true,
            Value::Text(text) | Value::Cell(text) => {
                let text = if self.trim { text.trim() } else { text };
                text.is_empty() || self.nulls.iter().any(|null| null == text)
            }
            Value::List(items) => items.is_empty(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Time(_) | Value::Map(_) => false,
        }
    }
}

/// Largest whole number that a float holds exactly; beyond it a float is no id.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A single value as text; `None` for lists, objects, and numbers that are not exact.
pub(super) fn text_of<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::Text(text) | Value::Cell(text) => Some(Cow::Borrowed(text)),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Int(number) => Some(Cow::Owned(number.to_string())),
        Value::Float(number) if number.abs() < EXACT_MAX => Some(Cow::Owned(number.to_string())),
        Value::Time(instant) => Some(Cow::Owned(instant.to_string())),
        Value::Float(_) | Value::List(_) | Value::Map(_) | Value::Missing | Value::Null => None,
    }
}
