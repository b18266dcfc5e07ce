//! The page as text, for terminals and plain mail: at most [`WIDTH`] columns.

use super::page::*;

/// Columns of a line.
pub const WIDTH: usize = 100;
/// Between two columns of a table.
const GAP: usize = 2;
/// Columns of a bar: the longest for which names have the room they want.
const BARS: [usize; 3] = [16, 12, 8];
/// The room that names want in a table, and what they are never squeezed below.
const NAME_WANTED: usize = 28;
const NAME_MIN: usize = 12;
/// Columns of what a point of the summary is about.
const ABOUT: usize = 18;
/// Contacts that are named of those that have something in common.
const SAMPLES: usize = 3;

/// The page as text.
pub(crate) fn text(page: &Page) -> String {
    let mut out = Lines::default();
    out.line(&page.kind.to_uppercase());
    out.line(&format!("{} ({})", page.title, page.days));
    out.line(&page.as_of);
    for warning in &page.warnings {
        out.blank();
        out.hanging("! ", warning);
    }
    out.title(&page.brief_title);
    for point in &page.brief {
        out.hanging(&padded(&point.about, ABOUT), &point.text);
    }
    out.title(&page.cards_title);
    cards(&mut out, page);
    for section in &page.sections {
        self::section(&mut out, section);
    }
    out.text
}

/// Lines of limited width.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end_matches(' '));
        self.text.push('\n');
    }

    fn title(&mut self, title: &str) {
        self.blank();
        self.line(title);
        self.line(&"─".repeat(columns(title)));
    }

    /// A paragraph behind a mark, its lines one below the other.
    fn hanging(&mut self, mark: &str, text: &str) {
        let room = WIDTH.saturating_sub(columns(mark));
        for (at, part) in wrapped(text, room).iter().enumerate() {
            let mark = if at == 0 { mark.to_owned() } else { " ".repeat(columns(mark)) };
            self.line(&format!("{mark}{part}"));
        }
    }
}

fn section(out: &mut Lines, section: &Section) {
    let number = section.term.map(reference).unwrap_or_default();
    out.title(&format!("{}{number}", section.title));
    for lead in &section.lead {
        out.hanging("", lead);
    }
    for mark in &section.marks {
        out.hanging("! ", mark);
    }
    for block in &section.blocks {
        match block {
            Block::Table(table) => self::table(out, table),
            Block::Trend(trend) => self::trend(out, trend),
            Block::Note(note) => out.hanging("", note),
            Block::Folded(folded) => {
                out.blank();
                out.hanging("", &format!("{}: {}", folded.title, folded.elsewhere));
            }
            Block::Samples(samples) => self::samples(out, samples),
            Block::Terms(terms) | Block::Explained(terms) => {
                let width = terms.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
                terms.iter().for_each(|(name, text)| out.hanging(&padded(name, width + GAP), text));
            }
            Block::Definitions(all) => {
                for (term, name, text) in all {
                    out.hanging(&padded(reference(*term).trim(), 5), &format!("{name}: {text}"));
                }
            }
        }
    }
}

fn reference(term: Term) -> String {
    format!(" [{}]", term.number())
}

/// Each figure with what it is compared with under it.
fn cards(out: &mut Lines, page: &Page) {
    let mut rows = Vec::new();
    for card in &page.cards {
        let number = card.term.map(reference).unwrap_or_default();
        rows.push(vec![format!("{}{number}", card.name), card.value.clone(), String::new()]);
        let against = |a: &Against| vec![format!("    {}", a.name), a.value.clone(), a.change.clone()];
        rows.extend(card.against.iter().map(against));
    }
    let widths = widths(&rows);
    let mut rows = rows.iter();
    for card in &page.cards {
        for row in rows.by_ref().take(1 + card.against.len()) {
            let mut line = row.iter().zip(&widths);
            let name = line.next().map(|(name, width)| padded(name, *width)).unwrap_or_default();
            let figures = line.map(|(cell, width)| format!("{}{}", " ".repeat(GAP), aligned(cell, *width)));
            out.line(&format!("{name}{}", figures.collect::<String>()));
        }
        let details = [&card.detail].into_iter().chain(&card.notes);
        details.filter(|d| !d.is_empty()).for_each(|detail| out.hanging("    ", detail));
    }
    page.cards_notes.iter().for_each(|note| out.hanging("", note));
}

