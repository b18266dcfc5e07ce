//! A contact and its verdict with every field filled.

use domain::contact::Provenance;
use domain::*;
use std::collections::BTreeMap;

pub fn fact_id(n: u8) -> FactId {
    FactId::from_bytes([n; 16])
}

pub fn contact(record: &str, sequence: u64, at: &str) -> Contact {
    let occurred_at = Instant::parse_rfc3339(at).expect("instant");
    let day = occurred_at.day(&Zone::utc());
    let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    Contact {
        id: ContactId::of_record("desk", "es", record),
        sequence: Sequence(sequence),
        system: "desk".to_owned(),
        instance: "es".to_owned(),
        record: record.to_owned(),
        revision: 2,
        occurred_at,
        precision: Precision::Microsecond,
        day,
        week: day.week(),
        case: Some("case-7".to_owned()),
        channel: Channel::Phone,
        channel_raw: "Teléfono".to_owned(),
        direction: Direction::Inbound,
        customer_kind: CustomerKind::External,
        language: Some("es-AR".to_owned()),
        country: Some("AR".to_owned()),
        products: texts(&["modem", "router"]),
        orders: texts(&["o-1"]),
        step: Some("checkout/3".to_owned()),
        queue: Some("first line".to_owned()),
        agent: Some("agent-5".to_owned()),
        wait_ms: Some(1_500),
        handle_ms: Some(240_000),
        handle_basis: HandleBasis::Measured,
        abandoned: Some(false),
        transfers: Some(1),
        resolved: Some(true),
        legs: 2,
        messages: 1,
        source_reason: Some("?".to_owned()),
        source_reasons: texts(&["?", "late"]),
        attributes: BTreeMap::from(
            [("sector", "energy"), ("area", "11")].map(|(k, v)| (k.to_owned(), v.to_owned())),
        ),
        flags: texts(&["truncated_text"]),
        facts: vec![fact_id(1), fact_id(2)],
        provenance: Provenance {
            partition: Partition(3),
            offset: Offset(99),
            recorded_at: Instant::parse_rfc3339("2026-05-15T00:00:00.5Z").expect("instant"),
        },
    }
}

pub fn verdict(of: &Contact, judged: u64) -> Verdict {
    let proof = |mechanism, rule: &'static str, facts, seconds| Proof {
        mechanism,
        rule: rule.into(),
        confidence_ppm: 990_000,
        seconds,
        facts,
    };
    Verdict {
        contact: of.id,
        sequence: of.sequence,
        judged: Sequence(judged),
        day: of.day,
        customer: Some(CustomerKey::from_bytes([0xab; 16])),
        strength: Strength::Account,
        reason: ReasonId::new("where_is_my_order"),
        basis: ReasonBasis::Rule,
        confidence_ppm: 1_000_000,
        evidence: Some(Evidence { rule: RuleId::new("where_is/es"), from: 3, to: 17 }),
        proofs: vec![
            proof(Mechanism::StatusChase, "status_chase/open_order", vec![fact_id(1), fact_id(4)], None),
            proof(Mechanism::Repeat, "repeat/same_case", vec![fact_id(1)], Some(3_600)),
        ],
        cleared: vec![proof(Mechanism::BrokenPromise, "broken_promise/kept", vec![fact_id(2)], Some(60))],
        dumb: true,
        said: Some(fact_id(3)),
        further: vec![ReasonId::new("invoice")],
        step: Some("checkout/3".to_owned()),
        repeat: true,
        previous: Some(ContactId::of_record("desk", "es", "r-0")),
        chain_root: ContactId::of_record("desk", "es", "r-0"),
        chain_position: 2,
        at_windows: [false, true, true].map(|again| AtWindow { repeat: true, again }),
        answered_once: Some(false),
        melts_at: of.occurred_at.plus(Span::from_days(7)),
        mature_at: of.occurred_at.plus(Span::from_days(30)),
        due_at: Some(of.occurred_at.plus(Span::from_hours(1))),
    }
}
