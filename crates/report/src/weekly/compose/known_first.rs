//! What the company knew before its customers asked.

use super::{Say, bar, head, row};
use crate::Lang;
use crate::weekly::figures;
use crate::weekly::model::KnownFirstReason;
use crate::weekly::page::{Block, Cell, HeadKind, Row, Section, Table, Term};
use crate::weekly::words;

/// The section.
pub(super) fn section(say: Say<'_>) -> Section {
    let there = say.weekly.known_first.contacts > 0;
    let nothing = || {
        Block::Note(say.pick(
            "No contact of this week is known to be one that a word from us could have spared.",
            "No consta ningún contacto de esta semana que una palabra nuestra hubiera ahorrado.",
        ))
    };
    Section {
        id: "known-first",
        title: say.pick("What we knew first", "Lo que sabíamos antes"),
        term: Some(Term::KnownFirst),
        lead: if there { lead(say) } else { Vec::new() },
        marks: Vec::new(),
        blocks: vec![if there { Block::Table(table(say)) } else { nothing() }],
    }
}

fn lead(say: Say<'_>) -> Vec<String> {
    let sentences = [Some(spared(say)), head_start(say), noticed(say)];
    vec![sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")]
}

/// How many there were, and of how many the cause was on record.
fn spared(say: Say<'_>) -> String {
    let k = &say.weekly.known_first;
    let (contacts, known) = (say.contacts(k.contacts), say.count(k.known));
    let percent = k.known_rate().ok().map(|permille| figures::percent(say.lang, permille));
    let percent = percent.map(|percent| format!(" ({percent})")).unwrap_or_default();
    match say.lang {
        Lang::En => {
            let knew = match (k.contacts, k.known) {
                (1, 0) => "Its cause was not on our records before.".to_owned(),
                (1, _) => "We knew its cause before the customer asked.".to_owned(),
                (_, 0) => "The cause of none of them was on our records before.".to_owned(),
                _ => format!("We knew the cause of {known} of them{percent} before the customer asked."),
            };
            format!("A word from us could have spared {contacts}. {knew}")
        }
        Lang::Es => {
            let knew = match (k.contacts, k.known) {
                (1, 0) => "Su causa no nos constaba antes.".to_owned(),
                (1, _) => "Conocíamos su causa antes de que el cliente preguntara.".to_owned(),
                (_, 0) => "De ninguno nos constaba antes la causa.".to_owned(),
                _ => format!(
                    "De {known} de ellos{percent} conocíamos la causa antes de que el cliente preguntara."
                ),
            };
            format!("Una palabra nuestra habría ahorrado {contacts}. {knew}")
        }
    }
}

/// For how long it was known, by the median.
fn head_start(say: Say<'_>) -> Option<String> {
    let k = &say.weekly.known_first;
    let lead = figures::duration(say.lang, k.lead_p50_s?);
    Some(match (say.lang, k.known) {
        (Lang::En, 1) => format!("We had known for {lead}."),
        (Lang::En, _) => format!("For half of these we had known for {lead} or more."),
        (Lang::Es, 1) => format!("Lo sabíamos desde hacía {lead}."),
        (Lang::Es, _) => format!("En la mitad de estos lo sabíamos desde hacía {lead} o más."),
    })
}

/// Those that came although the company had spoken; they may be among the others too.
fn noticed(say: Say<'_>) -> Option<String> {
    let n = say.weekly.known_first.noticed;
    let contacts = say.contacts(n);
    match (say.lang, n) {
        (_, 0) => None,
        (Lang::En, 1) => Some(format!("{contacts} was about something that customers had been told of.")),
        (Lang::En, _) => Some(format!("{contacts} were about something that customers had been told of.")),
        (Lang::Es, 1) => Some(format!("{contacts} era sobre algo de lo que ya se había avisado.")),
        (Lang::Es, _) => Some(format!("{contacts} eran sobre algo de lo que ya se había avisado.")),
    }
}

fn table(say: Say<'_>) -> Table {
    let all = &say.weekly.known_first_reasons;
    let max = all.iter().map(|r| r.contacts).max().unwrap_or(0);
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    Table {
        caption: say.pick(
            "Where a word would spare most; the coloured part of a bar we knew of",
            "Dónde más se ahorraría con una palabra; la parte en color de cada barra ya la conocíamos",
        ),
        heads: vec![
            head(say.pick("Reason", "Motivo"), HeadKind::Words),
            head(String::new(), HeadKind::Bars),
            figures("Contacts", "Contactos"),
            figures("We knew", "Lo sabíamos"),
            figures("Share", "Porcentaje"),
        ],
        rows: all.iter().map(|r| reason_row(say, r, max)).collect(),
        notes: Vec::new(),
    }
}

fn reason_row(say: Say<'_>, r: &KnownFirstReason, max: u64) -> Row {
    row(vec![
        Cell::Name { text: words::quoted(say.lang, &r.reason), lines: Vec::new() },
        bar(r.contacts, r.known, max, String::new()),
        say.count_cell(r.contacts),
        say.count_cell(r.known),
        say.percent_cell(r.known_rate()),
    ])
}
