//! Runs a mapping over the bytes of a file, as the shell does.

use codec::mapping::{Collected, Draft, Format, Mapping};
use codec::records::{Limits, Piece, Refusal, Unreadable};
use std::path::{Path, PathBuf};

/// What became of one piece of a file.
pub enum Outcome {
    Draft { lines: Vec<u64>, draft: Box<Draft> },
    Refused { line: u64, raw: Vec<u8>, whole: bool, refusal: Refusal },
}

/// Everything a file becomes, in order of its lines, reading it in chunks of `chunk` bytes.
pub fn run(
    mapping: &Mapping,
    format: Format,
    bytes: &[u8],
    chunk: usize,
) -> Result<Vec<Outcome>, Unreadable> {
    run_within(mapping, format, bytes, chunk, Limits::default())
}

pub fn run_within(
    mapping: &Mapping,
    format: Format,
    bytes: &[u8],
    chunk: usize,
    limits: Limits,
) -> Result<Vec<Outcome>, Unreadable> {
    let mut outcomes = Vec::new();
    let mut collector = mapping.collector(1 << 26);
    let mut each = |parser: &codec::records::Parser, piece: Piece<'_>| {
        let (line, raw) = match piece {
            Piece::Record { line, raw } => (line, raw),
            Piece::Refused { line, raw, whole, refusal } => {
                outcomes.push(Outcome::Refused { line, raw: raw.to_vec(), whole, refusal });
                return;
            }
        };
        match (parser.parse(raw).and_then(|record| mapping.map(&record)), &mut collector) {
            (Ok(draft), Some(collector)) => collector.push(draft, line, raw).expect("within the budget"),
            (Ok(draft), None) => outcomes.push(Outcome::Draft { lines: vec![line], draft: Box::new(draft) }),
            (Err(refusal), _) => {
                outcomes.push(Outcome::Refused { line, raw: raw.to_vec(), whole: true, refusal })
            }
        }
    };
    let mut reader = mapping.reader(format, limits).expect("a text format");
    for part in bytes.chunks(chunk) {
        reader.feed(part, &mut each)?;
    }
    reader.finish(&mut each)?;
    for collected in collector.into_iter().flat_map(|collector| collector.finish()) {
        outcomes.push(match collected {
            Collected::Draft { draft, lines } => Outcome::Draft { lines, draft: Box::new(draft) },
            Collected::Refused { line, raw, refusal } => Outcome::Refused { line, raw, whole: true, refusal },
        });
    }
    outcomes.sort_by_key(|outcome| match outcome {
        Outcome::Draft { lines, .. } => lines[0],
        Outcome::Refused { line, .. } => *line,
    });
    Ok(outcomes)
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/codec").to_owned()
}

/// A committed mapping.
pub fn deployed(name: &str) -> Mapping {
    let path = repository().join("deploy/mappings").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Mapping::parse(&text, name).unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// A file of the data shared beside the repository; `None`, and a loud line, where there is none.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = repository().join("../shared");
    if !folder.exists() {
        eprintln!("SKIPPED: no ../shared beside the repository, so {name} is not tested");
        return None;
    }
    Some(folder.join(name))
}
