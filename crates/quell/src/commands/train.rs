//! `quell train` and `quell eval`: texts with labels to a model, and how good a model is on others.

use super::Shell;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::labels::{self, Row};
use crate::learned;
use crate::pipeline::{self, CorrectedTexts};
use crate::progress::Steps;
use crate::text::hex;
use anyhow::{Result, anyhow, bail, ensure};
use classify::model::{Choice, Job, Labelled, Measured, Model, OUT_OF_SCOPE, PerReason, measure, train};
use classify::{Taxonomy, language};
use domain::UNCLASSIFIED;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;

pub(super) fn run(shell: &mut Shell, args: &cli::Train) -> Result<Exit, Failure> {
    let taxonomy =
        args.taxonomy.as_deref().map(super::taxonomy::read).transpose()?.map(|(_, taxonomy)| taxonomy);
    let rows = args.labels.as_deref().map(|path| labels::read(path, shell.loaded.config.record_bytes_max));
    let rows: Vec<Row> = rows.transpose()?.unwrap_or_default();
    let corrections = args.overrides.then(|| Corrections::read(shell, taxonomy.as_ref())).transpose()?;
    let mut examples = labels::labelled(&rows);
    if let Some(taxonomy) = &taxonomy {
        examples.extend(examples_of(taxonomy));
        know_all(&examples, taxonomy)?;
    }
    examples.extend(corrections.iter().flat_map(Corrections::labelled));
    let table = args.table.as_deref().map(learned::read_table).transpose()?.map(Arc::new);
    let choice = if args.always { Choice::Always } else { Choice::Better };
    let threads = shell.loaded.config.threads;
    let steps = Steps::for_people();
    let mut spread = |jobs: &[Job<'_>]| {
        steps.begin(jobs.len() as u64);
        let done = |job: &Job<'_>| {
            let part = job.run();
            steps.done();
            part
        };
        crate::parallel::map(threads, jobs.iter().collect(), done)
    };
    let mut model = train(&examples, table.as_ref().map(|table| (table, choice)), &mut spread)
        .map_err(|e| anyhow!("cannot train: {e}"))?;
    drop(steps);
    if let Some(taxonomy) = &taxonomy {
        model.belongs_to(taxonomy.meaning());
    }
    let file = model.to_bytes();
    crate::text::replace_bytes(&args.out, &file)?;
    let left_out = examples.iter().filter(|e| e.label == OUT_OF_SCOPE).count();
    let text = trained(&model, &file, left_out, corrections.as_ref(), args);
    shell.summary(&text, &trained_json(&model, &file, left_out, corrections.as_ref()))?;
    Ok(Exit::Done)
}

/// What persons corrected, to learn from.
struct Corrections {
    found: CorrectedTexts,
    /// Texts left out because the taxonomy does not have their reason any more. Other than a label in a file, nobody
    /// can go and mend that.
    of_other_reasons: usize,
}

impl Corrections {
    fn read(shell: &Shell, taxonomy: Option<&Taxonomy>) -> Result<Self> {
        ensure!(shell.home.log().is_dir(), "nothing is imported yet, so nobody has corrected anything");
        let mut found = pipeline::corrected_texts(&shell.instance()?)?;
        let before = found.texts.len();
        found.texts.retain(|text| taxonomy.is_none_or(|t| t.leaf(text.reason.as_str()).is_some()));
        Ok(Self { of_other_reasons: before - found.texts.len(), found })
    }

    /// That no reason fits is what `oos` says in a file.
    fn labelled(&self) -> impl Iterator<Item = Labelled<'_>> {
        self.found.texts.iter().map(|corrected| Labelled {
            text: &corrected.text,
            label: match corrected.reason.as_str() {
                UNCLASSIFIED => OUT_OF_SCOPE,
                reason => reason,
            },
            language: corrected.language.as_deref().or_else(|| language::detect(&corrected.text)),
        })
    }

    fn render(&self) -> String {
        let left_out = [
            (self.found.erased, "erased"),
            (self.found.without_words, "without words"),
            (self.of_other_reasons as u64, "of reasons that the taxonomy does not have"),
        ];
        let left_out: Vec<String> =
            left_out.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} {why}")).collect();
        let left_out = match left_out.as_slice() {
            [] => String::new(),
            some => format!("; left out: {}", some.join(", ")),
        };
        format!("corrected by people: {}{left_out}\n", self.found.texts.len())
    }

    fn json(&self) -> Value {
        json!({
            "texts": self.found.texts.len(),
            "left_out_erased": self.found.erased,
            "left_out_without_words": self.found.without_words,
            "left_out_of_other_reasons": self.of_other_reasons,
        })
    }
}

/// What customers said, as the taxonomy has it, in the language that it is in where that can be told.
fn examples_of(taxonomy: &Taxonomy) -> Vec<Labelled<'_>> {
    let texts =
        taxonomy.leaves().flat_map(|leaf| leaf.examples.positive.iter().map(|text| (text, leaf.id.as_str())));
    texts.map(|(text, label)| Labelled { text, label, language: language::detect(text) }).collect()
}

