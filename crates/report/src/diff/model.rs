//! What a diff says, before it is put into words: plain values of the queries of [`tables::diff`], where their
//! meaning is documented.

use crate::weekly::Named;
use domain::{CutId, EpochId, Instant, IsoWeek, ReasonBasis, Zone};

/// What A has, and what B has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pair<T> {
    /// In A.
    pub a: T,
    /// In B.
    pub b: T,
}

/// Two epochs at one cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// Where the figures come from.
    pub provenance: Provenance,
    /// ISO 4217 code of the costs; `None` where there are none.
    pub currency: Option<String>,
    /// Chains of more than one contact.
    pub chains: Pair<u64>,
    /// The compared contacts in them.
    pub chained: Pair<u64>,
    /// The reasons of both taxonomies, by id.
    pub reasons: Vec<Reason>,
    /// The matrix, by both reasons; what is absent comes last.
    pub cells: Vec<Cell>,
}

/// What was compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The epochs.
    pub epochs: Pair<Epoch>,
    /// The log positions up to which both know everything, in words.
    pub positions: String,
    /// What time it was for both.
    pub as_of: Instant,
    /// The tenant's zone.
    pub zone: Zone,
    /// Only this week's contacts were compared.
    pub week: Option<IsoWeek>,
    /// Version of the program.
    pub version: String,
}

/// One of the epochs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// What the person called it.
    pub name: String,
    /// Its id.
    pub id: EpochId,
    /// The cut whose tables were read.
    pub cut: CutId,
    /// sha256 of the cut's manifest, in hexadecimal digits.
    pub manifest_sha256: String,
    /// Name and version of its taxonomy, where they are known.
    pub taxonomy: Option<String>,
}

/// A reason of one taxonomy, or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its id.
    pub id: String,
    /// What A says of it; `None` where A does not have it.
    pub a: Option<Described>,
    /// What B says of it.
    pub b: Option<Described>,
}

/// What a taxonomy says of a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its names.
    pub named: Named,
    /// The area that can remove its cause; `unowned` where none.
    pub owner: String,
}

/// The contacts that have one reason in A and one in B.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Reason in A; `None` = no contact there.
    pub from: Option<String>,
    /// Reason in B; `None` = no contact there.
    pub to: Option<String>,
    /// How many.
    pub contacts: u64,
    /// Of them avoidable.
    pub dumb: Pair<u64>,
    /// Avoidable in B alone, of contacts of both.
    pub dumb_gained: u64,
    /// Avoidable in A alone, of contacts of both.
    pub dumb_lost: u64,
    /// Contacts with a cost.
    pub costed: Pair<u64>,
    /// Their cost in micro-units; `None` where no contact has one.
    pub cost_micros: Pair<Option<u64>>,
    /// Cost of the avoidable ones; `None` where no contact has a cost.
    pub dumb_cost_micros: Pair<Option<u64>>,
    /// Contacts of both whose chain is another one.
    pub chains_changed: u64,
    /// Contacts whose words are gone.
    pub erased: u64,
    /// Some of the contacts, by id.
    pub samples: Vec<Sample>,
}

/// A contact of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its id.
    pub contact: String,
    /// What decided its reason in A, and in B.
    pub decided: Pair<Option<Decided>>,
}

/// What decided a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What kind of thing.
    pub basis: ReasonBasis,
    /// The rule.
    pub rule: Option<String>,
    /// How sure that is, in millionths.
    pub confidence_ppm: u64,
}
