//! Which reasons moved, and whether because the company grew or because each unit causes more contacts.

use super::{Say, head, plain, row};
use crate::Lang;
use crate::weekly::figures::{self, NBSP, NONE};
use crate::weekly::measure;
use crate::weekly::model::Mover;
use crate::weekly::page::{Block, Cell, HeadKind, Row, Section, Split, Table, Term, Tone};
use crate::weekly::words::{self, Unit};

/// The column of bars: without effects there is none.
const SPLITS: usize = 1;

/// A change with its two parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub before: u64,
    pub change: i64,
    /// Growth and rate; `None` where a count of units is missing.
    pub effects: Option<(i64, i64)>,
}

/// Whether the sentence has to say what it compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Against {
    Said,
    /// The reader knows it from what stands above.
    Known,
}

impl Change {
    pub(super) fn of(mover: &Mover) -> Self {
        let effects = mover.growth_effect.zip(mover.rate_effect);
        Self { before: mover.contacts_before, change: mover.change, effects }
    }
}

/// The section.
pub(super) fn section(say: Say<'_>) -> Section {
    let movers = &say.weekly.movers;
    let blocks = if movers.is_empty() {
        vec![Block::Note(say.pick(
            "There is no earlier week to compare with, or nothing changed.",
            "No hay una semana anterior con la que comparar, o no cambió nada.",
        ))]
    } else {
        vec![Block::Table(table(say))]
    };
    Section {
        id: "movers",
        title: say.pick("What moved", "Qué ha cambiado"),
        term: Some(Term::Effects),
        lead: company(say).into_iter().collect(),
        marks: unfinished(say).into_iter().collect(),
        blocks,
    }
}

/// What can be compared before the week is over.
fn unfinished(say: Say<'_>) -> Option<String> {
    let many = say.unit().many;
    (!say.weekly.headline.complete).then(|| match say.lang {
        Lang::En => format!(
            "The week is not over and has fewer {many} than a whole one: only the effect by rate compares."
        ),
        Lang::Es => {
            format!(
                "La semana no ha terminado y tiene menos {many} que una completa: solo el efecto por tasa es \
                 comparable."
            )
        }
    })
}

/// The change of the whole company, split like that of a reason.
fn company(say: Say<'_>) -> Option<String> {
    let h = &say.weekly.headline;
    let before = h.contacts.before.filter(|_| h.complete)?;
    let effects =
        h.units.week.zip(h.units.before).and_then(|(units, units_before)| {
            measure::effects((h.contacts.week, before), (units, units_before))
        });
    let change = measure::whole(h.contacts.week) - measure::whole(before);
    let told = sentence(say.lang, Change { before, change, effects }, &say.unit(), Against::Said);
    Some(match say.lang {
        Lang::En => format!("All reasons together made {told}."),
        Lang::Es => format!("Todos los motivos juntos generaron {told}."),
    })
}

fn table(say: Say<'_>) -> Table {
    let movers = &say.weekly.movers;
    let longest = movers.iter().flat_map(|m| [m.growth_effect, m.rate_effect]).flatten();
    let max = longest.map(i64::unsigned_abs).max().unwrap_or(0);
    let mut heads = vec![
        head(say.pick("Reason", "Motivo"), HeadKind::Words),
        head(String::new(), HeadKind::Splits),
        head(say.pick("Change", "Cambio"), HeadKind::Figures),
        head(say.pick("by growth", "por volumen"), HeadKind::Told),
        head(say.pick("by rate", "por tasa"), HeadKind::Told),
    ];
    let mut rows: Vec<Row> = movers.iter().map(|m| mover_row(say, m, max)).collect();
    let mut caption = say.pick(
        "Reasons with the largest rate effect, up and down, against last week; of two bars the upper is growth",
        "Motivos con mayor efecto de tasa, al alza y a la baja, frente a la semana anterior; de dos barras, la de \
         arriba es el volumen",
    );
    let mut notes = Vec::new();
    if max == 0 {
        caption = say.pick(
            "Reasons that changed most, up and down, against last week",
            "Motivos que más han cambiado, al alza y a la baja, frente a la semana anterior",
        );
        heads.remove(SPLITS);
        rows.iter_mut().for_each(|row| drop(row.cells.remove(SPLITS)));
    }
    if movers.iter().any(|m| m.rate_effect.is_none()) {
        notes.push(say.units_note());
    }
    Table { caption, heads, rows, notes }
}

fn mover_row(say: Say<'_>, mover: &Mover, max: u64) -> Row {
    let unit = words::unit_or_any(say.lang, mover.unit.as_deref());
    let told = super::capitalised(&sentence(say.lang, Change::of(mover), &unit, Against::Known));
    let owner = words::name(say.lang, &mover.owner);
    let effect = |effect: Option<i64>, tone: fn(Option<i64>) -> Tone| {
        let text = effect.map_or_else(|| NONE.to_owned(), |n| figures::signed(say.lang, n));
        Cell::Figure(text, tone(effect))
    };
    let (growth, rate) = (mover.growth_effect.unwrap_or(0), mover.rate_effect.unwrap_or(0));
    row(vec![
        Cell::Name {
            text: words::quoted(say.lang, &mover.reason),
            lines: [owner, format!("{told}.")].into_iter().filter(|line| !line.is_empty()).collect(),
        },
        Cell::Split(Split { growth, rate, max }),
        plain(figures::signed(say.lang, mover.change)),
        effect(mover.growth_effect, |_| Tone::Plain),
        effect(mover.rate_effect, Tone::of),
    ])
}

