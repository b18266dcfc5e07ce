//! What a model file says of itself, in words that a person can read at its beginning.

use super::bytes::Broken;
use toml::{Table, Value};

/// Which features a model goes by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Words, pairs and pieces of words alone.
    #[default]
    Words,
    /// The static token table besides.
    Table,
}

impl Kind {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Table => "table",
        }
    }
}

/// Where a model comes from, and how good it was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    /// Its features.
    pub kind: Kind,
    /// Meaning of the taxonomy whose reasons it was trained for, lower-case hexadecimal; nothing where its labels
    /// came with the texts alone.
    pub taxonomy: Option<String>,
    /// Texts it learned from.
    pub texts: u64,
    /// Primary subtags of the languages it learned; empty = its texts did not say.
    pub languages: Vec<String>,
    /// Texts that were held out, once, to measure what follows.
    pub held_out: u64,
    /// Share of them that was classified rightly, before rejection.
    pub accuracy: f64,
    /// Expected calibration error on them, 15 bins.
    pub ece: f64,
}

impl Header {
    pub(super) fn to_toml(&self) -> String {
        let number = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        // to a millionth: enough, and the same digits everywhere
        let share = |x: f64| Value::Float((x * 1e6).round() / 1e6);
        let mut table = Table::new();
        table.insert("kind".into(), self.kind.word().into());
        if let Some(taxonomy) = &self.taxonomy {
            table.insert("taxonomy_sha256".into(), taxonomy.as_str().into());
        }
        table.insert("texts".into(), number(self.texts));
        table.insert("languages".into(), self.languages.clone().into());
        table.insert("held_out".into(), number(self.held_out));
        table.insert("accuracy".into(), share(self.accuracy));
        table.insert("ece".into(), share(self.ece));
        table.to_string()
    }

    pub(super) fn from_toml(text: &str) -> Result<Self, Broken> {
        let table: Table = text.parse().map_err(|_| Broken::new("a header in TOML"))?;
        let missing = |key: &str| Broken::new(format!("`{key}` in the header"));
        let get = |key: &str| table.get(key).ok_or_else(|| missing(key));
        let number = |key: &str| {
            let value = get(key)?.as_integer().and_then(|n| u64::try_from(n).ok());
            value.ok_or_else(|| missing(key))
        };
        let share = |key: &str| get(key)?.as_float().ok_or_else(|| missing(key));
        let kind = match get("kind")?.as_str() {
            Some("words") => Kind::Words,
            Some("table") => Kind::Table,
            _ => return Err(Broken::new("kind `words` or `table`")),
        };
        let languages = get("languages")?.as_array().ok_or_else(|| missing("languages"))?;
        Ok(Self {
            kind,
            taxonomy: table.get("taxonomy_sha256").and_then(Value::as_str).map(str::to_owned),
            texts: number("texts")?,
            languages: languages.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            held_out: number("held_out")?,
            accuracy: share("accuracy")?,
            ece: share("ece")?,
        })
    }
}
