//! One fact of each kind, every field filled and no two alike: what the golden records hold.

use domain::fact::*;
use domain::*;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|i| (*i).to_owned()).collect()
}

fn at(rfc3339: &str) -> Instant {
    Instant::parse_rfc3339(rfc3339).expect("an instant")
}

fn day(date: &str) -> Day {
    Day::parse(date).expect("a day")
}

fn customer() -> Option<CustomerKey> {
    Some(CustomerKey::from_bytes([0xc1; 16]))
}

fn sealed() -> Words {
    Words::Sealed(SealedBox { key: KeyId::from_bytes([0x4b; 16]), bytes: (1..=40).collect() })
}

fn with(body: Body) -> Fact {
    Fact {
        id: FactId::from_bytes([0xf1; 16]),
        origin: Origin {
            system: "zendesk".to_owned(),
            instance: "acme".to_owned(),
            record: "R-1".to_owned(),
            revision: 3,
        },
        occurred_at: at("2026-01-01T00:00:00Z"),
        precision: Precision::Second,
        body,
    }
}

/// The contact, which the other tests change.
pub(super) fn contact_recorded() -> Fact {
    with(Body::ContactRecorded(Box::new(ContactRecorded {
        kind: RecordKind::Leg,
        root_record: text("R-0"),
        case: text("C-77"),
        channel: Channel::Whatsapp,
        channel_raw: "wa_business".to_owned(),
        direction: Direction::Inbound,
        customer: customer(),
        strength: Strength::Account,
        customer_kind: CustomerKind::External,
        words: sealed(),
        language: text("es-AR"),
        country: text("AR"),
        products: list(&["fibra-300", "móvil"]),
        orders: list(&["ORD-12345678"]),
        step: text("checkout/3"),
        queue: text("billing"),
        agent: text("agent-9"),
        wait_ms: Some(-1),
        handle_ms: Some(90_000),
        handle_basis: HandleBasis::Derived,
        abandoned: Some(false),
        transfers: Some(2),
        resolved: Some(true),
        state: SourceState::Solved,
        source_reason: text("wismo"),
        source_reasons: list(&["wismo", "late"]),
        attributes: [("plan".to_owned(), "fibra".to_owned()), ("zona".to_owned(), "norte".to_owned())].into(),
        flags: list(&["truncated_text"]),
    })))
}

/// The same fact before its words are sealed: what its content is taken from.
pub(super) fn unsealed(mut fact: Fact) -> Fact {
    let spoken = Spoken {
        subject: text("¿Dónde está mi pedido?"),
        text: text("No llega. Llamen a <PHONE>."),
        turns: vec![
            Turn { speaker: Speaker::Customer, at_ms: Some(0), text: "Hola".to_owned() },
            Turn { speaker: Speaker::Agent, at_ms: None, text: "Buenas".to_owned() },
        ],
    };
    match &mut fact.body {
        Body::ContactRecorded(c) => c.words = Words::Open(spoken),
        Body::SurveyAnswered(s) => s.comment = Words::Open(spoken),
        _ => {}
    }
    fact
}

/// Words in clear, as they are sealed.
pub(super) fn spoken() -> Spoken {
    match unsealed(contact_recorded()).body {
        Body::ContactRecorded(c) => c.words.open().expect("open words").clone(),
        _ => unreachable!("a contact"),
    }
}

/// The fact of this name.
pub(super) fn fact(name: &str) -> Fact {
    match name {
        "ContactRecorded" => contact_recorded(),
        "ContactResolved" => with(Body::ContactResolved(Box::new(ContactResolved {
            case: "C-77".to_owned(),
            resolution: Resolution::Workaround,
        }))),
        "ContactReopened" => {
            with(Body::ContactReopened(Box::new(ContactReopened { case: "C-77".to_owned() })))
        }
        "SurveyAnswered" => with(Body::SurveyAnswered(Box::new(SurveyAnswered {
            customer: customer(),
            record: text("R-1"),
            instrument: Instrument::Ces,
            score_ppm: Some(750_000),
            comment: sealed(),
        }))),
        "EvaluationRecorded" => with(Body::EvaluationRecorded(Box::new(EvaluationRecorded {
            record: "R-1".to_owned(),
            form: "voice/2".to_owned(),
            score_ppm: Some(1_000_000),
        }))),
        "SelfServiceEnded" => with(Body::SelfServiceEnded(Box::new(SelfServiceEnded {
            customer: customer(),
            path: "checkout".to_owned(),
            step: text("3"),
            outcome: SelfServiceOutcome::Failed,
            error_code: text("E-504"),
            duration_ms: Some(61_000),
        }))),
        "TextErased" => with(Body::TextErased(Box::new(TextErased {
            contact: ContactId::from_bytes([0xc0; 16]),
            facts_key: "case/zendesk/acme/C-77".to_owned(),
            reason: ReasonId::new("delivery/where"),
            mechanisms: vec![Mechanism::StatusChase, Mechanism::PolicyMade],
            epoch: "0123456789abcdef".to_owned(),
        }))),
        "VerdictOverridden" => with(Body::VerdictOverridden(Box::new(VerdictOverridden {
            contact: ContactId::from_bytes([0xc0; 16]),
            facts_key: "record/zendesk/acme/R-1".to_owned(),
            reason: Some(ReasonId::new("delivery/late")),
            dumb: Some(true),
            by: "analyst-2".to_owned(),
            why: "the courier had lost it".to_owned(),
        }))),
        _ => of_customer_or_company(name),
    }
}

