//! What became of each reason: those that end and begin, and all of them with what they keep, lose and gain.

use super::moves::elsewhere;
use super::{Say, Side, head, id_line, plain, row, toned};
use crate::Lang;
use crate::diff::{Cell as Matrix, MOVES_SHOWN, Pair, Reason, ReasonChange};
use crate::weekly::page::{Block, Cell, Folded, HeadKind, Row, Section, Table};
use domain::UNCLASSIFIED;
use std::cmp::Reverse;

/// Where a reason's contacts go to or come from: so many are named.
const WAYS: usize = 3;

/// Reasons that only one of the taxonomies has.
pub(super) fn taxonomy(say: Say<'_>) -> Section {
    let ended: Vec<Row> = say.diff.ended().map(|r| one_sided(say, r, Side::A)).collect();
    let begun: Vec<Row> = say.diff.begun().map(|r| one_sided(say, r, Side::B)).collect();
    let lead = match (ended.is_empty() && begun.is_empty(), say.lang) {
        (true, Lang::En) => Some("Both taxonomies have the same reasons.".to_owned()),
        (true, Lang::Es) => Some("Ambas taxonomías tienen los mismos motivos.".to_owned()),
        (false, _) => None,
    };
    let tables = [
        (ended, say.pick("Reasons that end", "Motivos que terminan"), say.a()),
        (begun, say.pick("Reasons that begin", "Motivos que empiezan"), say.b()),
    ];
    let tables = tables.into_iter().filter(|(rows, ..)| !rows.is_empty());
    Section {
        id: "taxonomy",
        title: say.pick("Reasons that end and begin", "Motivos que terminan y que empiezan"),
        term: None,
        lead: lead.into_iter().collect(),
        marks: Vec::new(),
        blocks: tables
            .map(|(rows, caption, of)| Block::Table(one_sided_table(say, rows, caption, of)))
            .collect(),
    }
}

fn one_sided_table(say: Say<'_>, rows: Vec<Row>, caption: String, of: String) -> Table {
    let figures = |text: String| head(text, HeadKind::Figures);
    let contacts = match say.lang {
        Lang::En => format!("Contacts in {of}"),
        Lang::Es => format!("Contactos en {of}"),
    };
    Table {
        caption,
        heads: vec![
            head(say.pick("Reason", "Motivo"), HeadKind::Words),
            figures(contacts),
            figures(say.pick("Avoidable", "Innecesarios")),
            figures(say.pick("Cost", "Coste")),
        ],
        rows,
        notes: say.cost_note().into_iter().collect(),
    }
}

fn one_sided(say: Say<'_>, reason: &Reason, side: Side) -> Row {
    let id = reason.id.as_str();
    let changes = say.diff.reason_changes();
    let change = changes.iter().find(|c| c.reason == id);
    let (contacts, dumb, cost) = change.map_or((0, 0, None), |c| match side {
        Side::A => (c.contacts.a, c.dumb.a, c.cost_micros.a),
        Side::B => (c.contacts.b, c.dumb.b, c.cost_micros.b),
    });
    let mut lines = vec![id_line(Some(id))];
    lines.extend(renamed(say, id, side));
    lines.extend(ways(say, id, side));
    row(vec![
        Cell::Name { text: say.reason(Some(id), side), lines },
        plain(say.count(contacts)),
        plain(say.count(dumb)),
        plain(say.money(cost)),
    ])
}

/// That only the id is another one.
fn renamed(say: Say<'_>, id: &str, side: Side) -> Option<String> {
    let renamed = say.diff.renamed();
    let found = renamed.iter().find(|r| if side == Side::A { r.from == id } else { r.to == id })?;
    Some(match (side, say.lang) {
        (Side::A, Lang::En) => format!("only renamed: {}", id_line(Some(found.to))),
        (Side::A, Lang::Es) => format!("solo cambia de id: {}", id_line(Some(found.to))),
        (Side::B, Lang::En) => format!("only renamed, was {}", id_line(Some(found.from))),
        (Side::B, Lang::Es) => format!("solo cambia de id, era {}", id_line(Some(found.from))),
    })
}

