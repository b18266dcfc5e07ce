//! The model to the page: which figures are shown, beside which words, in which order.

mod brief;
mod causes;
mod closing;
mod headline;
mod known_first;
mod movers;
mod owners;
mod quality;
mod reasons;
mod self_service;
mod snowballs;
mod trend;

use super::figures::{self, NONE};
use super::measure::{self, Figure};
use super::model::Weekly;
use super::page::{Bar, Cell, Head, HeadKind, Page, Row, RowRole, Tone};
use super::words::{self, Unit};
use crate::Lang;

/// The whole report in one language.
pub(crate) fn page(weekly: &Weekly, lang: Lang) -> Page {
    let say = Say { weekly, lang };
    Page {
        lang,
        kind: say.pick("Weekly contact-elimination report", "Informe semanal de eliminación de contactos"),
        title: capitalised(&figures::week(lang, weekly.headline.iso_week)),
        days: figures::week_days(lang, weekly.headline.monday),
        as_of: headline::as_of(say),
        warnings: headline::warnings(say),
        brief_title: say.pick("In brief", "En resumen"),
        brief: brief::points(say),
        cards_title: say.pick("Key figures", "Cifras clave"),
        cards: headline::cards(say),
        cards_notes: headline::notes(say),
        sections: vec![
            trend::section(say),
            movers::section(say),
            reasons::pareto(say),
            causes::mechanisms(say),
            known_first::section(say),
            self_service::section(say),
            snowballs::section(say),
            owners::section(say),
            causes::channels(say),
            reasons::appendix(say),
            quality::section(say),
            closing::definitions(say),
            closing::provenance(say),
        ],
    }
}

/// What every part of the page needs to say something.
#[derive(Clone, Copy)]
struct Say<'a> {
    weekly: &'a Weekly,
    lang: Lang,
}

impl Say<'_> {
    fn pick(self, en: &str, es: &str) -> String {
        self.lang.pick(en, es).to_owned()
    }

    fn count(self, n: u64) -> String {
        figures::count(self.lang, n)
    }

    fn contacts(self, n: u64) -> String {
        figures::contacts(self.lang, n)
    }

    fn currency(self) -> Option<String> {
        self.weekly.headline.currency.clone()
    }

    fn money(self, micros: u64) -> String {
        figures::money(self.lang, micros, self.currency().as_deref())
    }

    fn percent(self, figure: Figure) -> String {
        figures::or_missing(figure, |permille| figures::percent(self.lang, permille))
    }

    /// The company's unit.
    fn unit(self) -> Unit {
        words::unit_or_any(self.lang, self.weekly.headline.unit.as_deref())
    }

    /// A unit that is not the company's is named in the row that has it.
    fn other_unit(self, unit: Option<&str>) -> Option<String> {
        let unit = unit.filter(|unit| self.weekly.headline.unit.as_deref() != Some(*unit))?;
        Some(words::unit(self.lang, unit).many)
    }

    fn money_cell(self, micros: Option<u64>) -> Cell {
        plain(micros.map_or_else(|| NONE.to_owned(), |micros| self.money(micros)))
    }

    fn count_cell(self, n: u64) -> Cell {
        plain(self.count(n))
    }

    fn percent_cell(self, figure: Figure) -> Cell {
        plain(self.percent(figure))
    }

    /// How a count changed since last week. It has a tone only where chance alone would hardly change it so much.
    fn change_cell(self, now: u64, before: u64) -> Cell {
        if self.incomparable().is_some() {
            return plain(NONE.to_owned());
        }
        let change = measure::change(now, before);
        let text = figures::or_missing(change, |permille| figures::change(self.lang, permille));
        Cell::Figure(text, Tone::of(change.ok().filter(|_| measure::beyond_chance(now, before))))
    }

    /// A count of last week, where there was one.
    fn before_cell(self, n: u64) -> Cell {
        match self.weekly.headline.contacts.before {
            Some(_) => self.count_cell(n),
            None => plain(NONE.to_owned()),
        }
    }

    /// Why counts cannot be compared with last week's.
    fn incomparable(self) -> Option<measure::Missing> {
        let h = &self.weekly.headline;
        match h.contacts.before {
            None => Some(measure::Missing::NothingBefore),
            Some(_) if !h.complete => Some(measure::Missing::Unfinished),
            Some(_) => None,
        }
    }

    /// Why a table compares nothing.
    fn incomparable_note(self) -> Option<String> {
        self.incomparable().map(|missing| self.missing_note(missing))
    }

    /// Why costs are missing, where any of a table's rows lacks one.
    fn cost_note(self, mut costs: impl Iterator<Item = Option<u64>>) -> Option<String> {
        costs.any(|cost| cost.is_none()).then(|| self.missing_note(measure::Missing::NoCost))
    }

    /// Why contacts per unit are missing.
    fn units_note(self) -> String {
        let no_unit = self.weekly.headline.unit.is_none();
        self.missing_note(if no_unit { measure::Missing::NoUnit } else { measure::Missing::NoUnits })
    }

    /// `–: why`, for a note.
    fn missing_note(self, missing: measure::Missing) -> String {
        format!("{NONE} {}", words::missing(self.lang, missing))
    }
}

fn plain(text: String) -> Cell {
    Cell::Figure(text, Tone::Plain)
}

fn head(text: String, kind: HeadKind) -> Head {
    Head { text, kind }
}

fn row(cells: Vec<Cell>) -> Row {
    Row { cells, role: RowRole::Plain }
}

fn bar(value: u64, part: u64, max: u64, caption: String) -> Cell {
    Cell::Bar(Bar { value, part, max, caption })
}

/// The first letter in upper case.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
