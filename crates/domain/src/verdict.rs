//! What the engine says of one contact.

use crate::closed::{Mechanism, ReasonBasis, Strength};
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

/// Proof of a mechanism: a minimal set of facts that is enough for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proof {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Which rule of the mechanism found it, such as `repeat/same_case`.
    pub rule: std::borrow::Cow<'static, str>,
    /// The facts, sorted, each once.
    pub facts: Vec<FactId>,
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
    /// Wanted by neither side: some mechanism is proven, or a person said so.
    pub dumb: bool,
    /// Member of a chain after its root.
    pub repeat: bool,
    /// The nearest earlier contact this one is directly linked to.
    pub previous: Option<ContactId>,
    /// Root of its chain: itself where it is alone.
    pub chain_root: ContactId,
    /// Place in its chain, from 1, by (occurred_at, contact_id).
    pub chain_position: u32,
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
