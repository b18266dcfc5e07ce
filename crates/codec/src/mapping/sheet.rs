//! Reading a TOML table key by key. Every key that nobody asks for is a mistake, so the keys asked for are
//! the documentation of the table.

use super::mistake::Mistakes;
use toml::de::{DeTable, DeValue};

/// One key of a table with its value.
#[derive(Clone)]
pub(crate) struct Entry<'t> {
    /// Full name, such as `fields.channel.map`.
    pub path: String,
    /// Last part of the name.
    pub name: String,
    /// Byte at which the value starts.
    pub at: usize,
    pub value: &'t DeValue<'t>,
}

impl<'t> Entry<'t> {
    /// Adds a mistake about this entry.
    pub fn wrong(&self, mistakes: &mut Mistakes<'_>, expected: &str) {
        let found = match self.value {
            DeValue::String(text) => format!("the text {text:?}"),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            other => format!("a value of type {}", other.type_str()),
        };
        mistakes.add(self.at, &self.path, format!("expected {expected}, found {found}"));
    }

    pub fn as_text(&self) -> Option<&'t str> {
        self.value.as_str()
    }

    pub fn as_int(&self) -> Option<i64> {
        let number = self.value.as_integer()?;
        i64::from_str_radix(number.as_str(), number.radix()).ok()
    }

    /// The value by a reading that may fail, which is a mistake.
    fn read<T>(
        &self,
        mistakes: &mut Mistakes<'_>,
        expected: &str,
        read: impl Fn(&Self) -> Option<T>,
    ) -> Option<T> {
        let value = read(self);
        if value.is_none() {
            self.wrong(mistakes, expected);
        }
        value
    }

    /// The elements, where this is a list; else this alone.
    pub fn elements(&self) -> Vec<Self> {
        let DeValue::Array(items) = self.value else { return vec![self.clone()] };
        let element = |(i, item): (usize, &'t toml::Spanned<DeValue<'t>>)| Self {
            path: format!("{}[{i}]", self.path),
            name: self.name.clone(),
            at: item.span().start,
            value: item.get_ref(),
        };
        items.iter().enumerate().map(element).collect()
    }

    /// A text or a list of texts.
    pub fn texts(&self, mistakes: &mut Mistakes<'_>, expected: &str) -> Vec<String> {
        let text = |e: &Self| e.as_text().map(str::to_owned);
        self.elements().iter().filter_map(|e| e.read(mistakes, expected, text)).collect()
    }

    /// The table, where this is one.
    pub fn sheet(&self) -> Option<Sheet<'t>> {
        self.value.as_table().map(|table| Sheet::new(table, &self.path, self.at))
    }
}

/// A table of the file.
pub(crate) struct Sheet<'t> {
    /// Full name; empty for the whole file.
    pub path: String,
    /// Byte at which it starts.
    pub at: usize,
    rest: Vec<Entry<'t>>,
    known: Vec<&'static str>,
}

impl<'t> Sheet<'t> {
    pub fn new(table: &'t DeTable<'t>, path: &str, at: usize) -> Self {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
        let rest = table
            .iter()
            .map(|(key, value)| Entry {
                path: format!("{prefix}{}", key.get_ref()),
                name: key.get_ref().to_string(),
                at: key.span().start,
                value: value.get_ref(),
            })
            .collect();
        Self { path: path.to_owned(), at, rest, known: Vec::new() }
    }

    /// A table that says no more than one key: the short form of a longer one.
    pub fn short(key: &str, entry: &Entry<'t>) -> Self {
        let only = Entry { path: entry.path.clone(), name: key.to_owned(), at: entry.at, value: entry.value };
        Self { path: entry.path.clone(), at: entry.at, rest: vec![only], known: Vec::new() }
    }

    /// The entry with this key, which is known from now on.
    pub fn take(&mut self, key: &'static str) -> Option<Entry<'t>> {
        self.known.push(key);
        let at = self.rest.iter().position(|e| e.name == key)?;
        Some(self.rest.swap_remove(at))
    }

    /// Whether there is an entry with this key that nobody has taken yet.
    pub fn has(&self, key: &str) -> bool {
        self.rest.iter().any(|entry| entry.name == key)
    }

    /// All entries that are left, for tables whose keys are free.
    pub fn take_all(&mut self) -> Vec<Entry<'t>> {
        std::mem::take(&mut self.rest)
    }

    pub fn text(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<String> {
        self.take(key)?.read(mistakes, "a text", |e| e.as_text().map(str::to_owned))
    }

    pub fn int(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<i64> {
        self.take(key)?.read(mistakes, "a whole number", Entry::as_int)
    }

    pub fn flag(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<bool> {
        self.take(key)?.read(mistakes, "true or false", |e| e.value.as_bool())
    }

    pub fn texts(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Vec<String> {
        self.take(key).map(|e| e.texts(mistakes, "a text or a list of texts")).unwrap_or_default()
    }

    /// One of several words; `None` where the key is absent or its word is a mistake.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        mistakes: &mut Mistakes<'_>,
    ) -> Option<T> {
        let entry = self.take(key)?;
        let expected = one_of(choices.iter().map(|(word, _)| *word));
        entry.read(mistakes, &expected, |e| {
            choices.iter().find(|(word, _)| e.as_text() == Some(word)).map(|(_, value)| *value)
        })
    }

    /// Whatever is left was not asked for.
    pub fn finish(self, mistakes: &mut Mistakes<'_>) {
        for entry in &self.rest {
            let known = one_of(self.known.iter().copied());
            mistakes.add(entry.at, &entry.path, format!("unknown key, expected {known}"));
        }
    }
}

/// `one of a, b, c`, or just `a`.
pub(crate) fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut words: Vec<&str> = words.collect();
    words.dedup();
    match words.as_slice() {
        [only] => (*only).to_owned(),
        _ => format!("one of {}", words.join(", ")),
    }
}
