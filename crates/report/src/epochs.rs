//! Which epochs there are, and what promoting one, going back or dropping one did.

use crate::lang::Lang;
use domain::{CutId, EpochId};

/// An epoch in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochLine {
    /// Its id.
    pub id: EpochId,
    /// Its names.
    pub names: Vec<String>,
    /// It is the one that is served.
    pub live: bool,
    /// It is the one that a rollback leads to.
    pub before: bool,
    /// It is folded on.
    pub kept: bool,
    /// Name and version of its taxonomy, where it has one.
    pub taxonomy: Option<String>,
    /// Records that were folded.
    pub records: u64,
    /// Records of the log that were not folded yet.
    pub behind: u64,
}

/// The list of epochs as text for people.
pub fn list(epochs: &[EpochLine], lang: Lang) -> String {
    if epochs.is_empty() {
        let none =
            lang.pick("No epochs yet: run `quell rollup`.\n", "Aún no hay épocas: ejecute `quell rollup`.\n");
        return none.to_owned();
    }
    let head: [&str; 6] = match lang {
        Lang::En => ["epoch", "name", "taxonomy", "records", "behind", "state"],
        Lang::Es => ["época", "nombre", "taxonomía", "registros", "pendientes", "estado"],
    };
    let mut rows: Vec<[String; 6]> = vec![head.map(str::to_owned)];
    rows.extend(epochs.iter().map(|epoch| epoch.cells(lang)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let line = |row: &[String; 6]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| format!("{cell:w$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

impl EpochLine {
    fn cells(&self, lang: Lang) -> [String; 6] {
        let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        [
            self.id.to_string(),
            or_dash(&self.names.join(", ")),
            or_dash(self.taxonomy.as_deref().unwrap_or_default()),
            lang.number(self.records),
            lang.number(self.behind),
            self.state(lang).to_owned(),
        ]
    }

    const fn state(&self, lang: Lang) -> &'static str {
        match (self.live, self.before, self.kept) {
            (true, _, _) => lang.pick("served", "en uso"),
            (_, true, _) => lang.pick("served before; folded on", "en uso antes; al día"),
            (_, _, true) => lang.pick("folded on", "al día"),
            _ => lang.pick("left as it is", "sin actualizar"),
        }
    }
}

/// What promoting an epoch, or going back, did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromoteSummary {
    /// What people call the epoch that is served now.
    pub called: String,
    /// The epoch.
    pub epoch: EpochId,
    /// The one that was served before.
    pub before: Option<EpochId>,
    /// Its tables, which are shown now; `None` where it was served already.
    pub cut: Option<CutId>,
}

impl PromoteSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let Self { called, epoch, before, cut } = self;
        let Some(cut) = cut else {
            return match lang {
                Lang::En => format!("The epoch {called} ({epoch}) is served already: nothing changed.\n"),
                Lang::Es => format!("La época {called} ({epoch}) ya está en uso: nada cambió.\n"),
            };
        };
        let mut out = match lang {
            Lang::En => format!("Served from now on: the epoch {called} ({epoch}), cut {cut}.\n"),
            Lang::Es => format!("En uso desde ahora: la época {called} ({epoch}), corte {cut}.\n"),
        };
        if let Some(before) = before {
            out.push_str(&match lang {
                Lang::En => format!("The epoch {before} is folded on; `quell rollback` serves it again.\n"),
                Lang::Es => {
                    format!("La época {before} se mantiene al día; `quell rollback` vuelve a ella.\n")
                }
            });
        }
        out
    }
}

/// Says that an epoch was dropped.
pub fn dropped(epoch: EpochId, lang: Lang) -> String {
    match lang {
        Lang::En => format!("Dropped the epoch {epoch}. The log still has everything it was made from.\n"),
        Lang::Es => {
            format!("Se eliminó la época {epoch}. El registro conserva todo aquello de lo que se hizo.\n")
        }
    }
}
