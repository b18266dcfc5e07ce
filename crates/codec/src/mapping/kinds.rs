//! The kinds of fields with their options, as a mapping file writes them.

use super::build::{Build, Closed, Need};
use super::customer::{IdentifierField, PhoneRules};
use super::fields::{Code, FlagField, ListField, NumberField, TextField, WordField, Words};
use super::iso::Stamp;
use super::pick::{Otherwise, Pick, Source};
use super::sheet::{Entry, Sheet, one_of};
use super::time::{Clock, RevisionField, TimeField, TimeFormat};
use domain::{Precision, Strength};

/// Largest factor of a unit. Whole units to millionths is the largest that any field needs.
const SCALE_MAX: i64 = 1_000_000_000_000;

impl<'t> Build<'t> {
    pub fn text(&mut self, field: &'static str, need: Need) -> Option<TextField> {
        let sheet = self.options(field, need)?;
        self.text_of(sheet, need, None)
    }

    /// A code of a standard.
    pub fn code(&mut self, field: &'static str, code: Code) -> Option<TextField> {
        let sheet = self.options(field, Need::Optional)?;
        self.text_of(sheet, Need::Optional, Some(code))
    }

    pub fn text_of(&mut self, mut sheet: Sheet<'t>, need: Need, code: Option<Code>) -> Option<TextField> {
        let literal = |e: &Entry<'t>| {
            let text = e.as_text().ok_or("a text")?;
            Ok(code.map_or(Ok(text.to_owned()), |code| code.read(text))?)
        };
        let (at, path) = (sheet.at, sheet.path.clone());
        let strict = self.strict(&mut sheet, "string");
        let words = self.words(&mut sheet, &literal);
        let pick = self.pick(&mut sheet, need, literal);
        sheet.finish(&mut self.mistakes);
        let mut pick = pick?;
        let keep = keeps(&mut pick);
        if keep && words.is_none() {
            self.mistakes.add(
                at,
                &path,
                "`otherwise = \"keep\"` says what becomes of words that a `map` does not have",
            );
        }
        Some(TextField { pick, strict, words, keep, code })
    }

    /// A number in `[min, max]`, which the mapping may narrow; the limits are in the source's unit.
    pub fn number(&mut self, field: &'static str, need: Need, min: i64, max: i64) -> Option<NumberField> {
        let mut sheet = self.options(field, need)?;
        let strict = self.strict(&mut sheet, "int");
        let mut scale = sheet.int("scale", &mut self.mistakes).unwrap_or(1);
        if !(1..=SCALE_MAX).contains(&scale) {
            self.wrong::<()>(&sheet, &format!("expected a scale from 1 to {SCALE_MAX}"));
            scale = 1;
        }
        let (lowest, highest) = (min / scale, max / scale);
        let min = sheet.int("min", &mut self.mistakes).unwrap_or(lowest);
        let max = sheet.int("max", &mut self.mistakes).unwrap_or(highest);
        if min < lowest || max > highest || min > max {
            self.wrong::<()>(&sheet, &format!("expected min <= max within {lowest} to {highest}"));
        }
        let limits = |pick| NumberField { pick, strict, scale, min, max };
        let checker = limits(Pick { field: String::new(), source: Source::Constant(0) });
        let literal = |e: &Entry<'t>| {
            e.as_int().ok_or_else(|| "a whole number".to_owned()).and_then(|number| checker.literal(number))
        };
        let pick = self.pick(&mut sheet, need, literal);
        sheet.finish(&mut self.mistakes);
        pick.map(limits)
    }

    pub fn flag(&mut self, field: &'static str, need: Need) -> Option<FlagField> {
        let mut sheet = self.options(field, need)?;
        let literal = |e: &Entry<'t>| e.value.as_bool().ok_or_else(|| "true or false".to_owned());
        let strict = self.strict(&mut sheet, "bool");
        let words = self.words(&mut sheet, &literal);
        let pick = self.pick(&mut sheet, need, literal);
        sheet.finish(&mut self.mistakes);
        pick.map(|pick| FlagField { pick, strict, words })
    }

    /// A word of a closed list; without a map the source has to use our words.
    pub fn word<E: Copy>(
        &mut self,
        field: &'static str,
        need: Need,
        closed: Closed<E>,
    ) -> Option<WordField<E>> {
        let mut sheet = self.options(field, need)?;
        let (values, words) = closed;
        let literal = |e: &Entry<'t>| {
            let at = words.iter().position(|word| e.as_text() == Some(word));
            at.map(|at| values[at]).ok_or_else(|| one_of(words.iter().copied()))
        };
        let mapped = self.words(&mut sheet, &literal);
        let pick = self.pick(&mut sheet, need, literal);
        sheet.finish(&mut self.mistakes);
        let ours = || words.iter().map(|word| (*word).to_owned()).zip(values.iter().copied()).collect();
        let words = mapped.unwrap_or_else(|| Words { known: ours(), ignore_case: false });
        pick.map(|pick| WordField { pick, words })
    }

    fn clock(&mut self, sheet: &mut Sheet<'t>) -> (Clock, bool) {
        let entry = sheet.take("format");
        let written = entry.as_ref().map(Entry::elements).unwrap_or_default();
        let mut formats = Vec::new();
        for format in &written {
            match format.as_text().map_or_else(|| Err("a text".to_owned()), TimeFormat::parse) {
                Ok(format) => formats.push(format),
                Err(expected) => format.wrong(&mut self.mistakes, &expected),
            }
        }
        let precisions: Vec<(&str, Precision)> =
            Precision::WORDS.iter().copied().zip(Precision::ALL.iter().copied()).collect();
        let precision = sheet.choice("precision", &precisions, &mut self.mistakes);
        if formats.is_empty() {
            formats.push(TimeFormat::Iso);
        }
        (Clock { formats, zone: self.zone.clone(), precision }, entry.is_some())
    }

    pub fn time(&mut self, field: &'static str, need: Need) -> Option<TimeField> {
        let mut sheet = self.options(field, need)?;
        let (clock, _) = self.clock(&mut sheet);
        let literal = |e: &Entry<'t>| -> Result<Stamp, String> {
            let stamp = e.as_text().and_then(|text| clock.read_text(text).ok());
            stamp.ok_or_else(|| "a time as text in the field's format".to_owned())
        };
        let pick = self.pick(&mut sheet, need, literal);
        sheet.finish(&mut self.mistakes);
        pick.map(|pick| TimeField { pick, clock })
    }

    pub fn revision(&mut self, field: &'static str) -> Option<RevisionField> {
        let mut sheet = self.options(field, Need::Optional)?;
        let (clock, is_time) = self.clock(&mut sheet);
        let literal =
            |e: &Entry<'t>| e.as_int().filter(|n| *n >= 0).ok_or_else(|| "a whole number".to_owned());
        let pick = self.pick(&mut sheet, Need::Optional, literal);
        sheet.finish(&mut self.mistakes);
        pick.map(|pick| RevisionField { pick, clock, is_time })
    }

    /// A list of texts: one or several columns, each a text or a list, a text perhaps split into parts.
    pub fn list(&mut self, field: &'static str) -> Option<ListField> {
        let entry = self.fields.take(field)?;
        let mut picks = Vec::new();
        let (mut split, mut required) = (None, false);
        // `["a", "b"]` is short for two columns.
        for part in entry.elements() {
            let Some(mut sheet) = self.sheet_of(&part) else { continue };
            split = sheet.text("split", &mut self.mistakes).filter(|s| !s.is_empty()).or(split);
            let literal =
                |e: &Entry<'t>| e.as_text().map(|t| vec![t.to_owned()]).ok_or_else(|| "a text".to_owned());
            let pick = self.pick(&mut sheet, Need::Optional, literal);
            sheet.finish(&mut self.mistakes);
            if let Some(mut pick) = pick {
                field.clone_into(&mut pick.field);
                if let Source::Column(column) = &mut pick.source {
                    required |= std::mem::take(&mut column.required);
                }
                picks.push(pick);
            }
        }
        Some(ListField { picks, split, required })
    }

    /// The columns that may name the customer, best first.
    pub fn identifiers(&mut self, field: &'static str) -> Vec<IdentifierField> {
        let Some(entry) = self.fields.take(field) else { return Vec::new() };
        entry.elements().iter().filter_map(|part| self.identifier(part, field)).collect()
    }

    fn identifier(&mut self, entry: &Entry<'t>, field: &str) -> Option<IdentifierField> {
        let Some(mut sheet) = entry.sheet() else {
            entry.wrong(&mut self.mistakes, "a table such as { from = \"column\", kind = \"account\" }");
            return None;
        };
        if !sheet.has("kind") {
            self.wrong::<()>(&sheet, "expected a kind, such as kind = \"account\"");
        }
        let strength = sheet.choice("kind", &identifying(), &mut self.mistakes);
        let namespace = sheet.text("namespace", &mut self.mistakes);
        let country_code = sheet.text("country_code", &mut self.mistakes);
        if country_code.as_deref().is_some_and(|c| c.len() > 3 || !c.bytes().all(|b| b.is_ascii_digit())) {
            self.wrong::<()>(&sheet, "expected a country_code of one to three digits, or \"\"");
        }
        let strict = self.strict(&mut sheet, "string");
        let says_trim = sheet.has("trim");
        let literal =
            |_: &Entry<'t>| Err("no literal: every customer's identifier is in a column".to_owned());
        let pick = self.pick(&mut sheet, Need::Optional, literal);
        sheet.finish(&mut self.mistakes);
        let (mut pick, strength) = (pick?, strength?);
        field.clone_into(&mut pick.field);
        if let (Source::Column(column), false) = (&mut pick.source, says_trim) {
            column.trim = true;
        }
        let own = match strength {
            Strength::Email | Strength::Phone => String::new(),
            _ => self.system.clone(),
        };
        let namespace = namespace.unwrap_or(own);
        Some(IdentifierField { pick, strength, namespace, phone: PhoneRules { country_code }, strict })
    }

    /// The allow-listed attributes: names of columns, or a table from an attribute's name to its column.
    pub fn attributes(&mut self, field: &'static str) -> Vec<(String, TextField)> {
        let Some(entry) = self.fields.take(field) else { return Vec::new() };
        let named: Vec<(String, Option<Sheet<'t>>)> = match entry.sheet() {
            Some(mut table) => {
                let entries = table.take_all();
                entries.iter().map(|e| (e.name.clone(), self.sheet_of(e))).collect()
            }
            None => entry
                .elements()
                .iter()
                .filter_map(|e| {
                    let name = e.as_text().map(str::to_owned);
                    if name.is_none() {
                        e.wrong(&mut self.mistakes, "a column's name");
                    }
                    name.map(|name| (name, Some(Sheet::short("from", e))))
                })
                .collect(),
        };
        named
            .into_iter()
            .filter_map(|(name, sheet)| {
                let mut text = self.text_of(sheet?, Need::Optional, None)?;
                text.pick.field = format!("{field}.{name}");
                Some((name, text))
            })
            .collect()
    }
}

/// Whether words that are not in the map stay as they are.
fn keeps(pick: &mut Pick<String>) -> bool {
    let Source::Column(column) = &mut pick.source else { return false };
    let keep = matches!(&column.otherwise, Otherwise::Value(word) if word == "keep");
    if keep {
        column.otherwise = Otherwise::Refuse;
    }
    keep
}

/// The strengths that an identifier can have.
fn identifying() -> Vec<(&'static str, Strength)> {
    let known = Strength::WORDS.iter().copied().zip(Strength::ALL.iter().copied());
    known.filter(|(_, strength)| *strength != Strength::None).collect()
}
