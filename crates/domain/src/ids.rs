//! Identities. Ids of contacts and facts are name-based UUIDs (RFC 9562 version 5), never random: a
//! re-import, a replay and a second machine must come to the same ids.

use crate::{Origin, closed::Strength};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// Namespace of all of Quell's name-based ids: UUIDv5 of the DNS name `quell.contact-analytics`.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0b_8d0e_5d3c_5c1a_9a58_2f3d_71c4_e8b2);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// From the sixteen bytes of the id.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self { Self(bytes) }
            /// The sixteen bytes of the id.
            pub const fn as_bytes(&self) -> &[u8; 16] { &self.0 }
            /// From the usual hyphenated form.
            pub fn parse(text: &str) -> Option<Self> { Uuid::try_parse(text).ok().map(|u| Self(u.into_bytes())) }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", Uuid::from_bytes(self.0).hyphenated()) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{self}") }
        }
    };
}

uuid_id!(
    /// Identity of a contact: UUIDv5 of its source record, or of the first record of its sitting.
    ContactId
);
uuid_id!(
    /// Identity of a fact: UUIDv5 of its dedupe key and content hash.
    FactId
);
uuid_id!(
    /// Identity of a case inside one source: UUIDv5 of system, instance and the source's case id.
    CaseId
);
uuid_id!(
    /// Random surrogate of a customer, issued by the vault together with the customer's data key.
    CustomerKey
);
uuid_id!(
    /// Names a data key of the vault. A customer's key has the customer's surrogate as its id; the keys of
    /// anonymous contacts and of rejects are named by their source and day.
    KeyId
);

/// Joins name parts so that no two different lists give the same bytes: each part is preceded by its length.
fn name_bytes(kind: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(kind.len() + 8 + parts.iter().map(|p| p.len() + 8).sum::<usize>());
    for part in std::iter::once(kind.as_bytes()).chain(parts.iter().copied()) {
        out.extend_from_slice(&(part.len() as u64).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

fn named(kind: &str, parts: &[&[u8]]) -> [u8; 16] {
    Uuid::new_v5(&NAMESPACE, &name_bytes(kind, parts)).into_bytes()
}

impl ContactId {
    /// The contact of a source record.
    pub fn of_record(system: &str, instance: &str, record: &str) -> Self {
        Self(named("contact", &[system.as_bytes(), instance.as_bytes(), record.as_bytes()]))
    }
}

impl CaseId {
    /// The case with this id in this source.
    pub fn of_case(system: &str, instance: &str, case: &str) -> Self {
        Self(named("case", &[system.as_bytes(), instance.as_bytes(), case.as_bytes()]))
    }
}

impl FactId {
    /// The id of a fact (DESIGN §2): UUIDv5 of the dedupe key (fact name, source system, instance, record,
    /// revision) and of the keyed content hash, an HMAC-SHA256 over the redacted, normalised content before
    /// sealing, without customer key and key id.
    pub fn derive(fact_name: &str, origin: &Origin, content_hash: &[u8; 32]) -> Self {
        Self(named(
            "fact",
            &[
                fact_name.as_bytes(),
                origin.system.as_bytes(),
                origin.instance.as_bytes(),
                origin.record.as_bytes(),
                &origin.revision.to_be_bytes(),
                content_hash,
            ],
        ))
    }
}

impl KeyId {
    /// The id of a customer's own data key.
    pub const fn of_customer(customer: CustomerKey) -> Self {
        Self(customer.0)
    }

    /// The id of the key that seals anonymous contacts of one source on one day.
    pub fn of_source_day(system: &str, instance: &str, day: crate::Day) -> Self {
        Self(named("day-key", &[system.as_bytes(), instance.as_bytes(), day.to_string().as_bytes()]))
    }

    /// The id of the key that seals rejects of one day.
    pub fn of_rejects_day(day: crate::Day) -> Self {
        Self(named("reject-key", &[day.to_string().as_bytes()]))
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// From its text.
            pub fn new(text: &str) -> Self { Self(Arc::from(text)) }
            /// Its text.
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{:?}", self.as_str()) }
        }
    };
}

/// An identifier of a customer in clear: it lives in memory only, between a source record and the vault.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// What kind it is, which is also how far it can be trusted.
    pub strength: Strength,
    /// Where it means something: empty for e-mail and phone, the source's name for account numbers.
    pub namespace: String,
    /// Its normalised value.
    pub value: String,
}

impl fmt::Debug for Identifier {
    /// Never shows the value (P9).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "identifier({})", self.strength)
    }
}

text_id!(
    /// A leaf of the taxonomy. Cheap to clone: all contacts of a reason share one text.
    ReasonId
);
text_id!(
    /// A rule of the taxonomy.
    RuleId
);
text_id!(
    /// The area that can remove a reason's cause.
    OwnerId
);

/// The reason of a contact that nothing explains. It is a reason of its own and is never hidden.
pub const UNCLASSIFIED: &str = "unclassified";

/// The owner of reasons that nobody owns. It is an owner of its own and is never hidden.
pub const UNOWNED: &str = "unowned";

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// From its bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self { Self(bytes) }
            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] { &self.0 }
            /// From lower-case hexadecimal digits.
            pub fn parse(text: &str) -> Option<Self> {
                let mut out = [0u8; $len];
                if text.len() != $len * 2 || !text.is_ascii() { return None; }
                for (i, byte) in out.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
                }
                Some(Self(out))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{self}") }
        }
    };
}

hash_id!(
    /// Identity of an epoch: the first eight bytes of the sha256 of everything that decides the fold
    /// (taxonomy, model, engine settings, time zone, engine version).
    EpochId, 8
);
hash_id!(
    /// Identity of a cut: hex16 of sha256(epoch, positions, as_of).
    CutId, 8
);
