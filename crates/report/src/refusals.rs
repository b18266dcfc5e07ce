//! Refused inputs, counted by kind, with the first of each kind named so that somebody can go and look.

use crate::Lang;
use domain::RejectKind;

/// The first refused input of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstRefusal {
    /// File name, without its folder.
    pub file: String,
    /// Line in it (row, for formats without lines), from 1.
    pub line: u64,
    /// The field at fault, where one is.
    pub field: Option<String>,
    /// What was expected; technical, in English everywhere.
    pub expected: String,
}

/// How many inputs of one kind were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalCount {
    /// Why.
    pub kind: RejectKind,
    /// How many.
    pub count: u64,
    /// The first of them, in the order of the files.
    pub first: FirstRefusal,
}

/// Refusals by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusals {
    kinds: Vec<RefusalCount>,
}

impl Refusals {
    /// Counts one refused input. The inputs of one reader arrive in the order of the files; counts of several
    /// readers are joined with [`Self::absorb`], earlier part first.
    pub fn add(&mut self, kind: RejectKind, first: impl FnOnce() -> FirstRefusal) {
        match self.kinds.iter_mut().find(|k| k.kind == kind) {
            Some(known) => known.count += 1,
            None => self.kinds.push(RefusalCount { kind, count: 1, first: first() }),
        }
    }

    /// Adds the counts of a later part of the input.
    pub fn absorb(&mut self, later: Self) {
        for entry in later.kinds {
            match self.kinds.iter_mut().find(|k| k.kind == entry.kind) {
                Some(known) => known.count += entry.count,
                None => self.kinds.push(entry),
            }
        }
    }

    /// Most frequent first, equal counts in the order of [`RejectKind::ALL`].
    pub fn by_count(&self) -> Vec<&RefusalCount> {
        let mut out: Vec<_> = self.kinds.iter().collect();
        let place = |kind| RejectKind::ALL.iter().position(|k| *k == kind);
        out.sort_by_key(|k| (std::cmp::Reverse(k.count), place(k.kind)));
        out
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.kinds.iter().map(|k| k.count).sum()
    }

    /// `Refused: 34 rows.` and a line for each kind; one plain line where nothing was refused.
    pub(crate) fn render(&self, lang: Lang, out: &mut String) {
        if self.kinds.is_empty() {
            out.push_str(lang.pick("Refused: nothing.\n", "Rechazado: nada.\n"));
            return;
        }
        let rows = lang.rows(self.total());
        match lang {
            Lang::En => out.push_str(&format!("Refused: {rows}.\n")),
            Lang::Es => out.push_str(&format!("Rechazado: {rows}.\n")),
        }
        let kinds = self.by_count();
        let count_width = kinds.iter().map(|k| lang.number(k.count).chars().count()).max().unwrap_or(0);
        for kind in kinds {
            let count = lang.number(kind.count);
            let gap = " ".repeat(count_width - count.chars().count());
            out.push_str(&format!("  {gap}{count}  {}", kind_words(lang, kind.kind)));
            out.push_str(&format!("; {}\n", first_words(lang, &kind.first)));
        }
    }
}

fn first_words(lang: Lang, first: &FirstRefusal) -> String {
    let FirstRefusal { file, line, field, expected } = first;
    let field = match (field, lang) {
        (None, _) => String::new(),
        (Some(field), Lang::En) => format!(", field {field}"),
        (Some(field), Lang::Es) => format!(", campo {field}"),
    };
    match lang {
        Lang::En => format!("first: {file} line {line}{field}: expected {expected}"),
        Lang::Es => format!("primero: {file} línea {line}{field}: se esperaba: {expected}"),
    }
}

/// A kind of refusal in a person's words.
pub fn kind_words(lang: Lang, kind: RejectKind) -> &'static str {
    match kind {
        RejectKind::NotUtf8 => lang.pick("not UTF-8 text", "no es texto UTF-8"),
        RejectKind::TooLong => lang.pick("longer than the limit", "más largo que el límite"),
        RejectKind::Malformed => {
            lang.pick("not a record of this format", "no es un registro de este formato")
        }
        RejectKind::Missing => lang.pick("required field missing", "falta un campo obligatorio"),
        RejectKind::WrongType => lang.pick("field of the wrong type", "campo de otro tipo"),
        RejectKind::OutOfRange => lang.pick("value out of range", "valor fuera de rango"),
        RejectKind::BadTime => lang.pick("not a date or time", "no es una fecha u hora"),
        RejectKind::UnknownWord => {
            lang.pick("word the mapping does not know", "palabra que la correspondencia no conoce")
        }
        RejectKind::Inconsistent => {
            lang.pick("rows of one record contradict each other", "las filas de un registro se contradicen")
        }
        RejectKind::Conflict => {
            lang.pick("same record and revision, other content", "mismo registro y revisión, otro contenido")
        }
        RejectKind::Undecodable => {
            lang.pick("record that no schema decodes", "registro que ningún esquema decodifica")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u64) -> FirstRefusal {
        FirstRefusal { file: "a.csv".into(), line, field: None, expected: "a date".into() }
    }

    #[test]
    fn the_first_of_each_kind_is_kept_and_the_most_frequent_comes_first() {
        let mut early = Refusals::default();
        early.add(RejectKind::Missing, || at(3));
        let mut late = Refusals::default();
        for line in [7, 8] {
            late.add(RejectKind::BadTime, || at(line));
        }
        late.add(RejectKind::Missing, || at(9));
        late.add(RejectKind::NotUtf8, || at(10));
        early.absorb(late);
        let seen: Vec<_> = early.by_count().iter().map(|k| (k.kind, k.count, k.first.line)).collect();
        assert_eq!(
            seen,
            [(RejectKind::Missing, 2, 3), (RejectKind::BadTime, 2, 7), (RejectKind::NotUtf8, 1, 10)]
        );
        assert_eq!(early.total(), 5);
    }
}
