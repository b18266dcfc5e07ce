//! A JSON document, such as the body of a request: one object or an array of them, cut into the bytes of each.
//! Unlike a file it is all there, and it is one document or none: where it is broken anywhere, nothing of it is
//! read. No message repeats what it says.

use super::ndjson::too_deep;
use serde::Deserialize as _;
use serde::de::IgnoredAny;

/// Why bytes are no JSON document with records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDocument {
    /// Not UTF-8.
    #[error("expected UTF-8 text, which ends at byte {offset}")]
    NotUtf8 {
        /// Bytes before it that are.
        offset: usize,
    },
    /// Not JSON.
    #[error("expected a JSON document, but at line {line} column {column}: {reason}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Byte in the line, from 1.
        column: usize,
        /// What the reader of JSON says, which holds nothing of the text.
        reason: String,
    },
    /// A record nests deeper than allowed.
    #[error("expected at most {levels} levels of nesting")]
    TooDeep {
        /// Levels allowed in one record.
        levels: usize,
    },
    /// JSON, but neither an object nor an array.
    #[error("expected a JSON object or an array of objects")]
    NoRecords,
}

/// The raw bytes of each record of a document: of the object itself, or of each element of the array, which may
/// be none. Each record may nest `levels` deep; the array around them is not counted.
///
/// ```
/// use codec::records::document;
///
/// assert_eq!(document(br#" [{"a": "]"}, 7] "#, 8), Ok(vec![br#"{"a": "]"}"#.as_slice(), b"7"]));
/// assert!(document(br#"[{"a": 1},]"#, 8).is_err());
/// ```
pub fn document(raw: &[u8], levels: usize) -> Result<Vec<&[u8]>, NoDocument> {
    let text = std::str::from_utf8(raw).map_err(|e| NoDocument::NotUtf8 { offset: e.valid_up_to() })?;
    let raw = text.trim_ascii().as_bytes();
    let array = raw.first() == Some(&b'[');
    // Before anything recurses.
    if too_deep(raw, levels + usize::from(array)) {
        return Err(NoDocument::TooDeep { levels });
    }
    let mut json = serde_json::Deserializer::from_str(text);
    IgnoredAny::deserialize(&mut json).and_then(|_| json.end()).map_err(|e| malformed(&e))?;
    match raw.first() {
        Some(b'{') => Ok(vec![raw]),
        Some(b'[') => Ok(elements(&raw[1..raw.len() - 1])),
        Some(_) | None => Err(NoDocument::NoRecords),
    }
}

/// Whether a text whose writer did not say what it is looks like one record a line: it begins with an object that
/// ends on its line, and there are more lines that are not blank.
pub fn is_lines(raw: &[u8]) -> bool {
    let text = raw.trim_ascii_start();
    let Some(end) = memchr::memchr(b'\n', text).filter(|_| text.first() == Some(&b'{')) else { return false };
    let (line, rest) = text.split_at(end);
    let whole = !too_deep(line, super::DEPTH_MAX) && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    whole && !rest.trim_ascii().is_empty()
}

/// The first line, counted from 1, whose text nests deeper than `levels`.
pub fn line_too_deep(raw: &[u8], levels: usize) -> Option<usize> {
    raw.split(|byte| *byte == b'\n').position(|line| too_deep(line, levels)).map(|at| at + 1)
}

/// How many values the objects and lists of a text hold at most, without reading them: their commas, outside of
/// strings. No string goes over the end of a line.
pub fn count_values(raw: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for &byte in raw {
        match byte {
            b'\n' => (in_string, escaped) = (false, false),
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' if !in_string => count += 1,
            _ => {}
        }
    }
    count + 1
}

fn malformed(error: &serde_json::Error) -> NoDocument {
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or_default().to_owned();
    NoDocument::Malformed { line: error.line(), column: error.column(), reason }
}

