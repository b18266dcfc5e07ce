//! What is said to people, in the two languages they read.

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// English.
    pub en: String,
    /// Spanish.
    pub es: String,
}

impl Said {
    /// The text in the language with this tag: Spanish for `es`, else English.
    pub fn in_language(&self, tag: &str) -> &str {
        if tag == "es" { &self.es } else { &self.en }
    }
}

pub(super) fn said(en: impl Into<String>, es: impl Into<String>) -> Said {
    Said { en: en.into(), es: es.into() }
}
