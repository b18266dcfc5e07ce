//! What a rollup did: how far it folded, and which cut it published.

use crate::lang::{Lang, columns};
use domain::invariant::Counts;
use domain::{CutId, EpochId, Instant};

/// Rows of one published table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRows {
    /// Name of the table.
    pub table: String,
    /// Rows in it at the cut.
    pub rows: u64,
}

/// What a rollup did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupSummary {
    /// The epoch.
    pub epoch: EpochId,
    /// The cut that was published.
    pub cut: CutId,
    /// What time it was, for everything in the cut that time changes.
    pub as_of: Instant,
    /// Records of the log that this run folded.
    pub folded: u64,
    /// What became of all records since the epoch began.
    pub counts: Counts,
    /// The tables of the cut.
    pub tables: Vec<TableRows>,
    /// Folder of the cut.
    pub folder: String,
}

impl RollupSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let Self { epoch, cut, as_of, counts, folder, .. } = self;
        let folded = self.folded_words(lang);
        let n = |value| lang.number(value);
        let (accepted, stored) = (n(counts.accepted), n(counts.stored));
        let (duplicate, rejected) = (n(counts.duplicate), n(counts.rejected));
        let mut out = match lang {
            Lang::En => format!(
                "Folded {folded} into the epoch {epoch}: of {accepted} records in all, {stored} stored, \
                 {duplicate} duplicate, {rejected} rejected.\n\
                 Published the cut {cut}, as of {as_of}:\n"
            ),
            Lang::Es => format!(
                "{folded} en la época {epoch}: de {accepted} registros en total, {stored} guardados, \
                 {duplicate} duplicados, {rejected} rechazados.\n\
                 Se publicó el corte {cut}, a fecha de {as_of}:\n"
            ),
        };
        let lines: Vec<_> = self.tables.iter().map(|t| (t.table.clone(), lang.rows(t.rows))).collect();
        columns(&mut out, &lines);
        out.push_str(&format!("{} {folder}\n", lang.pick("In", "En")));
        out
    }

    fn folded_words(&self, lang: Lang) -> String {
        match lang {
            Lang::En => lang.count(self.folded, ("new record", "new records"), ("", "")),
            Lang::Es => lang.count(
                self.folded,
                ("", ""),
                ("registro nuevo incorporado", "registros nuevos incorporados"),
            ),
        }
    }
}
