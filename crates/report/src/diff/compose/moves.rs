//! From which reason to which: the largest moves with contacts to look at, the others folded; and where contacts
//! became avoidable or ceased to be.

use super::{Say, Side, head, id_line, plain, row, toned};
use crate::Lang;
use crate::diff::{Cell as Matrix, Decided, MOVES_SHOWN};
use crate::weekly::figures;
use crate::weekly::page::{Bar, Block, Cell, Folded, HeadKind, Row, Samples, Section, Table};
use crate::weekly::words;
use domain::ReasonBasis;

/// Rows of a folded table; the whole matrix is in the JSON.
const FOLDED_ROWS: usize = 200;

/// Puts a number before the name of a row, by which its samples are found.
fn number(row: &mut Row, place: usize) {
    if let Some(Cell::Name { text, .. }) = row.cells.first_mut() {
        *text = format!("{place}. {text}");
    }
}

/// The largest moves.
pub(super) fn largest(say: Say<'_>) -> Section {
    let moves = say.diff.moves();
    let (shown, others) = moves.split_at(moves.len().min(MOVES_SHOWN));
    let mut blocks = Vec::new();
    if !shown.is_empty() {
        let mut table = Table { caption: caption(say, shown.len()), ..table(say, shown) };
        table.rows.iter_mut().enumerate().for_each(|(at, row)| number(row, at + 1));
        table.notes.insert(
            0,
            say.pick(
                "Bars: contacts, and in the strong colour the avoidable ones of them.",
                "Barras: contactos y, en color intenso, los innecesarios.",
            ),
        );
        blocks.push(Block::Table(table));
        blocks.push(Block::Note(say.pick(
            "Contacts of each move to look at, up to twenty, and what decided their reason:",
            "Contactos de cada cambio para mirar, hasta veinte, y qué decidió su motivo:",
        )));
        blocks.extend(shown.iter().enumerate().map(|(at, cell)| Block::Samples(samples(say, at, cell))));
        blocks.push(Block::Note(say.pick(
            "`quell explain CONTACT_ID` shows a contact with the customer's words and what proves it.",
            "`quell explain CONTACT_ID` muestra un contacto con las palabras del cliente y lo que lo prueba.",
        )));
    }
    if !others.is_empty() {
        blocks.push(Block::Folded(folded(say, others)));
    }
    Section {
        id: "moves",
        title: say.pick("The largest moves", "Los mayores cambios"),
        term: None,
        lead: lead(say, shown, others),
        marks: Vec::new(),
        blocks,
    }
}

fn lead(say: Say<'_>, shown: &[&Matrix], others: &[&Matrix]) -> Vec<String> {
    if shown.is_empty() {
        return vec![
            say.pick("Every contact has the reason that it had.", "Cada contacto tiene el motivo que tenía."),
        ];
    }
    if others.is_empty() {
        return Vec::new();
    }
    let sum = |cells: &[&Matrix]| cells.iter().map(|c| c.contacts).sum::<u64>();
    let part = say.of(sum(shown), sum(shown) + sum(others));
    let all = say.contacts(sum(shown) + sum(others));
    vec![match say.lang {
        Lang::En => format!("These moves take {part} of the {all} that move."),
        Lang::Es => format!("Estos cambios reúnen {part} de los {all} que cambian."),
    }]
}

fn caption(say: Say<'_>, shown: usize) -> String {
    let n = say.count(shown as u64);
    match say.lang {
        Lang::En => format!("The {n} largest moves by contacts"),
        Lang::Es => format!("Los {n} mayores cambios por contactos"),
    }
}

fn folded(say: Say<'_>, others: &[&Matrix]) -> Folded {
    let n = say.count(others.len() as u64);
    let title = match say.lang {
        Lang::En => format!("{n} smaller moves"),
        Lang::Es => format!("{n} cambios menores"),
    };
    let shown = &others[..others.len().min(FOLDED_ROWS)];
    let mut table = Table { caption: title.clone(), ..table(say, shown) };
    if shown.len() < others.len() {
        table.notes.push(say.pick("The rest is in the JSON.", "El resto está en el JSON."));
    }
    Folded { title, table, elsewhere: elsewhere(say) }
}

/// Where the text leaves to find what it folds away.
pub(super) fn elsewhere(say: Say<'_>) -> String {
    say.pick("with --json or --format html", "con --json o --format html")
}

fn table(say: Say<'_>, cells: &[&Matrix]) -> Table {
    let max = cells.iter().map(|c| c.contacts).max().unwrap_or(0);
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    Table {
        caption: String::new(),
        heads: vec![
            head(say.pick("From → to", "De → a"), HeadKind::Words),
            figures("Contacts", "Contactos"),
            head(String::new(), HeadKind::Bars),
            head(say.pick("Of reason before", "Del motivo previo"), HeadKind::Told),
            figures("Avoidable", "Innecesarios"),
            figures("Cost", "Coste"),
        ],
        rows: cells.iter().map(|cell| move_row(say, cell, max)).collect(),
        notes: say.cost_note().into_iter().collect(),
    }
}

fn move_row(say: Say<'_>, cell: &Matrix, max: u64) -> Row {
    let before = say.diff.cells.iter().filter(|c| c.from == cell.from).map(|c| c.contacts).sum();
    let bar = Bar { value: cell.contacts, part: cell.dumb.b.max(cell.dumb.a), max, caption: String::new() };
    row(vec![
        name(say, cell),
        plain(say.count(cell.contacts)),
        Cell::Bar(bar),
        plain(say.percent(cell.contacts, before)),
        plain(say.both(cell.dumb)),
        plain(say.money(cell.moved_micros())),
    ])
}