/// Where its contacts went to, or came from, most first.
fn ways(say: Say<'_>, id: &str, side: Side) -> Vec<String> {
    let own = |c: &&Matrix| match side {
        Side::A => c.from.as_deref() == Some(id),
        Side::B => c.to.as_deref() == Some(id),
    };
    let mut cells: Vec<&Matrix> = say.diff.cells.iter().filter(own).collect();
    // Stable: of equal ones by the other reason.
    cells.sort_by_key(|c| Reverse(c.contacts));
    let line = |cell: &&Matrix| {
        let n = say.count(cell.contacts);
        if cell.is_kept() {
            let keep = say.pick("keep it", "lo conservan");
            return format!("{keep}: {n}");
        }
        match side {
            Side::A => format!("→ {}: {n}", say.between(cell.from.as_deref(), cell.to.as_deref()).1),
            Side::B => format!("← {}: {n}", say.between(cell.from.as_deref(), cell.to.as_deref()).0),
        }
    };
    let mut out: Vec<String> = cells.iter().take(WAYS).map(line).collect();
    if cells.len() > WAYS {
        let n = say.count((cells.len() - WAYS) as u64);
        out.push(match say.lang {
            Lang::En => format!("and {n} more"),
            Lang::Es => format!("y {n} más"),
        });
    }
    out
}

/// Every reason.
pub(super) fn every(say: Say<'_>) -> Section {
    let changes = say.diff.reason_changes();
    let (shown, others) = changes.split_at(changes.len().min(MOVES_SHOWN));
    let caption = say.pick("Most moved contacts first", "Primero los que más contactos mueven");
    let mut blocks = vec![Block::Table(Table { caption, ..table(say, shown) })];
    if !others.is_empty() {
        let n = say.count(others.len() as u64);
        let title = match say.lang {
            Lang::En => format!("{n} reasons that moved less"),
            Lang::Es => format!("{n} motivos que mueven menos"),
        };
        let table = Table { caption: title.clone(), ..table(say, others) };
        blocks.push(Block::Folded(Folded { title, table, elsewhere: elsewhere(say) }));
    }
    Section {
        id: "reasons",
        title: say.pick("What became of each reason", "Qué fue de cada motivo"),
        term: None,
        lead: Vec::new(),
        marks: Vec::new(),
        blocks,
    }
}

fn table(say: Say<'_>, changes: &[ReasonChange<'_>]) -> Table {
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    let told = |en, es| head(say.pick(en, es), HeadKind::Told);
    Table {
        caption: String::new(),
        heads: vec![
            head(say.pick("Reason", "Motivo"), HeadKind::Words),
            figures("Contacts", "Contactos"),
            told("Kept", "Quedan"),
            figures("Lost", "Pierde"),
            figures("Gained", "Gana"),
            figures("Avoidable", "Innecesarios"),
            figures("Cost moved", "Coste movido"),
        ],
        rows: changes.iter().map(|change| reason_row(say, change)).collect(),
        notes: say.cost_note().into_iter().collect(),
    }
}

fn reason_row(say: Say<'_>, change: &ReasonChange<'_>) -> Row {
    let id = change.reason;
    let side = if change.contacts.b > 0 { Side::B } else { Side::A };
    let mut lines = vec![id_line(Some(id))];
    lines.extend(owners(say, id));
    let contacts = say.both(change.contacts);
    let contacts = match (id, super::difference(change.contacts)) {
        (UNCLASSIFIED, difference) => toned(contacts, difference),
        _ => plain(contacts),
    };
    row(vec![
        Cell::Name { text: say.reason(Some(id), side), lines },
        contacts,
        plain(say.count(change.kept)),
        plain(say.count(change.lost())),
        plain(say.count(change.gained())),
        plain(say.both(change.dumb)),
        plain(say.money_change(known(change))),
    ])
}

/// What it costs: nothing where it has no contact, which is known.
fn known(change: &ReasonChange<'_>) -> Pair<Option<u64>> {
    let of = |contacts: u64, cost: Option<u64>| if contacts == 0 { Some(0) } else { cost };
    let (contacts, cost) = (change.contacts, change.cost_micros);
    let is_priced = cost.a.is_some() || cost.b.is_some();
    if is_priced { Pair { a: of(contacts.a, cost.a), b: of(contacts.b, cost.b) } } else { cost }
}

/// That somebody else has to remove its cause now.
fn owners(say: Say<'_>, id: &str) -> Option<String> {
    let reason = say.diff.reasons.iter().find(|r| r.id == id)?;
    let (a, b) = (reason.a.as_ref()?, reason.b.as_ref()?);
    let owner = say.pick("owner", "responsable");
    (a.owner != b.owner)
        .then(|| format!("{owner}: {} → {}", id_line(Some(&a.owner)), id_line(Some(&b.owner))))
}
