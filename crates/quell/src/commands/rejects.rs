//! `quell rejects list|show`.

use super::Shell;
use crate::cli::{Rejects, RejectsShow};
use crate::failure::{Exit, Failure};
use crate::output::say;
use crate::rejects::{Listing, OpenedReject, StoredReject};
use anyhow::Result;
use report::refusals::kind_words;
use serde_json::{Value, json};
use std::io::Write as _;

/// Digits of an id that a listing for people shows: enough to tell a billion rejects apart.
const SHOWN_DIGITS: usize = 16;

pub(super) fn run(shell: &mut Shell, command: &Rejects) -> Result<Exit, Failure> {
    match command {
        Rejects::List => list(shell)?,
        Rejects::Show(args) => show(shell, args)?,
    }
    Ok(Exit::Done)
}

fn list(shell: &mut Shell) -> Result<()> {
    let listing = Listing::read(&*shell.instance()?.log)?;
    if shell.json {
        return shell.out.json(&Value::Array(listing.rejects().map(json).collect()));
    }
    for reject in listing.rejects() {
        let id = &reject.id.to_string()[..SHOWN_DIGITS];
        let field = reject.field.as_ref().map(|field| format!(" field {field}:")).unwrap_or_default();
        let (day, position, stage) = (reject.day, reject.position(), reject.stage.word());
        let (kind, expected) = (reject.kind.word(), &reject.expected);
        shell.out.text(&format!("{id}  {day}  {position}  {stage}  {kind}:{field} expected {expected}\n"))?;
    }
    Ok(())
}

fn show(shell: &mut Shell, args: &RejectsShow) -> Result<()> {
    let instance = shell.instance()?;
    let listing = Listing::read(&*instance.log)?;
    let chosen: Vec<&StoredReject> =
        if args.all { listing.rejects().collect() } else { listing.chosen(&args.ids)? };
    let mut objects = Vec::new();
    for reject in chosen {
        let opened = listing.open(&*instance.log, &instance.vault, reject)?;
        if args.raw {
            raw(shell, reject, &opened)?;
        } else if shell.json {
            objects.push(with_bytes(reject, &opened));
        } else {
            let text = describe(shell, reject, &opened);
            shell.out.text(&text)?;
        }
    }
    if shell.json { shell.out.json(&Value::Array(objects)) } else { Ok(()) }
}

/// Exactly the bytes, and a newline.
fn raw(shell: &mut Shell, reject: &StoredReject, opened: &OpenedReject) -> Result<()> {
    match opened {
        OpenedReject::Bytes(bytes) => {
            shell.out.write_all(bytes)?;
            shell.out.write_all(b"\n")?;
            if !reject.whole {
                say(&format!("{}: only the first {} bytes were kept", reject.id, bytes.len()));
            }
        }
        OpenedReject::Gone => {
            say(&format!("{}: its bytes can no longer be read, their key is gone", reject.id))
        }
    }
    Ok(())
}

fn describe(shell: &Shell, reject: &StoredReject, opened: &OpenedReject) -> String {
    let (id, position, source) = (reject.id, reject.position(), &reject.source);
    let (stage, kind) = (reject.stage.word(), reject.kind.word());
    let words = kind_words(shell.lang(), reject.kind);
    let field = reject.field.as_deref().unwrap_or("-");
    let (expected, at) = (&reject.expected, reject.recorded_at);
    let bytes = match opened {
        OpenedReject::Bytes(bytes) => {
            let kept = if reject.whole { "" } else { " (only its beginning was kept)" };
            let shown = String::from_utf8_lossy(bytes);
            format!("{} bytes{kept}\n{}", bytes.len(), indented(&shown))
        }
        OpenedReject::Gone => "can no longer be read, their key is gone\n".to_owned(),
    };
    format!(
        "reject    {id}\nrefused   {at}\nsource    {source}\nposition  {position}\nstage     {stage}\n\
         kind      {kind}: {words}\nfield     {field}\nexpected  {expected}\nbytes     {bytes}\n"
    )
}

/// The text a line at a time, with control characters shown and never sent to the terminal.
fn indented(text: &str) -> String {
    let safe = |line: &str| -> String {
        line.chars()
            .flat_map(|c| if c.is_control() && c != '\t' { c.escape_default().collect() } else { vec![c] })
            .collect()
    };
    text.split('\n').map(|line| format!("    {}\n", safe(line))).collect()
}

fn json(reject: &StoredReject) -> Value {
    json!({
        "id": reject.id.to_string(),
        "refused_at": reject.recorded_at.to_string(),
        "day": reject.day.to_string(),
        "source": reject.source,
        "file": reject.file,
        "line": reject.line,
        "stage": reject.stage.word(),
        "kind": reject.kind.word(),
        "field": reject.field,
        "expected": reject.expected,
        "whole": reject.whole,
    })
}

/// With its bytes as text; what is not UTF-8 in them is replaced, `--raw` has them exactly.
fn with_bytes(reject: &StoredReject, opened: &OpenedReject) -> Value {
    let mut object = json(reject);
    object["text"] = match opened {
        OpenedReject::Bytes(bytes) => json!(String::from_utf8_lossy(bytes)),
        OpenedReject::Gone => Value::Null,
    };
    object
}
