//! The named queries: SQL files with a description in their first line, whose columns `tables` documents.

use crate::error::AnalyticsError;

/// A named query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedQuery {
    /// Its name on the command line: that of its file.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
}

impl NamedQuery {
    /// What it answers: the first line of its text.
    pub fn description(&self) -> &'static str {
        let first = self.sql.lines().next().unwrap_or_default();
        first.trim_start_matches("--").trim()
    }
}

macro_rules! named {
    ($($name:literal),+ $(,)?) => {
        &[$(NamedQuery { name: $name, sql: include_str!(concat!("../sql/named/", $name, ".sql")) },)+]
    };
}

/// Every named query, by name.
pub const NAMED: &[NamedQuery] = named![
    "channels",
    "daily",
    "first_contact",
    "mechanisms",
    "reasons",
    "repeat_counts",
    "sensitivity",
    "source_reason_monthly",
    "source_reasons",
    "weekly",
];

/// The query of that name.
pub fn named_query(name: &str) -> Result<&'static NamedQuery, AnalyticsError> {
    NAMED.iter().find(|q| q.name == name).ok_or_else(|| AnalyticsError::UnknownQuery {
        name: name.to_owned(),
        known: NAMED.iter().map(|q| q.name).collect::<Vec<_>>().join(", "),
    })
}
