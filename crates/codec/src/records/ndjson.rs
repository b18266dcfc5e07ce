//! One JSON object to one record. Only the wanted columns are kept, so no tree of the whole object is built.
//! Of a field that occurs twice the last one counts, and the record says so.

use super::refusal::utf8;
use super::value::Node;
use super::{Columns, DEPTH_MAX, Record, Refusal, Value};
use domain::RejectKind;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// Parses the raw bytes of one line.
pub(super) fn parse<'a>(columns: &'a Columns, raw: &'a [u8]) -> Result<Record<'a>, Refusal> {
    let text = utf8(raw)?;
    if !text.trim_start().starts_with('{') {
        return Err(malformed("one JSON object a line"));
    }
    if too_deep(raw, DEPTH_MAX) {
        return Err(malformed(&format!("at most {DEPTH_MAX} levels of nesting")));
    }
    let mut record = Record::empty(columns);
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_any(Object { node: columns.root(), record: &mut record });
    read.and_then(|()| json.end()).map_err(|e| explain(&e))?;
    Ok(record)
}

/// The value that a text spells in JSON; `None` where it spells none, or one that nests too deep.
pub(crate) fn json_value(text: &str) -> Option<Value<'_>> {
    if too_deep(text.as_bytes(), DEPTH_MAX) {
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = AnyValue.deserialize(&mut json).ok()?;
    json.end().is_ok().then_some(value)
}

fn malformed(expected: &str) -> Refusal {
    Refusal::read(RejectKind::Malformed, expected)
}

/// serde_json's messages on syntax are fixed sentences; those on data repeat the data, and are left out.
fn explain(error: &serde_json::Error) -> Refusal {
    if error.is_data() {
        return malformed("one JSON object a line");
    }
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or_default();
    malformed(&format!("one JSON object a line, but at column {}: {reason}", error.column()))
}

/// Whether objects and lists nest deeper than `most` levels, outside of strings.
pub(super) fn too_deep(raw: &[u8], most: usize) -> bool {
    // Nearly every record has fewer brackets than levels allowed, which is quickly seen.
    if memchr::memchr2_iter(b'{', b'[', raw).nth(most).is_none() {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in raw {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

/// Reads what stands at a node into the record.
struct Object<'r, 'de> {
    node: &'r Node,
    record: &'r mut Record<'de>,
}

impl<'de> DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { node, record } = self;
        if let (Some(slot), true) = (node.slot, node.children.is_empty()) {
            record.duplicate_keys |= !matches!(record.at(slot), Value::Missing);
            record.set(slot, AnyValue.deserialize(json)?);
            return Ok(());
        }
        record.duplicate_keys |= clear(node, record);
        let Some(slot) = node.slot else {
            return json.deserialize_any(Self { node, record });
        };
        let value = AnyValue.deserialize(json)?;
        record.fill(node, &value);
        record.set(slot, value);
        Ok(())
    }
}

/// Forgets what stands at a node and below it; says whether there was anything.
fn clear(node: &Node, record: &mut Record<'_>) -> bool {
    let mut found = false;
    if let Some(slot) = node.slot {
        found = !matches!(record.at(slot), Value::Missing);
        record.set(slot, Value::Missing);
    }
    for (_, child) in &node.children {
        found |= clear(child, record);
    }
    found
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(found) = map.next_key_seed(Key(self.node))? {
            match found {
                Some(at) => {
                    let node = &self.node.children[at].1;
                    map.next_value_seed(Object { node, record: &mut *self.record })?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    // Anything else where a path goes on: the columns below it are missing.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// Finds the child that a key names.
struct Key<'r>(&'r Node);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<usize>, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<usize>, E> {
        Ok(self.0.child(key))
    }
}

/// Reads any value whole.
struct AnyValue;

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Int(value))
    }
    // A number beyond i64 is only good for being out of range.
    fn visit_u64<E: Error>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Float(value))
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Self)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut entries: Vec<(Cow<'de, str>, Value<'de>)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            entries.push((Cow::Owned(key), map.next_value_seed(Self)?));
        }
        keep_last(&mut entries);
        Ok(Value::Map(entries))
    }
}

