//! Where the contacts come from: the vital few as a skyline, and every reason in the appendix.

use super::{Say, bar, head, plain, row};
use crate::Lang;
use crate::weekly::figures::{self, NONE};
use crate::weekly::measure;
use crate::weekly::model::ParetoReason;
use crate::weekly::page::{Block, Cell, Head, HeadKind, Row, RowRole, Section, Table, Term, Tone};
use crate::weekly::words;

/// Rows of the table of every reason. A taxonomy has at most 60 leaves (field.md §B2); more would outgrow a mail.
const ROWS_MAX: usize = 60;
/// Bars of the skyline: where more reasons are vital, none is.
const BARS_MAX: usize = 20;

/// The skyline.
pub(super) fn pareto(say: Say<'_>) -> Section {
    let all = &say.weekly.pareto;
    let vital: Vec<&ParetoReason> = all.iter().filter(|r| r.vital).collect();
    let blocks = if all.is_empty() { vec![nothing(say)] } else { vec![Block::Table(skyline(say, &vital))] };
    Section {
        id: "reasons",
        title: say.pick("Why customers came", "Por qué vinieron los clientes"),
        term: Some(Term::VitalFew),
        lead: cut(say, &vital).into_iter().collect(),
        marks: Vec::new(),
        blocks,
    }
}

fn nothing(say: Say<'_>) -> Block {
    Block::Note(say.pick("No contact was recorded.", "No se registró ningún contacto."))
}

/// How few reasons make how many contacts.
fn cut(say: Say<'_>, vital: &[&ParetoReason]) -> Option<String> {
    // One contact is no share of many.
    let last = vital.last().filter(|last| last.total > 1)?;
    let (few, all) = (say.count(vital.len() as u64), say.count(say.weekly.pareto.len() as u64));
    let contacts = say.contacts(last.total);
    let part = match measure::share(last.cumulative, last.total) {
        Ok(permille) => format!("{}{}", say.lang.pick("", "el "), figures::percent(say.lang, permille)),
        Err(_) => say.count(last.cumulative),
    };
    Some(match (say.lang, vital.len()) {
        (Lang::En, 1) => format!("1 of {all} reasons makes {part} of the {contacts}."),
        (Lang::En, _) => format!("{few} of {all} reasons make {part} of the {contacts}."),
        (Lang::Es, 1) => format!("1 de {all} motivos causa {part} de los {contacts}."),
        (Lang::Es, _) => format!("{few} de {all} motivos causan {part} de los {contacts}."),
    })
}

fn skyline(say: Say<'_>, vital: &[&ParetoReason]) -> Table {
    let max = vital.iter().map(|r| r.contacts).max().unwrap_or(0);
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    let mut rows: Vec<Row> = vital.iter().take(BARS_MAX).map(|r| skyline_row(say, r, max)).collect();
    rows.extend(rest(say, rows.len()));
    Table {
        caption: skyline_caption(say, vital.len()),
        heads: vec![
            head(say.pick("Reason", "Motivo"), HeadKind::Words),
            head(say.pick("Owner", "Responsable"), HeadKind::Bars),
            figures("Contacts", "Contactos"),
            figures("Cumulative", "Acumulado"),
            figures("Avoidable", "Innecesarios"),
            head(cpx_head(), HeadKind::Figures),
            figures("Cost", "Coste"),
        ],
        notes: notes(say, &say.weekly.pareto),
        rows,
    }
}

fn skyline_caption(say: Say<'_>, vital: usize) -> String {
    if vital > BARS_MAX {
        return match say.lang {
            Lang::En => format!("The {BARS_MAX} largest of them; the coloured part of a bar is avoidable"),
            Lang::Es => format!("Los {BARS_MAX} mayores; la parte en color de cada barra es innecesaria"),
        };
    }
    say.pick(
        "The fewest reasons that together make 80% of contacts; the coloured part of a bar is avoidable",
        "El menor número de motivos que juntos suman el 80\u{a0}% de los contactos; la parte en color de \
         cada barra es innecesaria",
    )
}

fn cpx_head() -> String {
    "CPX".to_owned()
}

fn skyline_row(say: Say<'_>, reason: &ParetoReason, max: u64) -> Row {
    let owner = words::name(say.lang, &reason.owner);
    let mut lines = Vec::new();
    lines.extend(reason.disposition.map(|d| format!("→ {}", words::disposition(say.lang, d))));
    lines.extend(other_unit(say, reason));
    let role = if reason.owner.is_unowned() { RowRole::Alert } else { RowRole::Plain };
    let cells = vec![
        Cell::Name { text: words::quoted(say.lang, &reason.reason), lines },
        bar(reason.contacts, reason.dumb, max, owner),
        say.count_cell(reason.contacts),
        say.percent_cell(measure::share(reason.cumulative, reason.total)),
        say.percent_cell(measure::share(reason.dumb, reason.contacts)),
        cpx_cell(say, reason),
        say.money_cell(reason.cost_micros),
    ];
    Row { cells, role }
}