/// The first few: a reader of a terminal asks for the next one by its id.
fn samples(out: &mut Lines, samples: &Samples) {
    out.blank();
    out.hanging("", &samples.title);
    let [_, first, second] = &samples.heads;
    for [id, a, b] in samples.rows.iter().take(SAMPLES) {
        out.hanging(&format!("  {id}  "), &format!("{first}: {a} · {second}: {b}"));
    }
}

fn trend(out: &mut Lines, trend: &Trend) {
    let rates: Vec<Option<u64>> = trend.weeks.iter().map(|w| w.cpx.map(i64::unsigned_abs)).collect();
    let contacts: Vec<Option<u64>> = trend.weeks.iter().map(|w| Some(w.contacts)).collect();
    let width = columns(&trend.contacts).max(columns(&trend.cpx)) + GAP;
    out.line(&format!("{}{}", padded(&trend.contacts, width), blocks(&contacts)));
    if rates.iter().any(Option::is_some) {
        out.line(&format!("{}{}", padded(&trend.cpx, width), blocks(&rates)));
    }
    table(out, &trend.table);
}

/// One block a week, as high as its value beside the highest.
fn blocks(values: &[Option<u64>]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let max = values.iter().copied().flatten().max().unwrap_or(0).max(1);
    let block = |value: u64| {
        let eighths = (u128::from(value) * 8).div_ceil(u128::from(max)).clamp(1, 8);
        usize::try_from(eighths - 1).ok().and_then(|at| BLOCKS.get(at)).copied().unwrap_or('▁')
    };
    values.iter().map(|value| value.map_or(' ', block)).collect()
}

fn table(out: &mut Lines, table: &Table) {
    out.blank();
    out.hanging("", &table.caption);
    let fits = |grid: &Grid| grid.others() + grid.name().min(NAME_WANTED) <= WIDTH;
    let mut grids = BARS.iter().map(|bar| Grid::of(table, *bar));
    // Without bars it has to fit, and names give way.
    let grid = grids.find(fits).unwrap_or_else(|| Grid::of(table, 0));
    let mut widths = grid.widths.clone();
    if let Some(name) = widths.first_mut() {
        *name = (*name).min(WIDTH.saturating_sub(grid.others()).max(NAME_MIN));
    }
    spread(out, &grid.heads, &widths);
    for (row, cells) in table.rows.iter().zip(&grid.rows) {
        spread(out, cells, &widths);
        for line in under(row) {
            out.hanging("    ", &line);
        }
    }
    table.notes.iter().for_each(|note| out.hanging("", note));
}

/// A table's texts, with bars of one length.
struct Grid {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    widths: Vec<usize>,
}

impl Grid {
    /// Bars from a middle line say nothing that the figures beside them do not.
    fn of(table: &Table, bar: usize) -> Self {
        let is_shown = |head: &Head| match head.kind {
            HeadKind::Words | HeadKind::Figures | HeadKind::Told => true,
            HeadKind::Bars => bar > 0,
            HeadKind::Splits => false,
        };
        let shown: Vec<usize> =
            table.heads.iter().enumerate().filter(|(_, head)| is_shown(head)).map(|(at, _)| at).collect();
        let heads = shown.iter().filter_map(|at| table.heads.get(*at)).map(head).collect();
        let cells = |row: &Row| {
            let cells = shown.iter().filter_map(|at| row.cells.get(*at));
            cells.map(|cell| self::cell(cell, bar)).collect::<Vec<_>>()
        };
        let rows: Vec<Vec<String>> = table.rows.iter().map(cells).collect();
        let widths = widths(std::iter::once(&heads).chain(&rows));
        Self { heads, rows, widths }
    }

    fn name(&self) -> usize {
        self.widths.first().copied().unwrap_or(0)
    }

    /// Columns of everything but the names.
    fn others(&self) -> usize {
        self.widths.iter().skip(1).map(|width| width + GAP).sum()
    }
}

