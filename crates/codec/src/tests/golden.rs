//! Golden records (P8): what was once written decodes for ever, and the content that fact ids are made from
//! never changes. `GOLDEN=write cargo test -p codec golden` writes the files that are missing, which are
//! those of new versions; it never touches one that is there.

use super::{here, samples};
use crate::schema::{self, SCHEMAS};
use crate::{content_bytes, decode_fact, decode_spoken, encode_fact, encode_spoken};
use domain::Body;
use std::fmt::Write as _;

/// Lines of 64 hexadecimal digits, so that a difference can be seen in a review.
fn hex(bytes: &[u8]) -> String {
    bytes.chunks(32).fold(String::new(), |mut out, line| {
        line.iter().for_each(|b| write!(out, "{b:02x}").expect("a String takes all"));
        out.push('\n');
        out
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// The committed bytes. Where the file is missing, writes it if asked to.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads the committed records, and writes those of new versions"
)]
fn golden(file: &str, written_now: impl Fn() -> Vec<u8>) -> Vec<u8> {
    let path = here("tests/golden").join(file);
    if !path.exists() {
        let asked = std::env::var_os("GOLDEN").is_some_and(|v| v == "write");
        assert!(asked, "{} is missing: run `GOLDEN=write cargo test -p codec golden`", path.display());
        std::fs::write(&path, hex(&written_now())).expect("the golden record can be written");
    }
    unhex(&std::fs::read_to_string(&path).expect("the golden record can be read"))
}

fn encode_sample(name: &str) -> Vec<u8> {
    match name {
        "Spoken" => encode_spoken(&samples::spoken()),
        fact => encode_fact(&samples::fact(fact)),
    }
}

#[test]
fn every_version_ever_written_decodes() {
    for file in SCHEMAS {
        let title = format!("{}.v{}", file.name, file.version);
        let newest = schema::newest(file.name) == Some(file);
        let bytes = golden(&format!("{title}.hex"), || {
            assert!(newest, "{title}: only the newest version can be written");
            encode_sample(file.name)
        });
        assert_eq!(bytes[1..5], file.id.to_be_bytes(), "{title} keeps its id");
        if file.name == "Spoken" {
            assert_eq!(decode_spoken(&bytes), Ok(samples::spoken()), "{title}");
        } else {
            assert_eq!(decode_fact(&bytes), Ok(samples::fact(file.name)), "{title}");
        }
        assert!(
            !newest || bytes == encode_sample(file.name),
            "{title} is written in other bytes than before"
        );
    }
}

#[test]
fn the_content_behind_fact_ids_never_changes() {
    for name in Body::NAMES {
        let content = || content_bytes(&samples::unsealed(samples::fact(name)));
        assert_eq!(golden(&format!("{name}.content.hex"), content), content(), "{name}");
    }
}
