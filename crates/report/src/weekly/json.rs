//! The model as JSON: figures as whole numbers, money in micro-units, both labels, null where a figure cannot be
//! had. Names are a contract: they are added, never renamed.

use super::measure::{self, Figure, HeadlineFigure, Metric};
use super::model::*;
use super::words;
use crate::Lang;
use serde_json::{Value, json};

/// The report as JSON.
pub(super) fn json(weekly: &Weekly) -> Value {
    json!({
        "week": weekly.headline.iso_week.to_string(),
        "monday": weekly.headline.monday.to_string(),
        "complete": weekly.headline.complete,
        "restated": weekly.provenance.restated_week(weekly.headline.iso_week).is_some(),
        "currency": weekly.headline.currency,
        "unit": weekly.headline.unit,
        "headline": headline(&weekly.headline),
        "trend": list(&weekly.trend, trend_week),
        "movers": list(&weekly.movers, mover),
        "reasons": list(&weekly.pareto, reason),
        "snowballs": {
            "reasons": list(&weekly.snowball_reasons, snowball_reason),
            "chains": list(&weekly.snowball_chains, snowball_chain),
        },
        "owners": list(&weekly.owners, owner),
        "mechanisms": list(&weekly.mechanisms, mechanism),
        "known_first": known_first(weekly),
        "self_service": self_service(weekly),
        "channels": list(&weekly.channels, channel),
        "quality": quality(weekly),
        "provenance": provenance(&weekly.provenance),
    })
}

fn list<T>(rows: &[T], one: fn(&T) -> Value) -> Value {
    rows.iter().map(one).collect()
}

fn figure(figure: Figure) -> Value {
    figure.ok().into()
}

fn headline(h: &Headline) -> Value {
    let [contacts, cpx, avoidable, cost] = h.figures();
    json!({
        "contacts": compared(&contacts),
        "cpx_hundredths": compared(&cpx),
        "dumb_share_permille": compared(&avoidable),
        "cost_micros": compared(&cost),
        "dumb": h.dumb.week,
        "dumb_before": h.dumb.before,
        "dumb_cost_micros": h.dumb_cost_micros,
        "repeats": h.repeats.week,
        "repeats_before": h.repeats.before,
        "snowball_rate_permille": figure(h.snowball_rate()),
        "snowball_rate_before_permille": figure(h.snowball_rate_before()),
        "customers": h.customers,
        "provisional": h.provisional,
        "unclassified": h.unclassified,
        "handled": h.handled,
        "handle_ms": h.handle_ms,
        "costed": h.costed.week,
        "units": h.units.week,
        "units_before": h.units.before,
        "unit_days": h.unit_days,
        "mean4_weeks": h.mean4_weeks,
    })
}

/// Changes are permille of the earlier value; those of a share are permille points, and say so.
fn compared(f: &HeadlineFigure) -> Value {
    let (before, mean4) = (figure(f.change_before), figure(f.change_mean4));
    let (week, last, mean) = (figure(f.week), figure(f.before), figure(f.mean4));
    match f.metric {
        Metric::Avoidable => json!({
            "week": week, "before": last, "mean4": mean,
            "change_before_points_permille": before, "change_mean4_points_permille": mean4,
        }),
        Metric::Contacts | Metric::Cpx | Metric::Cost => json!({
            "week": week, "before": last, "mean4": mean,
            "change_before_permille": before, "change_mean4_permille": mean4,
        }),
    }
}

fn trend_week(w: &TrendWeek) -> Value {
    json!({
        "week": w.iso_week.to_string(),
        "monday": w.monday.to_string(),
        "complete": w.complete,
        "contacts": w.contacts,
        "dumb": w.dumb,
        "units": w.units,
        "cpx_hundredths": figure(measure::cpx(w.contacts, w.units)),
        "cost_micros": w.cost_micros,
    })
}

fn mover(m: &Mover) -> Value {
    json!({
        "reason": m.reason.id,
        "label_es": m.reason.es,
        "label_en": m.reason.en,
        "owner_label_es": m.owner.es,
        "owner_label_en": m.owner.en,
        "unit": m.unit,
        "contacts": m.contacts,
        "contacts_before": m.contacts_before,
        "change": m.change,
        "growth_effect": m.growth_effect,
        "rate_effect": m.rate_effect,
    })
}

fn reason(r: &ParetoReason) -> Value {
    json!({
        "reason": r.reason.id,
        "label_es": r.reason.es,
        "label_en": r.reason.en,
        "owner": r.owner.id,
        "owner_label_es": r.owner.es,
        "owner_label_en": r.owner.en,
        "disposition": r.disposition.map(domain::Disposition::word),
        "contacts": r.contacts,
        "cumulative": r.cumulative,
        "total": r.total,
        "vital": r.vital,
        "dumb": r.dumb,
        "repeats": r.repeats,
        "unit": r.unit,
        "cpx_hundredths": r.cpx.map(measure::hundredths),
        "cost_micros": r.cost_micros,
        "contacts_before": r.contacts_before,
    })
}

fn snowball_reason(r: &SnowballReason) -> Value {
    json!({
        "reason": r.reason.id,
        "label_es": r.reason.es,
        "label_en": r.reason.en,
        "repeats": r.repeats,
        "chains": r.chains,
        "cost_micros": r.cost_micros,
    })
}

