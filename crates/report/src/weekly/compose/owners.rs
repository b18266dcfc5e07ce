//! What each owner was charged.

use super::{Say, bar, head, plain};
use crate::Lang;
use crate::weekly::figures::NONE;
use crate::weekly::measure;
use crate::weekly::model::OwnerStatement;
use crate::weekly::page::{Block, Cell, HeadKind, Row, RowRole, Section, Table, Term};
use crate::weekly::words;

/// Rows of the table; the dearest come first.
const ROWS_MAX: usize = 40;

/// The section.
pub(super) fn section(say: Say<'_>) -> Section {
    let blocks = if say.weekly.owners.is_empty() {
        vec![Block::Note(say.pick("No contact was recorded.", "No se registró ningún contacto."))]
    } else {
        vec![Block::Table(table(say))]
    };
    Section {
        id: "owners",
        title: say.pick("Who can remove the causes", "Quién puede eliminar las causas"),
        term: Some(Term::Owner),
        lead: lead(say).into_iter().collect(),
        marks: Vec::new(),
        blocks,
    }
}

/// Who was charged most, and how much nobody answers for.
fn lead(say: Say<'_>) -> Option<String> {
    let owned = say.weekly.owners.iter().find(|o| !o.owner.is_unowned())?;
    let (owner, contacts) = (words::name(say.lang, &owned.owner), say.contacts(owned.contacts));
    let cost = owned.cost_micros.map(|cost| say.money(cost));
    let most = match (say.lang, cost) {
        (Lang::En, Some(cost)) => format!("{owner} was charged most: {cost} for {contacts}."),
        (Lang::En, None) => format!("{owner} has the most contacts: {contacts}."),
        (Lang::Es, Some(cost)) => format!("El mayor cargo es para {owner}: {cost} por {contacts}."),
        (Lang::Es, None) => format!("{owner} tiene más contactos que nadie: {contacts}."),
    };
    let unowned = say.weekly.owners.iter().find(|o| o.owner.is_unowned());
    let unowned = unowned.map(|o| {
        let contacts = say.contacts(o.contacts);
        match say.lang {
            Lang::En => format!(" Nobody answers for {contacts}."),
            Lang::Es => format!(" De {contacts} no responde nadie."),
        }
    });
    Some(format!("{most}{}", unowned.unwrap_or_default()))
}

fn table(say: Say<'_>) -> Table {
    let all = &say.weekly.owners;
    let max = all.iter().map(charged).max().unwrap_or(0);
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    let mut notes: Vec<String> = say.incomparable_note().into_iter().collect();
    notes.extend(say.cost_note(all.iter().map(|o| o.cost_micros)));
    if all.len() > ROWS_MAX {
        let more = say.count((all.len() - ROWS_MAX) as u64);
        notes.push(match say.lang {
            Lang::En => format!("{more} more owners are in the table `owners_weekly`."),
            Lang::Es => format!("{more} responsables más están en la tabla `owners_weekly`."),
        });
    }
    Table {
        caption: say.pick(
            "What the contacts of each owner's reasons cost, dearest first",
            "Lo que cuestan los contactos de los motivos de cada responsable, de mayor a menor",
        ),
        heads: vec![
            head(say.pick("Owner", "Responsable"), HeadKind::Words),
            head(String::new(), HeadKind::Bars),
            figures("Contacts", "Contactos"),
            figures("Change", "Cambio"),
            figures("Avoidable", "Innecesarios"),
            figures("Repeats", "Repetidos"),
            figures("Cost", "Coste"),
            figures("Last week", "Sem. anterior"),
        ],
        rows: all.iter().take(ROWS_MAX).map(|o| owner_row(say, o, max)).collect(),
        notes,
    }
}

fn owner_row(say: Say<'_>, o: &OwnerStatement, max: u64) -> Row {
    let reasons = match (say.lang, o.reasons) {
        (Lang::En, 1) => "1 reason".to_owned(),
        (Lang::Es, 1) => "1 motivo".to_owned(),
        (Lang::En, n) => format!("{} reasons", say.count(n)),
        (Lang::Es, n) => format!("{} motivos", say.count(n)),
    };
    let before = o.cost_micros_before.map_or_else(|| NONE.to_owned(), |cost| say.money(cost));
    let cells = vec![
        Cell::Name { text: words::name(say.lang, &o.owner), lines: vec![reasons] },
        bar(charged(o), 0, max, String::new()),
        say.count_cell(o.contacts),
        say.change_cell(o.contacts, o.contacts_before),
        say.percent_cell(measure::share(o.dumb, o.contacts)),
        say.count_cell(o.repeats),
        say.money_cell(o.cost_micros),
        plain(before),
    ];
    Row { cells, role: if o.owner.is_unowned() { RowRole::Alert } else { RowRole::Plain } }
}

/// What the bars show. The table is in this order too, so that they fall from the first to the last.
fn charged(o: &OwnerStatement) -> u64 {
    o.cost_micros.unwrap_or(0)
}
