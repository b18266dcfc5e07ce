//! What an owner needs to know first.

use super::{Say, Side, difference};
use crate::Lang;
use crate::diff::{Cell, Pair};
use crate::weekly::page::{Against, Card, Point, Tone};

/// What must be known before reading any figure.
pub(super) fn warnings(say: Say<'_>) -> Vec<String> {
    let t = say.totals;
    let mut out = Vec::new();
    let (only_a, only_b) = (t.contacts.a - t.both, t.contacts.b - t.both);
    if only_a + only_b > 0 {
        let (a, b) = (say.count(only_a), say.count(only_b));
        let (name_a, name_b) = (say.a(), say.b());
        out.push(match say.lang {
            Lang::En => format!(
                "The epochs do not have the same contacts: {a} are in {name_a} alone and {b} in {name_b} alone, because \
                 they group records otherwise. These count as absent."
            ),
            Lang::Es => format!(
                "Las épocas no tienen los mismos contactos: {a} solo están en {name_a} y {b} solo en {name_b}, porque \
                 agrupan los registros de otro modo. Cuentan como ausentes."
            ),
        });
    }
    if t.unknown_to_b > 0 {
        let (n, name) = (say.contacts(t.unknown_to_b), say.b());
        out.push(match say.lang {
            Lang::En => format!(
                "{n} keep a reason that the taxonomy of {name} does not have: it was noted when their words were \
                 erased, or a person gave it. Where the taxonomy does not keep that reason, they have no \
                 owner."
            ),
            Lang::Es => format!(
                "{n} conservan un motivo que la taxonomía de {name} no tiene: se anotó al borrar sus palabras o lo dio \
                 una persona. Si la taxonomía no lo conserva, se quedan sin responsable."
            ),
        });
    }
    out
}

/// The summary.
pub(super) fn points(say: Say<'_>) -> Vec<Point> {
    let mut out = vec![point(say, ("Moved", "Cambian"), moved(say))];
    out.push(point(say, ("Without a reason", "Sin motivo"), unclassified(say)));
    out.push(point(say, ("Avoidable", "Innecesarios"), avoidable(say)));
    if let Some(largest) = largest(say) {
        out.push(point(say, ("Largest move", "Mayor cambio"), largest));
    }
    out.push(point(say, ("Reasons", "Motivos"), reasons(say)));
    if say.totals.erased > 0 {
        out.push(point(say, ("Erased", "Borrados"), erased(say)));
    }
    out
}

fn point(say: Say<'_>, (en, es): (&str, &str), text: String) -> Point {
    Point { about: say.pick(en, es), text }
}

fn moved(say: Say<'_>) -> String {
    let t = say.totals;
    if t.moved == 0 {
        let both = say.contacts(t.both);
        return match say.lang {
            Lang::En => format!("None of {both} has another reason."),
            Lang::Es => format!("Ninguno de los {both} tiene otro motivo."),
        };
    }
    let (moved, both) = (say.of(t.moved, t.both), say.contacts(t.both));
    let cost = t.moved_cost_micros.map(|micros| say.money(Some(micros)));
    let cost = match (cost, say.lang) {
        (None, _) => String::new(),
        (Some(cost), Lang::En) => format!(" They cost {cost}."),
        (Some(cost), Lang::Es) => format!(" Cuestan {cost}."),
    };
    let renamed = renamed(say);
    match say.lang {
        Lang::En => format!("Of {both}, {moved} get another reason{renamed}.{cost}"),
        Lang::Es => format!("De {both}, {moved} pasan a otro motivo{renamed}.{cost}"),
    }
}

/// How many of the moved contacts have the same reason by another id.
fn renamed(say: Say<'_>) -> String {
    let renamed = say.diff.renamed();
    let is_renamed = |c: &&Cell| {
        renamed.iter().any(|r| c.from.as_deref() == Some(r.from) && c.to.as_deref() == Some(r.to))
    };
    let contacts: u64 = say.diff.cells.iter().filter(is_renamed).map(|c| c.contacts).sum();
    match (contacts, say.lang) {
        (0, _) => String::new(),
        (n, Lang::En) => format!(", {} of them only by a new id", say.count(n)),
        (n, Lang::Es) => format!(", {} de ellos solo por un id nuevo", say.count(n)),
    }
}

fn unclassified(say: Say<'_>) -> String {
    let t = say.totals;
    let before = say.of(t.unclassified.a, t.contacts.a);
    let after = say.of(t.unclassified.b, t.contacts.b);
    let (now, lost) = (say.count(t.classified_now), say.count(t.unclassified_now));
    match say.lang {
        Lang::En => format!("{before} before, {after} after: {now} get one, {lost} lose theirs."),
        Lang::Es => format!("{before} antes, {after} después: {now} lo obtienen, {lost} lo pierden."),
    }
}

