//! From the `[fields]` table of a mapping file to compiled fields: what all kinds of fields have in common.
//! Every mistake is noted, and building goes on.

use super::fields::Words;
use super::mistake::Mistakes;
use super::pick::{Column, Otherwise, Pick, Source};
use super::sheet::{Entry, Sheet};
use crate::records::Columns;
use domain::Zone;

/// Whether a fact can be without the field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Every fact has it.
    Always,
    /// It may be empty or unmapped.
    Optional,
}

/// The values and words of a closed list.
pub(super) type Closed<E> = (&'static [E], &'static [&'static str]);

/// What is being built.
pub(super) struct Build<'t> {
    pub mistakes: Mistakes<'t>,
    pub columns: Columns,
    pub zone: Zone,
    /// Name of the source system: where account numbers mean something.
    pub system: String,
    pub fields: Sheet<'t>,
}

impl<'t> Build<'t> {
    /// The options of a field; the short form is the column's name alone.
    pub fn options(&mut self, field: &'static str, need: Need) -> Option<Sheet<'t>> {
        let entry = self.fields.take(field);
        if entry.is_none() && need == Need::Always {
            let path = format!("{}.{field}", self.fields.path);
            self.mistakes.add(self.fields.at, &path, "missing, expected a column or a constant");
        }
        self.sheet_of(&entry?)
    }

    pub fn sheet_of(&mut self, entry: &Entry<'t>) -> Option<Sheet<'t>> {
        if entry.as_text().is_some() {
            return Some(Sheet::short("from", entry));
        }
        let sheet = entry.sheet();
        if sheet.is_none() {
            entry.wrong(&mut self.mistakes, "a column's name or a table such as { from = \"column\" }");
        }
        sheet
    }

    /// The column or constant of a field, by the options that every kind of field has.
    pub fn pick<T>(
        &mut self,
        sheet: &mut Sheet<'t>,
        need: Need,
        literal: impl Fn(&Entry<'t>) -> Result<T, String>,
    ) -> Option<Pick<T>> {
        let field = sheet.path.strip_prefix("fields.").unwrap_or(&sheet.path).to_owned();
        let from = sheet.take("from");
        let from = from.map(|entry| self.names(&entry));
        let constant = sheet.take("constant");
        let constant = constant.map(|entry| self.literal(&entry, &literal));
        let default = sheet.take("default").and_then(|entry| self.literal(&entry, &literal));
        let required = sheet.flag("required", &mut self.mistakes);
        let trim = sheet.flag("trim", &mut self.mistakes).unwrap_or(false);
        let nulls = sheet.texts("null", &mut self.mistakes);
        let otherwise = sheet.take("otherwise").map_or(Otherwise::Refuse, |e| self.otherwise(&e, &literal));
        let source = match (from, constant) {
            (Some(_), Some(_)) => self.wrong(sheet, "expected either a column or a constant, found both"),
            (None, None) => self.wrong(sheet, "expected a column (from) or a constant"),
            (None, Some(constant)) => Some(Source::Constant(constant?)),
            (Some(names), None) => {
                if need == Need::Always && required == Some(false) && default.is_none() {
                    self.wrong::<()>(
                        sheet,
                        "every record needs a value: expected a default, or no `required = false`",
                    );
                }
                let required = required.unwrap_or(need == Need::Always);
                // Without a name there is a mistake already.
                let (name, others) = names.split_first()?;
                let (name, slot) = (name.clone(), self.columns.add(name));
                let others = others.iter().map(|other| self.columns.add(other)).collect();
                Some(Source::Column(Column { name, slot, others, required, trim, nulls, default, otherwise }))
            }
        };
        source.map(|source| Pick { field, source })
    }

    /// The name of a column, or of several: the first that has a value counts.
    fn names(&mut self, entry: &Entry<'t>) -> Vec<String> {
        let expected = "a column's name or a list of names";
        if entry.elements().is_empty() {
            entry.wrong(&mut self.mistakes, expected);
        }
        entry.texts(&mut self.mistakes, expected)
    }

    pub fn wrong<T>(&mut self, sheet: &Sheet<'_>, message: &str) -> Option<T> {
        self.mistakes.add(sheet.at, &sheet.path, message);
        None
    }

    pub fn literal<T>(
        &mut self,
        entry: &Entry<'t>,
        literal: &impl Fn(&Entry<'t>) -> Result<T, String>,
    ) -> Option<T> {
        literal(entry).map_err(|expected| entry.wrong(&mut self.mistakes, &expected)).ok()
    }

    pub fn otherwise<T>(
        &mut self,
        entry: &Entry<'t>,
        literal: &impl Fn(&Entry<'t>) -> Result<T, String>,
    ) -> Otherwise<T> {
        match entry.as_text() {
            Some("refuse") => Otherwise::Refuse,
            Some("null") => Otherwise::Null,
            _ => match literal(entry) {
                Ok(value) => Otherwise::Value(value),
                Err(expected) => {
                    entry.wrong(&mut self.mistakes, &format!("\"refuse\", \"null\" or {expected}"));
                    Otherwise::Refuse
                }
            },
        }
    }

    /// The map from the source's words, where there is one.
    pub fn words<T>(
        &mut self,
        sheet: &mut Sheet<'t>,
        literal: &impl Fn(&Entry<'t>) -> Result<T, String>,
    ) -> Option<Words<T>> {
        let ignore_case = sheet.flag("ignore_case", &mut self.mistakes).unwrap_or(false);
        let entry = sheet.take("map")?;
        let Some(mut map) = entry.sheet().filter(|_| entry.value.as_table().is_some_and(|t| !t.is_empty()))
        else {
            entry.wrong(&mut self.mistakes, "a table such as { \"source word\" = \"our word\" }");
            return None;
        };
        let entries = map.take_all();
        let known =
            entries.iter().filter_map(|e| Some((e.name.clone(), self.literal(e, literal)?))).collect();
        Some(Words { known, ignore_case })
    }

    /// Whether the source itself has to say that a value is of this type.
    pub fn strict(&mut self, sheet: &mut Sheet<'t>, name: &str) -> bool {
        sheet.choice("type", &[(name, true)], &mut self.mistakes).unwrap_or(false)
    }
}
