//! Why an operation did not succeed, and how DataFusion's errors become one line that a person can act on.

use datafusion::common::{DataFusionError, Location};
use domain::{ContactId, Day, Positions};
use lake::{LakeError, StoreError};

/// Why an operation did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum AnalyticsError {
    /// The text given is no query that can be answered: the caller's to change.
    #[error("cannot answer this query: {message}")]
    Query {
        /// What is wrong, and where in the text.
        message: String,
    },
    /// No named query has that name.
    #[error("no named query {name:?}; expected one of {known}")]
    UnknownQuery {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The lake or its store failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A file could not be read, memory did not suffice, or the like. Trying again may help.
    #[error("cannot {action}: {message}")]
    Failed {
        /// What was attempted.
        action: &'static str,
        /// What went wrong.
        message: String,
    },
    /// The store has no real files, which DataFusion needs today.
    #[error("the store has no files that queries could read")]
    NoFiles,
    /// A cut can only be published where a commit of the lake ends.
    #[error("no commit of the lake ends at [{positions}], so that no cut can be published there")]
    NotAtCommit {
        /// The positions of the cut.
        positions: Positions,
    },
    /// The lake contradicts itself about a contact. No table was published (P3).
    #[error("contact {contact} {wrong}; nothing was published")]
    Contact {
        /// The contact.
        contact: ContactId,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// A trend table does not count every contact exactly once. No table was published (P3).
    #[error(
        "the table {table} counts {counted} contacts on {day}, expected {expected}; nothing was published"
    )]
    Margin {
        /// The table.
        table: &'static str,
        /// The day, or a week's Monday.
        day: Day,
        /// Contacts that it counts.
        counted: u64,
        /// Contacts that there are.
        expected: u64,
    },
}

/// How the rows of one contact can contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It has no verdict on the day of its newest row.
    Unjudged,
    /// Two rows claim to be its newest.
    Twice,
    /// Its row was found and then lost.
    Lost,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unjudged => "has no verdict on its day",
            Self::Twice => "has two newest rows or two newest verdicts",
            Self::Lost => "is counted but has no row",
        })
    }
}

/// Turns a failure of DataFusion into one of ours.
pub(crate) type Failure = fn(&DataFusionError) -> AnalyticsError;

impl From<StoreError> for AnalyticsError {
    fn from(e: StoreError) -> Self {
        Self::Lake(e.into())
    }
}

impl AnalyticsError {
    /// A query's failure: the caller's mistake, unless the world failed beneath it.
    pub(crate) fn of_query(e: &DataFusionError) -> Self {
        use DataFusionError as E;
        match e.find_root() {
            E::IoError(_)
            | E::ObjectStore(_)
            | E::ParquetError(_)
            | E::ResourcesExhausted(_)
            | E::ExecutionJoin(_) => Self::failed("answer this query", e),
            _ => Self::Query { message: one_line(e) },
        }
    }

    /// A failure of the world beneath a step whose SQL is our own.
    pub(crate) fn failed(action: &'static str, e: &DataFusionError) -> Self {
        Self::Failed { action, message: one_line(e) }
    }
}

/// The error as one line in our manner: no prefix of the library, no list of every column there is, and the
/// place in the text where there is one.
fn one_line(e: &DataFusionError) -> String {
    let text = match e.find_root() {
        DataFusionError::SQL(parser, _) => parser.to_string().replace("sql parser error: ", ""),
        DataFusionError::Diagnostic(_, inner) => inner.message().into_owned(),
        other => other.message().into_owned(),
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let ends = [" Valid fields are ", " This issue was likely caused by"];
    let end = ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    let text = in_our_words(text[..end].trim_end_matches('.')).replace("'datafusion.public.", "'");
    // The parser writes the place itself.
    match (text.split_once(" at Line: "), place(e)) {
        (Some((text, at)), _) => format!("{text} (line {})", at.replace(", Column: ", ", column ")),
        (None, Some(at)) => format!("{text} (line {}, column {})", at.line, at.column),
        (None, None) => text,
    }
}

fn place(e: &DataFusionError) -> Option<Location> {
    e.diagnostic()?.span.map(|span| span.start)
}

/// What is refused because it would change something, in words that say what is not; the rest as it is.
fn in_our_words(text: &str) -> String {
    let refused = ["DDL not supported: ", "DML not supported: ", "Statement not supported: "];
    match refused.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        Some(what) => format!("{what} is refused; allowed are SELECT, EXPLAIN, SHOW and DESCRIBE"),
        None => lowered(text),
    }
}

/// With a small first letter, unless it begins a name or an abbreviation.
fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
