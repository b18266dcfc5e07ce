//! The events of a request's body as chunks of raw records, so that they go the way that the lines of a file go.
//! A body that is as a whole no body with events gives none; an event that is none is refused by itself.

use super::chunk::Chunk;
use super::filling::Filling;
use codec::mapping::{Format, Mapping};
use codec::records::{
    Limits, NoDocument, Parser, Piece, Refusal, Unreadable, count_values, document, is_lines, line_too_deep,
    without_bom,
};
use domain::{RejectKind, RejectStage};
use std::sync::Arc;

/// What stands in the place of a file's name in the rejects.
const PLACE: &str = "v1/contacts";

/// How a body holds its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object, or an array of them.
    Document,
    /// One JSON object a line.
    Lines,
}

/// How much one body may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostLimits {
    /// Events.
    pub events: usize,
    /// Levels of nesting in one event.
    pub levels: usize,
    /// Longest event, in bytes.
    pub record_bytes: usize,
}

/// Why a body gives no events. Nothing of it is kept, and no message repeats what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEvents {
    /// It is no JSON document of events.
    #[error(transparent)]
    NoDocument(#[from] NoDocument),
    /// It is no text of lines.
    #[error("the body {0}")]
    NoLines(Unreadable),
    /// A line nests too deeply.
    #[error("expected at most {levels} levels of nesting, but line {line} has more")]
    TooDeep {
        /// The line, from 1.
        line: usize,
        /// Levels that are allowed.
        levels: usize,
    },
    /// There are too many.
    #[error("expected at most {most} events in one request")]
    TooMany {
        /// Events that are allowed.
        most: usize,
    },
    /// They hold too many values.
    #[error("expected at most {most} values in one request")]
    TooManyValues {
        /// Values that are allowed.
        most: usize,
    },
    /// There is not a single one.
    #[error("expected at least one event")]
    Empty,
}

/// Values of one event, on average, that a body may hold; real ones have some twenty. A value of two bytes takes
/// fifty times that in memory, so their number has to have a bound besides that of the bytes.
const VALUES_PER_EVENT: usize = 100;
/// And at least so many, whatever the number of events.
const VALUES_LEAST: usize = 10_000;

/// Cuts a body into raw records, in its order; there is at least one. Where the form is not said it is looked
/// for: lines where the first one is a whole object and others follow, else a document. A byte order mark at
/// the beginning is passed over.
pub fn posted(
    mapping: &Mapping,
    body: &[u8],
    form: Option<Form>,
    limits: &PostLimits,
) -> Result<Vec<Chunk>, NoEvents> {
    let body = without_bom(body);
    let most = limits.events.saturating_mul(VALUES_PER_EVENT).max(VALUES_LEAST);
    if count_values(body) > most {
        return Err(NoEvents::TooManyValues { most });
    }
    let looked_for = || if is_lines(body) { Form::Lines } else { Form::Document };
    let mut taken = Taken { filling: Filling::default(), name: Arc::from(PLACE), events: 0 };
    match form.unwrap_or_else(looked_for) {
        Form::Document => from_document(mapping, body, limits, &mut taken)?,
        Form::Lines => from_lines(mapping, body, limits, &mut taken)?,
    }
    match taken.events {
        0 => Err(NoEvents::Empty),
        events if events > limits.events => Err(NoEvents::TooMany { most: limits.events }),
        _ => Ok(taken.finish()),
    }
}

/// What was cut so far.
struct Taken {
    filling: Filling,
    name: Arc<str>,
    events: usize,
}

impl Taken {
    fn take(&mut self, parser: &Parser, piece: Piece<'_>) {
        self.events += 1;
        self.filling.take(&self.name, parser, piece);
    }

    fn finish(mut self) -> Vec<Chunk> {
        self.filling.close(&self.name);
        self.filling.full
    }
}

fn from_document(
    mapping: &Mapping,
    body: &[u8],
    limits: &PostLimits,
    taken: &mut Taken,
) -> Result<(), NoEvents> {
    let parser = Parser::json(Arc::clone(mapping.columns()));
    for (raw, line) in document(body, limits.levels)?.into_iter().zip(1..) {
        taken.take(&parser, piece(raw, line, limits));
    }
    Ok(())
}

