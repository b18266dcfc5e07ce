//! Reading TOML values with their places: every wrong type, unknown key, missing key and excess of a limit
//! becomes a mistake and reading goes on. Knows nothing of taxonomies.

use crate::mistake::Mistakes;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value at its place in the file.
pub(crate) type Value<'a, 'i> = &'a Spanned<DeValue<'i>>;

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// A table being read. The keys that were asked for are the known ones; [`Fields::finish`] reports the rest.
pub(crate) struct Fields<'a, 'i> {
    table: &'a DeTable<'i>,
    span: Range<usize>,
    asked: Vec<&'static str>,
}

impl<'a, 'i> Fields<'a, 'i> {
    pub(crate) fn of(table: &'a DeTable<'i>, span: Range<usize>) -> Self {
        Self { table, span, asked: Vec::new() }
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value of a key that may be left out.
    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Value<'a, 'i>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// The value of a key that must be there.
    pub(crate) fn required(&mut self, key: &'static str, to: &mut Mistakes<'_>) -> Option<Value<'a, 'i>> {
        let value = self.optional(key);
        if value.is_none() {
            to.add_missing(self.span(), format!("missing key `{key}`"));
        }
        value
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self, to: &mut Mistakes<'_>) {
        for (name, _) in self.table.iter().filter(|(name, _)| !self.asked.contains(&name.get_ref().as_ref()))
        {
            let expected = self.asked.join("`, `");
            to.add(name.span(), format!("unknown key `{}`, expected one of `{expected}`", name.get_ref()));
        }
    }
}

/// A table with keys of its own.
pub(crate) fn table<'a, 'i>(value: Value<'a, 'i>, to: &mut Mistakes<'_>) -> Option<Fields<'a, 'i>> {
    Some(Fields::of(free_table(value, to)?, value.span()))
}

/// A table whose keys the writer of the file chooses.
pub(crate) fn free_table<'a, 'i>(value: Value<'a, 'i>, to: &mut Mistakes<'_>) -> Option<&'a DeTable<'i>> {
    let found = value.get_ref().as_table();
    if found.is_none() {
        wrong_type(value, "a table", to);
    }
    found
}

/// A list of at most `limit` values; those beyond it are left out and reported once.
pub(crate) fn list<'a, 'i>(value: Value<'a, 'i>, limit: usize, to: &mut Mistakes<'_>) -> Vec<Value<'a, 'i>> {
    let Some(items) = value.get_ref().as_array() else {
        wrong_type(value, "a list", to);
        return Vec::new();
    };
    if let Some(excess) = items.get(limit) {
        to.add(excess.span(), format!("too many entries: {}, expected at most {limit}", items.len()));
    }
    items.iter().take(limit).collect()
}

/// A text of 1 to `limit` bytes, not all white space.
pub(crate) fn text(value: Value<'_, '_>, limit: usize, to: &mut Mistakes<'_>) -> Option<Text> {
    let Some(found) = value.get_ref().as_str() else {
        wrong_type(value, "a text", to);
        return None;
    };
    if found.trim().is_empty() {
        to.add(value.span(), "empty text, expected some words");
        return None;
    }
    if found.len() > limit {
        to.add(value.span(), format!("text of {} bytes, expected at most {limit}", found.len()));
        return None;
    }
    Some(Text { text: found.to_owned(), span: value.span() })
}

/// A list of texts.
pub(crate) fn texts(value: Value<'_, '_>, most: usize, bytes: usize, to: &mut Mistakes<'_>) -> Vec<Text> {
    list(value, most, to).into_iter().filter_map(|item| text(item, bytes, to)).collect()
}

/// A list of at least one text.
pub(crate) fn some_texts(
    value: Value<'_, '_>,
    most: usize,
    bytes: usize,
    to: &mut Mistakes<'_>,
) -> Vec<Text> {
    if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
        to.add(value.span(), "empty list, expected at least one entry");
    }
    texts(value, most, bytes, to)
}

/// A whole number from 0 to `most`.
pub(crate) fn number(value: Value<'_, '_>, most: u32, to: &mut Mistakes<'_>) -> Option<u32> {
    let Some(found) = value.get_ref().as_integer() else {
        wrong_type(value, "a whole number", to);
        return None;
    };
    let parsed = u32::from_str_radix(found.as_str(), found.radix()).ok().filter(|n| *n <= most);
    if parsed.is_none() {
        to.add(value.span(), format!("number {found}, expected 0 to {most}"));
    }
    parsed
}

/// An id: 1 to `limit` lower-case letters, digits, `_`, `-` and `.`, the first a letter or digit.
pub(crate) fn id(found: Text, limit: usize, to: &mut Mistakes<'_>) -> Option<Text> {
    if is_plain(&found.text, &['_', '-', '.'], limit) {
        return Some(found);
    }
    let message = format!(
        "id `{}`, expected 1 to {limit} of a-z, 0-9, `_`, `-` and `.`, the first a letter or digit",
        found.text
    );
    to.add(found.span, message);
    None
}

/// A name: 1 to `limit` lower-case letters, digits and `_`, the first a letter or digit.
pub(crate) fn name(found: Text, what: &str, limit: usize, to: &mut Mistakes<'_>) -> Option<Text> {
    if is_plain(&found.text, &['_'], limit) {
        return Some(found);
    }
    let message = format!(
        "{what} `{}`, expected 1 to {limit} of a-z, 0-9 and `_`, the first a letter or digit",
        found.text
    );
    to.add(found.span, message);
    None
}

/// One of a closed list of words.
pub(crate) fn word<T>(
    found: Text,
    words: &[&str],
    from_word: impl Fn(&str) -> Option<T>,
    to: &mut Mistakes<'_>,
) -> Option<T> {
    let parsed = from_word(&found.text);
    if parsed.is_none() {
        to.add(found.span, format!("unknown word `{}`, expected one of {}", found.text, words.join(", ")));
    }
    parsed
}

fn is_plain(text: &str, marks: &[char], limit: usize) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(plain) && text.len() <= limit && text.chars().all(|c| plain(c) || marks.contains(&c))
}

fn wrong_type(value: Value<'_, '_>, expected: &str, to: &mut Mistakes<'_>) {
    to.add(
        value.span(),
        format!("found a value of type {}, expected {expected}", value.get_ref().type_str()),
    );
}
