//! A contact as assemble makes it from source records: what is known of it before anything is judged.

use crate::closed::*;
use crate::{ContactId, Day, FactId, Instant, IsoWeek, Offset, Partition, Sequence};
use std::collections::BTreeMap;

/// One customer-initiated touch: one channel, one sitting. Legs and messages are folded into it.
///
/// Equal facts give equal contacts, except for `sequence` and `provenance`, which byte-compared tables leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Identity: of the record, of the root leg's record, or of the sitting's first message.
    pub id: ContactId,
    /// Order among what assemble says of this contact; the highest counts.
    pub sequence: Sequence,
    /// Source system.
    pub system: String,
    /// Account or site of the source.
    pub instance: String,
    /// The source's id of the (first) record.
    pub record: String,
    /// Revision of that record.
    pub revision: i64,
    /// When it began.
    pub occurred_at: Instant,
    /// How exact that is.
    pub precision: Precision,
    /// Day of `occurred_at` in the tenant's zone: the `dt` of the tables.
    pub day: Day,
    /// ISO week of that day.
    pub week: IsoWeek,
    /// The source's id of the case.
    pub case: Option<String>,
    /// Canonical channel.
    pub channel: Channel,
    /// The source's own word for it.
    pub channel_raw: String,
    /// Who started it.
    pub direction: Direction,
    /// Outside or inside the company.
    pub customer_kind: CustomerKind,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Products, sorted, each once.
    pub products: Vec<String>,
    /// Orders, sorted, each once.
    pub orders: Vec<String>,
    /// Step or page.
    pub step: Option<String>,
    /// Queue of the first record.
    pub queue: Option<String>,
    /// Pseudonym of the first record's agent.
    pub agent: Option<String>,
    /// Milliseconds to the first human answer, of the first record that has it.
    pub wait_ms: Option<i64>,
    /// Milliseconds of handling, summed over the records that have it; null = none has.
    pub handle_ms: Option<i64>,
    /// Where it comes from.
    pub handle_basis: HandleBasis,
    /// The customer left before an answer.
    pub abandoned: Option<bool>,
    /// Hand-offs: the source's count, or legs − 1 where that is more.
    pub transfers: Option<i32>,
    /// The source says that it is resolved (of the last record that says).
    pub resolved: Option<bool>,
    /// Records folded as legs, 1 where there were none.
    pub legs: u32,
    /// The customer's messages in this sitting, 1 for other kinds.
    pub messages: u32,
    /// The agent's own code.
    pub source_reason: Option<String>,
    /// All the agent's codes.
    pub source_reasons: Vec<String>,
    /// Allow-listed attributes.
    pub attributes: BTreeMap<String, String>,
    /// Data-quality flags, sorted, each once.
    pub flags: Vec<String>,
    /// The facts it was made from, sorted.
    pub facts: Vec<FactId>,
    /// Place of the latest of them in the log.
    pub provenance: Provenance,
}

/// Where in the log the latest fact of a contact lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    /// Partition of the topic `facts`.
    pub partition: Partition,
    /// Offset there.
    pub offset: Offset,
    /// When the log appended it.
    pub recorded_at: Instant,
}

/// What assemble says of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactChange {
    /// This is the contact now. Boxed: it is large, a retraction is not.
    Is(Box<Contact>),
    /// There is no such contact (any more): regrouped, spam, deleted, merged.
    Gone {
        /// The contact.
        id: ContactId,
        /// Order among what assemble says of it.
        sequence: Sequence,
        /// The day it had been published under.
        day: Day,
    },
}
