//! Decoding what was encoded gives the same value, and no bytes make decoding panic.

use crate::arbitrary::{Sample, fact, fact_named, spoken};
use crate::{DecodeError, content_bytes, decode_fact, decode_spoken, encode_fact, encode_spoken};
use domain::{Body, CustomerKey, Fact, KeyId, SealedBox, Spoken, Strength, Words};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_fact_survives(fact in fact()) {
        prop_assert_eq!(decode_fact(&encode_fact(&fact)), Ok(fact));
    }

    #[test]
    fn words_survive(spoken in spoken()) {
        prop_assert_eq!(decode_spoken(&encode_spoken(&spoken)), Ok(spoken));
    }

    #[test]
    fn damage_is_an_error_or_another_fact_but_never_a_panic(
        fact in fact(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encode_fact(&fact);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let cut = cut.index(bytes.len());
        prop_assert!(decode_fact(&bytes[..cut]).is_err() || cut == bytes.len());
        // What decodes at all is a fact that can be written and read again.
        if let Ok(read) = decode_fact(&bytes) {
            prop_assert_eq!(decode_fact(&encode_fact(&read)), Ok(read));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(id in 0_u32..30, datum in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = vec![0];
        bytes.extend(id.to_be_bytes());
        bytes.extend(datum);
        let _ = decode_fact(&bytes);
        let _ = decode_spoken(&bytes);
    }

    #[test]
    fn bytes_after_a_record_are_refused(fact in fact(), tail in 0_u8..) {
        let mut bytes = encode_fact(&fact);
        bytes.push(tail);
        let refused = matches!(decode_fact(&bytes), Err(DecodeError::Malformed { expected: "the end of the record", .. }));
        prop_assert!(refused);
    }

    #[test]
    fn what_the_vault_decides_is_no_part_of_the_content(
        fact in fact_named("ContactRecorded"),
        spoken in spoken(),
        other in CustomerKey::sample(),
        id in domain::FactId::sample(),
    ) {
        let known = open(&fact, Words::Open(spoken), Some(other), Strength::Account);
        let anonymous = Fact { id, ..open(&known, words_of(&known), None, Strength::None) };
        prop_assert_eq!(content_bytes(&known), content_bytes(&anonymous));
    }

    #[test]
    fn other_words_are_other_content(fact in fact_named("ContactRecorded"), a in spoken(), b in spoken()) {
        let of = |spoken: &Spoken| content_bytes(&open(&fact, Words::Open(spoken.clone()), None, Strength::None));
        prop_assert_eq!(of(&a) == of(&b), a == b);
    }
}

fn open(fact: &Fact, words: Words, customer: Option<CustomerKey>, strength: Strength) -> Fact {
    let mut fact = fact.clone();
    let Body::ContactRecorded(contact) = &mut fact.body else { panic!("a contact was asked for") };
    (contact.words, contact.customer, contact.strength) = (words, customer, strength);
    fact
}

fn words_of(fact: &Fact) -> Words {
    match &fact.body {
        Body::ContactRecorded(contact) => contact.words.clone(),
        _ => Words::None,
    }
}

fn contact(words: Words) -> Fact {
    open(&super::samples::contact_recorded(), words, None, Strength::None)
}

#[test]
#[should_panic(expected = "words are sealed before their fact is encoded")]
fn clear_words_never_reach_the_log() {
    encode_fact(&contact(Words::Open(Spoken::default())));
}

#[test]
#[should_panic(expected = "content is taken before its words are sealed")]
fn sealed_words_have_no_content() {
    let sealed = SealedBox { key: KeyId::from_bytes([7; 16]), bytes: vec![1, 2, 3] };
    content_bytes(&contact(Words::Sealed(sealed)));
}

#[test]
fn damaged_records_say_where_and_what() {
    let good = encode_fact(&contact(Words::None));
    let check = |bytes: &[u8], expected: &str| {
        let error = decode_fact(bytes).expect_err("the record is damaged");
        assert_eq!(error.to_string(), expected);
    };
    check(&[], "0 bytes are not a framed record: expected a zero byte, four bytes of schema id, and a datum");
    check(
        &[1, 0, 0, 0, 1, 0],
        "6 bytes are not a framed record: expected a zero byte, four bytes of schema id, and a datum",
    );
    check(
        &[0, 0, 0, 3, 231],
        "schema id 999 is unknown: expected one of this program's schemas; the record is newer or damaged",
    );
    check(&encode_spoken(&Spoken::default()), "schema id 26 is Spoken.v1: expected a fact");
    check(&good[..9], "ContactRecorded.v1, byte 0 of the datum, field id: expected sixteen bytes of an id");
    let mut claim = good[..21].to_vec();
    // A text of 2^62 bytes.
    claim.extend([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    check(
        &claim,
        "ContactRecorded.v1, byte 26 of the datum, field system: expected a length no greater than the bytes left",
    );
    let mut long = good[..21].to_vec();
    long.extend([0xff; 11]);
    check(
        &long,
        "ContactRecorded.v1, byte 26 of the datum, field system: expected an integer of at most 64 bits",
    );
}

#[test]
fn a_block_with_its_size_is_read_as_one_without() {
    let mut fact = contact(Words::None);
    let Body::ContactRecorded(recorded) = &mut fact.body else { panic!("a contact") };
    recorded.flags = vec!["zz-one".to_owned(), "zz-two".to_owned()];
    let bytes = encode_fact(&fact);
    // The last field: a block of two texts of six bytes each, and the end of the array.
    let block = bytes.len() - 1 - 14 - 1;
    assert_eq!(bytes[block..block + 2], [4, 12]);
    let mut sized = bytes[..block].to_vec();
    sized.extend([3, 28]);
    sized.extend(&bytes[block + 1..]);
    assert_eq!(decode_fact(&sized), Ok(fact));
}

#[test]
fn a_claimed_block_reserves_nothing() {
    let mut bytes = encode_fact(&contact(Words::None));
    // The last array's empty block becomes a claim of 2^40 items.
    bytes.pop();
    bytes.extend([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    let error = decode_fact(&bytes).expect_err("there are no items");
    assert!(
        error.to_string().ends_with("field flags: expected a count of items no greater than the bytes left"),
        "{error}"
    );
}
