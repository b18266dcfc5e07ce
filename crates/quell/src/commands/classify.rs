//! `quell classify`: NDJSON in, NDJSON out, in the same order. Rules first, then the model, if there is one. A line that cannot be read is said on
//! stderr and makes the command fail at the end; the others are answered.

use super::Shell;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::learned::learned;
use crate::output::say;
use crate::pipeline;
use anyhow::{Context as _, Result, anyhow};
use classify::{Decider, Input, Taxonomy};
use codec::records::{Columns, Limits, Parser, Piece, Reader, Record, Refusal, Value};
use domain::{Channel, RejectKind};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

/// Bytes read from stdin at once.
const BLOCK_BYTES: usize = 1 << 16;

/// Refused lines that are named; the rest are only counted.
const NAMED_LINES: u64 = 10;

pub(super) fn run(shell: &mut Shell, args: &cli::Classify) -> Result<Exit, Failure> {
    let taxonomy = match &args.taxonomy {
        Some(path) => Some(super::taxonomy::read(path)?.1),
        None => in_force(shell)?,
    };
    let config = &shell.loaded.config;
    let model = args.model.as_ref().or(config.model.as_ref());
    let learned = model.map(|path| learned(path, config.accepted_loss_ppm, taxonomy.as_ref())).transpose()?;
    if taxonomy.is_none() && learned.is_none() {
        let expected = "give one with --taxonomy, or a model, or see `quell taxonomy publish`";
        return Err(anyhow!("no taxonomy is in force; {expected}").into());
    }
    let taxonomy = taxonomy.unwrap_or_else(Taxonomy::empty);
    let mut answers = Answers {
        decider: Decider::new(&taxonomy, learned),
        taxonomy: &taxonomy,
        out: Vec::new(),
        lines: 0,
        refused: 0,
    };
    read_stdin(shell, &mut answers)?;
    let Answers { lines, refused, .. } = answers;
    if refused > 0 {
        return Err(anyhow!("{refused} of {lines} lines were refused").into());
    }
    Ok(Exit::Done)
}

fn in_force(shell: &Shell) -> Result<Option<Taxonomy>> {
    Ok(pipeline::taxonomy(&shell.instance()?)?.map(|in_force| in_force.taxonomy))
}

fn read_stdin(shell: &mut Shell, answers: &mut Answers<'_>) -> Result<()> {
    let columns: Arc<Columns> = Arc::new(["id", "text", "lang"].into_iter().collect());
    let limits = Limits { record_bytes: shell.loaded.config.record_bytes_max, ..Limits::default() };
    let mut reader = Reader::ndjson(columns, limits);
    let mut block = vec![0; BLOCK_BYTES];
    let mut stdin = std::io::stdin().lock();
    let mut empty = true;
    loop {
        let n = stdin.read(&mut block).context("cannot read stdin")?;
        let mut take = |parser: &Parser, piece: Piece<'_>| answers.take(parser, piece);
        let result = if n == 0 { break } else { reader.feed(&block[..n], &mut take) };
        result.map_err(|error| anyhow!("cannot read stdin: {error}"))?;
        empty = false;
        shell.out.write_all(&answers.out)?;
        answers.out.clear();
    }
    // Nothing in, nothing out: that is an answer, not a failure.
    if !empty {
        let mut take = |parser: &Parser, piece: Piece<'_>| answers.take(parser, piece);
        reader.finish(&mut take).map_err(|error| anyhow!("cannot read stdin: {error}"))?;
    }
    Ok(shell.out.write_all(&answers.out)?)
}

struct Answers<'t> {
    decider: Decider,
    taxonomy: &'t Taxonomy,
    out: Vec<u8>,
    lines: u64,
    refused: u64,
}

impl Answers<'_> {
    fn take(&mut self, parser: &Parser, piece: Piece<'_>) {
        self.lines += 1;
        let (line, answer) = match piece {
            Piece::Record { line, raw } => (line, parser.parse(raw).and_then(|record| self.answer(&record))),
            Piece::Refused { line, refusal, .. } => (line, Err(refusal)),
        };
        match answer {
            Ok(answer) => {
                self.out.extend_from_slice(answer.to_string().as_bytes());
                self.out.push(b'\n');
            }
            Err(refusal) => {
                self.refused += 1;
                if self.refused <= NAMED_LINES {
                    say(&format!("line {line}: {refusal}"));
                }
            }
        }
    }

    fn answer(&self, record: &Record<'_>) -> Result<serde_json::Value, Refusal> {
        let id = match record.get("id") {
            Some(Value::Int(n)) => json!(n),
            Some(Value::Text(text)) => json!(text),
            _ => return Err(refusal("id", "a text or a whole number")),
        };
        let Some(Value::Text(text)) = record.get("text") else { return Err(refusal("text", "a text")) };
        let language = match record.get("lang") {
            Some(Value::Text(lang)) => Some(lang.as_ref()),
            Some(Value::Null | Value::Missing) | None => None,
            Some(_) => return Err(refusal("lang", "a language tag such as \"es\", or nothing")),
        };
        let attributes = BTreeMap::new();
        let input =
            Input { text, channel: Channel::Unknown, language, source_reason: None, attributes: &attributes };
        let classified = self.decider.classify(&input);
        let leaf = self.taxonomy.leaf(classified.reason.as_str());
        let mechanisms: Vec<&str> =
            leaf.and_then(|leaf| leaf.mechanism).map(|m| m.word()).into_iter().collect();
        let evidence = classified.evidence.as_ref();
        let evidence = evidence.map(|e| json!({ "rule": e.rule.as_str(), "from": e.from, "to": e.to }));
        Ok(json!({
            "id": id,
            "reason": classified.reason.as_str(),
            "confidence": f64::from(classified.confidence_ppm) / 1e6,
            "mechanisms": mechanisms,
            "evidence": evidence.into_iter().collect::<Vec<_>>(),
        }))
    }
}

fn refusal(field: &str, expected: &str) -> Refusal {
    Refusal {
        stage: domain::RejectStage::Map,
        kind: RejectKind::WrongType,
        field: Some(field.to_owned()),
        expected: expected.to_owned(),
    }
}
