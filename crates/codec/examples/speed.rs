//! Nanoseconds for one contact: encode, decode, content, redact. Run it optimised:
//! `cargo run --release -p codec --example speed --features testing`.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use codec::{arbitrary, content_bytes, decode_fact, encode_fact, redact::redact};
use domain::{Body, Fact, KeyId, SealedBox, Spoken, Words};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::hint::black_box;

const ROUNDS: u32 = 200_000;

/// The least of five runs: the machine is busy with other things too.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn measure(what: &str, mut run: impl FnMut()) {
    let once = |run: &mut dyn FnMut()| {
        let begin = std::time::Instant::now();
        (0..ROUNDS).for_each(|_| run());
        begin.elapsed().as_nanos() / u128::from(ROUNDS)
    };
    let best = (0..5).map(|_| once(&mut run)).min();
    println!("{what:<34} {:>7} ns", best.unwrap_or_default());
}

/// A contact as real sources give them: about half of its optional fields, and 200 bytes of sealed words.
fn contact() -> Fact {
    let mut runner = TestRunner::deterministic();
    let fact = arbitrary::fact_named("ContactRecorded").new_tree(&mut runner).expect("a generator").current();
    with(fact, Words::Sealed(SealedBox { key: KeyId::from_bytes([7; 16]), bytes: vec![7; 200] }))
}

fn with(mut fact: Fact, words: Words) -> Fact {
    if let Body::ContactRecorded(contact) = &mut fact.body {
        contact.words = words;
        let attribute = |i: i32| (format!("attribute_{i}"), format!("value {i}"));
        contact.attributes = (0..3).map(attribute).collect();
        contact.case = Some("C-1234567".to_owned());
        contact.source_reason = Some("delivery/where".to_owned());
        contact.products = vec!["fibra-300".to_owned()];
    }
    fact
}

fn main() {
    let fact = contact();
    let bytes = encode_fact(&fact);
    println!("one contact is {} bytes", bytes.len());
    measure("encode_fact", || drop(black_box(encode_fact(black_box(&fact)))));
    measure("decode_fact", || drop(black_box(decode_fact(black_box(&bytes)))));
    let text = "Hola, hice un pedido hace 3 semanas y todavía no llega. ".repeat(4);
    let open = with(fact, Words::Open(Spoken { text: Some(text.clone()), ..Spoken::default() }));
    measure("content_bytes", || drop(black_box(content_bytes(black_box(&open)))));
    measure("redact 228 bytes, nothing in them", || drop(black_box(redact(black_box(&text)))));
    let personal = format!("{text} Llámenme al 612 345 678 o a ana@example.com, pedido 4821345.");
    measure("redact 296 bytes, two in them", || drop(black_box(redact(black_box(&personal)))));
}
