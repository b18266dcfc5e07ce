//! The answers of the diff's queries to the model.

use super::model::*;
use crate::weekly::read::{Answers, ReadError, Row, all, one};
use domain::ReasonBasis;
use std::collections::BTreeMap;

/// Samples by the reasons of their cell.
type Samples = BTreeMap<(Option<String>, Option<String>), Vec<Sample>>;

impl Diff {
    /// The diff from what the queries answered and what the shell knows.
    ///
    /// # Errors
    /// [`ReadError`] names the query, the column and the row that are not as [`tables::diff`] defines them.
    pub fn read(answers: &Answers, provenance: Provenance) -> Result<Self, ReadError> {
        let mut samples = Samples::new();
        for (cell, sample) in all(answers, "samples", sample)? {
            samples.entry(cell).or_default().push(sample);
        }
        let mut cells = all(answers, "cells", cell)?;
        for cell in &mut cells {
            cell.samples = samples.remove(&(cell.from.clone(), cell.to.clone())).unwrap_or_default();
        }
        let Summary { currency, chains, chained } = one(answers, "summary", summary)?;
        let reasons = all(answers, "reasons", reason)?;
        Ok(Self { provenance, currency, chains, chained, reasons, cells })
    }
}

/// What no cell can say.
struct Summary {
    currency: Option<String>,
    chains: Pair<u64>,
    chained: Pair<u64>,
}

fn summary(row: &Row<'_>) -> Result<Summary, ReadError> {
    Ok(Summary {
        currency: row.maybe_text("currency")?,
        chains: counts(row, "chains_a", "chains_b")?,
        chained: counts(row, "chained_a", "chained_b")?,
    })
}

fn counts(row: &Row<'_>, a: &'static str, b: &'static str) -> Result<Pair<u64>, ReadError> {
    Ok(Pair { a: row.count(a)?, b: row.count(b)? })
}

fn maybe_counts(row: &Row<'_>, a: &'static str, b: &'static str) -> Result<Pair<Option<u64>>, ReadError> {
    Ok(Pair { a: row.maybe_count(a)?, b: row.maybe_count(b)? })
}

fn cell(row: &Row<'_>) -> Result<Cell, ReadError> {
    Ok(Cell {
        from: row.maybe_text("reason_a")?,
        to: row.maybe_text("reason_b")?,
        contacts: row.count("contacts")?,
        dumb: counts(row, "dumb_a", "dumb_b")?,
        dumb_gained: row.count("dumb_gained")?,
        dumb_lost: row.count("dumb_lost")?,
        costed: counts(row, "costed_a", "costed_b")?,
        cost_micros: maybe_counts(row, "cost_a_micros", "cost_b_micros")?,
        dumb_cost_micros: maybe_counts(row, "dumb_cost_a_micros", "dumb_cost_b_micros")?,
        chains_changed: row.count("chains_changed")?,
        erased: row.count("erased")?,
        samples: Vec::new(),
    })
}

fn reason(row: &Row<'_>) -> Result<Reason, ReadError> {
    Ok(Reason {
        id: row.text("reason")?,
        a: described(row, ["in_a", "label_es_a", "label_en_a", "owner_a"])?,
        b: described(row, ["in_b", "label_es_b", "label_en_b", "owner_b"])?,
    })
}

fn described(
    row: &Row<'_>,
    [is_there, es, en, owner]: [&'static str; 4],
) -> Result<Option<Described>, ReadError> {
    if !row.flag(is_there)? {
        return Ok(None);
    }
    Ok(Some(Described { named: row.named("reason", es, en)?, owner: row.text(owner)? }))
}

type Placed = ((Option<String>, Option<String>), Sample);

fn sample(row: &Row<'_>) -> Result<Placed, ReadError> {
    let cell = (row.maybe_text("reason_a")?, row.maybe_text("reason_b")?);
    let a = decided(row, &cell.0, ["basis_a", "rule_a", "confidence_a_ppm"])?;
    let b = decided(row, &cell.1, ["basis_b", "rule_b", "confidence_b_ppm"])?;
    Ok((cell, Sample { contact: row.text("contact_id")?, decided: Pair { a, b } }))
}

fn decided(
    row: &Row<'_>,
    reason: &Option<String>,
    [basis, rule, confidence]: [&'static str; 3],
) -> Result<Option<Decided>, ReadError> {
    if reason.is_none() {
        return Ok(None);
    }
    Ok(Some(Decided {
        basis: row.word(basis, ReasonBasis::from_word, "what decides a reason")?,
        rule: row.maybe_text(rule)?,
        confidence_ppm: row.count(confidence)?,
    }))
}
