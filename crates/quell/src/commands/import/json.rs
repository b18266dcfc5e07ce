//! The summaries of an import as JSON.

use report::{DryRunSummary, ImportSummary, Refusals};
use serde_json::{Map, Value, json};

pub(super) fn import(summary: &ImportSummary) -> Value {
    let ImportSummary { system, files, rows, accepted, facts, suppressed, folded, refusals: kinds } = summary;
    json!({
        "source": system,
        "files": files,
        "rows": rows,
        "accepted": accepted,
        "facts": facts,
        "suppressed": suppressed,
        "refused": kinds.total(),
        "refusals": refusals(kinds),
        "new": folded.map(|f| f.stored),
        "duplicate": folded.map(|f| f.duplicate),
        "conflicting": folded.map(|f| f.rejected),
    })
}

pub(super) fn dry_run(summary: &DryRunSummary) -> Value {
    let channels: Map<String, Value> =
        summary.channels.iter().map(|(channel, count)| (channel.word().to_owned(), json!(count))).collect();
    json!({
        "source": summary.system,
        "files": summary.files,
        "rows": summary.rows,
        "accepted": summary.accepted,
        "contacts": summary.contacts,
        "messages": summary.messages,
        "first": summary.dates.map(|(first, _)| first.to_string()),
        "last": summary.dates.map(|(_, last)| last.to_string()),
        "customers": summary.customers,
        "anonymous": summary.anonymous,
        "channels": channels,
        "refused": summary.refusals.total(),
        "refusals": refusals(&summary.refusals),
    })
}

pub(in crate::commands) fn refusals(refusals: &Refusals) -> Value {
    let entry = |k: &report::RefusalCount| {
        json!({
            "kind": k.kind.word(),
            "count": k.count,
            "first": {
                "file": k.first.file,
                "line": k.first.line,
                "field": k.first.field,
                "expected": k.first.expected,
            },
        })
    };
    Value::Array(refusals.by_count().into_iter().map(entry).collect())
}
