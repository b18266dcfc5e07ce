//! The model to the page: which figures are shown, beside which words, in which order.

mod brief;
mod closing;
mod moves;
mod reasons;

use super::measure::Totals;
use super::model::{Described, Diff, Pair};
use crate::Lang;
use crate::weekly::Named;
use crate::weekly::figures::{self, NBSP, NONE};
use crate::weekly::measure;
use crate::weekly::page::{Cell, Head, HeadKind, Page, Row, RowRole, Tone};
use crate::weekly::words;

/// The whole diff in one language.
pub(super) fn page(diff: &Diff, lang: Lang) -> Page {
    let say = Say { diff, totals: &diff.totals(), lang };
    Page {
        lang,
        kind: say.pick("What another epoch would change", "Qué cambiaría otra época"),
        title: format!("{} → {}", say.a(), say.b()),
        days: say.days(),
        as_of: say.as_of(),
        warnings: brief::warnings(say),
        brief_title: say.pick("In brief", "En resumen"),
        brief: brief::points(say),
        cards_title: say.pick("Key figures", "Cifras clave"),
        cards: brief::cards(say),
        cards_notes: Vec::new(),
        sections: vec![
            moves::largest(say),
            reasons::taxonomy(say),
            reasons::every(say),
            moves::avoidable(say),
            closing::chains(say),
            closing::definitions(say),
            closing::provenance(say),
        ],
    }
}

/// What every part of the page needs to say something.
#[derive(Clone, Copy)]
struct Say<'a> {
    diff: &'a Diff,
    totals: &'a Totals,
    lang: Lang,
}

impl Say<'_> {
    fn pick(self, en: &str, es: &str) -> String {
        self.lang.pick(en, es).to_owned()
    }

    /// What the person called the epochs.
    fn a(self) -> String {
        words::printable(&self.diff.provenance.epochs.a.name)
    }

    fn b(self) -> String {
        words::printable(&self.diff.provenance.epochs.b.name)
    }

    /// Which contacts are compared.
    fn days(self) -> String {
        let all = || self.pick("all contacts", "todos los contactos");
        self.diff.provenance.week.map_or_else(all, |week| figures::week(self.lang, week))
    }

    fn as_of(self) -> String {
        let p = &self.diff.provenance;
        let day = figures::day(self.lang, p.as_of.day(&p.zone));
        let days = p.week.map(|week| format!("{}. ", figures::week_days(self.lang, week.monday())));
        let days = days.unwrap_or_default();
        match self.lang {
            Lang::En => format!("{days}Both as known on {day}"),
            Lang::Es => format!("{days}Ambas con lo que se sabía el {day}"),
        }
    }

    fn count(self, n: u64) -> String {
        figures::count(self.lang, n)
    }

    fn contacts(self, n: u64) -> String {
        figures::contacts(self.lang, n)
    }

    fn currency(self) -> Option<String> {
        self.diff.currency.clone()
    }

    fn money(self, micros: Option<u64>) -> String {
        let shown = |micros| figures::money(self.lang, micros, self.currency().as_deref());
        micros.map_or_else(|| NONE.to_owned(), shown)
    }

    /// A count with its share of all: `12 (3.4%)`.
    fn of(self, part: u64, whole: u64) -> String {
        match measure::share(part, whole) {
            Ok(permille) => format!("{} ({})", self.count(part), figures::percent(self.lang, permille)),
            Err(_) => self.count(part),
        }
    }

    fn percent(self, part: u64, whole: u64) -> String {
        let share = measure::share(part, whole);
        figures::or_missing(share, |permille| figures::percent(self.lang, permille))
    }

    /// What A's contacts were to what B's are: `12 → 34`.
    fn both(self, pair: Pair<u64>) -> String {
        format!("{}{NBSP}→{NBSP}{}", self.count(pair.a), self.count(pair.b))
    }

    /// A reason as its own taxonomy calls it, where it is from A or from B; what is in neither by its id.
    fn reason(self, id: Option<&str>, side: Side) -> String {
        let Some(id) = id else { return self.absent(side) };
        words::quoted(self.lang, &self.named(id, side))
    }

    /// Both reasons of a cell; where they have the same words, their ids tell them apart.
    fn between(self, from: Option<&str>, to: Option<&str>) -> (String, String) {
        let (a, b) = (self.reason(from, Side::A), self.reason(to, Side::B));
        if a != b || from == to {
            return (a, b);
        }
        (format!("{a} ({})", id_line(from)), format!("{b} ({})", id_line(to)))
    }

    fn named(self, id: &str, side: Side) -> Named {
        let of = |r: &super::model::Reason| {
            let (own, other) = match side {
                Side::A => (&r.a, &r.b),
                Side::B => (&r.b, &r.a),
            };
            own.as_ref().or(other.as_ref()).map(|d: &Described| d.named.clone())
        };
        let known = self.diff.reasons.iter().find(|r| r.id == id).and_then(of);
        known.unwrap_or_else(|| Named { id: id.to_owned(), es: None, en: None })
    }

    /// No contact of that epoch.
    fn absent(self, side: Side) -> String {
        let name = match side {
            Side::A => self.a(),
            Side::B => self.b(),
        };
        match self.lang {
            Lang::En => format!("absent in {name}"),
            Lang::Es => format!("ausente en {name}"),
        }
    }

    fn change(self, pair: Pair<u64>) -> String {
        figures::signed(self.lang, difference(pair))
    }

    /// By how much a sum of money differs; unknown where one of them is.
    fn money_change(self, pair: Pair<Option<u64>>) -> String {
        match (pair.a, pair.b) {
            (Some(a), Some(b)) => {
                let change = i128::from(b) - i128::from(a);
                figures::signed_money(self.lang, change, self.currency().as_deref())
            }
            _ => NONE.to_owned(),
        }
    }

    /// Why costs are missing, where there are none at all.
    fn cost_note(self) -> Option<String> {
        let none = self.totals.costed.a == 0 && self.totals.costed.b == 0;
        none.then(|| format!("{NONE} {}", words::missing(self.lang, measure::Missing::NoCost)))
    }
}

/// One of the epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    A,
    B,
}

fn difference(pair: Pair<u64>) -> i64 {
    measure::whole(pair.b) - measure::whole(pair.a)
}

/// Id under a name: what commands and files want.
fn id_line(id: Option<&str>) -> String {
    id.map_or_else(|| NONE.to_owned(), words::printable)
}

fn plain(text: String) -> Cell {
    Cell::Figure(text, Tone::Plain)
}

/// A figure of which less is better.
fn toned(text: String, change: i64) -> Cell {
    Cell::Figure(text, Tone::of(Some(change)))
}

fn head(text: String, kind: HeadKind) -> Head {
    Head { text, kind }
}

fn row(cells: Vec<Cell>) -> Row {
    Row { cells, role: RowRole::Plain }
}