fn avoidable(say: Say<'_>) -> String {
    let t = say.totals;
    let before = say.of(t.dumb.a, t.contacts.a);
    let after = say.of(t.dumb.b, t.contacts.b);
    let (gained, lost) = (say.count(t.dumb_gained), say.count(t.dumb_lost));
    match say.lang {
        Lang::En => format!(
            "{before} before, {after} after: {gained} more are proven avoidable, {lost} no longer are."
        ),
        Lang::Es => {
            format!(
                "{before} antes, {after} después: {gained} pasan a estar probados como innecesarios, {lost} dejan de estarlo."
            )
        }
    }
}

fn largest(say: Say<'_>) -> Option<String> {
    let cell = say.diff.moves().into_iter().next()?;
    let (from, to) = (say.reason(cell.from.as_deref(), Side::A), say.reason(cell.to.as_deref(), Side::B));
    let contacts = say.contacts(cell.contacts);
    Some(match say.lang {
        Lang::En => format!("{contacts} from {from} to {to}."),
        Lang::Es => format!("{contacts} de {from} a {to}."),
    })
}

fn reasons(say: Say<'_>) -> String {
    let (ended, begun) = (say.diff.ended().count() as u64, say.diff.begun().count() as u64);
    let renamed = say.diff.renamed().len() as u64;
    let only = match (renamed, say.lang) {
        (0, _) => String::new(),
        (1, Lang::En) => "; one of them only gets another id".to_owned(),
        (n, Lang::En) => format!("; {} of them only get another id", say.count(n)),
        (1, Lang::Es) => "; uno solo cambia de id".to_owned(),
        (n, Lang::Es) => format!("; {} solo cambian de id", say.count(n)),
    };
    let (ended, begun) = (say.count(ended), say.count(begun));
    match say.lang {
        Lang::En => format!("Of the taxonomy's reasons {ended} end and {begun} begin{only}."),
        Lang::Es => format!("En la taxonomía terminan {ended} motivos y empiezan {begun}{only}."),
    }
}

fn erased(say: Say<'_>) -> String {
    let n = say.contacts(say.totals.erased);
    match say.lang {
        Lang::En => format!("{n} of customers whose words are gone keep the reason that was noted then."),
        Lang::Es => {
            format!("{n} de clientes cuyas palabras se borraron conservan el motivo anotado entonces.")
        }
    }
}

/// The four figures.
pub(super) fn cards(say: Say<'_>) -> Vec<Card> {
    let t = say.totals;
    vec![
        Card {
            detail: say.pick("contacts of both epochs, one by one", "contactos de ambas épocas, uno a uno"),
            ..card(say.pick("Compared", "Comparados"), say.count(t.both))
        },
        Card {
            detail: share_of(say, t.moved, t.both),
            ..card(say.pick("With another reason", "Con otro motivo"), say.count(t.moved))
        },
        Card {
            detail: share_of(say, t.unclassified.b, t.contacts.b),
            against: vec![against(say, t.unclassified)],
            ..card(say.pick("Without a reason", "Sin motivo"), say.count(t.unclassified.b))
        },
        Card {
            detail: [Some(share_of(say, t.dumb.b, t.contacts.b)), dumb_cost(say)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("; "),
            // To know more of them is no loss.
            against: vec![Against { tone: Tone::Plain, ..against(say, t.dumb) }],
            ..card(say.pick("Avoidable", "Innecesarios"), say.count(t.dumb.b))
        },
    ]
}

fn card(name: String, value: String) -> Card {
    let detail = String::new();
    Card { name, term: None, value, detail, against: Vec::new(), weeks: Vec::new(), notes: Vec::new() }
}

fn share_of(say: Say<'_>, part: u64, whole: u64) -> String {
    let percent = say.percent(part, whole);
    match say.lang {
        Lang::En => format!("{percent} of all"),
        Lang::Es => format!("{percent} del total"),
    }
}

fn against(say: Say<'_>, pair: Pair<u64>) -> Against {
    let name = match say.lang {
        Lang::En => format!("in {}", say.a()),
        Lang::Es => format!("en {}", say.a()),
    };
    let tone = Tone::of(Some(difference(pair)));
    Against { name, value: say.count(pair.a), change: say.change(pair), tone }
}

/// What the avoidable contacts cost.
fn dumb_cost(say: Say<'_>) -> Option<String> {
    let cost = say.totals.dumb_cost_micros;
    cost.a.or(cost.b)?;
    let (before, after) = (say.money(cost.a), say.money(cost.b));
    Some(match say.lang {
        Lang::En => format!("cost: {before} before, {after} after"),
        Lang::Es => format!("coste: {before} antes, {after} después"),
    })
}