/// An element of an array; what is no object, or too long, is refused by itself.
fn piece<'b>(raw: &'b [u8], line: u64, limits: &PostLimits) -> Piece<'b> {
    let refused = |kind, expected: String, kept: usize| {
        let refusal = Refusal { stage: RejectStage::Read, kind, field: None, expected };
        Piece::Refused { line, raw: &raw[..kept], whole: kept == raw.len(), refusal }
    };
    if raw.len() > limits.record_bytes {
        let expected = format!("an event of at most {} bytes", limits.record_bytes);
        return refused(RejectKind::TooLong, expected, Limits::default().kept_bytes.min(raw.len()));
    }
    if raw.first() != Some(&b'{') {
        return refused(RejectKind::Malformed, "a JSON object".to_owned(), raw.len());
    }
    Piece::Record { line, raw }
}

fn from_lines(
    mapping: &Mapping,
    body: &[u8],
    limits: &PostLimits,
    taken: &mut Taken,
) -> Result<(), NoEvents> {
    if let Some(line) = line_too_deep(body, limits.levels) {
        return Err(NoEvents::TooDeep { line, levels: limits.levels });
    }
    let of_record = Limits { record_bytes: limits.record_bytes, ..Limits::default() };
    let mut reader = mapping.reader(Format::Ndjson, of_record).expect("lines are read as text");
    let read = reader.feed(body, |parser, piece| taken.take(parser, piece));
    let read = read.and_then(|()| reader.finish(|parser, piece| taken.take(parser, piece)));
    match read {
        Ok(()) | Err(Unreadable::NoRecords { .. }) => Ok(()),
        Err(unreadable) => Err(NoEvents::NoLines(unreadable)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunk::Read;
    use super::*;

    const MAPPING: &str = "format = \"ndjson\"\nsource = { system = \"s\" }\n[fields]\nrecord = \"id\"\n\
        occurred_at = \"at\"\nchannel = { constant = \"phone\" }\n";

    /// The events as `line:kind`, or why there are none.
    fn read(body: &[u8], form: Option<Form>) -> Result<Vec<String>, String> {
        let mapping = Mapping::parse(MAPPING, "m.toml").expect("a mapping");
        let limits = PostLimits { events: 3, levels: 2, record_bytes: 20 };
        let chunks = posted(&mapping, body, form, &limits).map_err(|e| e.to_string())?;
        let show = |read: Read<'_>| match read {
            Read::Record { place, .. } => format!("{}:record", place.line),
            Read::Refused { place, refusal, .. } => format!("{}:{}", place.line, refusal.kind.word()),
        };
        Ok(chunks.iter().flat_map(Chunk::reads).map(show).collect())
    }

    #[test]
    fn a_body_holds_an_object_an_array_or_lines() {
        let check = |body: &str, form: Option<Form>, expect: &[&str]| {
            let found = read(body.as_bytes(), form).unwrap_or_else(|why| panic!("{body}: {why}"));
            assert_eq!(found, expect, "{body}");
        };
        check("{\"a\":1}", None, &["1:record"]);
        check("\u{feff}{\n\"a\":1\n}\n", None, &["1:record"]);
        check("[{\"a\":1},5,{\"a\":\"0123456789abcdef\"}]", None, &["1:record", "2:malformed", "3:too_long"]);
        check("{\"a\":1}\n\n{\"a\":2\n", None, &["1:record", "3:malformed"]);
        check("{\"a\":1}\n", Some(Form::Lines), &["1:record"]);
        check("[1]\n{}", Some(Form::Lines), &["1:malformed", "2:record"]);
    }

    #[test]
    fn a_body_without_events_says_what_was_expected() {
        let check = |body: &[u8], form: Option<Form>, expect: &str| {
            assert_eq!(read(body, form).expect_err("no events"), expect, "{body:?}");
        };
        check(b"", Some(Form::Lines), "expected at least one event");
        check(b" \n \n", Some(Form::Lines), "expected at least one event");
        check(b"[]", None, "expected at least one event");
        check(b"7", None, "expected a JSON object or an array of objects");
        check(b"[1,2,3,4]", None, "expected at most 3 events in one request");
        check(b"{}\n{}\n{}\n{}", None, "expected at most 3 events in one request");
        let many = format!("{{\"a\":[{}]}}", vec!["1"; 10_001].join(","));
        check(many.as_bytes(), None, "expected at most 10000 values in one request");
        check(b"{\"a\":{\"b\":[]}}", None, "expected at most 2 levels of nesting");
        check(b"{}\n{\"a\":{\"b\":[]}}", None, "expected at most 2 levels of nesting, but line 2 has more");
        check(
            b"\x1f\x8b",
            Some(Form::Lines),
            "the body looks like a gzip file, expected NDJSON text in UTF-8",
        );
        check(b"\x1f\x8b", None, "expected UTF-8 text, which ends at byte 1");
        check(
            b"{\"a\":1}{\"a\":2}",
            None,
            "expected a JSON document, but at line 1 column 8: trailing characters",
        );
    }
}
