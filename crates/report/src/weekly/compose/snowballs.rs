//! Snowballs: contacts that a contact left unresolved, and where they began.

use super::brief::rate_moved;
use super::{Say, bar, head, plain, row};
use crate::Lang;
use crate::weekly::figures;
use crate::weekly::model::{SnowballChain, SnowballReason};
use crate::weekly::page::{Block, Cell, HeadKind, Row, Section, Table, Term, Tone};
use crate::weekly::words;

/// The section.
pub(super) fn section(say: Say<'_>) -> Section {
    let mut blocks = Vec::new();
    if !say.weekly.snowball_reasons.is_empty() {
        blocks.push(Block::Table(reasons(say)));
    }
    if !say.weekly.snowball_chains.is_empty() {
        blocks.push(Block::Table(chains(say)));
    }
    if blocks.is_empty() {
        blocks.push(Block::Note(say.pick(
            "No contact of this week repeats an earlier one.",
            "Ningún contacto de esta semana repite uno anterior.",
        )));
    }
    Section {
        id: "snowballs",
        title: say.pick("Snowballs", "Bolas de nieve"),
        term: Some(Term::Snowball),
        lead: lead(say),
        marks: provisional(say).into_iter().collect(),
        blocks,
    }
}

fn lead(say: Say<'_>) -> Vec<String> {
    let h = &say.weekly.headline;
    let rate = h.snowball_rate().ok().filter(|_| h.repeats.week > 0);
    rate.map(|now| rate_moved(say, now, h.snowball_rate_before())).into_iter().collect()
}

/// The mark of figures that later contacts can still change.
fn provisional(say: Say<'_>) -> Option<String> {
    let h = &say.weekly.headline;
    let days = say.weekly.provenance.maturity_days;
    let (n, all) = (say.count(h.provisional), say.contacts(h.contacts.week));
    (h.provisional > 0).then(|| match (say.lang, h.provisional) {
        (Lang::En, n) if n == h.contacts.week => {
            format!(
                "Provisional: all of these contacts are less than {days} days old, so their snowballs can \
                 still grow."
            )
        }
        (Lang::Es, n) if n == h.contacts.week => {
            format!(
                "Provisional: todos estos contactos tienen menos de {days} días; sus bolas de nieve aún \
                 pueden crecer."
            )
        }
        (Lang::En, 1) => {
            format!("Provisional: 1 of {all} is less than {days} days old, so its snowball can still grow.")
        }
        (Lang::En, _) => {
            format!(
                "Provisional: {n} of {all} are less than {days} days old, so their snowballs can still grow."
            )
        }
        (Lang::Es, 1) => {
            format!("Provisional: 1 de {all} tiene menos de {days} días; su bola de nieve aún puede crecer.")
        }
        (Lang::Es, _) => {
            format!(
                "Provisional: {n} de {all} tienen menos de {days} días; sus bolas de nieve aún pueden \
                 crecer."
            )
        }
    })
}

fn reasons(say: Say<'_>) -> Table {
    let all = &say.weekly.snowball_reasons;
    let max = all.iter().map(|r| r.repeats).max().unwrap_or(0);
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    Table {
        caption: say.pick("With what they began", "Por qué motivo empezaron"),
        heads: vec![
            head(say.pick("Reason of the first contact", "Motivo del primer contacto"), HeadKind::Words),
            head(String::new(), HeadKind::Bars),
            figures("Repeats", "Repetidos"),
            figures("Snowballs", "Bolas"),
            figures("Cost of repeats", "Coste de repetidos"),
        ],
        rows: all.iter().map(|r| reason_row(say, r, max)).collect(),
        notes: say.cost_note(all.iter().map(|r| r.cost_micros)).into_iter().collect(),
    }
}

fn reason_row(say: Say<'_>, r: &SnowballReason, max: u64) -> Row {
    row(vec![
        Cell::Name { text: words::quoted(say.lang, &r.reason), lines: Vec::new() },
        bar(r.repeats, r.repeats, max, String::new()),
        say.count_cell(r.repeats),
        say.count_cell(r.chains),
        say.money_cell(r.cost_micros),
    ])
}

fn chains(say: Say<'_>) -> Table {
    let all = &say.weekly.snowball_chains;
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    let days = say.weekly.provenance.chain_window_days;
    let mut notes = vec![match say.lang {
        Lang::En => format!(
            "Melted: {days} days went by without another contact. `quell explain` shows the contact of an id."
        ),
        Lang::Es => {
            format!(
                "Deshecha: pasaron {days} días sin otro contacto. `quell explain` muestra el contacto de un \
                 id."
            )
        }
    }];
    notes.extend(say.cost_note(all.iter().map(|c| c.cost_micros)));
    Table {
        caption: say.pick("The largest of the week", "Las más grandes de la semana"),
        heads: vec![
            head(say.pick("Reason of the first contact", "Motivo del primer contacto"), HeadKind::Words),
            figures("Contacts", "Contactos"),
            figures("Channels", "Canales"),
            figures("From", "Desde"),
            figures("To", "Hasta"),
            figures("State", "Estado"),
            figures("Cost", "Coste"),
        ],
        rows: all.iter().map(|c| chain_row(say, c)).collect(),
        notes,
    }
}

fn chain_row(say: Say<'_>, c: &SnowballChain) -> Row {
    let state = if c.melted {
        plain(say.pick("melted", "deshecha"))
    } else {
        Cell::Figure(say.pick("open", "abierta"), Tone::Worse)
    };
    row(vec![
        Cell::Name { text: words::quoted(say.lang, &c.reason), lines: vec![words::printable(&c.chain_root)] },
        say.count_cell(c.contacts),
        say.count_cell(c.channels),
        plain(figures::short_day(say.lang, c.started_on)),
        plain(figures::short_day(say.lang, c.last_on)),
        state,
        say.money_cell(c.cost_micros),
    ])
}
