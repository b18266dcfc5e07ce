//! The kinds of fields: texts, numbers, truth values, words of a closed list, and lists of texts.

use super::number::{decimal, from_float};
use super::pick::{Pick, Source, Wrong, text_of};
use super::sheet::one_of;
use crate::records::{Record, Refusal, Value};
use domain::RejectKind;
use std::borrow::Cow;

/// Source words and what they stand for.
pub(super) struct Words<T> {
    pub known: Vec<(String, T)>,
    /// Capital and small letters are the same.
    pub ignore_case: bool,
}

impl<T> Words<T> {
    fn find(&self, word: &str) -> Result<&T, Wrong> {
        let same =
            |known: &str| known == word || self.ignore_case && known.to_lowercase() == word.to_lowercase();
        let found = self.known.iter().find(|(known, _)| same(known));
        found.map(|(_, value)| value).ok_or_else(|| {
            let expected = one_of(self.known.iter().map(|(known, _)| known.as_str()));
            Wrong::new(RejectKind::UnknownWord, expected)
        })
    }
}

/// A text.
pub(super) struct TextField {
    pub pick: Pick<String>,
    /// Only what the source itself calls text.
    pub strict: bool,
    pub words: Option<Words<String>>,
    /// Words that are not in the list stay as they are.
    pub keep: bool,
    /// The standard whose codes these are.
    pub code: Option<Code>,
}

/// A standard that gives short codes.
#[derive(Clone, Copy)]
pub(super) enum Code {
    /// ISO 3166-1 alpha-2.
    Country,
    /// ISO 4217.
    Currency,
}

impl Code {
    /// The code in capitals, where it has the shape of one; else what was expected.
    pub fn read(self, text: &str) -> Result<String, &'static str> {
        let (length, expected) = match self {
            Self::Country => (2, "two letters of ISO 3166-1, such as ES"),
            Self::Currency => (3, "three letters of ISO 4217, such as EUR"),
        };
        let fits = text.len() == length && text.bytes().all(|b| b.is_ascii_alphabetic());
        if fits { Ok(text.to_ascii_uppercase()) } else { Err(expected) }
    }
}

impl TextField {
    pub fn get(&self, record: &Record<'_>) -> Result<Option<String>, Refusal> {
        self.pick.get(record, |value| self.read(value))
    }

    fn read(&self, value: &Value<'_>) -> Result<String, Wrong> {
        let text = text_in(value, self.strict, self.pick.trims())?;
        let text = match self.words.as_ref().map(|words| words.find(&text)) {
            Some(Ok(known)) => Cow::Borrowed(known.as_str()),
            Some(Err(wrong)) if !self.keep => return Err(wrong),
            Some(Err(_)) | None => text,
        };
        match self.code {
            Some(code) => code.read(&text).map_err(|expected| Wrong::new(RejectKind::UnknownWord, expected)),
            None => Ok(text.into_owned()),
        }
    }
}

/// A single value as text, of a typed text only where `strict`.
pub(super) fn text_in<'v>(value: &'v Value<'_>, strict: bool, trim: bool) -> Result<Cow<'v, str>, Wrong> {
    let typed = matches!(value, Value::Text(_) | Value::Cell(_));
    let text = if strict && !typed { None } else { text_of(value) };
    match text.ok_or_else(|| Wrong::kind("text"))? {
        Cow::Borrowed(text) if trim => Ok(Cow::Borrowed(text.trim())),
        text => Ok(text),
    }
}

/// A whole number, in a smaller unit than the source's where there is a scale.
pub(super) struct NumberField {
    pub pick: Pick<i64>,
    /// Only what the source itself calls a whole number.
    pub strict: bool,
    pub scale: i64,
    /// Smallest and largest value in the source's own unit.
    pub min: i64,
    pub max: i64,
}

impl NumberField {
    pub fn get(&self, record: &Record<'_>) -> Result<Option<i64>, Refusal> {
        self.pick.get(record, |value| self.read(value))
    }

    fn read(&self, value: &Value<'_>) -> Result<i64, Wrong> {
        let whole = self.strict || self.scale == 1;
        let wrong = || Wrong::kind(self.expected(whole));
        let scaled = match value {
            Value::Int(number) => number.checked_mul(self.scale),
            Value::Cell(text) => self.spelled(text.trim(), whole).ok_or_else(wrong)?,
            Value::Text(text) if !self.strict => self.spelled(text.trim(), whole).ok_or_else(wrong)?,
            Value::Float(number) if !self.strict => {
                if whole && number.fract() != 0.0 {
                    return Err(wrong());
                }
                from_float(*number, self.scale)
            }
            _ => return Err(wrong()),
        };
        let in_range = |scaled: &i64| self.low() <= *scaled && *scaled <= self.high();
        scaled.filter(in_range).ok_or_else(|| Wrong::new(RejectKind::OutOfRange, self.expected(whole)))
    }

