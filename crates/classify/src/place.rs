//! Places in a taxonomy file: bytes while it is read, line and column for people, and for lint where each part
//! of it stands. None of this is part of a taxonomy: two files that differ only in places are equal.

use domain::OwnerId;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Characters of a source line that are shown; of a longer line the part around the place.
const SHOWN_CHARS: usize = 120;

/// A place in a file. Shown, it is its line with a mark under it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    shown: String,
    mark_from: usize,
    mark_chars: usize,
}

impl Place {
    /// Width of the margin that holds the line's number.
    pub(crate) fn margin(&self) -> usize {
        self.line.to_string().len()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let margin = self.margin();
        writeln!(f, " {} | {}", self.line, self.shown)?;
        write!(f, " {:margin$} | {:from$}{}", "", "", "^".repeat(self.mark_chars), from = self.mark_from)
    }
}

/// The lines of a text.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'t> {
    pub(crate) text: &'t str,
    /// Byte where each line starts.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Line number, from 1, of a byte of the text.
    pub(crate) fn line_of(&self, at: usize) -> u32 {
        ordinal(self.line_index(at))
    }

    /// These bytes as a place.
    pub(crate) fn place(&self, at: Range<usize>) -> Place {
        let text = self.text;
        let start = floor_char(text, at.start);
        let line = self.line_index(start);
        let line_start = self.starts[line];
        let line_text = text[line_start..].lines().next().unwrap_or_default();
        let before = line_text.get(..start - line_start).unwrap_or(line_text).chars().count();
        let marked = text[start..floor_char(text, at.end.max(start))].chars().count();
        let (shown, mark_from) = excerpt(line_text, before);
        let mark_chars = marked.clamp(1, shown.chars().count().saturating_sub(mark_from).max(1));
        Place { line: ordinal(line), column: ordinal(before), shown, mark_from, mark_chars }
    }

    fn line_index(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at) - 1
    }
}

/// The part of the line that is shown, and how many of its characters stand before the mark.
fn excerpt(line: &str, before: usize) -> (String, usize) {
    let skipped = if before < SHOWN_CHARS { 0 } else { before - SHOWN_CHARS / 2 };
    let lead = if skipped > 0 { "… " } else { "" };
    let body = line.chars().skip(skipped).take(SHOWN_CHARS);
    let shown = lead.chars().chain(body).map(|c| if c.is_control() { ' ' } else { c }).collect();
    (shown, before - skipped + lead.chars().count())
}

fn floor_char(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

fn ordinal(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Where the parts of a taxonomy file stand, in bytes of the file. As many as the file has parts, and those
/// are limited.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    /// The taxonomy's name: where what concerns the whole file is shown.
    pub(crate) name: Range<usize>,
    /// The id of each owner.
    pub(crate) owners: BTreeMap<OwnerId, Range<usize>>,
    /// Each reason, by id.
    pub(crate) leaves: BTreeMap<String, LeafPlaces>,
    /// The id of each rule, by id.
    pub(crate) rules: BTreeMap<String, Range<usize>>,
}

/// Where the parts of a reason stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeafPlaces {
    pub(crate) id: Range<usize>,
    pub(crate) labels: BTreeMap<String, Range<usize>>,
    pub(crate) disposition: Option<Range<usize>>,
    pub(crate) mechanism: Option<Range<usize>>,
    /// The examples, as many as there are and in their order.
    pub(crate) positive: Vec<Range<usize>>,
    pub(crate) negative: Vec<Range<usize>>,
}

impl Places {
    /// The places of a file that has been read without a mistake.
    pub(crate) fn of(file: &DeTable<'_>) -> Self {
        let mut places = Self { name: value_at(file, "name").map_or(0..0, |(at, _)| at), ..Self::default() };
        for (id, _) in table(file, "owners").into_iter().flat_map(DeTable::iter) {
            places.owners.insert(OwnerId::new(id.get_ref()), id.span());
        }
        for reason in tables(file, "reason") {
            let Some((at, id)) = text_at(reason, "id") else { continue };
            places.leaves.insert(id.to_owned(), LeafPlaces::of(reason, at));
            let rules = tables(reason, "rule").filter_map(|rule| text_at(rule, "id"));
            places.rules.extend(rules.map(|(at, id)| (id.to_owned(), at)));
        }
        places
    }
}

impl LeafPlaces {
    fn of(reason: &DeTable<'_>, id: Range<usize>) -> Self {
        let labels = table(reason, "label").into_iter().flat_map(DeTable::iter);
        let examples = table(reason, "examples");
        let side = |key| examples.map(|examples| items(examples, key)).unwrap_or_default();
        Self {
            id,
            labels: labels.map(|(lang, label)| (lang.get_ref().to_string(), label.span())).collect(),
            disposition: value_at(reason, "disposition").map(|(at, _)| at),
            mechanism: value_at(reason, "mechanism").map(|(at, _)| at),
            positive: side("positive"),
            negative: side("negative"),
        }
    }

    /// The label in this language, else the id.
    pub(crate) fn label(&self, language: &str) -> Range<usize> {
        self.labels.get(language).unwrap_or(&self.id).clone()
    }
}

fn value_at<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<(Range<usize>, &'a DeValue<'i>)> {
    let (_, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some((value.span(), value.get_ref()))
}

fn text_at<'a>(table: &'a DeTable<'_>, key: &str) -> Option<(Range<usize>, &'a str)> {
    let (at, value) = value_at(table, key)?;
    Some((at, value.as_str()?))
}

fn table<'a, 'i>(of: &'a DeTable<'i>, key: &str) -> Option<&'a DeTable<'i>> {
    value_at(of, key)?.1.as_table()
}

fn tables<'a, 'i>(of: &'a DeTable<'i>, key: &str) -> impl Iterator<Item = &'a DeTable<'i>> {
    let list = value_at(of, key).and_then(|(_, value)| value.as_array());
    list.into_iter().flat_map(|list| list.iter()).filter_map(|item| item.get_ref().as_table())
}

fn items(of: &DeTable<'_>, key: &str) -> Vec<Range<usize>> {
    let list = value_at(of, key).and_then(|(_, value)| value.as_array());
    list.into_iter().flat_map(|list| list.iter()).map(toml::Spanned::span).collect()
}
