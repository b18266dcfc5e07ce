//! Why contacts were avoidable and what would remove them; by which channel they came.

use super::{Say, bar, head, row};
use crate::Lang;
use crate::weekly::measure;
use crate::weekly::model::{ChannelCount, MechanismCount};
use crate::weekly::page::{Block, Cell, HeadKind, Row, Section, Table, Term};
use crate::weekly::words;

/// Avoidable contacts by mechanism.
pub(super) fn mechanisms(say: Say<'_>) -> Section {
    let all = &say.weekly.mechanisms;
    let blocks = if all.is_empty() {
        vec![Block::Note(say.pick(
            "No contact of this week was proved avoidable.",
            "Ningún contacto de esta semana se ha demostrado innecesario.",
        ))]
    } else {
        vec![Block::Table(mechanism_table(say))]
    };
    Section {
        id: "avoidable",
        title: say.pick("Why contacts were avoidable", "Por qué eran innecesarios"),
        term: Some(Term::Mechanism),
        lead: mechanism_lead(say).into_iter().collect(),
        marks: Vec::new(),
        blocks,
    }
}

fn mechanism_lead(say: Say<'_>) -> Option<String> {
    let largest = say.weekly.mechanisms.first()?;
    let (dumb, n) = (say.count(say.weekly.headline.dumb.week), say.count(largest.contacts));
    let why = words::mechanism(say.lang, largest.mechanism);
    Some(match say.lang {
        Lang::En => format!("Of {dumb} avoidable contacts, {n} share the most frequent pattern: “{why}”."),
        Lang::Es => format!("De {dumb} contactos innecesarios, {n} siguen el patrón más frecuente: «{why}»."),
    })
}

fn mechanism_table(say: Say<'_>) -> Table {
    let all = &say.weekly.mechanisms;
    let max = all.iter().map(|m| m.contacts).max().unwrap_or(0);
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    let mut notes = vec![say.pick(
        "A contact that was avoidable in several ways counts under each of them.",
        "Un contacto innecesario por varias causas cuenta en cada una de ellas.",
    )];
    notes.extend(say.incomparable_note());
    notes.extend(say.cost_note(all.iter().map(|m| m.cost_micros)));
    Table {
        caption: say.pick(
            "Avoidable contacts: what the customer did, and what would make it unnecessary",
            "Contactos innecesarios: qué hizo el cliente y qué lo haría innecesario",
        ),
        heads: vec![
            head(say.pick("The customer …", "El cliente …"), HeadKind::Words),
            head(String::new(), HeadKind::Bars),
            figures("Contacts", "Contactos"),
            figures("Last week", "Sem. anterior"),
            figures("Change", "Cambio"),
            figures("Cost", "Coste"),
        ],
        rows: all.iter().map(|m| mechanism_row(say, m, max)).collect(),
        notes,
    }
}

fn mechanism_row(say: Say<'_>, m: &MechanismCount, max: u64) -> Row {
    row(vec![
        Cell::Name {
            text: words::mechanism(say.lang, m.mechanism).to_owned(),
            lines: vec![format!("→ {}", words::remedy(say.lang, m.mechanism))],
        },
        bar(m.contacts, m.contacts, max, String::new()),
        say.count_cell(m.contacts),
        say.before_cell(m.contacts_before),
        say.change_cell(m.contacts, m.contacts_before),
        say.money_cell(m.cost_micros),
    ])
}

/// Contacts by channel.
pub(super) fn channels(say: Say<'_>) -> Section {
    let all = &say.weekly.channels;
    let blocks = if all.is_empty() {
        vec![Block::Note(say.pick("No contact was recorded.", "No se registró ningún contacto."))]
    } else {
        vec![Block::Table(channel_table(say))]
    };
    Section {
        id: "channels",
        title: say.pick("By which channel they came", "Por qué canal vinieron"),
        term: None,
        lead: Vec::new(),
        marks: Vec::new(),
        blocks,
    }
}

fn channel_table(say: Say<'_>) -> Table {
    let all = &say.weekly.channels;
    let max = all.iter().map(|c| c.contacts).max().unwrap_or(0);
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    Table {
        caption: say.pick(
            "Contacts by channel; the coloured part of a bar is avoidable",
            "Contactos por canal; la parte en color de cada barra es innecesaria",
        ),
        heads: vec![
            head(say.pick("Channel", "Canal"), HeadKind::Words),
            head(String::new(), HeadKind::Bars),
            figures("Contacts", "Contactos"),
            figures("Last week", "Sem. anterior"),
            figures("Change", "Cambio"),
            figures("Avoidable", "Innecesarios"),
            figures("Cost", "Coste"),
        ],
        rows: all.iter().map(|c| channel_row(say, c, max)).collect(),
        notes: say
            .incomparable_note()
            .into_iter()
            .chain(say.cost_note(all.iter().map(|c| c.cost_micros)))
            .collect(),
    }
}

fn channel_row(say: Say<'_>, c: &ChannelCount, max: u64) -> Row {
    row(vec![
        Cell::Name { text: super::capitalised(words::channel(say.lang, c.channel)), lines: Vec::new() },
        bar(c.contacts, c.dumb, max, String::new()),
        say.count_cell(c.contacts),
        say.before_cell(c.contacts_before),
        say.change_cell(c.contacts, c.contacts_before),
        say.percent_cell(measure::share(c.dumb, c.contacts)),
        say.money_cell(c.cost_micros),
    ])
}