    /// A number in digits. Outer `None`: no number; inner: one too large.
    fn spelled(&self, text: &str, whole: bool) -> Option<Option<i64>> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.' && !whole);
        let points = digits.bytes().filter(|b| *b == b'.').count();
        (plain && points <= 1 && digits.len() > points).then(|| decimal(text, self.scale))
    }

    const fn low(&self) -> i64 {
        self.min.saturating_mul(self.scale)
    }

    const fn high(&self) -> i64 {
        self.max.saturating_mul(self.scale)
    }

    fn expected(&self, whole: bool) -> String {
        let kind = if whole { "a whole number" } else { "a number" };
        format!("{kind} from {} to {}", self.min, self.max)
    }

    /// A constant or default of the mapping file.
    pub fn literal(&self, number: i64) -> Result<i64, String> {
        self.read(&Value::Int(number)).map_err(|wrong| wrong.expected)
    }
}

/// A truth value.
pub(super) struct FlagField {
    pub pick: Pick<bool>,
    /// Only what the source itself calls a truth value.
    pub strict: bool,
    pub words: Option<Words<bool>>,
}

impl FlagField {
    pub fn get(&self, record: &Record<'_>) -> Result<Option<bool>, Refusal> {
        self.pick.get(record, |value| self.read(value))
    }

    fn read(&self, value: &Value<'_>) -> Result<bool, Wrong> {
        if let Some(words) = &self.words {
            return words.find(&text_in(value, false, self.pick.trims())?).copied();
        }
        match value {
            Value::Bool(flag) => return Ok(*flag),
            Value::Cell(_) => {}
            Value::Text(_) | Value::Int(0 | 1) if !self.strict => {}
            _ => return Err(Wrong::kind("true or false")),
        }
        match text_in(value, false, self.pick.trims())?.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "0" => Ok(false),
            _ => Err(Wrong::kind("true or false")),
        }
    }
}

/// A word of a closed list.
pub(super) struct WordField<E> {
    pub pick: Pick<E>,
    pub words: Words<E>,
}

impl<E: Copy> WordField<E> {
    pub fn get(&self, record: &Record<'_>) -> Result<Option<E>, Refusal> {
        self.pick.get(record, |value| self.words.find(&text_in(value, false, self.pick.trims())?).copied())
    }

    /// The source's own word; empty where the source has none.
    pub fn raw(&self, record: &Record<'_>) -> String {
        match &self.pick.source {
            Source::Constant(_) => String::new(),
            Source::Column(column) => {
                column.value(record).and_then(text_of).map(Cow::into_owned).unwrap_or_default()
            }
        }
    }
}

/// A list of texts, from lists or from several columns.
pub(super) struct ListField {
    pub picks: Vec<Pick<Vec<String>>>,
    /// Separates the parts of one text.
    pub split: Option<String>,
    /// At least one is needed.
    pub required: bool,
}

impl ListField {
    pub fn get(&self, record: &Record<'_>) -> Result<Vec<String>, Refusal> {
        let mut all = Vec::new();
        for pick in &self.picks {
            let part = pick.get(record, |value| self.read(value, pick.trims()))?.unwrap_or_default();
            if all.is_empty() { all = part } else { all.extend(part) }
        }
        match (self.required && all.is_empty(), self.picks.first()) {
            (true, Some(pick)) => Err(Refusal::map(RejectKind::Missing, &pick.field, "at least one value")),
            _ => Ok(all),
        }
    }

    fn read(&self, value: &Value<'_>, trim: bool) -> Result<Vec<String>, Wrong> {
        let mut found = Vec::new();
        let items =
            if let Value::List(items) = value { items.as_slice() } else { std::slice::from_ref(value) };
        for item in items.iter().filter(|item| !matches!(item, Value::Null)) {
            let text = text_of(item).ok_or_else(|| Wrong::kind("text or a list of texts"))?;
            let mut add = |part: &str| {
                if !part.is_empty() {
                    found.push(part.to_owned());
                }
            };
            match &self.split {
                Some(separator) => text.split(separator.as_str()).map(str::trim).for_each(add),
                None => add(if trim { text.trim() } else { &text }),
            }
        }
        Ok(found)
    }
}