/// A model for a taxonomy knows its reasons only.
fn know_all(examples: &[Labelled<'_>], taxonomy: &Taxonomy) -> Result<()> {
    let is_reason =
        |label: &str| label == OUT_OF_SCOPE || label != UNCLASSIFIED && taxonomy.leaf(label).is_some();
    match examples.iter().find(|e| !is_reason(e.label)) {
        Some(e) => bail!("label `{}`: expected a reason of the taxonomy, or `{OUT_OF_SCOPE}`", e.label),
        None => Ok(()),
    }
}

fn trained(
    model: &Model,
    file: &[u8],
    out_of_scope: usize,
    corrections: Option<&Corrections>,
    args: &cli::Train,
) -> String {
    let h = model.header();
    let mut out = format!(
        "trained {} on {} texts of {} reasons ({})\n",
        args.out.display(),
        h.texts,
        model.labels().len(),
        if h.languages.is_empty() { "languages not said".to_owned() } else { h.languages.join(", ") },
    );
    if let Some(corrections) = corrections {
        out.push_str(&corrections.render());
    }
    if out_of_scope > 0 {
        let _ = writeln!(out, "labelled `{OUT_OF_SCOPE}`, and so not learned: {out_of_scope}");
    }
    let _ = writeln!(
        out,
        "held-out texts unlike those learned from: {} of which {:.1} % are classified rightly, calibration error {:.3}",
        h.held_out,
        h.accuracy * 100.0,
        h.ece,
    );
    let _ = writeln!(
        out,
        "features {}, {:.1} MB, sha256 {}",
        h.kind.word(),
        file.len() as f64 / 1e6,
        hex(&Model::sha256(file))
    );
    out
}

fn trained_json(model: &Model, file: &[u8], out_of_scope: usize, corrections: Option<&Corrections>) -> Value {
    let h = model.header();
    json!({
        "texts": h.texts,
        "reasons": model.labels().len(),
        "languages": h.languages,
        "out_of_scope_left_out": out_of_scope,
        "overrides": corrections.map(Corrections::json),
        "held_out": h.held_out,
        "accuracy": h.accuracy,
        "ece": h.ece,
        "features": h.kind.word(),
        "bytes": file.len(),
        "sha256": hex(&Model::sha256(file)),
    })
}

pub(super) fn eval(shell: &mut Shell, args: &cli::Eval) -> Result<Exit, Failure> {
    let (Some(model), Some(labels)) = (&args.model, &args.labels) else {
        return Err(Failure::Usage("expected --model and --labels, or --gold and --epoch".to_owned()));
    };
    let (model, _) = learned::read_model(model)?;
    let rows = labels::read(labels, shell.loaded.config.record_bytes_max)?;
    let examples = labels::labelled(&rows);
    let loss = args.accept_loss.unwrap_or(f64::from(shell.loaded.config.accepted_loss_ppm) / 1e6);
    let measured = measure(&model, &examples, model.least_familiarity(loss));
    shell.summary(&evaluated(&measured, loss), &evaluated_json(&measured, loss))?;
    Ok(Exit::Done)
}

fn evaluated(m: &Measured, loss: f64) -> String {
    let mut out = format!("{} texts in scope, {} out of scope\n\n", m.in_scope, m.out_of_scope);
    let mut line = |name: &str, share: Option<f64>| {
        let value = share.map_or("-".to_owned(), |s| format!("{:.4}", s));
        let _ = writeln!(out, "{name:42}{value:>8}");
    };
    line("accuracy, before rejection", Some(m.accuracy));
    line("macro F1, before rejection", Some(m.macro_f1));
    line("calibration error (15 bins)", Some(m.ece));
    line(&format!("in scope, not classified (accepted {loss})"), Some(m.in_scope_rejected));
    line("accuracy, after rejection", Some(m.accuracy_after_rejection));
    line("out of scope, not classified (recall)", m.oos_recall);
    line("not classified, out of scope (precision)", m.oos_precision);
    let mut worst: Vec<(&String, &PerReason)> = m.per_reason.iter().filter(|(_, r)| r.support > 0).collect();
    worst.sort_by(|a, b| a.1.f1().total_cmp(&b.1.f1()).then(a.0.cmp(b.0)));
    out.push_str("\nreasons with the lowest F1 (precision, recall, texts)\n");
    for (label, r) in worst.into_iter().take(10) {
        let [precision, recall] = [r.precision(), r.recall()].map(|s| s.unwrap_or(0.0));
        let _ = writeln!(out, "{label:42}{:>8.4}  {precision:.4}  {recall:.4}  {}", r.f1(), r.support);
    }
    out
}

fn evaluated_json(m: &Measured, loss: f64) -> Value {
    let reason = |(label, r): (&String, &PerReason)| {
        let value = json!({
            "support": r.support,
            "predicted": r.predicted,
            "right": r.right,
            "precision": r.precision(),
            "recall": r.recall(),
            "f1": r.f1(),
        });
        (label.clone(), value)
    };
    let bin = |(at, bin): (usize, &classify::model::Bin)| json!({ "bin": at, "texts": bin.texts, "confidence": bin.confidence, "accuracy": bin.accuracy });
    json!({
        "in_scope": m.in_scope,
        "out_of_scope": m.out_of_scope,
        "accepted_loss": loss,
        "accuracy": m.accuracy,
        "macro_f1": m.macro_f1,
        "accuracy_after_rejection": m.accuracy_after_rejection,
        "in_scope_rejected": m.in_scope_rejected,
        "per_reason": m.per_reason.iter().map(reason).collect::<serde_json::Map<_, _>>(),
        "reliability": m.reliability.iter().enumerate().map(bin).collect::<Vec<_>>(),
        "ece": m.ece,
        "oos_recall": m.oos_recall,
        "oos_precision": m.oos_precision,
    })
}