fn other_unit(say: Say<'_>, reason: &ParetoReason) -> Option<String> {
    let many = say.other_unit(reason.unit.as_deref())?;
    Some(match say.lang {
        Lang::En => format!("CPX per 100 {many}"),
        Lang::Es => format!("CPX por cada 100 {many}"),
    })
}

fn cpx_cell(say: Say<'_>, reason: &ParetoReason) -> Cell {
    plain(reason.cpx.map_or_else(|| NONE.to_owned(), |cpx| figures::cpx_of(say.lang, cpx)))
}

/// What the vital few leave.
fn rest(say: Say<'_>, listed: usize) -> Option<Row> {
    let rest = say.weekly.pareto.get(listed..).filter(|rest| !rest.is_empty())?;
    let contacts: u64 = rest.iter().map(|r| r.contacts).sum();
    let dumb = rest.iter().map(|r| r.dumb).sum();
    let costs: Vec<u64> = rest.iter().filter_map(|r| r.cost_micros).collect();
    let text = match (say.lang, rest.len()) {
        (Lang::En, 1) => "1 other reason".to_owned(),
        (Lang::En, n) => format!("{n} other reasons"),
        (Lang::Es, 1) => "1 motivo más".to_owned(),
        (Lang::Es, n) => format!("{n} motivos más"),
    };
    let last = rest.last()?;
    let cells = vec![
        Cell::Name { text, lines: Vec::new() },
        Cell::Words(String::new()),
        say.count_cell(contacts),
        say.percent_cell(measure::share(last.cumulative, last.total)),
        say.percent_cell(measure::share(dumb, contacts)),
        Cell::Words(String::new()),
        say.money_cell((!costs.is_empty()).then(|| costs.iter().sum())),
    ];
    Some(Row { cells, role: RowRole::Rest })
}

fn notes(say: Say<'_>, rows: &[ParetoReason]) -> Vec<String> {
    let mut out = Vec::new();
    if rows.iter().any(|r| r.cpx.is_none()) {
        out.push(say.units_note());
    }
    out.extend(say.cost_note(rows.iter().map(|r| r.cost_micros)));
    out
}

/// Every reason.
pub(super) fn appendix(say: Say<'_>) -> Section {
    let all = &say.weekly.pareto;
    let blocks = if all.is_empty() { vec![nothing(say)] } else { vec![Block::Table(every(say))] };
    Section {
        id: "all-reasons",
        title: say.pick("Every reason", "Todos los motivos"),
        term: None,
        lead: Vec::new(),
        marks: Vec::new(),
        blocks,
    }
}

fn every(say: Say<'_>) -> Table {
    let all = &say.weekly.pareto;
    let mut notes = notes(say, all);
    notes.extend(say.incomparable_note());
    if all.len() > ROWS_MAX {
        let more = say.count((all.len() - ROWS_MAX) as u64);
        notes.push(match say.lang {
            Lang::En => format!("{more} more reasons are in the table `reason_weekly`."),
            Lang::Es => format!("{more} motivos más están en la tabla `reason_weekly`."),
        });
    }
    Table {
        caption: say
            .pick("With its owner, most contacts first", "Con su responsable, de más a menos contactos"),
        heads: every_heads(say),
        rows: all.iter().take(ROWS_MAX).map(|r| every_row(say, r)).collect(),
        notes,
    }
}

fn every_heads(say: Say<'_>) -> Vec<Head> {
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    vec![
        head(say.pick("Reason", "Motivo"), HeadKind::Words),
        figures("Contacts", "Contactos"),
        figures("Last week", "Sem. anterior"),
        figures("Change", "Cambio"),
        figures("Avoidable", "Innecesarios"),
        figures("Repeats", "Repetidos"),
        head(cpx_head(), HeadKind::Figures),
        figures("Cost", "Coste"),
    ]
}

fn every_row(say: Say<'_>, reason: &ParetoReason) -> Row {
    let owner = words::name(say.lang, &reason.owner);
    row(vec![
        Cell::Name { text: words::quoted(say.lang, &reason.reason), lines: vec![owner] },
        say.count_cell(reason.contacts),
        say.before_cell(reason.contacts_before),
        say.change_cell(reason.contacts, reason.contacts_before),
        Cell::Figure(say.count(reason.dumb), Tone::Plain),
        say.count_cell(reason.repeats),
        cpx_cell(say, reason),
        say.money_cell(reason.cost_micros),
    ])
}
