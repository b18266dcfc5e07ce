//! The fields of every kind of fact, in the order of its newest schema. A test holds names, order and
//! bytes against `schemas/`.

use crate::wire::record;
use domain::Origin;
use domain::fact::*;

record! {
    Origin { system, instance, record, revision }

    ContactRecorded {
        kind, root_record, case, channel, channel_raw, direction, customer, strength, customer_kind, words,
        language, country, products, orders, step, queue, agent, wait_ms, handle_ms, handle_basis, abandoned,
        transfers, resolved, state, source_reason, source_reasons, attributes, flags,
    }
    ContactResolved { case, resolution }
    ContactReopened { case }
    SurveyAnswered { customer, record, instrument, score_ppm, comment }
    EvaluationRecorded { record, form, score_ppm }
    TextErased { contact, facts_key, reason, mechanisms, epoch }
    VerdictOverridden { contact, facts_key, reason, dumb, by, why }

    SelfServiceEnded { customer, path, step, outcome, error_code, duration_ms }
    OrderPlaced { customer, order, products, total_micros, currency }
    PromiseMade { customer, promise, kind, due_at }
    PromiseSettled { customer, promise, kept }
    RecoveryOffered { customer, record, option, cost_micros, currency }

    UpstreamEvent { kind, customer, order, subject, affected, planned_at }
    NotificationSent { topic, customer, recipients, channel }
    CustomerMerged { surviving, absorbed }

    UnitsCounted { unit, day, count }
    CostRatePublished { from, currency, rates }
    CostRate { channel, per_contact_micros, per_second_micros }
    TaxonomyPublished { name, version, meaning_sha256, toml; by }
    CycleDefined { cycle, moments }
    CycleMoment { name, reasons, weight_ppm }
    AnomalyAdvanced { anomaly, state, indicator, note }
    ActionOpened { action, title, owner, reasons, disposition, due, expected_change_ppm }
    ActionShipped { action, rollout_ppm, change }
    ActionClosed { action, outcome }
    CutTaken { cut, epoch, positions, as_of }
    WeekClosed { week, cut }
    EpochServed { epoch, name, before, way, taxonomy, version, by, why }
}
