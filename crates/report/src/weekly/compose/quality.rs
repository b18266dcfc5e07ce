//! How far the figures can be trusted.

use super::{Say, head, plain, row};
use crate::Lang;
use crate::refusals::kind_words;
use crate::weekly::figures::{self, NONE};
use crate::weekly::measure;
use crate::weekly::model::Restated;
use crate::weekly::page::{Block, Cell, HeadKind, Row, Section, Table};

/// The section.
pub(super) fn section(say: Say<'_>) -> Section {
    let mut blocks = vec![Block::Table(contacts(say)), refused(say)];
    blocks.push(Block::Note(definition(say)));
    blocks.extend(restated(say).map(Block::Table));
    Section {
        id: "quality",
        title: say.pick("How far these figures can be trusted", "Hasta qué punto fiarse de estas cifras"),
        term: None,
        lead: Vec::new(),
        marks: Vec::new(),
        blocks,
    }
}

fn contacts(say: Say<'_>) -> Table {
    let q = &say.weekly.quality;
    let line = |n: u64, name: (&str, &str), effect: (&str, &str)| {
        row(vec![
            Cell::Name {
                text: say.pick(name.0, name.1),
                lines: (n > 0).then(|| say.pick(effect.0, effect.1)).into_iter().collect(),
            },
            say.count_cell(n),
            say.percent_cell(measure::share(n, q.contacts)),
        ])
    };
    let rows = vec![
        line(
            q.unclassified,
            ("Without a reason", "Sin motivo"),
            ("Every reason may be larger than shown.", "Cada motivo puede ser mayor de lo que se muestra."),
        ),
        line(
            q.unowned,
            ("Without an owner", "Sin responsable"),
            ("Nobody is asked to remove their cause.", "A nadie se le pide que elimine su causa."),
        ),
        line(
            q.anonymous,
            ("Without a customer", "Sin cliente"),
            ("They cannot be recognised as repeats.", "No se pueden reconocer como repetidos."),
        ),
        line(
            q.not_costed,
            ("Without a cost", "Sin coste"),
            ("Costs are higher than shown.", "Los costes son más altos de lo que se muestra."),
        ),
        line(
            q.late,
            ("Arrived late", "Llegaron tarde"),
            (
                "Recorded more than seven days after the end of the week.",
                "Registrados más de siete días después del final de la semana.",
            ),
        ),
    ];
    Table {
        caption: say.pick("Contacts with something missing", "Contactos a los que les falta algo"),
        heads: heads(say, say.pick("Contacts", "Contactos"), true),
        rows,
        notes: Vec::new(),
    }
}

fn heads(say: Say<'_>, counted: String, share: bool) -> Vec<super::Head> {
    let mut out = vec![head(say.pick("What", "Qué"), HeadKind::Words), head(counted, HeadKind::Figures)];
    if share {
        out.push(head(say.pick("Share", "Porcentaje"), HeadKind::Figures));
    }
    out
}

/// Refused inputs belong to no week: what could not be read has no date.
fn refused(say: Say<'_>) -> Block {
    let all = &say.weekly.refused;
    if all.is_empty() {
        return Block::Note(say.pick("No input was refused.", "No se rechazó ninguna entrada."));
    }
    let one = |kind, inputs| -> Row {
        let name = super::capitalised(kind_words(say.lang, kind));
        row(vec![Cell::Name { text: name, lines: Vec::new() }, say.count_cell(inputs)])
    };
    let total = say.count(say.weekly.refused_inputs());
    Block::Table(Table {
        caption: match say.lang {
            Lang::En => format!("Refused inputs since the beginning: {total}"),
            Lang::Es => format!("Entradas rechazadas desde el principio: {total}"),
        },
        heads: heads(say, say.pick("Inputs", "Entradas"), false),
        rows: all.iter().map(|r| one(r.kind, r.inputs)).collect(),
        notes: vec![say.pick(
            "They are kept and can be corrected: `quell rejects list`.",
            "Se conservan y se pueden corregir: `quell rejects list`.",
        )],
    })
}

/// By which of the usual definitions repeats are counted, and where the others are: figures of first-contact resolution
/// cannot be compared without it.
fn definition(say: Say<'_>) -> String {
    let days = say.weekly.provenance.chain_window_days;
    match say.lang {
        Lang::En => format!(
            "Repeats are counted by one definition: {days} days, all channels. `quell sql --named first_contact` and \
             `quell sql --named sensitivity` show the week by others."
        ),
        Lang::Es => format!(
            "Los repetidos se cuentan con una definición: {days} días, todos los canales. `quell sql --named \
             first_contact` y `quell sql --named sensitivity` muestran la semana con otras."
        ),
    }
}

/// What was published of weeks, and what is known of them now.
fn restated(say: Say<'_>) -> Option<Table> {
    let weeks = &say.weekly.provenance.restated;
    if weeks.is_empty() {
        return None;
    }
    let figures = |text: String| head(text, HeadKind::Figures);
    Some(Table {
        caption: say.pick(
            "Weeks whose figures changed after they were published",
            "Semanas cuyas cifras cambiaron tras publicarse",
        ),
        heads: vec![
            head(say.pick("Week", "Semana"), HeadKind::Words),
            figures(say.pick("Contacts", "Contactos")),
            figures(say.pick("Avoidable", "Innecesarios")),
            figures(super::capitalised(&say.unit().many)),
            figures(say.pick("Cost", "Coste")),
        ],
        rows: weeks.iter().map(|week| restated_row(say, week)).collect(),
        notes: vec![say.pick("Before → now.", "Antes → ahora.")],
    })
}

fn restated_row(say: Say<'_>, week: &Restated) -> Row {
    let Restated { iso_week, was, now, other_epoch } = week;
    let change = |was: String, now: String| plain(if was == now { now } else { format!("{was} → {now}") });
    let units = |n: Option<u64>| n.map_or_else(|| NONE.to_owned(), |n| say.count(n));
    let money = |n: Option<u64>| n.map_or_else(|| NONE.to_owned(), |n| say.money(n));
    let line = say.pick(
        "Published under another taxonomy or other rules.",
        "Publicada con otra taxonomía u otras reglas.",
    );
    row(vec![
        Cell::Name {
            text: super::capitalised(&figures::week(say.lang, *iso_week)),
            lines: other_epoch.then_some(line).into_iter().collect(),
        },
        change(say.count(was.contacts), say.count(now.contacts)),
        change(say.count(was.dumb), say.count(now.dumb)),
        change(units(was.units), units(now.units)),
        change(money(was.cost_micros), money(now.cost_micros)),
    ])
}