/// What stands between the commas of a valid array, without the white space around it.
fn elements(inner: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let (mut depth, mut in_string, mut escaped, mut from) = (0usize, false, false, 0);
    for (at, &byte) in inner.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(inner[from..at].trim_ascii());
                from = at + 1;
            }
            _ => {}
        }
    }
    let last = inner[from..].trim_ascii();
    found.extend((!last.is_empty()).then_some(last));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_one_record_and_an_array_as_many_as_it_has() {
        let check = |text: &str, expect: &[&str]| {
            let found = document(text.as_bytes(), 4).expect(text);
            let found: Vec<_> = found.iter().map(|raw| std::str::from_utf8(raw).expect("UTF-8")).collect();
            assert_eq!(found, expect, "{text}");
        };
        check("{}", &["{}"]);
        check(" \n{\"a\":\n1}\r\n", &["{\"a\":\n1}"]);
        check("[]", &[]);
        check(" [ \n ] ", &[]);
        check(
            r#"[{"a":1},{"b":[2,3]} , {"c":{"d":4}}]"#,
            &[r#"{"a":1}"#, r#"{"b":[2,3]}"#, r#"{"c":{"d":4}}"#],
        );
        check(
            r#"[{"a":"],\"{"},"x,y",null,7,[1,2]]"#,
            &[r#"{"a":"],\"{"}"#, "\"x,y\"", "null", "7", "[1,2]"],
        );
        check("[\"\\\\\",{\"\u{e1}\":\"\u{1f600},\"}]", &["\"\\\\\"", "{\"\u{e1}\":\"\u{1f600},\"}"]);
    }

    #[test]
    fn a_document_that_is_broken_anywhere_is_none_and_is_not_repeated() {
        let malformed = |line, column, reason: &str| {
            let reason = reason.to_owned();
            Err(NoDocument::Malformed { line, column, reason })
        };
        let cases = [
            (r#"[{"a":1},]"#, malformed(1, 10, "expected value")),
            ("[{\"a\":1},\n{\"b\":secret}]", malformed(2, 6, "expected value")),
            (r#"[{"a":1}"#, malformed(1, 8, "EOF while parsing a list")),
            (r#"{"a":NaN}"#, malformed(1, 6, "expected value")),
            (r#"{"a":1}{"b":2}"#, malformed(1, 8, "trailing characters")),
            (r#"{"a":1]"#, malformed(1, 7, "expected `,` or `}`")),
            ("", malformed(1, 0, "EOF while parsing a value")),
            ("\"secret\"", Err(NoDocument::NoRecords)),
            ("5", Err(NoDocument::NoRecords)),
        ];
        for (text, expect) in cases {
            assert_eq!(document(text.as_bytes(), 4), expect, "{text}");
        }
        assert_eq!(document(b"{\"a\":\"\xff\"}", 4), Err(NoDocument::NotUtf8 { offset: 6 }));
    }

    #[test]
    fn depth_is_counted_within_a_record_and_before_anything_recurses() {
        let nested =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        for text in [nested(4), format!("[{}]", nested(4))] {
            assert!(document(text.as_bytes(), 4).is_ok(), "{text}");
        }
        let endless = "[".repeat(1 << 20);
        for text in [nested(5), format!("[{}]", nested(5)), endless] {
            assert_eq!(document(text.as_bytes(), 4), Err(NoDocument::TooDeep { levels: 4 }));
        }
        assert_eq!(line_too_deep(b"{}\n{\"a\":{\"b\":1}}\n{}", 1), Some(2));
        assert_eq!(line_too_deep(b"{}\n{\"a\":\"\n[[[\n", 4), None);
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        let cases = [
            ("{}", 1),
            (r#"{"a":[1,2,3],"b":",,,","c":"\",\\"}"#, 5),
            ("{\"a\":\",\n{\"a\":1,\"b\":2}\n", 2),
        ];
        for (text, expect) in cases {
            assert_eq!(count_values(text.as_bytes()), expect, "{text}");
        }
    }

    #[test]
    fn one_record_a_line_is_seen_by_its_first_line() {
        let cases = [
            ("{\"a\":1}\n{\"a\":2}", true),
            (" \n{\"a\":1}\nbroken", true),
            ("{\"a\":1}\n\n", false),
            ("{\"a\":1}", false),
            ("{\n\"a\":1}\n", false),
            ("{\"a\":1,\n\"b\":2}", false),
            ("[{\"a\":1}\n]", false),
            ("", false),
        ];
        for (text, expect) in cases {
            assert_eq!(is_lines(text.as_bytes()), expect, "{text:?}");
        }
    }
}
