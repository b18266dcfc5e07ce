//! The summary: what somebody must know who reads five sentences and no table.

use super::Say;
use super::headline::unit_days;
use super::movers::{Against, Change, sentence};
use crate::Lang;
use crate::weekly::figures;
use crate::weekly::measure::{self, Figure, Metric};
use crate::weekly::model::{Mover, ParetoReason};
use crate::weekly::page::Point;
use crate::weekly::words;
use std::cmp::Ordering::{Equal, Greater, Less};

/// From this share on, contacts without a reason blur every other figure (field.md §B2, lint L10).
const UNCLASSIFIED_PERMILLE: i64 = 50;
/// From this share on, late contacts or contacts without a cost are worth a sentence at the top.
const WORTH_SAYING_PERMILLE: i64 = 10;

/// The sentences, most important first.
pub(super) fn points(say: Say<'_>) -> Vec<Point> {
    if say.weekly.headline.contacts.week == 0 {
        let about = say.pick("The week", "La semana");
        return vec![Point {
            about,
            text: say.pick("No contact was recorded.", "No se registró ningún contacto."),
        }];
    }
    let all = [Some(the_week(say)), largest_cause(say), largest_mover(say), snowballs(say), caveat(say)];
    all.into_iter().flatten().collect()
}

fn the_week(say: Say<'_>) -> Point {
    let text = [Some(volume(say)), cpx_moved(say)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Point { about: say.pick("The week", "La semana"), text }
}

fn volume(say: Say<'_>) -> String {
    let h = &say.weekly.headline;
    let contacts = say.contacts(h.contacts.week);
    if h.dumb.week == 0 {
        return match say.lang {
            Lang::En => format!("{contacts}, none of them proved avoidable."),
            Lang::Es => format!("{contacts}; no se ha demostrado que ninguno fuera innecesario."),
        };
    }
    let dumb = say.count(h.dumb.week);
    let share = match measure::share(h.dumb.week, h.contacts.week) {
        Ok(permille) => figures::percent(say.lang, permille),
        Err(_) => {
            return match say.lang {
                Lang::En => format!("{contacts}, {dumb} of them avoidable."),
                Lang::Es if h.dumb.week == 1 => format!("{contacts}, de ellos 1 innecesario."),
                Lang::Es => format!("{contacts}, de ellos {dumb} innecesarios."),
            };
        }
    };
    let cost = h.dumb_cost_micros.map(|cost| say.money(cost));
    match (say.lang, cost) {
        (Lang::En, Some(cost)) => {
            format!("Of {contacts}, {share} were avoidable: {dumb} contacts that cost {cost}.")
        }
        (Lang::En, None) => format!("Of {contacts}, {share} were avoidable: {dumb} contacts."),
        (Lang::Es, Some(cost)) => {
            format!("De {contacts}, el {share} fueron innecesarios: {dumb} contactos que costaron {cost}.")
        }
        (Lang::Es, None) => format!("De {contacts}, el {share} fueron innecesarios: {dumb} contactos."),
    }
}

/// `Contacts per 100 orders rose from 6.12 to 6.41.`
fn cpx_moved(say: Say<'_>) -> Option<String> {
    let figures = say.weekly.headline.figures();
    let cpx = figures.iter().find(|f| f.metric == Metric::Cpx)?;
    let (now, before) = (cpx.week.ok()?, cpx.before.ok()?);
    let units = say.unit().many;
    let (from, to) = (figures::cpx(say.lang, before), figures::cpx(say.lang, now));
    Some(match (say.lang, now.cmp(&before)) {
        (Lang::En, Greater) => format!("Contacts per 100 {units} rose from {from} to {to}."),
        (Lang::En, Less) => format!("Contacts per 100 {units} fell from {from} to {to}."),
        (Lang::En, Equal) => format!("Contacts per 100 {units} stayed at {to}."),
        (Lang::Es, Greater) => format!("Los contactos por cada 100 {units} subieron de {from} a {to}."),
        (Lang::Es, Less) => format!("Los contactos por cada 100 {units} bajaron de {from} a {to}."),
        (Lang::Es, Equal) => format!("Los contactos por cada 100 {units} se mantuvieron en {to}."),
    })
}

fn largest_cause(say: Say<'_>) -> Option<Point> {
    let known = say.weekly.pareto.iter().filter(|r| r.dumb > 0 && !r.reason.is_unclassified());
    // Of equal ones the first: the one with more contacts.
    let largest = known.rev().max_by_key(|r| r.dumb)?;
    let reason = words::quoted(say.lang, &largest.reason);
    let (dumb, contacts) = (say.count(largest.dumb), say.contacts(largest.contacts));
    let first = match say.lang {
        Lang::En => format!("{reason} is the largest cause of avoidable contacts: {dumb} of its {contacts}."),
        Lang::Es => {
            format!("{reason} es la mayor causa de contactos innecesarios: {dumb} de sus {contacts}.")
        }
    };
    Some(Point {
        about: say.pick("Largest cause", "Mayor causa"),
        text: format!("{first} {}", owner_and_cost(say, largest)),
    })
}

fn owner_and_cost(say: Say<'_>, reason: &ParetoReason) -> String {
    let owner = words::name(say.lang, &reason.owner);
    let whose = match (reason.owner.is_unowned(), say.lang) {
        (true, Lang::En) => "Nobody owns it yet".to_owned(),
        (true, Lang::Es) => "Nadie responde aún de ella".to_owned(),
        (false, Lang::En) => format!("{owner} can remove it"),
        (false, Lang::Es) => format!("Quien puede eliminarla es {owner}"),
    };
    match (reason.cost_micros.map(|cost| say.money(cost)), say.lang) {
        (None, _) => format!("{whose}."),
        (Some(cost), Lang::En) => format!("{whose}; it cost {cost} this week."),
        (Some(cost), Lang::Es) => format!("{whose}; esta semana ha costado {cost}."),
    }
}

fn largest_mover(say: Say<'_>) -> Option<Point> {
    // Part of a week has fewer contacts than a whole one, whatever moved.
    if !say.weekly.headline.complete {
        return None;
    }
    let effect = |m: &Mover| m.rate_effect.unwrap_or(m.change).unsigned_abs();
    let moved = say.weekly.movers.iter().filter(|m| effect(m) > 0 && !m.reason.is_unclassified());
    let largest = moved.rev().max_by_key(|m| effect(m))?;
    let reason = words::quoted(say.lang, &largest.reason);
    let owner = words::name(say.lang, &largest.owner);
    let whose = if owner.is_empty() { String::new() } else { format!(" ({owner})") };
    let change = Change::of(largest);
    let unit = words::unit_or_any(say.lang, largest.unit.as_deref());
    let told = sentence(say.lang, change, &unit, Against::Said);
    Some(Point {
        about: say.pick("Largest move", "Mayor cambio"),
        text: match say.lang {
            Lang::En => format!("{reason}{whose} made {told}."),
            Lang::Es => format!("{reason}{whose} generó {told}."),
        },
    })
}

fn snowballs(say: Say<'_>) -> Option<Point> {
    let h = &say.weekly.headline;
    let now = h.snowball_rate().ok().filter(|_| h.repeats.week > 0)?;
    let first = rate_moved(say, now, h.snowball_rate_before());
    let root = say.weekly.snowball_reasons.first().map(|root| {
        let (reason, repeats) = (words::quoted(say.lang, &root.reason), say.count(root.repeats));
        match say.lang {
            Lang::En => format!(" Most of all they began with {reason}: {repeats} repeats."),
            Lang::Es => format!(" Sobre todo empezaron por {reason}: {repeats} repetidos."),
        }
    });
    Some(Point {
        about: say.pick("Snowballs", "Bolas de nieve"),
        text: format!("{first}{}", root.unwrap_or_default()),
    })
}

/// How many contacts repeat an earlier one, and whether more than last week.
pub(super) fn rate_moved(say: Say<'_>, now: i64, before: Figure) -> String {
    let shown = figures::percent(say.lang, now);
    let against = before.ok().map(|before| {
        let rate = figures::percent(say.lang, before);
        match (say.lang, now.cmp(&before)) {
            (Lang::En, Greater) => format!(", up from {rate} last week"),
            (Lang::En, Less) => format!(", down from {rate} last week"),
            (Lang::En, Equal) => ", as last week".to_owned(),
            (Lang::Es, Greater) => format!(", más que el {rate} de la semana anterior"),
            (Lang::Es, Less) => format!(", menos que el {rate} de la semana anterior"),
            (Lang::Es, Equal) => ", igual que la semana anterior".to_owned(),
        }
    });
    let against = against.unwrap_or_default();
    // The word is the same in both languages.
    let mark = if say.weekly.headline.provisional > 0 { " (provisional)" } else { "" };
    match say.lang {
        Lang::En => {
            format!("{shown}{mark} of contacts repeated an earlier one about the same matter{against}.")
        }
        Lang::Es => {
            format!("El {shown}{mark} de los contactos repitió uno anterior por el mismo asunto{against}.")
        }
    }
}

/// The one limit of the data that changes most how the figures should be read.
fn caveat(say: Say<'_>) -> Option<Point> {
    let q = &say.weekly.quality;
    let h = &say.weekly.headline;
    let share = |part: u64| measure::share(part, q.contacts).unwrap_or(0);
    let percent = |part: u64| figures::percent(say.lang, share(part));
    let text = if h.units.week.is_some() && h.unit_days < 7 && h.complete {
        format!("{}.", unit_days(say))
    } else if share(q.unclassified) >= UNCLASSIFIED_PERMILLE {
        match say.lang {
            Lang::En => format!(
                "{} of contacts have no reason yet, so every reason is larger than it looks.",
                percent(q.unclassified)
            ),
            Lang::Es => format!(
                "El {} de los contactos aún no tiene motivo, así que cada motivo es mayor de lo que parece.",
                percent(q.unclassified)
            ),
        }
    } else if h.cost_micros.week.is_some() && share(q.not_costed) >= WORTH_SAYING_PERMILLE {
        match say.lang {
            Lang::En => {
                format!(
                    "{} of contacts have no cost yet, so costs are higher than shown.",
                    percent(q.not_costed)
                )
            }
            Lang::Es => format!(
                "El {} de los contactos aún no tiene coste: los costes reales son más altos.",
                percent(q.not_costed)
            ),
        }
    } else if share(q.late) >= WORTH_SAYING_PERMILLE {
        match say.lang {
            Lang::En => {
                format!("{} of contacts arrived more than a week late; more may follow.", percent(q.late))
            }
            Lang::Es => format!(
                "El {} de los contactos llegó con más de una semana de retraso; pueden llegar más.",
                percent(q.late)
            ),
        }
    } else {
        return None;
    };
    Some(Point { about: say.pick("Handle with care", "Con cautela"), text })
}
