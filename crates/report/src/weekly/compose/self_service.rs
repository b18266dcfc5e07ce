//! Self-service: where sessions end without success and become contacts.

use super::{Say, bar, head, row};
use crate::Lang;
use crate::weekly::figures;
use crate::weekly::measure::Figure;
use crate::weekly::model::SelfServiceStep;
use crate::weekly::page::{Block, Cell, HeadKind, Row, Section, Table, Term};
use crate::weekly::words;

/// The section.
pub(super) fn section(say: Say<'_>) -> Section {
    let blocks = if say.weekly.self_service.sessions == 0 {
        vec![Block::Note(say.pick(
            "No session of self-service is on record for this week: `fact = \"SelfServiceEnded\"` in a mapping brings them in.",
            "No consta ninguna sesión de autoservicio de esta semana: se importan con `fact = \"SelfServiceEnded\"` en un \
             mapeo.",
        ))]
    } else if say.weekly.self_service_steps.is_empty() {
        Vec::new()
    } else {
        vec![Block::Table(table(say))]
    };
    Section {
        id: "self-service",
        title: say.pick("Self-service", "Autoservicio"),
        term: Some(Term::SelfService),
        lead: lead(say).into_iter().collect(),
        marks: Vec::new(),
        blocks,
    }
}

fn lead(say: Say<'_>) -> Option<String> {
    let s = &say.weekly.self_service;
    match (s.sessions, s.known) {
        (0, _) => None,
        (_, 0) => Some(anonymous(say)),
        _ => Some(format!("{} {}", contained(say), leaked(say))),
    }
}

fn anonymous(say: Say<'_>) -> String {
    let n = say.weekly.self_service.sessions;
    let sessions = say.count(n);
    match (say.lang, n) {
        (Lang::En, 1) => "1 session, of nobody known: what followed it cannot be told.".to_owned(),
        (Lang::En, _) => {
            format!("{sessions} sessions, none of a known customer: what followed them cannot be told.")
        }
        (Lang::Es, 1) => "1 sesión, de nadie conocido: no se puede saber qué la siguió.".to_owned(),
        (Lang::Es, _) => {
            format!("{sessions} sesiones, ninguna de un cliente conocido: no se puede saber qué las siguió.")
        }
    }
}

fn contained(say: Say<'_>) -> String {
    let s = &say.weekly.self_service;
    let (known, contained) = (say.count(s.known), say.count(s.contained()));
    let percent = in_brackets(say, s.containment());
    match (say.lang, s.known) {
        (Lang::En, 1) => format!("Of 1 session of a known customer, {contained} was followed by no contact."),
        (Lang::En, _) => {
            format!(
                "Of {known} sessions of known customers, {contained}{percent} were followed by no contact."
            )
        }
        (Lang::Es, 1) => {
            format!("De 1 sesión de un cliente conocido, a {contained} no la siguió ningún contacto.")
        }
        (Lang::Es, _) => {
            format!(
                "De {known} sesiones de clientes conocidos, a {contained}{percent} no las siguió ningún contacto."
            )
        }
    }
}

fn leaked(say: Say<'_>) -> String {
    let s = &say.weekly.self_service;
    let (leaked, percent) = (say.count(s.leaked), in_brackets(say, s.leak_rate()));
    match (say.lang, s.leaked) {
        (Lang::En, 0) => "No failure led to a contact.".to_owned(),
        (Lang::En, _) => format!("{leaked}{percent} failed and led to a contact about the same thing."),
        (Lang::Es, 0) => "Ningún fallo acabó en un contacto.".to_owned(),
        (Lang::Es, 1) => "1 falló y acabó en un contacto por lo mismo.".to_owned(),
        (Lang::Es, _) => format!("{leaked}{percent} fallaron y acabaron en un contacto por lo mismo."),
    }
}

/// A percentage where there is one.
fn in_brackets(say: Say<'_>, figure: Figure) -> String {
    let percent = figure.ok().map(|permille| figures::percent(say.lang, permille));
    percent.map(|percent| format!(" ({percent})")).unwrap_or_default()
}

fn table(say: Say<'_>) -> Table {
    let all = &say.weekly.self_service_steps;
    let max = all.iter().map(|s| s.ended.leaked).max().unwrap_or(0);
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    Table {
        caption: say.pick("Where most sessions became contacts", "Dónde más sesiones acabaron en contacto"),
        heads: vec![
            head(say.pick("Where they ended", "Dónde acabaron"), HeadKind::Words),
            head(String::new(), HeadKind::Bars),
            figures("Sessions", "Sesiones"),
            figures("Contained", "Contención"),
            figures("Leaks", "Fugas"),
            figures("Leak rate", "Tasa de fuga"),
        ],
        rows: all.iter().map(|s| step_row(say, s, max)).collect(),
        notes: Vec::new(),
    }
}

fn step_row(say: Say<'_>, s: &SelfServiceStep, max: u64) -> Row {
    let parts = [Some(&s.path), s.step.as_ref()];
    let name = parts.into_iter().flatten().map(|part| words::printable(part)).collect::<Vec<_>>().join(" / ");
    row(vec![
        Cell::Name { text: name, lines: Vec::new() },
        bar(s.ended.leaked, s.ended.leaked, max, String::new()),
        say.count_cell(s.ended.sessions),
        say.percent_cell(s.ended.containment()),
        say.count_cell(s.ended.leaked),
        say.percent_cell(s.ended.leak_rate()),
    ])
}