/// `212 more contacts: 40 more because there were more orders, 172 more because each order causes more`.
pub(super) fn sentence(lang: Lang, change: Change, unit: &Unit, against: Against) -> String {
    let lead = lead(lang, change, against);
    let Some((growth, rate)) = change.effects else { return lead };
    if change.before == 0 {
        return lead;
    }
    match (growth, rate) {
        (0, 0) => lead,
        (growth, 0) => format!("{lead}, {}", because_growth(lang, growth, unit)),
        (0, rate) => format!("{lead}, {}", because_rate(lang, rate, unit)),
        (growth, rate) => {
            let part = |n: i64, why: String| {
                let more = if n > 0 { lang.pick("more", "más") } else { lang.pick("fewer", "menos") };
                format!("{}{NBSP}{more} {why}", figures::count(lang, n.unsigned_abs()))
            };
            let growth = part(growth, because_growth(lang, growth, unit));
            format!("{lead}: {growth}; {}", part(rate, because_rate(lang, rate, unit)))
        }
    }
}

fn lead(lang: Lang, Change { before, change, .. }: Change, against: Against) -> String {
    let n = figures::count(lang, change.unsigned_abs());
    let one = change.unsigned_abs() == 1;
    let than = match against {
        Against::Known => "",
        Against::Said => lang.pick(" than last week", " que la semana anterior"),
    };
    match (lang, change) {
        (Lang::En, 0) => "as many contacts as last week".to_owned(),
        (Lang::Es, 0) => "tantos contactos como la semana anterior".to_owned(),
        (Lang::En, _) if before == 0 => {
            format!("{n}{NBSP}{}, after none last week", if one { "contact" } else { "contacts" })
        }
        (Lang::Es, _) if before == 0 => {
            format!(
                "{n}{NBSP}{}, tras ninguno la semana anterior",
                if one { "contacto" } else { "contactos" }
            )
        }
        (Lang::En, change) => {
            let more = if change > 0 { "more" } else { "fewer" };
            format!("{n}{NBSP}{more} {}{than}", if one { "contact" } else { "contacts" })
        }
        (Lang::Es, change) => {
            let more = if change > 0 { "más" } else { "menos" };
            format!("{n}{NBSP}{} {more}{than}", if one { "contacto" } else { "contactos" })
        }
    }
}

fn because_growth(lang: Lang, growth: i64, unit: &Unit) -> String {
    let many = &unit.many;
    match (lang, growth > 0) {
        (Lang::En, true) => format!("because there were more {many}"),
        (Lang::En, false) => format!("because there were fewer {many}"),
        (Lang::Es, true) => format!("porque hubo más {many}"),
        (Lang::Es, false) => format!("porque hubo menos {many}"),
    }
}

fn because_rate(lang: Lang, rate: i64, unit: &Unit) -> String {
    let one = &unit.one;
    match (lang, rate > 0) {
        (Lang::En, true) => format!("because each {one} causes more"),
        (Lang::En, false) => format!("because each {one} causes fewer"),
        (Lang::Es, true) => format!("porque cada {one} genera más"),
        (Lang::Es, false) => format!("porque cada {one} genera menos"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_in_one_sentence() {
        let cases = [
            (
                (500, 212, Some((40, 172))),
                "212 more contacts than last week: 40 more because there were more orders; 172 more because \
                 each order causes more",
                "212 contactos más que la semana anterior: 40 más porque hubo más pedidos; 172 más porque \
                 cada pedido genera más",
            ),
            (
                (500, -1, Some((30, -31))),
                "1 fewer contact than last week: 30 more because there were more orders; 31 fewer because \
                 each order causes fewer",
                "1 contacto menos que la semana anterior: 30 más porque hubo más pedidos; 31 menos porque \
                 cada pedido genera menos",
            ),
            (
                (500, -20, Some((-20, 0))),
                "20 fewer contacts than last week, because there were fewer orders",
                "20 contactos menos que la semana anterior, porque hubo menos pedidos",
            ),
            (
                (500, 7, Some((0, 7))),
                "7 more contacts than last week, because each order causes more",
                "7 contactos más que la semana anterior, porque cada pedido genera más",
            ),
            (
                (500, 0, Some((5, -5))),
                "as many contacts as last week: 5 more because there were more orders; 5 fewer because each \
                 order causes fewer",
                "tantos contactos como la semana anterior: 5 más porque hubo más pedidos; 5 menos porque \
                 cada pedido genera menos",
            ),
            (
                (0, 9, Some((0, 9))),
                "9 contacts, after none last week",
                "9 contactos, tras ninguno la semana anterior",
            ),
            (
                (8, 1_200, None),
                "1,200 more contacts than last week",
                "1.200 contactos más que la semana anterior",
            ),
        ];
        for ((before, change, effects), en, es) in cases {
            let change = Change { before, change, effects };
            let told =
                |lang| sentence(lang, change, &words::unit(lang, "orders"), Against::Said).replace(NBSP, " ");
            assert_eq!((told(Lang::En), told(Lang::Es)), (en.into(), es.into()));
        }
    }
}