/// The name of a column of bars belongs to what is written under the rows.
fn head(head: &Head) -> String {
    if head.kind == HeadKind::Bars { String::new() } else { head.text.clone() }
}

fn cell(cell: &Cell, bar: usize) -> String {
    match cell {
        Cell::Name { text, .. } | Cell::Figure(text, _) | Cell::Words(text) => text.clone(),
        Cell::Bar(of) => self::bar(of, bar),
        Cell::Split(_) => String::new(),
    }
}

fn bar(bar: &Bar, columns: usize) -> String {
    let length = |value: u64| {
        let blocks = u128::from(value) * columns as u128 / u128::from(bar.max.max(1));
        usize::try_from(blocks).unwrap_or(columns)
    };
    let (all, part) = (length(bar.value), length(bar.part));
    padded(&format!("{}{}", "█".repeat(part), "░".repeat(all.saturating_sub(part))), columns)
}

/// What is written under a row: at the bar, then under the name.
fn under(row: &Row) -> Vec<String> {
    let mut out = Vec::new();
    let captions = row.cells.iter().filter_map(|cell| match cell {
        Cell::Bar(bar) if !bar.caption.is_empty() => Some(bar.caption.clone()),
        _ => None,
    });
    out.extend(captions);
    for cell in &row.cells {
        if let Cell::Name { lines, .. } = cell {
            out.extend(lines.iter().cloned());
        }
    }
    // Short ones share a line.
    let joined = out.join(" · ");
    if columns(&joined) <= WIDTH / 2 && !joined.is_empty() { vec![joined] } else { out }
}

/// The cells of a row in their columns, the first as many lines as it needs.
fn spread(out: &mut Lines, cells: &[String], widths: &[usize]) {
    let name_width = widths.first().copied().unwrap_or(0);
    let name = wrapped(cells.first().map_or("", String::as_str), name_width);
    let figures = cells.iter().zip(widths).skip(1).map(|(cell, width)| aligned(cell, *width));
    let figures = figures.map(|cell| format!("{}{cell}", " ".repeat(GAP))).collect::<String>();
    for (at, part) in name.iter().enumerate() {
        let figures = if at == 0 { figures.as_str() } else { "" };
        out.line(&format!("{}{figures}", padded(part, name_width)));
    }
}

fn widths<'a>(rows: impl IntoIterator<Item = &'a Vec<String>>) -> Vec<usize> {
    let mut out = Vec::new();
    for row in rows {
        out.resize(row.len().max(out.len()), 0);
        out.iter_mut().zip(row).for_each(|(width, cell)| *width = (*width).max(columns(cell)));
    }
    out
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

fn aligned(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Lines of at most `width` columns; a longer word is cut. At least one line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        for piece in pieces(word, width.max(2)) {
            let line = lines.last_mut().expect("there is always a line");
            let gap = usize::from(!line.is_empty());
            if columns(line) + gap + columns(&piece) <= width || line.is_empty() {
                line.push_str(if gap == 1 { " " } else { "" });
                line.push_str(&piece);
            } else {
                lines.push(piece);
            }
        }
    }
    lines
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    let mut out = vec![String::new()];
    for letter in word.chars() {
        let piece = out.last_mut().expect("there is always a piece");
        if columns(piece) + columns_of(letter) > width {
            out.push(letter.to_string());
        } else {
            piece.push(letter);
        }
    }
    out
}

/// Columns that a text takes in a terminal.
fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Marks that join what is before them and marks of direction take none, letters of East Asia two.
fn columns_of(letter: char) -> usize {
    match letter {
        '\u{300}'..='\u{36f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' => 0,
        '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_words_and_long_words_are_cut() {
        let cases = [
            ("one two three", 7, vec!["one two", "three"]),
            ("abcdefghij k", 4, vec!["abcd", "efgh", "ij k"]),
            ("", 5, vec![""]),
            ("日本語", 4, vec!["日本", "語"]),
        ];
        for (text, width, lines) in cases {
            assert_eq!(wrapped(text, width), lines, "{text}");
        }
    }

    #[test]
    fn blocks_are_as_high_as_their_value_beside_the_highest() {
        assert_eq!(blocks(&[Some(0), Some(4), None, Some(8)]), "▁▄ █");
    }
}
