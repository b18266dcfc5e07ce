//! The model as JSON: counts as whole numbers, money in micro-units, null where a figure cannot be had. A null reason
//! is one that a contact does not have because the epoch does not have the contact. Names are a contract: they are
//! added, never renamed.

use super::measure::{ReasonChange, Totals};
use super::model::*;
use serde_json::{Value, json};

/// The diff as JSON.
pub(super) fn json(diff: &Diff) -> Value {
    let p = &diff.provenance;
    let renamed = diff.renamed().into_iter().map(|r| json!({ "from": r.from, "to": r.to }));
    json!({
        "a": epoch(&p.epochs.a),
        "b": epoch(&p.epochs.b),
        "positions": p.positions,
        "as_of": p.as_of.to_string(),
        "zone": p.zone.name(),
        "week": p.week.map(|week| week.to_string()),
        "version": p.version,
        "currency": diff.currency,
        "totals": totals(diff, &diff.totals()),
        "reasons": diff.reason_changes().iter().map(|change| reason(diff, change)).collect::<Value>(),
        "renamed": renamed.collect::<Value>(),
        "matrix": diff.cells.iter().map(cell).collect::<Value>(),
    })
}

fn epoch(epoch: &Epoch) -> Value {
    json!({
        "name": epoch.name,
        "epoch": epoch.id.to_string(),
        "cut": epoch.cut.to_string(),
        "manifest_sha256": epoch.manifest_sha256,
        "taxonomy": epoch.taxonomy,
    })
}

fn pair<T: Copy + Into<Value>>(pair: Pair<T>) -> Value {
    json!({ "a": pair.a.into(), "b": pair.b.into() })
}

fn totals(diff: &Diff, t: &Totals) -> Value {
    json!({
        "contacts": pair(t.contacts),
        "both": t.both,
        "moved": t.moved,
        "moved_cost_micros": t.moved_cost_micros,
        "unclassified": pair(t.unclassified),
        "classified_now": t.classified_now,
        "unclassified_now": t.unclassified_now,
        "dumb": pair(t.dumb),
        "dumb_gained": t.dumb_gained,
        "dumb_lost": t.dumb_lost,
        "costed": pair(t.costed),
        "cost_micros": pair(t.cost_micros),
        "dumb_cost_micros": pair(t.dumb_cost_micros),
        "chains": pair(diff.chains),
        "chained": pair(diff.chained),
        "chains_changed": t.chains_changed,
        "erased": t.erased,
        "unknown_to_b": t.unknown_to_b,
    })
}

fn reason(diff: &Diff, change: &ReasonChange<'_>) -> Value {
    let known = diff.reasons.iter().find(|r| r.id == change.reason);
    json!({
        "reason": change.reason,
        "a": known.and_then(|r| r.a.as_ref()).map(described),
        "b": known.and_then(|r| r.b.as_ref()).map(described),
        "contacts": pair(change.contacts),
        "kept": change.kept,
        "lost": change.lost(),
        "gained": change.gained(),
        "dumb": pair(change.dumb),
        "cost_micros": pair(change.cost_micros),
        "dumb_cost_micros": pair(change.dumb_cost_micros),
    })
}

fn described(of: &Described) -> Value {
    json!({ "label_es": of.named.es, "label_en": of.named.en, "owner": of.owner })
}

fn cell(cell: &Cell) -> Value {
    json!({
        "from": cell.from,
        "to": cell.to,
        "contacts": cell.contacts,
        "dumb": pair(cell.dumb),
        "dumb_gained": cell.dumb_gained,
        "dumb_lost": cell.dumb_lost,
        "costed": pair(cell.costed),
        "cost_micros": pair(cell.cost_micros),
        "dumb_cost_micros": pair(cell.dumb_cost_micros),
        "chains_changed": cell.chains_changed,
        "erased": cell.erased,
        "samples": cell.samples.iter().map(sample).collect::<Value>(),
    })
}

fn sample(sample: &Sample) -> Value {
    json!({
        "contact_id": sample.contact,
        "a": sample.decided.a.as_ref().map(decided),
        "b": sample.decided.b.as_ref().map(decided),
    })
}

fn decided(decided: &Decided) -> Value {
    json!({ "basis": decided.basis.word(), "rule": decided.rule, "confidence_ppm": decided.confidence_ppm })
}
