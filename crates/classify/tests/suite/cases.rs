//! Each case is a taxonomy `NAME.toml`, perhaps contacts `NAME.contacts`, and `NAME.expected` beside them:
//! the mistakes of the file; or what was read; or, with contacts, what each was classified as.
//! `UPDATE_EXPECT=1 cargo test -p classify` writes the expected files anew.

use classify::{Classifier, Input, Rule, Taxonomy};
use domain::Channel;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn cases() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    assert!(files.len() > 10, "cases are missing from {}", dir.display());
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let contacts = std::fs::read_to_string(path.with_extension("contacts")).ok();
        let got = run(name, &std::fs::read_to_string(&path).unwrap(), contacts.as_deref());
        let expected = path.with_extension("expected");
        if update {
            std::fs::write(&expected, &got).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != got {
            wrong.push(format!("{name}: expected {}, got:\n{got}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn run(name: &str, text: &str, contacts: Option<&str>) -> String {
    match Taxonomy::parse(text, name) {
        Err(mistakes) => mistakes.iter().map(|mistake| format!("{mistake}\n")).collect(),
        Ok(taxonomy) => match contacts {
            Some(contacts) => classified(&taxonomy, contacts),
            None => shown(&taxonomy),
        },
    }
}

/// A contact is a line: `channel=phone language=es code=X other=attribute | words`, or only the words.
fn classified(taxonomy: &Taxonomy, contacts: &str) -> String {
    let classifier = Classifier::new(taxonomy);
    let mut out = String::new();
    for line in contacts.lines() {
        let (known, text) = line.split_once(" | ").unwrap_or(("", line));
        let mut known: BTreeMap<String, String> =
            known.split(' ').filter_map(|f| f.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
        let channel = known.remove("channel").map_or(Channel::Unknown, |c| Channel::from_word(&c).unwrap());
        let (language, code) = (known.remove("language"), known.remove("code"));
        let input = Input {
            text,
            channel,
            language: language.as_deref(),
            source_reason: code.as_deref(),
            attributes: &known,
        };
        let got = classifier.classify(&input);
        let why = got.evidence.as_ref().map_or_else(String::new, |e| {
            let (from, to) = (e.from as usize, e.to as usize);
            format!(" by {} at {from}..{to} {:?}", e.rule, &text[from..to])
        });
        writeln!(out, "{line}\n    {} {} {}{why}", got.reason, got.basis, got.confidence_ppm).unwrap();
    }
    out
}

fn shown(taxonomy: &Taxonomy) -> String {
    let mut out = String::new();
    let meaning: String = taxonomy.meaning().iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(out, "{} {} {:?}", taxonomy.name(), taxonomy.version(), taxonomy.languages()).unwrap();
    writeln!(out, "effective {:?}", taxonomy.effective().map(|day| day.to_string())).unwrap();
    writeln!(out, "meaning {meaning}").unwrap();
    writeln!(out, "folding {:?}", taxonomy.folding()).unwrap();
    for owner in taxonomy.owners() {
        writeln!(out, "owner {} {:?}", owner.id, owner.labels).unwrap();
    }
    for leaf in taxonomy.leaves() {
        writeln!(out, "{leaf:#?}").unwrap();
    }
    for Rule { id, reason, priority, phrases, pattern, near, none_of, conditions } in taxonomy.rules() {
        writeln!(out, "rule {priority} {id} of {reason}: {phrases:?}").unwrap();
        writeln!(out, "  regex {:?}", pattern.as_ref().map(|p| p.as_str())).unwrap();
        writeln!(out, "  near {:?}", near.as_ref().map(|near| (&near.words, near.within))).unwrap();
        let excluded = none_of.pattern.as_ref().map(|p| p.as_str());
        writeln!(out, "  none of {:?} {excluded:?}", none_of.phrases).unwrap();
        writeln!(out, "  {conditions:?}").unwrap();
    }
    out
}
