//! The report in the reader's language, before it takes a form: every text and every figure is final here, and
//! page and text only lay it out. That is why they agree to the digit.

use crate::Lang;

/// The whole report.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub lang: Lang,
    /// What kind of report it is.
    pub kind: String,
    /// The week.
    pub title: String,
    /// Its days.
    pub days: String,
    /// What was known when.
    pub as_of: String,
    /// What a reader must know before reading any figure.
    pub warnings: Vec<String>,
    /// Title of the summary.
    pub brief_title: String,
    /// The summary.
    pub brief: Vec<Point>,
    /// Title of the headline.
    pub cards_title: String,
    /// The headline.
    pub cards: Vec<Card>,
    /// Why some of its figures are missing.
    pub cards_notes: Vec<String>,
    /// Everything else, in order.
    pub sections: Vec<Section>,
}

/// One sentence of the summary.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// What it is about, in two or three words.
    pub about: String,
    /// The sentence.
    pub text: String,
}

/// A figure of the headline.
#[derive(Debug, Clone)]
pub(crate) struct Card {
    pub name: String,
    /// Its definition.
    pub term: Option<Term>,
    pub value: String,
    /// What the figure is made of.
    pub detail: String,
    pub against: Vec<Against>,
    /// The last weeks, oldest first, in any unit; `None` where a week lacks the figure.
    pub weeks: Vec<Option<f64>>,
    /// What limits the figure.
    pub notes: Vec<String>,
}

/// What a figure is compared with.
#[derive(Debug, Clone)]
pub(crate) struct Against {
    pub name: String,
    pub value: String,
    pub change: String,
    pub tone: Tone,
}

/// What a change means for customers and company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Says nothing.
    Plain,
    /// Fewer contacts, or cheaper ones.
    Better,
    /// More of them, or dearer ones.
    Worse,
}

impl Tone {
    /// Of a change in anything of which less is better.
    pub(crate) fn of(change: Option<i64>) -> Self {
        match change {
            Some(change) if change > 0 => Self::Worse,
            Some(change) if change < 0 => Self::Better,
            _ => Self::Plain,
        }
    }
}

/// A part of the report.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Names it in links.
    pub id: &'static str,
    pub title: String,
    /// The definition of what it is about.
    pub term: Option<Term>,
    /// What it says, in a sentence or two.
    pub lead: Vec<String>,
    /// What makes its figures uncertain.
    pub marks: Vec<String>,
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Table(Table),
    Trend(Trend),
    /// Names and values that programs know, such as ids.
    Terms(Vec<(String, String)>),
    /// Names and explanations in words.
    Explained(Vec<(String, String)>),
    /// Definitions, numbered.
    Definitions(Vec<(Term, String, String)>),
    Note(String),
    /// A table that is unfolded by those who want it; a small page says only what it is.
    Folded(Folded),
    /// Contacts to look at.
    Samples(Samples),
}

/// A table behind its title.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    pub title: String,
    pub table: Table,
    /// Where a small page leaves to find it.
    pub elsewhere: String,
}

/// Contacts behind what they have in common.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    pub title: String,
    /// What is said of each contact.
    pub heads: [String; 3],
    /// Its id, and two things that are said of it.
    pub rows: Vec<[String; 3]>,
}

/// A table. Its first column names the rows.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub caption: String,
    pub heads: Vec<Head>,
    pub rows: Vec<Row>,
    /// What a reader must know to read it.
    pub notes: Vec<String>,
}

/// Head of a column.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub text: String,
    pub kind: HeadKind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeadKind {
    /// Names and words.
    Words,
    /// Figures, one below the other.
    Figures,
    /// Figures that the words of their row tell too: a small page leaves them out.
    Told,
    /// Bars of one scale.
    Bars,
    /// Bars from a middle line.
    Splits,
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub cells: Vec<Cell>,
    pub role: RowRole,
}

/// What a row is among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowRole {
    Plain,
    /// Sums up what is not listed.
    Rest,
    /// Somebody should act.
    Alert,
}

/// A cell.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// What the row is about, and lines under it.
    Name { text: String, lines: Vec<String> },
    /// A figure.
    Figure(String, Tone),
    /// Words.
    Words(String),
    /// A bar.
    Bar(Bar),
    /// Two bars from a middle line.
    Split(Split),
}

/// A bar in a cell.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub value: u64,
    /// The avoidable part of it.
    pub part: u64,
    /// The longest bar of the table.
    pub max: u64,
    /// Stands at the bar.
    pub caption: String,
}

/// Two bars that go left for fewer and right for more.
#[derive(Debug, Clone)]
pub(crate) struct Split {
    pub growth: i64,
    pub rate: i64,
    /// The longest bar of the table.
    pub max: u64,
}

/// The last weeks as a chart with its figures.
#[derive(Debug, Clone)]
pub(crate) struct Trend {
    pub weeks: Vec<TrendPoint>,
    /// What the chart shows, for those who do not see it.
    pub description: String,
    /// What is drawn: all contacts, the avoidable part, CPX.
    pub contacts: String,
    pub dumb: String,
    pub cpx: String,
    /// Says how to get at the figures.
    pub table_title: String,
    pub table: Table,
}

/// A week of the chart.
#[derive(Debug, Clone)]
pub(crate) struct TrendPoint {
    /// Weeks from the first; a gap is a week without contacts.
    pub place: i32,
    pub name: String,
    pub complete: bool,
    pub contacts: u64,
    pub dumb: u64,
    /// In hundredths.
    pub cpx: Option<i64>,
}

/// What has a definition in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Term {
    Contact,
    Cpx,
    Avoidable,
    Cost,
    Effects,
    VitalFew,
    Mechanism,
    KnownFirst,
    SelfService,
    Snowball,
    Owner,
    Mean,
    Few,
    Missing,
}

impl Term {
    /// Every term, in the order of their numbers.
    pub(crate) const ALL: [Self; 14] = [
        Self::Contact,
        Self::Cpx,
        Self::Avoidable,
        Self::Cost,
        Self::Effects,
        Self::VitalFew,
        Self::Mechanism,
        Self::KnownFirst,
        Self::SelfService,
        Self::Snowball,
        Self::Owner,
        Self::Mean,
        Self::Few,
        Self::Missing,
    ];

    /// Its number in the footnotes.
    pub(crate) fn number(self) -> usize {
        self as usize + 1
    }
}