/// Both reasons in words, and both ids under them.
fn name(say: Say<'_>, cell: &Matrix) -> Cell {
    let (from, to) = (cell.from.as_deref(), cell.to.as_deref());
    let mut lines = vec![format!("{} → {}", id_line(from), id_line(to))];
    if cell.erased > 0 {
        let n = say.count(cell.erased);
        lines.push(match say.lang {
            Lang::En => format!("of them erased: {n}"),
            Lang::Es => format!("de ellos, borrados: {n}"),
        });
    }
    let (a, b) = (say.reason(from, Side::A), say.reason(to, Side::B));
    Cell::Name { text: format!("{a} → {b}"), lines }
}

fn samples(say: Say<'_>, at: usize, cell: &Matrix) -> Samples {
    let (from, to) = say.between(cell.from.as_deref(), cell.to.as_deref());
    let (place, given, all) = (at + 1, say.count(cell.samples.len() as u64), say.count(cell.contacts));
    let title = match say.lang {
        Lang::En => format!("{place}. {from} → {to}: {given} of {all}"),
        Lang::Es => format!("{place}. {from} → {to}: {given} de {all}"),
    };
    let decided = |of: &Option<Decided>| of.as_ref().map_or_else(|| "–".to_owned(), |d| decided(say.lang, d));
    let rows = cell.samples.iter().map(|s| [s.contact.clone(), decided(&s.decided.a), decided(&s.decided.b)]);
    Samples { title, heads: [say.pick("Contact", "Contacto"), say.a(), say.b()], rows: rows.collect() }
}

/// What decided a reason, in a few words.
fn decided(lang: Lang, decided: &Decided) -> String {
    let permille = i64::try_from((decided.confidence_ppm + 500) / 1_000).unwrap_or(i64::MAX);
    let sure = figures::percent(lang, permille);
    let rule = decided.rule.as_deref().map(words::printable).unwrap_or_default();
    match decided.basis {
        ReasonBasis::Rule => format!("{} {rule}", lang.pick("rule", "regla")),
        ReasonBasis::Model => format!("{} {sure}", lang.pick("model", "modelo")),
        ReasonBasis::Source => lang.pick("the source's code", "el código de la fuente").to_owned(),
        ReasonBasis::Override => lang.pick("a person", "una persona").to_owned(),
        ReasonBasis::Erased => lang.pick("noted at erasure", "anotado al borrar").to_owned(),
        ReasonBasis::Unclassified => lang.pick("nothing found", "nada encontrado").to_owned(),
    }
}

/// Where contacts became avoidable, and where they ceased to be.
pub(super) fn avoidable(say: Say<'_>) -> Section {
    let turned = say.diff.turned();
    let (shown, others) = turned.split_at(turned.len().min(MOVES_SHOWN));
    let mut blocks = Vec::new();
    if !shown.is_empty() {
        let caption = say.pick(
            "Where contacts became avoidable or ceased to be",
            "Dónde pasan a ser innecesarios o dejan de serlo",
        );
        blocks.push(Block::Table(Table { caption, ..turned_table(say, shown) }));
    }
    if !others.is_empty() {
        let n = say.count(others.len() as u64);
        let title = match say.lang {
            Lang::En => format!("{n} smaller changes"),
            Lang::Es => format!("{n} cambios menores"),
        };
        let table = Table { caption: title.clone(), ..turned_table(say, others) };
        blocks.push(Block::Folded(Folded { title, table, elsewhere: elsewhere(say) }));
    }
    let t = say.totals;
    let (gained, lost) = (say.contacts(t.dumb_gained), say.contacts(t.dumb_lost));
    let lead = match say.lang {
        Lang::En => format!("Avoidable in {} alone: {gained}; in {} alone: {lost}.", say.b(), say.a()),
        Lang::Es => format!("Innecesarios solo en {}: {gained}; solo en {}: {lost}.", say.b(), say.a()),
    };
    Section {
        id: "avoidable",
        title: say.pick("What became avoidable", "Qué pasa a ser innecesario"),
        term: None,
        lead: vec![lead],
        marks: Vec::new(),
        blocks,
    }
}

fn turned_table(say: Say<'_>, cells: &[&Matrix]) -> Table {
    let figures = |en, es| head(say.pick(en, es), HeadKind::Figures);
    let row_of = |cell: &&Matrix| {
        row(vec![
            name(say, cell),
            plain(say.count(cell.contacts)),
            plain(say.count(cell.dumb_gained)),
            plain(say.count(cell.dumb_lost)),
            toned(say.both(cell.dumb), 0),
            plain(say.money_change(cell.dumb_cost_micros)),
        ])
    };
    Table {
        caption: String::new(),
        heads: vec![
            head(say.pick("From → to", "De → a"), HeadKind::Words),
            head(say.pick("Contacts", "Contactos"), HeadKind::Told),
            figures("Now avoidable", "Ahora innecesarios"),
            figures("No longer", "Ya no"),
            figures("Before → after", "Antes → después"),
            figures("Their cost", "Su coste"),
        ],
        rows: cells.iter().map(row_of).collect(),
        notes: say.cost_note().into_iter().collect(),
    }
}
