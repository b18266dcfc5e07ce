//! Facts ⇄ bytes. A record is `0x00`, the schema's id as four bytes big-endian (Confluent's framing) and
//! the Avro datum: the envelope that all facts share, then the fields of the body.
//!
//! Never sees clear text on its way to the log: encoding open words is a bug and asserts.

pub(crate) mod bodies;

use crate::error::DecodeError;
use crate::wire::{Datum, Malformed, Out, Purpose, Wire};
use crate::{evolve, frame};
use domain::{Body, Fact, FactId, Origin, Words};

/// Names of the envelope's fields, before those of the body.
#[cfg(test)]
pub(crate) const ENVELOPE: &[&str] = &["id", "origin", "occurred_at", "precision"];

/// The kinds of facts with the id of each one's newest schema. A macro, because three matches over all
/// kinds have to agree, and a kind that one of them forgot would be lost at run time.
macro_rules! kinds {
    ($($name:ident = $id:literal,)+) => {
        /// Id of the newest schema of this kind of fact.
        const fn schema_id(body: &Body) -> u32 {
            match body { $(Body::$name(_) => $id,)+ }
        }

        /// Whether this is the newest schema of a kind of fact.
        fn is_newest(schema_id: u32) -> bool {
            [$($id),+].contains(&schema_id)
        }

        fn write_body(body: &Body, out: &mut Out) {
            match body { $(Body::$name(body) => body.write(out),)+ }
        }

        /// Panics on an id that is not [`is_newest`].
        fn read_body(schema_id: u32, from: &mut Datum<'_>) -> Result<Body, Malformed> {
            match schema_id {
                $($id => Ok(Body::$name(Box::new(Wire::read(from)?))),)+
                _ => unreachable!("only the newest schema of a kind of fact is read here"),
            }
        }

        /// Any fact of each kind, in the order of [`Body::NAMES`] (for `arbitrary`).
        #[cfg(any(test, feature = "testing"))]
        pub(crate) fn any_bodies() -> Vec<(&'static str, proptest::strategy::BoxedStrategy<Body>)> {
            use crate::arbitrary::Sample;
            use proptest::strategy::Strategy;
            vec![$((stringify!($name), Sample::sample().prop_map(|b| Body::$name(Box::new(b))).boxed()),)+]
        }
    };
}

kinds! {
    ContactRecorded = 1,
    ContactResolved = 2,
    ContactReopened = 3,
    SurveyAnswered = 4,
    EvaluationRecorded = 5,
    SelfServiceEnded = 6,
    UpstreamEvent = 7,
    OrderPlaced = 8,
    UnitsCounted = 9,
    NotificationSent = 10,
    PromiseMade = 11,
    PromiseSettled = 12,
    RecoveryOffered = 13,
    CustomerMerged = 14,
    TextErased = 15,
    VerdictOverridden = 16,
    CostRatePublished = 17,
    TaxonomyPublished = 28,
    CycleDefined = 19,
    AnomalyAdvanced = 20,
    ActionOpened = 21,
    ActionShipped = 22,
    ActionClosed = 23,
    CutTaken = 24,
    WeekClosed = 25,
    EpochServed = 27,
}

/// The record of a fact, for the log. Its words are sealed, gone, or none; open ones are a bug.
pub fn encode_fact(fact: &Fact) -> Vec<u8> {
    let mut out = Out::after(frame::head(schema_id(&fact.body), room(fact)), Purpose::Log);
    write_fact(fact, &mut out);
    out.into_bytes()
}

/// The fact of a record. Older versions of a schema are read as the newest; no bytes make it panic.
pub fn decode_fact(bytes: &[u8]) -> Result<Fact, DecodeError> {
    let (id, datum) = frame::split(bytes)?;
    if is_newest(id) {
        return read_fact(id, datum).map_err(|m| DecodeError::malformed(id, m));
    }
    let (newest, datum) = evolve::to_newest(id, datum)?;
    if !is_newest(newest) {
        return Err(DecodeError::OtherKind { schema_id: id, expected: "a fact" });
    }
    read_fact(newest, &datum).map_err(|m| DecodeError::malformed(newest, m))
}

/// What the fact's id is made from (DESIGN §2, fact): the datum with the fact's id zeroed, everything that
/// the vault decides (customer, how far it can be joined, key) left out, and the words in clear. So a
/// record has the same content whether its customer is known, anonymous or suppressed. (Only a merge keeps
/// its customers: they are all it states.)
///
/// Words are still open here, or none: content is hashed before sealing, and anything else is a bug.
///
/// Whoever adds a field in a later version writes it into the content only where it is not the field's
/// default; otherwise a record imported again after the upgrade would become another fact. The files
/// `tests/golden/*.content.hex` hold this.
pub fn content_bytes(fact: &Fact) -> Vec<u8> {
    let mut out = Out::after(Vec::with_capacity(room(fact)), Purpose::Content);
    write_fact(fact, &mut out);
    out.into_bytes()
}

/// About as many bytes as the record will have, so that writing seldom moves it.
fn room(fact: &Fact) -> usize {
    let words = match &fact.body {
        Body::ContactRecorded(c) => match &c.words {
            Words::Sealed(sealed) => sealed.bytes.len(),
            Words::Open(spoken) => spoken.text.as_ref().map_or(0, String::len),
            Words::None | Words::Gone => 0,
        },
        _ => 0,
    };
    256 + words
}

fn write_fact(fact: &Fact, out: &mut Out) {
    const NO_ID: FactId = FactId::from_bytes([0; 16]);
    if out.is_content() { NO_ID } else { fact.id }.write(out);
    fact.origin.write(out);
    fact.occurred_at.write(out);
    fact.precision.write(out);
    write_body(&fact.body, out);
}

fn read_fact(schema_id: u32, datum: &[u8]) -> Result<Fact, Malformed> {
    let mut from = Datum::new(datum);
    from.begin("id");
    let id = FactId::read(&mut from)?;
    let origin = Origin::read(&mut from)?;
    from.begin("occurred_at");
    let occurred_at = Wire::read(&mut from)?;
    from.begin("precision");
    let precision = Wire::read(&mut from)?;
    let body = read_body(schema_id, &mut from)?;
    from.end()?;
    Ok(Fact { id, origin, occurred_at, precision, body })
}
