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
    /// These are the tables that are shown from now on; else they lie beside those.
    pub shown: bool,
    /// Facts of the log that the cut does not know.
    pub unknown: u64,
    /// Other epochs that were folded on.
    pub others: Vec<OtherEpoch>,
}

/// Another epoch that was folded on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherEpoch {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The epoch.
    pub epoch: EpochId,
    /// Records of the log that were folded.
    pub records: u64,
}

impl RollupSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let Self { epoch, cut, as_of, counts, folder, .. } = self;
        let folded = self.folded_words(lang);
        let n = |value| lang.number(value);
        let (accepted, stored) = (n(counts.accepted), n(counts.stored));
        let (duplicate, rejected) = (n(counts.duplicate), n(counts.rejected));
        if !self.shown {
            return self.render_beside(lang);
        }
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
        self.tables_in(&mut out, lang);
        out.push_str(&format!("{} {folder}\n", lang.pick("In", "En")));
        for other in &self.others {
            out.push_str(&other.render(lang));
        }
        out
    }

    fn tables_in(&self, out: &mut String, lang: Lang) {
        let lines: Vec<_> = self.tables.iter().map(|t| (t.table.clone(), lang.rows(t.rows))).collect();
        columns(out, &lines);
    }

    /// Of tables that are not those of every day: which they are, and how to ask them.
    fn render_beside(&self, lang: Lang) -> String {
        let Self { epoch, cut, as_of, folder, .. } = self;
        let mut out = match lang {
            Lang::En => format!(
                "Published the cut {cut} of the epoch {epoch}, as of {as_of}, beside the one that is shown:\n"
            ),
            Lang::Es => format!(
                "Se publicó el corte {cut} de la época {epoch}, a fecha de {as_of}, junto al que se muestra:\n"
            ),
        };
        self.tables_in(&mut out, lang);
        out.push_str(&format!("{} {folder}\n", lang.pick("In", "En")));
        if self.unknown > 0 {
            let facts = lang.number(self.unknown);
            out.push_str(&match lang {
                Lang::En => format!("Not in it, because they were recorded later: {facts} facts.\n"),
                Lang::Es => format!("Sin incluir, por haberse registrado después: {facts} hechos.\n"),
            });
        }
        out.push_str(&match lang {
            Lang::En => {
                format!("Ask it with `quell sql --cut {cut}` or `quell report weekly --cut {cut}`.\n")
            }
            Lang::Es => {
                format!("Se consulta con `quell sql --cut {cut}` o `quell report weekly --cut {cut}`.\n")
            }
        });
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

impl OtherEpoch {
    fn render(&self, lang: Lang) -> String {
        let called = self.name.clone().unwrap_or_else(|| self.epoch.to_string());
        let records = lang.records(self.records);
        match lang {
            Lang::En => format!("Folded on, not shown: the epoch {called}, {records}.\n"),
            Lang::Es => format!("Al día, sin mostrarse: la época {called}, {records}.\n"),
        }
    }
}
