//! What an owner needs to know first.

use super::{Say, difference};
use crate::Lang;
use crate::diff::{Cell, Pair};
use crate::weekly::figures;
use crate::weekly::measure;
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
                "The epochs do not have the same contacts: in {name_a} alone {a}, in {name_b} alone {b}, because they \
                 group records otherwise. These count as absent."
            ),
            Lang::Es => format!(
                "Las épocas no tienen los mismos contactos: {a} solo están en {name_a} y {b} solo en {name_b}, porque \
                 agrupan los registros de otro modo. Cuentan como ausentes."
            ),
        });
    }
    if t.unknown_to_b > 0 {
        let (n, name) = (say.contacts(t.unknown_to_b), say.b());
        let one = t.unknown_to_b == 1;
        out.push(match say.lang {
            Lang::En => format!(
                "{n} {} a reason that the taxonomy of {name} does not have: noted when the words were erased, or given \
                 by a person. Such a reason has no owner there.",
                if one { "keeps" } else { "keep" }
            ),
            Lang::Es => format!(
                "{n} {} un motivo que la taxonomía de {name} no tiene: se anotó al borrar las palabras o lo dio una \
                 persona. Allí ese motivo no tiene responsable.",
                if one { "conserva" } else { "conservan" }
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
        (Some(cost), Lang::En) => format!(" Cost: {cost}."),
        (Some(cost), Lang::Es) => format!(" Coste: {cost}."),
    };
    let renamed = renamed(say);
    match say.lang {
        Lang::En => format!("With another reason: {moved} of {both}{renamed}.{cost}"),
        Lang::Es => format!("Con otro motivo: {moved} de {both}{renamed}.{cost}"),
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
    let now = verb(say, t.classified_now, ("gets one", "get one"), ("lo obtiene", "lo obtienen"));
    let lost = verb(say, t.unclassified_now, ("loses its", "lose theirs"), ("lo pierde", "lo pierden"));
    match say.lang {
        Lang::En => format!("{before} before, {after} after: {now}, {lost}."),
        Lang::Es => format!("{before} antes, {after} después: {now}, {lost}."),
    }
}

fn avoidable(say: Say<'_>) -> String {
    let t = say.totals;
    let before = say.of(t.dumb.a, t.contacts.a);
    let after = say.of(t.dumb.b, t.contacts.b);
    let gained = verb(say, t.dumb_gained, ("becomes so", "become so"), ("pasa a serlo", "pasan a serlo"));
    let lost = verb(say, t.dumb_lost, ("ceases to be", "cease to be"), ("deja de serlo", "dejan de serlo"));
    match say.lang {
        Lang::En => format!("{before} before, {after} after: {gained}, {lost}."),
        Lang::Es => format!("{before} antes, {after} después: {gained}, {lost}."),
    }
}

/// So many do something.
fn verb(say: Say<'_>, n: u64, en: (&str, &str), es: (&str, &str)) -> String {
    let (one, many) = match say.lang {
        Lang::En => en,
        Lang::Es => es,
    };
    format!("{} {}", say.count(n), if n == 1 { one } else { many })
}

fn largest(say: Say<'_>) -> Option<String> {
    let cell = say.diff.moves().into_iter().next()?;
    let (from, to) = say.between(cell.from.as_deref(), cell.to.as_deref());
    let contacts = say.contacts(cell.contacts);
    Some(match say.lang {
        Lang::En => format!("{contacts} from {from} to {to}."),
        Lang::Es => format!("{contacts} de {from} a {to}."),
    })
}

fn reasons(say: Say<'_>) -> String {
    let (ended, begun) = (say.diff.ended().count() as u64, say.diff.begun().count() as u64);
    let renamed = say.diff.renamed().len() as u64;
    let (ended, begun, renamed) = (say.count(ended), say.count(begun), say.count(renamed));
    match say.lang {
        Lang::En => format!("Ending: {ended}. Beginning: {begun}. Of both only renamed: {renamed}."),
        Lang::Es => format!("Terminan: {ended}. Empiezan: {begun}. De ellos, solo cambian de id: {renamed}."),
    }
}

fn erased(say: Say<'_>) -> String {
    let n = say.count(say.totals.erased);
    match say.lang {
        Lang::En => format!(
            "Contacts of customers whose words are gone: {n}. They carry the reason noted at erasure."
        ),
        Lang::Es => format!(
            "Contactos de clientes cuyas palabras se borraron: {n}. Llevan el motivo anotado al borrarlas."
        ),
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
            detail: detail([share_of(say, t.moved, t.both), None]),
            ..card(say.pick("With another reason", "Con otro motivo"), say.count(t.moved))
        },
        Card {
            detail: detail([share_of(say, t.unclassified.b, t.contacts.b), None]),
            against: vec![against(say, t.unclassified)],
            ..card(say.pick("Without a reason", "Sin motivo"), say.count(t.unclassified.b))
        },
        Card {
            detail: detail([share_of(say, t.dumb.b, t.contacts.b), dumb_cost(say)]),
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

/// A share in words; of few contacts there is none.
fn share_of(say: Say<'_>, part: u64, whole: u64) -> Option<String> {
    let percent = figures::percent(say.lang, measure::share(part, whole).ok()?);
    Some(match say.lang {
        Lang::En => format!("{percent} of all"),
        Lang::Es => format!("{percent} del total"),
    })
}

fn detail(parts: [Option<String>; 2]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
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
