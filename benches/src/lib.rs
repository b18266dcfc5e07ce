//! Measurements of single stages, on a fixed input: a line of text for each. Nothing here is a test.

use domain::closed::*;
use domain::fact::ContactRecorded;
use domain::*;
use std::collections::BTreeMap;

/// As the program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Contact `n` of a fixed stream: one order, one of four texts of about 150 bytes, four contacts a customer.
pub fn contact(n: u32) -> Fact {
    const TEXTS: [&str; 4] = [
        "Buenas tardes, hice un pedido hace diez días y todavía no ha llegado. ¿Me pueden decir dónde está mi pedido? Gracias de antemano por su ayuda.",
        "Hello, I cannot get past step 3 of the checkout, the button to pay does nothing. I tried on Monday and on Tuesday. Please answer by email.",
        "Hola, ¿a qué hora abren la tienda de Sevilla el lunes? En la web no lo encuentro y necesito recoger un paquete antes de las nueve de la mañana.",
        "I was charged twice for the same washing machine last week, 349,90 euro each. My bank says it is your mistake. When will I get my money back?",
    ];
    let customer = CustomerKey::from_bytes(
        u128::from(n / 4).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes(),
    );
    let recorded = ContactRecorded {
        kind: RecordKind::Contact,
        root_record: None,
        case: None,
        channel: Channel::Phone,
        channel_raw: "phone".into(),
        direction: Direction::Inbound,
        customer: Some(customer),
        strength: Strength::Account,
        customer_kind: CustomerKind::External,
        words: Words::Open(Spoken { text: Some(TEXTS[n as usize % 4].into()), ..Spoken::default() }),
        language: Some("es".into()),
        country: None,
        products: vec!["laptop".into()],
        orders: vec![format!("ORD-{:08}", n / 2)],
        step: None,
        queue: None,
        agent: None,
        wait_ms: None,
        handle_ms: Some(i64::from(n % 900) * 1_000),
        handle_basis: HandleBasis::Measured,
        abandoned: None,
        transfers: None,
        resolved: Some(true),
        state: SourceState::Unknown,
        source_reason: None,
        source_reasons: vec![],
        attributes: BTreeMap::new(),
        flags: vec![],
    };
    let origin = Origin {
        system: "bench".into(),
        record: format!("{n:08x}-1111-4222-8333-444444444444"),
        ..Origin::default()
    };
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&n.to_be_bytes());
    let id = FactId::derive("ContactRecorded", &origin, &hash);
    let occurred_at =
        Instant::from_micros(1_736_121_600_000_000 + i64::from(n) * 7_000_000).expect("2025 is an instant");
    Fact {
        id,
        origin,
        occurred_at,
        precision: Precision::Second,
        body: Body::ContactRecorded(Box::new(recorded)),
    }
}

/// Resident memory of this process in bytes; 0 where the system does not say.
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}