fn snowball_chain(c: &SnowballChain) -> Value {
    json!({
        "chain_root": c.chain_root,
        "reason": c.reason.id,
        "label_es": c.reason.es,
        "label_en": c.reason.en,
        "contacts": c.contacts,
        "channels": c.channels,
        "started_on": c.started_on.to_string(),
        "last_on": c.last_on.to_string(),
        "melted": c.melted,
        "cost_micros": c.cost_micros,
    })
}

fn owner(o: &OwnerStatement) -> Value {
    json!({
        "owner": o.owner.id,
        "label_es": o.owner.es,
        "label_en": o.owner.en,
        "reasons": o.reasons,
        "contacts": o.contacts,
        "contacts_before": o.contacts_before,
        "dumb": o.dumb,
        "repeats": o.repeats,
        "costed": o.costed,
        "cost_micros": o.cost_micros,
        "cost_micros_before": o.cost_micros_before,
    })
}

fn mechanism(m: &MechanismCount) -> Value {
    json!({
        "mechanism": m.mechanism.word(),
        "remedy_es": words::remedy(Lang::Es, m.mechanism),
        "remedy_en": words::remedy(Lang::En, m.mechanism),
        "contacts": m.contacts,
        "contacts_before": m.contacts_before,
        "cost_micros": m.cost_micros,
    })
}

fn known_first(weekly: &Weekly) -> Value {
    let k = &weekly.known_first;
    json!({
        "contacts": k.contacts,
        "known": k.known,
        "noticed": k.noticed,
        "known_rate_permille": figure(k.known_rate()),
        "lead_p50_s": k.lead_p50_s,
        "lead_max_s": k.lead_max_s,
        "reasons": list(&weekly.known_first_reasons, known_first_reason),
    })
}

fn known_first_reason(r: &KnownFirstReason) -> Value {
    json!({
        "reason": r.reason.id,
        "label_es": r.reason.es,
        "label_en": r.reason.en,
        "contacts": r.contacts,
        "known": r.known,
        "known_rate_permille": figure(r.known_rate()),
    })
}

fn self_service(weekly: &Weekly) -> Value {
    let s = &weekly.self_service;
    json!({
        "sessions": s.sessions,
        "known": s.known,
        "contacted": s.contacted,
        "leaked": s.leaked,
        "containment_permille": figure(s.containment()),
        "leak_rate_permille": figure(s.leak_rate()),
        "steps": list(&weekly.self_service_steps, self_service_step),
    })
}

fn self_service_step(s: &SelfServiceStep) -> Value {
    json!({
        "path": s.path,
        "step": s.step,
        "sessions": s.ended.sessions,
        "known": s.ended.known,
        "contacted": s.ended.contacted,
        "leaked": s.ended.leaked,
        "containment_permille": figure(s.ended.containment()),
        "leak_rate_permille": figure(s.ended.leak_rate()),
    })
}

fn channel(c: &ChannelCount) -> Value {
    json!({
        "channel": c.channel.word(),
        "contacts": c.contacts,
        "contacts_before": c.contacts_before,
        "dumb": c.dumb,
        "cost_micros": c.cost_micros,
    })
}

fn quality(weekly: &Weekly) -> Value {
    let q = &weekly.quality;
    json!({
        "contacts": q.contacts,
        "unclassified": q.unclassified,
        "anonymous": q.anonymous,
        "not_costed": q.not_costed,
        "late": q.late,
        "unowned": q.unowned,
        "refused": list(&weekly.refused, |r| json!({ "kind": r.kind.word(), "inputs": r.inputs })),
        "restated_weeks": weekly
            .provenance
            .restated_besides(weekly.headline.iso_week)
            .map(|restated| restated.iso_week.to_string())
            .collect::<Vec<_>>(),
        "changed_since_published": list(&weekly.provenance.restated, restated),
    })
}

fn restated(restated: &Restated) -> Value {
    let figures = |f: &WeekFigures| json!({ "contacts": f.contacts, "dumb": f.dumb, "units": f.units, "cost_micros": f.cost_micros });
    json!({
        "week": restated.iso_week.to_string(),
        "was": figures(&restated.was),
        "now": figures(&restated.now),
        "other_epoch": restated.other_epoch,
    })
}

fn taxonomy_change(change: &TaxonomyChange) -> Value {
    json!({
        "at": change.at.to_string(),
        "from": change.from,
        "to": change.to,
        "other_epoch": change.other_epoch,
    })
}

fn provenance(p: &Provenance) -> Value {
    json!({
        "cut": p.cut.to_string(),
        "epoch": p.epoch.to_string(),
        "as_of": p.as_of.to_string(),
        "zone": p.zone.name(),
        "taxonomy": p.taxonomy_name,
        "taxonomy_version": p.taxonomy_version,
        "taxonomy_sha256": p.taxonomy_sha256,
        "taxonomy_changes": list(&p.taxonomy_changes, taxonomy_change),
        "manifest_sha256": p.manifest_sha256,
        "version": p.version,
        "maturity_days": p.maturity_days,
        "chain_window_days": p.chain_window_days,
        "self_service_window_s": p.self_service_window_s,
    })
}
