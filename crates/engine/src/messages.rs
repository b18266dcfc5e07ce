//! The byte form of what assemble tells judge, for a fold whose halves run in different processes. Like a snapshot it
//! is private to one engine version, which is part of the epoch that the topic is named after.

use crate::asserted::{Asserted, CustomerFact, JudgeInput};
use crate::bytes::{Damaged, Reader, Writer};
use domain::{ContactId, CustomerKey, Sequence};
use std::sync::Arc;

/// Messages in their order, as bytes.
pub fn encode(inputs: &[JudgeInput]) -> Vec<u8> {
    let mut w = Writer::default();
    w.list(inputs.iter(), write);
    w.into_bytes()
}

/// The messages that [`encode`] made the bytes from.
pub fn decode(bytes: &[u8]) -> Result<Vec<JudgeInput>, Damaged> {
    let mut r = Reader::new(bytes);
    let inputs = r.list(read)?;
    r.end()?;
    Ok(inputs)
}

fn write(w: &mut Writer, input: &JudgeInput) {
    match input {
        JudgeInput::Assert { sequence, asserted } => {
            w.u64(0);
            w.u64(sequence.0);
            asserted.write(w);
        }
        JudgeInput::Retract { sequence, customer, contact } => {
            w.u64(1);
            w.u64(sequence.0);
            w.option(customer.as_ref(), |w, customer| w.raw(customer.as_bytes()));
            w.raw(contact.as_bytes());
        }
        JudgeInput::Fact { customer, fact } => {
            w.u64(2);
            w.raw(customer.as_bytes());
            fact.write(w);
        }
        JudgeInput::FactGone { customer, fact } => {
            w.u64(3);
            w.raw(customer.as_bytes());
            w.raw(fact.as_bytes());
        }
        JudgeInput::Company { fact } => {
            w.u64(4);
            fact.write(w);
        }
    }
}

fn read(r: &mut Reader<'_>) -> Result<JudgeInput, Damaged> {
    let customer = |r: &mut Reader<'_>| r.id().map(CustomerKey::from_bytes);
    Ok(match r.u64()? {
        0 => JudgeInput::Assert { sequence: Sequence(r.u64()?), asserted: Arc::new(Asserted::read(r)?) },
        1 => JudgeInput::Retract {
            sequence: Sequence(r.u64()?),
            customer: r.option(customer)?,
            contact: ContactId::from_bytes(r.id()?),
        },
        2 => JudgeInput::Fact { customer: customer(r)?, fact: Arc::new(CustomerFact::read(r)?) },
        3 => JudgeInput::FactGone { customer: customer(r)?, fact: r.fact()? },
        4 => JudgeInput::Company { fact: Arc::new(CustomerFact::read(r)?) },
        _ => return Err(Damaged),
    })
}
