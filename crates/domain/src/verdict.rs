//! What the engine says of one contact.

use crate::closed::{Mechanism, ReasonBasis, SelfServiceOutcome, Strength};
use crate::{ContactId, CustomerKey, Day, FactId, Instant, ReasonId, RuleId, Sequence};

/// Why a reason was given: the rule and where in the customer's words it matched. Never the words themselves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// The rule.
    pub rule: RuleId,
    /// First byte of the match in the customer's words ([`crate::Spoken::customer_words`]), UTF-8.
    pub from: u32,
    /// One past its last byte.
    pub to: u32,
}

/// Proof of a mechanism, or of what clears it: a minimal set of facts that is enough for it. Without any one of
/// them this proof would not stand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proof {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Which rule of the mechanism found it, such as `repeat/same_case` (docs/mechanisms.md).
    pub rule: std::borrow::Cow<'static, str>,
    /// How sure it is, in millionths: 1,000,000 where records alone decide, else the confidence of the reason.
    pub confidence_ppm: i32,
    /// Seconds between the contact and what proves it, where the mechanism has such a time: since the earlier contact,
    /// the document, the notice, the due date or the session, until the correction, between two questions.
    pub seconds: Option<i64>,
    /// The facts, sorted, each once.
    pub facts: Vec<FactId>,
}

/// The windows, in days, that chains are also looked at with, whatever the setting: how far a figure hangs on it.
pub const SENSITIVITY_DAYS: [i64; 3] = [7, 14, 30];

/// A contact's place in its chain with one of the windows of [`SENSITIVITY_DAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AtWindow {
    /// Member of a chain after its root.
    pub repeat: bool,
    /// A later contact belongs to its chain: it was not the last.
    pub again: bool,
}

/// What the engine says of one contact. The instants say when time changes its meaning; jobs compare them
/// with the cut's `as_of`, because the engine never sees a clock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// The contact.
    pub contact: ContactId,
    /// Sequence of the contact it judges; the highest counts.
    pub sequence: Sequence,
    /// Order among the verdicts of one sequence; the highest counts.
    pub judged: Sequence,
    /// Day the contact is published under.
    pub day: Day,
    /// The customer after merges; `None` = anonymous.
    pub customer: Option<CustomerKey>,
    /// How far joins on the customer can be trusted.
    pub strength: Strength,
    /// The reason; `unclassified` is one.
    pub reason: ReasonId,
    /// What decided it.
    pub basis: ReasonBasis,
    /// Confidence in millionths, 0..=1,000,000; of a rule 1,000,000, of `unclassified` 0.
    pub confidence_ppm: i32,
    /// The rule and span behind it.
    pub evidence: Option<Evidence>,
    /// Proven mechanisms, at most one proof each, in the order of [`Mechanism::ALL`].
    pub proofs: Vec<Proof>,
    /// Mechanisms that the contact looks like and that something on record speaks against.
    pub cleared: Vec<Proof>,
    /// Wanted by neither side: some mechanism is proven, or a person said so.
    pub dumb: bool,
    /// The fact by which a person said whether it was avoidable; it wins over every proof.
    pub said: Option<FactId>,
    /// Further reasons of ours besides the one that counts, in their order, each once.
    pub further: Vec<ReasonId>,
    /// Step or page that the customer named, such as `checkout/3`.
    pub step: Option<String>,
    /// Member of a chain after its root.
    pub repeat: bool,
    /// The nearest earlier contact this one is directly linked to.
    pub previous: Option<ContactId>,
    /// Root of its chain: itself where it is alone.
    pub chain_root: ContactId,
    /// Place in its chain, from 1, by (occurred_at, contact_id).
    pub chain_position: u32,
    /// What it would be with other windows.
    pub at_windows: [AtWindow; SENSITIVITY_DAYS.len()],
    /// No later contact of the customer belongs to its case; null without a case or a customer.
    pub answered_once: Option<bool>,
    /// Without a further contact of the chain, the chain has melted at this instant.
    pub melts_at: Instant,
    /// Without a further contact, first-contact resolution is final at this instant.
    pub mature_at: Instant,
    /// When the earliest open promise to the customer is due, if one was open at the contact.
    pub due_at: Option<Instant>,
}

impl Verdict {
    /// The proven mechanisms.
    pub fn mechanisms(&self) -> impl Iterator<Item = Mechanism> + '_ {
        self.proofs.iter().map(|p| p.mechanism)
    }
}

/// What the engine says of one session of self-service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Session {
    /// The fact.
    pub fact: FactId,
    /// Order among what is said of it; the highest counts.
    pub judged: Sequence,
    /// When it ended.
    pub occurred_at: Instant,
    /// That day in the tenant's zone.
    pub day: Day,
    /// The customer after merges; `None` = anonymous.
    pub customer: Option<CustomerKey>,
    /// Journey or article, such as `checkout`.
    pub path: Box<str>,
    /// Step at which it ended, such as `3`.
    pub step: Option<Box<str>>,
    /// How it ended.
    pub outcome: SelfServiceOutcome,
    /// The customer's first contact after it within the window, whatever it was about.
    pub contact: Option<ContactId>,
    /// The contact that this session's failure led to: it proves `self_service_failed`.
    pub leak: Option<ContactId>,
}

/// A fact that is no contact, for whoever asks what a proof rests on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stated {
    /// The fact.
    pub fact: FactId,
    /// When it happened.
    pub occurred_at: Instant,
    /// That day in the tenant's zone.
    pub day: Day,
    /// Which kind of fact: [`crate::Body::name`].
    pub kind: &'static str,
    /// What of that kind: an upstream kind, an outcome, kept or broken; the wire word.
    pub word: Option<&'static str>,
    /// What it is about: order, subject, path, promise, case.
    pub about: Option<String>,
    /// When it is due or planned.
    pub due_at: Option<Instant>,
}