/// Of a key that occurs twice the last value counts. Linear, because a record may be one object of 100,000 keys.
fn keep_last(entries: &mut Vec<(Cow<'_, str>, Value<'_>)>) {
    let mut seen = HashSet::with_capacity(entries.len());
    let last: Vec<bool> = entries.iter().rev().map(|(key, _)| seen.insert(key.as_ref())).collect();
    if last.contains(&false) {
        let mut last = last.into_iter().rev();
        entries.retain(|_| last.next() == Some(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(columns: &[&str], line: &str) -> Result<Vec<String>, String> {
        let columns: Columns = columns.iter().collect();
        let record = parse(&columns, line.as_bytes()).map_err(|r| r.to_string())?;
        let mut shown: Vec<String> =
            columns.names().iter().map(|n| show(record.get(n).expect("column"))).collect();
        if record.duplicate_keys {
            shown.push("duplicate".into());
        }
        Ok(shown)
    }

    fn show(value: &Value<'_>) -> String {
        match value {
            Value::Missing => "-".into(),
            Value::Null => "null".into(),
            Value::Bool(b) => b.to_string(),
            Value::Int(i) => i.to_string(),
            Value::Float(f) => format!("{f:?}"),
            Value::Text(Cow::Borrowed(t)) => format!("'{t}'"),
            Value::Text(Cow::Owned(t)) => format!("own'{t}'"),
            Value::Cell(_) | Value::Time(_) => unreachable!("JSON has neither"),
            Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" ")),
            Value::Map(entries) => {
                let parts: Vec<_> = entries.iter().map(|(k, v)| format!("{k}={}", show(v))).collect();
                format!("{{{}}}", parts.join(" "))
            }
        }
    }

    #[test]
    fn fields_are_found_by_name_and_by_path() {
        let check = |columns: &[&str], line: &str, expect: &[&str]| {
            assert_eq!(read(columns, line).expect(line), expect, "{line}");
        };
        check(&["a", "b"], r#" {"b":1.5,"x":[{"a":9}],"a":"t"} "#, &["'t'", "1.5"]);
        check(&["a", "b"], r#"{"a":"q\"\u00e1","b":null}"#, &["own'q\"á'", "null"]);
        check(&["a.b", "a.c.d"], r#"{"a":{"b":true,"c":{"d":-7,"e":0}}}"#, &["true", "-7"]);
        check(&["a.b"], r#"{"a.b":3}"#, &["3"]);
        check(&["a.b"], r#"{"a":[1,2]}"#, &["-"]);
        check(&["a", "a.b"], r#"{"a":{"b":1,"c":[null,{}]}}"#, &["{b=1 c=[null {}]}", "1"]);
        check(&["a"], r#"{"a":{"b":1,"c":2,"b":3,"d":4,"d":5}}"#, &["{c=2 b=3 d=5}"]);
        check(
            &["n", "m"],
            r#"{"n":18446744073709551615,"m":-9223372036854775808}"#,
            &["1.8446744073709552e19", "-9223372036854775808"],
        );
    }

    #[test]
    fn the_last_of_a_repeated_field_counts_and_is_flagged() {
        assert_eq!(read(&["a"], r#"{"a":1,"a":2}"#).expect("ok"), ["2", "duplicate"]);
        assert_eq!(read(&["a.b"], r#"{"a":{"b":1},"a":{"c":2}}"#).expect("ok"), ["-", "duplicate"]);
        assert_eq!(read(&["a.b"], r#"{"a":{"b":1},"a":null}"#).expect("ok"), ["-", "duplicate"]);
        assert_eq!(read(&["a"], r#"{"b":1,"b":2,"a":3}"#).expect("ok"), ["3"], "nobody reads b");
    }

    #[test]
    fn what_is_no_object_is_refused_without_repeating_it() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
        let cases = [
            ("\"secret\"", "malformed: expected one JSON object a line"),
            ("[{\"a\":1}]", "malformed: expected one JSON object a line"),
            (
                "{\"a\":1",
                "malformed: expected one JSON object a line, but at column 6: EOF while parsing an object",
            ),
            ("{\"a\":secret}", "malformed: expected one JSON object a line, but at column 6: expected value"),
            (
                "{\"a\":1}{",
                "malformed: expected one JSON object a line, but at column 8: trailing characters",
            ),
            (&deep, "malformed: expected at most 32 levels of nesting"),
        ];
        for (line, expect) in cases {
            assert_eq!(read(&["a"], line).expect_err(line), expect, "{line}");
        }
    }

    #[test]
    fn brackets_in_text_are_no_nesting() {
        let line = format!("{{\"a\":\"{}\\\"[\"}}", "[".repeat(100));
        assert!(read(&["a"], &line).is_ok());
    }
}
