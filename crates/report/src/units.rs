//! What an import of units did.

use crate::lang::Lang;
use crate::refusals::Refusals;
use domain::Day;

/// The days of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitDays {
    /// The unit, such as `orders`.
    pub unit: String,
    /// The earliest day.
    pub first: Day,
    /// The latest day.
    pub last: Day,
    /// How many days.
    pub days: u64,
}

/// What an import of units did. `rows = accepted + refused`, `accepted = new + corrected + known` (P2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitsSummary {
    /// Files read.
    pub files: u64,
    /// Rows read from them.
    pub rows: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Days that had no count of the unit.
    pub new: u64,
    /// Days that had another count, which is replaced.
    pub corrected: u64,
    /// Days that had this count already.
    pub known: u64,
    /// What was accepted, by unit.
    pub units: Vec<UnitDays>,
    /// What was refused.
    pub refusals: Refusals,
}

impl UnitsSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let (rows, files, accepted) =
            (lang.rows(self.rows), lang.files(self.files), lang.rows(self.accepted));
        let (new, corrected, known) =
            (lang.number(self.new), lang.number(self.corrected), lang.number(self.known));
        let mut out = match lang {
            Lang::En => format!(
                "Read: {rows} of units in {files}.\n\
                 Accepted: {accepted}: {new} new, {corrected} corrected, {known} known already.\n"
            ),
            Lang::Es => format!(
                "Leído: {rows} de unidades en {files}.\n\
                 Aceptado: {accepted}: {new} nuevas, {corrected} corregidas, {known} ya conocidas.\n"
            ),
        };
        for UnitDays { unit, first, last, days } in &self.units {
            let days = lang.count(*days, ("day", "days"), ("día", "días"));
            out.push_str(&format!("  {unit}  {first} – {last}, {days}\n"));
        }
        self.refusals.render(lang, &mut out);
        out
    }
}
