//! One row of CSV (RFC 4180) to one record. A quote opens a field only at the field's first byte; `""` inside is
//! one quote; text after a closing quote is refused, because guessing would silently change what was said.
//! The `csv` crate agrees on every row that both accept (a property test holds us to it); ours keeps each
//! row's raw bytes and finds its way after a quote that never closes.

use super::refusal::utf8;
use super::{Columns, Record, Refusal, Unreadable, Value};
use domain::RejectKind;
use std::borrow::Cow;

/// The first row, held against the wanted columns.
#[derive(Debug)]
pub(super) struct Header {
    separator: u8,
    /// For each field of a row, the slot it goes to.
    slots: Vec<Option<usize>>,
}

impl Header {
    /// Reads the first row. Every wanted column has to be in it, once.
    pub fn parse(raw: &[u8], separator: u8, columns: &Columns) -> Result<Self, Unreadable> {
        let broken = |refusal: Refusal| Unreadable::BrokenHeader { expected: refusal.expected };
        let text = utf8(raw).map_err(broken)?;
        let names: Vec<String> = fields(text, separator)
            .map(|field| field.map(|name| name.trim().to_owned()))
            .collect::<Result<_, _>>()
            .map_err(broken)?;
        let slots: Vec<Option<usize>> = names.iter().map(|name| columns.slot(name)).collect();
        let present = |slot: usize| slots.iter().filter(|s| **s == Some(slot)).count();
        if let Some(twice) = (0..columns.names().len()).find(|slot| present(*slot) > 1) {
            return Err(Unreadable::ColumnTwice { column: columns.names()[twice].clone() });
        }
        let missing: Vec<String> = columns
            .names()
            .iter()
            .enumerate()
            .filter(|(s, _)| present(*s) == 0)
            .map(|(_, n)| n.clone())
            .collect();
        if missing.is_empty() {
            return Ok(Self { separator, slots });
        }
        // A file without a header has customers' data in its first row, which must not be printed.
        let found = if missing.len() < columns.names().len() { names } else { Vec::new() };
        Err(Unreadable::UnknownColumns { missing, found })
    }

    /// Parses one row.
    pub fn record<'a>(&self, columns: &'a Columns, raw: &'a [u8]) -> Result<Record<'a>, Refusal> {
        let mut record = Record::empty(columns);
        let mut count = 0;
        for field in fields(utf8(raw)?, self.separator) {
            let field = field?;
            if let Some(Some(slot)) = self.slots.get(count) {
                record.set(*slot, Value::Cell(field));
            }
            count += 1;
        }
        let expected = self.slots.len();
        if count != expected {
            let expected = format!("{expected} fields as in the header, found {count}");
            return Err(Refusal::read(RejectKind::Malformed, expected));
        }
        Ok(record)
    }
}

/// The fields of one row.
fn fields(row: &str, separator: u8) -> Fields<'_> {
    Fields { rest: Some(row), separator: char::from(separator) }
}

struct Fields<'a> {
    /// What follows the last separator; `None` after the last field.
    rest: Option<&'a str>,
    separator: char,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Cow<'a, str>, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        if let Some(inner) = rest.strip_prefix('"') {
            return Some(self.quoted(inner));
        }
        match rest.split_once(self.separator) {
            Some((field, rest)) => {
                self.rest = Some(rest);
                Some(Ok(Cow::Borrowed(field)))
            }
            None => Some(Ok(Cow::Borrowed(rest))),
        }
    }
}

impl<'a> Fields<'a> {
    /// The rest of a field after its opening quote.
    fn quoted(&mut self, inner: &'a str) -> Result<Cow<'a, str>, Refusal> {
        let mut doubled = false;
        let mut from = 0;
        let end = loop {
            let Some(at) = memchr::memchr(b'"', &inner.as_bytes()[from..]) else {
                return Err(Refusal::read(RejectKind::Malformed, "a closing quote for every quoted field"));
            };
            let quote = from + at;
            if inner.as_bytes().get(quote + 1) != Some(&b'"') {
                break quote;
            }
            doubled = true;
            from = quote + 2;
        };
        let after = &inner[end + 1..];
        if !after.is_empty() {
            let Some(rest) = after.strip_prefix(self.separator) else {
                let expected = format!("{:?} or the end of the row after a closing quote", self.separator);
                return Err(Refusal::read(RejectKind::Malformed, expected));
            };
            self.rest = Some(rest);
        }
        let field = &inner[..end];
        Ok(if doubled { Cow::Owned(field.replace("\"\"", "\"")) } else { Cow::Borrowed(field) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Result<Vec<String>, String> {
        fields(text, b',').map(|f| f.map(Cow::into_owned).map_err(|r| r.to_string())).collect()
    }

    #[test]
    fn a_row_is_split_into_fields() {
        let cases: &[(&str, &[&str])] = &[
            ("a,b,c", &["a", "b", "c"]),
            ("", &[""]),
            (",", &["", ""]),
            ("\"a,b\",\"\"", &["a,b", ""]),
            ("\"say \"\"hi\"\"\",x", &["say \"hi\"", "x"]),
            ("5\" wide,\"two\nlines\"", &["5\" wide", "two\nlines"]),
            (" \"a\"", &[" \"a\""]),
        ];
        for (text, expect) in cases {
            assert_eq!(row(text).expect(text), *expect, "{text}");
        }
    }

    #[test]
    fn a_row_that_could_be_read_in_two_ways_is_refused() {
        assert!(row("\"a\"b,c").expect_err("after quote").contains("after a closing quote"));
        assert!(row("\"a,b").expect_err("open quote").contains("a closing quote"));
    }

    #[test]
    fn the_header_has_every_wanted_column_once() {
        let columns: Columns = ["a", "b"].into_iter().collect();
        let check = |header: &str| Header::parse(header.as_bytes(), b',', &columns).map(|h| h.slots);
        assert_eq!(check("x, b ,a").expect("ok"), [None, Some(1), Some(0)]);
        assert_eq!(check("a,b,a").expect_err("twice"), Unreadable::ColumnTwice { column: "a".into() });
        let Err(Unreadable::UnknownColumns { missing, found }) = check("a,c") else { panic!("b is missing") };
        assert_eq!((missing, found), (vec!["b".to_owned()], vec!["a".to_owned(), "c".to_owned()]));
        let Err(Unreadable::UnknownColumns { found, .. }) = check("Ana,600111222") else {
            panic!("no header")
        };
        assert!(found.is_empty(), "what may be a customer's data is not repeated");
    }
}