fn of_customer_or_company(name: &str) -> Fact {
    match name {
        "UpstreamEvent" => with(Body::UpstreamEvent(Box::new(UpstreamEvent {
            kind: UpstreamKind::OutageStarted,
            customer: customer(),
            order: text("ORD-1"),
            subject: text("fibra/norte"),
            affected: Some(12_000),
            planned_at: Some(at("2026-01-02T03:04:05.000006Z")),
        }))),
        "OrderPlaced" => with(Body::OrderPlaced(Box::new(OrderPlaced {
            customer: customer(),
            order: "ORD-1".to_owned(),
            products: list(&["fibra-300"]),
            total_micros: Some(29_990_000),
            currency: text("EUR"),
        }))),
        "NotificationSent" => with(Body::NotificationSent(Box::new(NotificationSent {
            topic: "fibra/norte".to_owned(),
            customer: customer(),
            recipients: 11_500,
            channel: Channel::Sms,
        }))),
        "PromiseMade" => with(Body::PromiseMade(Box::new(PromiseMade {
            customer: customer(),
            promise: "P-1".to_owned(),
            kind: PromiseKind::CallBack,
            due_at: at("2026-01-03T12:00:00Z"),
        }))),
        "PromiseSettled" => with(Body::PromiseSettled(Box::new(PromiseSettled {
            customer: customer(),
            promise: "P-1".to_owned(),
            kept: true,
        }))),
        "RecoveryOffered" => with(Body::RecoveryOffered(Box::new(RecoveryOffered {
            customer: customer(),
            record: text("R-1"),
            option: RecoveryOption::Credit,
            cost_micros: Some(5_000_000),
            currency: text("ARS"),
        }))),
        "CustomerMerged" => with(Body::CustomerMerged(Box::new(CustomerMerged {
            surviving: CustomerKey::from_bytes([0xa1; 16]),
            absorbed: CustomerKey::from_bytes([0xa2; 16]),
        }))),
        _ => of_governance(name),
    }
}

fn of_governance(name: &str) -> Fact {
    match name {
        "UnitsCounted" => with(Body::UnitsCounted(Box::new(UnitsCounted {
            unit: "orders".to_owned(),
            day: day("2026-02-28"),
            count: 54_321,
        }))),
        "CostRatePublished" => with(Body::CostRatePublished(Box::new(CostRatePublished {
            from: day("1969-12-31"),
            currency: "EUR".to_owned(),
            rates: vec![
                CostRate { channel: Channel::Phone, per_contact_micros: 1_500_000, per_second_micros: 9_000 },
                CostRate { channel: Channel::Chat, per_contact_micros: 700_000, per_second_micros: 0 },
            ],
        }))),
        "TaxonomyPublished" => with(Body::TaxonomyPublished(Box::new(TaxonomyPublished {
            name: "retail".to_owned(),
            version: "1.2.0".to_owned(),
            meaning_sha256: "ab".repeat(32),
            toml: "[reason.delivery]\nname = \"Envío\"\n".to_owned(),
            by: None,
        }))),
        "CycleDefined" => with(Body::CycleDefined(Box::new(CycleDefined {
            cycle: "compra".to_owned(),
            moments: vec![CycleMoment {
                name: "entrega".to_owned(),
                reasons: list(&["delivery/where", "delivery/late"]),
                weight_ppm: 400_000,
            }],
        }))),
        "AnomalyAdvanced" => with(Body::AnomalyAdvanced(Box::new(AnomalyAdvanced {
            anomaly: "A-1".to_owned(),
            state: AnomalyState::MeasureImplemented,
            indicator: "cpx/delivery".to_owned(),
            note: "the courier's feed stopped".to_owned(),
        }))),
        "ActionOpened" => with(Body::ActionOpened(Box::new(ActionOpened {
            action: "ACT-1".to_owned(),
            title: "Tell customers first".to_owned(),
            owner: "logistics".to_owned(),
            reasons: list(&["delivery/where"]),
            disposition: Disposition::Automate,
            due: Some(day("2026-06-30")),
            expected_change_ppm: Some(-400_000),
        }))),
        "ActionShipped" => with(Body::ActionShipped(Box::new(ActionShipped {
            action: "ACT-1".to_owned(),
            rollout_ppm: 500_000,
            change: text("release 4.2"),
        }))),
        "ActionClosed" => with(Body::ActionClosed(Box::new(ActionClosed {
            action: "ACT-1".to_owned(),
            outcome: ActionOutcome::Superseded,
        }))),
        "CutTaken" => with(Body::CutTaken(Box::new(CutTaken {
            cut: "00112233445566ff".to_owned(),
            epoch: "0123456789abcdef".to_owned(),
            positions: [
                (Topic::Facts, Partition(0), Offset(120)),
                (Topic::Facts, Partition(1), Offset(99)),
                (Topic::Company, Partition(0), Offset(3)),
            ]
            .into_iter()
            .collect(),
            as_of: at("2026-05-18T00:00:00Z"),
        }))),
        "WeekClosed" => with(Body::WeekClosed(Box::new(WeekClosed {
            week: IsoWeek::parse("2026-W20").expect("a week"),
            cut: "00112233445566ff".to_owned(),
        }))),
        "EpochServed" => with(Body::EpochServed(Box::new(EpochServed {
            epoch: "0123456789abcdef".to_owned(),
            name: text("draft"),
            before: text("fedcba9876543210"),
            way: ServedBy::Promotion,
            taxonomy: "retail".to_owned(),
            version: "2".to_owned(),
            by: text("cx-lead"),
            why: text("delivery reasons are split"),
        }))),
        _ => panic!("no sample of {name}: add one beside its schema"),
    }
}
