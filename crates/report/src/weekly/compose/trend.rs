//! The last weeks.

use super::headline::cpx_name;
use super::{Say, head, plain, row};
use crate::Lang;
use crate::weekly::figures::{self, NONE};
use crate::weekly::measure;
use crate::weekly::model::TrendWeek;
use crate::weekly::page::{Block, HeadKind, Row, Section, Table, Trend, TrendPoint};

/// The section.
pub(super) fn section(say: Say<'_>) -> Section {
    let weeks = &say.weekly.trend;
    let blocks = if weeks.len() < 2 {
        vec![Block::Note(say.pick(
            "The chart appears with the second week.",
            "El gráfico aparece a partir de la segunda semana.",
        ))]
    } else {
        vec![Block::Trend(trend(say))]
    };
    Section {
        id: "trend",
        title: say.pick("The last weeks", "Las últimas semanas"),
        term: None,
        lead: lead(say).into_iter().collect(),
        marks: Vec::new(),
        blocks,
    }
}

fn cpx(week: &TrendWeek) -> Option<i64> {
    measure::cpx(week.contacts, week.units).ok()
}

/// Where this week lies among the others.
fn lead(say: Say<'_>) -> Option<String> {
    let weeks = &say.weekly.trend;
    let rates: Vec<i64> = weeks.iter().filter_map(cpx).collect();
    let (now, least, most) = (weeks.last().and_then(cpx)?, *rates.iter().min()?, *rates.iter().max()?);
    if rates.len() < 3 || least == most {
        return None;
    }
    let shown = |rate| figures::cpx(say.lang, rate);
    let (name, n) = (cpx_name(say), rates.len());
    Some(match say.lang {
        Lang::En if now == most => {
            format!("{name}: {}, the highest of {n} weeks (lowest: {}).", shown(now), shown(least))
        }
        Lang::En if now == least => {
            format!("{name}: {}, the lowest of {n} weeks (highest: {}).", shown(now), shown(most))
        }
        Lang::En => {
            format!("{name}: {}, between {} and {} in {n} weeks.", shown(now), shown(least), shown(most))
        }
        Lang::Es if now == most => {
            format!("{name}: {}, el máximo de {n} semanas (mínimo: {}).", shown(now), shown(least))
        }
        Lang::Es if now == least => {
            format!("{name}: {}, el mínimo de {n} semanas (máximo: {}).", shown(now), shown(most))
        }
        Lang::Es => {
            format!("{name}: {}, entre {} y {} en {n} semanas.", shown(now), shown(least), shown(most))
        }
    })
}

fn trend(say: Say<'_>) -> Trend {
    let weeks = &say.weekly.trend;
    let first = weeks.first().map_or(0, |w| w.monday.epoch_days());
    let point = |week: &TrendWeek| TrendPoint {
        place: (week.monday.epoch_days() - first) / 7,
        name: figures::short_week(say.lang, week.iso_week),
        complete: week.complete,
        contacts: week.contacts,
        dumb: week.dumb,
        cpx: cpx(week),
    };
    Trend {
        weeks: weeks.iter().map(point).collect(),
        description: description(say),
        contacts: say.pick("Contacts", "Contactos"),
        dumb: say.pick("avoidable", "innecesarios"),
        cpx: cpx_name(say),
        table_title: say.pick("The figures of this chart", "Las cifras de este gráfico"),
        table: table(say),
    }
}

/// What those read who do not see the chart; its figures stand in the table below it.
fn description(say: Say<'_>) -> String {
    let weeks = &say.weekly.trend;
    let (n, last) = (weeks.len(), weeks.last());
    let (contacts, dumb) = last.map_or((0, 0), |w| (w.contacts, w.dumb));
    let (contacts, dumb) = (say.contacts(contacts), say.count(dumb));
    match say.lang {
        Lang::En => format!("Chart of {n} weeks. In the last one {contacts}, {dumb} of them avoidable."),
        Lang::Es => {
            format!("Gráfico de {n} semanas. En la última, {contacts}, de ellos {dumb} innecesarios.")
        }
    }
}

fn table(say: Say<'_>) -> Table {
    let figures = |text: String| head(text, HeadKind::Figures);
    let weeks = &say.weekly.trend;
    let mut notes = Vec::new();
    if weeks.iter().any(|w| cpx(w).is_none()) {
        notes.push(say.units_note());
    }
    notes.extend(say.cost_note(weeks.iter().map(|w| w.cost_micros)));
    Table {
        caption: say.pick("Week by week", "Semana a semana"),
        heads: vec![
            head(say.pick("Week", "Semana"), HeadKind::Words),
            figures(say.pick("Contacts", "Contactos")),
            figures(say.pick("Avoidable", "Innecesarios")),
            figures(super::capitalised(&say.unit().many)),
            figures("CPX".to_owned()),
            figures(say.pick("Cost", "Coste")),
        ],
        rows: weeks.iter().map(|week| week_row(say, week)).collect(),
        notes,
    }
}

fn week_row(say: Say<'_>, week: &TrendWeek) -> Row {
    let mut name = format!(
        "{} · {}",
        figures::short_week(say.lang, week.iso_week),
        figures::week_days(say.lang, week.monday)
    );
    if !week.complete {
        name.push_str(&say.pick(" · not over", " · sin terminar"));
    }
    let none = || NONE.to_owned();
    row(vec![
        super::Cell::Name { text: name, lines: Vec::new() },
        say.count_cell(week.contacts),
        say.count_cell(week.dumb),
        plain(week.units.map_or_else(none, |units| say.count(units))),
        plain(cpx(week).map_or_else(none, |rate| figures::cpx(say.lang, rate))),
        say.money_cell(week.cost_micros),
    ])
}
