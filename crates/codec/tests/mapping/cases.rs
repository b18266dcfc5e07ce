//! Case files: a mapping, an input, and what they become. `UPDATE_EXPECT=1` rewrites what is expected.

use crate::run::{Outcome, deployed, run};
use codec::mapping::{Draft, Format, Mapping};
use domain::fact::ContactRecorded;
use domain::{Body, Words};
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn every_case_becomes_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping/cases");
    let mut paths: Vec<_> =
        std::fs::read_dir(&folder).expect("cases").map(|e| e.expect("entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "the case files are gone from {}", folder.display());
    let differing: Vec<_> = paths.iter().filter(|path| !holds(path)).collect();
    assert!(differing.is_empty(), "UPDATE_EXPECT=1 accepts the new outcome of {differing:?}");
}

/// Whether a case file holds; prints what became different.
#[expect(clippy::print_stderr, reason = "a failing case shows itself")]
fn holds(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).expect("a case file");
    let (given, expected) = text.split_once("=== expect\n").unwrap_or((&text, ""));
    let (mapping, input) = given.split_once("=== input ").expect("a mapping, then an input");
    let (format, input) = input.split_once('\n').expect("a format");
    let found = outcome(mapping.strip_prefix("=== mapping\n").expect("a mapping"), format, input);
    if found == expected {
        return true;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, format!("{given}=== expect\n{found}")).expect("rewritten");
        return true;
    }
    eprintln!("--- {}\nexpected:\n{expected}\nfound:\n{found}", path.display());
    false
}

/// `¬NN` in an input is the byte with that hexadecimal code, so that case files stay text.
/// At the very end `¬` takes the line's end away.
fn bytes_of(input: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = input.strip_suffix("¬\n").unwrap_or(input);
    while let Some((before, after)) = rest.split_once("¬") {
        out.extend_from_slice(before.as_bytes());
        let (code, after) = after.split_at(2);
        out.push(u8::from_str_radix(code, 16).expect("two hexadecimal digits after ¬"));
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

fn outcome(mapping: &str, format: &str, input: &str) -> String {
    let mapping = match mapping.strip_prefix('@') {
        Some(name) => Ok(deployed(name.trim_end())),
        None => Mapping::parse(mapping, "case.toml"),
    };
    let mapping = match mapping {
        Ok(mapping) => mapping,
        Err(mistakes) => return mistakes.iter().map(|m| format!("{m}\n")).collect(),
    };
    let format = Format::from_word(format).expect("csv or ndjson");
    let bytes = bytes_of(input);
    let shown = |chunk| match run(&mapping, format, &bytes, chunk) {
        Ok(outcomes) => outcomes.iter().map(show).collect(),
        Err(unreadable) => format!("unreadable: {unreadable}\n"),
    };
    let (whole, bytewise): (String, String) = (shown(usize::MAX), shown(1));
    assert_eq!(whole, bytewise, "the outcome depends on the size of the chunks");
    whole
}

fn show(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Draft { lines, draft } => {
            let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
            format!("{}: {}\n", lines.join("+"), show_draft(draft))
        }
        Outcome::Refused { line, raw, whole, refusal } => {
            let cut = if *whole { "" } else { " (cut)" };
            format!("{line}: refused {refusal} <{}>{cut}\n", raw.escape_ascii())
        }
    }
}

fn show_draft(draft: &Draft) -> String {
    let o = &draft.origin;
    let mut out = format!("{} {}/{}/{}", draft.body.name(), o.system, o.instance, o.record);
    if o.revision != 0 {
        let _ = write!(out, "@{}", o.revision);
    }
    let _ = write!(out, " {} ({})", draft.occurred_at, draft.precision);
    if let Some(id) = &draft.identifier {
        let _ = write!(out, " {}:{:?}:{}", id.strength, id.namespace, id.value);
    }
    match &draft.body {
        Body::ContactRecorded(contact) => show_contact(contact, &mut out),
        other => {
            let _ = write!(out, " {other:?}");
        }
    }
    out
}

/// Every field that is not empty.
fn show_contact(c: &ContactRecorded, out: &mut String) {
    let shown = format!("{c:?}");
    assert!(c.customer.is_none(), "{shown}");
    let mut add = |name: &str, value: String| {
        if !matches!(value.as_str(), "None" | "[]" | "{}" | "\"\"" | "unknown" | "none") {
            let value = value
                .strip_prefix("Some(")
                .and_then(|v| v.strip_suffix(')'))
                .map_or(value.clone(), Into::into);
            let _ = write!(out, "\n   {name} = {value}");
        }
    };
    add("kind", c.kind.to_string());
    add("root_record", format!("{:?}", c.root_record));
    add("case", format!("{:?}", c.case));
    add("channel", c.channel.to_string());
    add("channel_raw", format!("{:?}", c.channel_raw));
    add("direction", c.direction.to_string());
    add("strength", c.strength.to_string());
    add("customer_kind", c.customer_kind.to_string());
    if let Words::Open(spoken) = &c.words {
        add("subject", format!("{:?}", spoken.subject));
        add("text", format!("{:?}", spoken.text));
        add("turns", format!("{:?}", spoken.turns));
    }
    add("language", format!("{:?}", c.language));
    add("country", format!("{:?}", c.country));
    add("products", format!("{:?}", c.products));
    add("orders", format!("{:?}", c.orders));
    add("step", format!("{:?}", c.step));
    add("queue", format!("{:?}", c.queue));
    add("agent", format!("{:?}", c.agent));
    add("wait_ms", format!("{:?}", c.wait_ms));
    add("handle_ms", format!("{:?}", c.handle_ms));
    add("handle_basis", c.handle_basis.to_string());
    add("abandoned", format!("{:?}", c.abandoned));
    add("transfers", format!("{:?}", c.transfers));
    add("resolved", format!("{:?}", c.resolved));
    add("state", c.state.to_string());
    add("source_reason", format!("{:?}", c.source_reason));
    add("source_reasons", format!("{:?}", c.source_reasons));
    add("attributes", format!("{:?}", c.attributes));
    add("flags", format!("{:?}", c.flags));
}
