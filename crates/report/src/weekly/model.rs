//! What the report says, before it is put into words: plain values, one struct for each query of
//! [`tables::weekly`], with the columns' names. What the columns mean is documented there.

use domain::{
    Channel, CutId, Day, Disposition, EpochId, Instant, IsoWeek, Mechanism, RejectKind, UNCLASSIFIED, Zone,
};

/// One week of the company.
#[derive(Debug, Clone, PartialEq)]
pub struct Weekly {
    /// The week in one row.
    pub headline: Headline,
    /// Up to thirteen weeks that end with this one, oldest first.
    pub trend: Vec<TrendWeek>,
    /// Reasons whose contacts changed most, largest rate effect first.
    pub movers: Vec<Mover>,
    /// Every reason of the week, most contacts first.
    pub pareto: Vec<ParetoReason>,
    /// Where repeats began, most repeats first.
    pub snowball_reasons: Vec<SnowballReason>,
    /// The longest chains, longest first.
    pub snowball_chains: Vec<SnowballChain>,
    /// What each owner was charged, dearest first.
    pub owners: Vec<OwnerStatement>,
    /// Avoidable contacts by mechanism, most first.
    pub mechanisms: Vec<MechanismCount>,
    /// What the company knew before its customers asked.
    pub known_first: KnownFirst,
    /// Reasons with most contacts that a word could have spared, up to three.
    pub known_first_reasons: Vec<KnownFirstReason>,
    /// Sessions of self-service.
    pub self_service: SelfService,
    /// The steps at which most contacts leaked, up to five.
    pub self_service_steps: Vec<SelfServiceStep>,
    /// Contacts by channel, most first.
    pub channels: Vec<ChannelCount>,
    /// How far the figures can be trusted.
    pub quality: Quality,
    /// Refused inputs by kind, most first.
    pub refused: Vec<RefusedCount>,
    /// Where the figures come from.
    pub provenance: Provenance,
}

/// A figure of the week beside the weeks it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compared<T> {
    /// This week.
    pub week: T,
    /// The week before; `None` where there is none, or where it lacks the figure.
    pub before: Option<u64>,
    /// Sum over those of the four weeks before that have the figure.
    pub mean4_sum: Option<u64>,
}

/// The week in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// The week.
    pub iso_week: IsoWeek,
    /// Its Monday.
    pub monday: Day,
    /// It had ended when the cut was taken.
    pub complete: bool,
    /// Contacts.
    pub contacts: Compared<u64>,
    /// Of them avoidable.
    pub dumb: Compared<u64>,
    /// Of them members of a chain after its root.
    pub repeats: Compared<u64>,
    /// Distinct customers.
    pub customers: u64,
    /// Contacts that were not mature when the cut was taken.
    pub provisional: u64,
    /// Contacts without a reason.
    pub unclassified: u64,
    /// Contacts with a handle time.
    pub handled: u64,
    /// Their handling, in milliseconds.
    pub handle_ms: Option<u64>,
    /// Contacts with a cost.
    pub costed: Compared<u64>,
    /// Their cost, in micro-units.
    pub cost_micros: Compared<Option<u64>>,
    /// Cost of the avoidable ones among them.
    pub dumb_cost_micros: Option<u64>,
    /// ISO 4217 code of the costs.
    pub currency: Option<String>,
    /// What contacts are divided by.
    pub unit: Option<String>,
    /// How many units the week had.
    pub units: Compared<Option<u64>>,
    /// Days of the week that have a count of units.
    pub unit_days: u64,
    /// How many of the four weeks before have contacts.
    pub mean4_weeks: u64,
    /// How many of these have units.
    pub mean4_unit_weeks: u64,
    /// How many of these have a cost.
    pub mean4_cost_weeks: u64,
}

/// One week of the trend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendWeek {
    /// The week.
    pub iso_week: IsoWeek,
    /// Its Monday.
    pub monday: Day,
    /// It had ended when the cut was taken.
    pub complete: bool,
    /// Contacts.
    pub contacts: u64,
    /// Of them avoidable.
    pub dumb: u64,
    /// Units.
    pub units: Option<u64>,
    /// Cost in micro-units.
    pub cost_micros: Option<u64>,
}

/// An id of the taxonomy with its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its Spanish name, where the taxonomy has one.
    pub es: Option<String>,
    /// Its English name, where the taxonomy has one.
    pub en: Option<String>,
}

impl Named {
    /// Stands for the contacts that nothing explains.
    pub fn is_unclassified(&self) -> bool {
        self.id == UNCLASSIFIED
    }

    /// Stands for reasons without an owner.
    pub fn is_unowned(&self) -> bool {
        self.id == UNOWNED
    }
}

/// The owner of reasons that have none.
pub const UNOWNED: &str = "unowned";

/// A reason whose contacts changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// The reason.
    pub reason: Named,
    /// Names of its owner; the query gives no id.
    pub owner: Named,
    /// What its contacts are divided by.
    pub unit: Option<String>,
    /// Contacts.
    pub contacts: u64,
    /// Contacts of the week before.
    pub contacts_before: u64,
    /// `contacts - contacts_before`.
    pub change: i64,
    /// Part of the change that the number of units explains.
    pub growth_effect: Option<i64>,
    /// The rest: each unit causes more or fewer contacts.
    pub rate_effect: Option<i64>,
}

/// A reason of the week.
#[derive(Debug, Clone, PartialEq)]
pub struct ParetoReason {
    /// The reason.
    pub reason: Named,
    /// The area that can remove its cause.
    pub owner: Named,
    /// What the votes say to do with it.
    pub disposition: Option<Disposition>,
    /// Contacts.
    pub contacts: u64,
    /// Contacts of this reason and of all before it.
    pub cumulative: u64,
    /// Contacts of all reasons.
    pub total: u64,
    /// Belongs to the fewest reasons that together reach 80 % of the contacts.
    pub vital: bool,
    /// Of the contacts the avoidable ones.
    pub dumb: u64,
    /// Of the contacts the repeats.
    pub repeats: u64,
    /// What its contacts are divided by.
    pub unit: Option<String>,
    /// Contacts per 100 units.
    pub cpx: Option<f64>,
    /// Cost in micro-units.
    pub cost_micros: Option<u64>,
    /// Contacts of the week before.
    pub contacts_before: u64,
}

/// A reason with which chains began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnowballReason {
    /// The reason of the root.
    pub reason: Named,
    /// Repeats of the week in chains with that root.
    pub repeats: u64,
    /// Chains they belong to.
    pub chains: u64,
    /// Cost of these repeats in micro-units.
    pub cost_micros: Option<u64>,
}

/// A chain of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnowballChain {
    /// Contact id of the root.
    pub chain_root: String,
    /// The reason of the root.
    pub reason: Named,
    /// Contacts of the chain, in any week.
    pub contacts: u64,
    /// Distinct channels they came by.
    pub channels: u64,
    /// Day of the first contact.
    pub started_on: Day,
    /// Day of the last contact so far.
    pub last_on: Day,
    /// The window passed without a further contact.
    pub melted: bool,
    /// Cost in micro-units.
    pub cost_micros: Option<u64>,
}

/// What one owner was charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerStatement {
    /// The owner.
    pub owner: Named,
    /// Its reasons that have contacts in the week.
    pub reasons: u64,
    /// Contacts.
    pub contacts: u64,
    /// Contacts of the week before.
    pub contacts_before: u64,
    /// Of the contacts the avoidable ones.
    pub dumb: u64,
    /// Of the contacts the repeats.
    pub repeats: u64,
    /// Of the contacts those with a cost.
    pub costed: u64,
    /// Their cost in micro-units.
    pub cost_micros: Option<u64>,
    /// Cost of the week before in micro-units.
    pub cost_micros_before: Option<u64>,
}

/// Avoidable contacts of one mechanism.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MechanismCount {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Contacts.
    pub contacts: u64,
    /// Contacts of the week before.
    pub contacts_before: u64,
    /// Cost in micro-units.
    pub cost_micros: Option<u64>,
}

/// What the company knew before its customers asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownFirst {
    /// Contacts that a word could have spared.
    pub contacts: u64,
    /// Of them those whose cause was on record before.
    pub known: u64,
    /// Contacts about an event that customers had been told of, whatever else is proven of them.
    pub noticed: u64,
    /// Median of the seconds that the company knew before; `None` where it knew of none.
    pub lead_p50_s: Option<u64>,
    /// The most of them.
    pub lead_max_s: Option<u64>,
}

/// The same of one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFirstReason {
    /// The reason.
    pub reason: Named,
    /// Contacts that a word could have spared.
    pub contacts: u64,
    /// Of them those whose cause was on record before.
    pub known: u64,
}

/// Sessions of self-service, and what followed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SelfService {
    /// Sessions.
    pub sessions: u64,
    /// Of them those of a known customer: only of these can be told what followed.
    pub known: u64,
    /// Of these those that a contact of the customer followed.
    pub contacted: u64,
    /// Of these those whose failure led to a contact about the same thing.
    pub leaked: u64,
}

/// Sessions that ended at one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfServiceStep {
    /// Journey or article.
    pub path: String,
    /// The step; `None` where the source does not say.
    pub step: Option<String>,
    /// What followed them.
    pub ended: SelfService,
}

/// Contacts of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCount {
    /// The channel.
    pub channel: Channel,
    /// Contacts.
    pub contacts: u64,
    /// Contacts of the week before.
    pub contacts_before: u64,
    /// Of the contacts the avoidable ones.
    pub dumb: u64,
    /// Cost in micro-units.
    pub cost_micros: Option<u64>,
}

/// How far the week's figures can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quality {
    /// Contacts.
    pub contacts: u64,
    /// Without a reason.
    pub unclassified: u64,
    /// Without a customer.
    pub anonymous: u64,
    /// Without a cost.
    pub not_costed: u64,
    /// Recorded more than seven days after the end of their week.
    pub late: u64,
    /// Whose reason has no owner.
    pub unowned: u64,
}

/// Refused inputs of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedCount {
    /// Why.
    pub kind: RejectKind,
    /// How many, in the whole instance up to the cut.
    pub inputs: u64,
}

/// Where the figures come from, so that anybody can count again. Handed over by the shell.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The cut.
    pub cut: CutId,
    /// The epoch.
    pub epoch: EpochId,
    /// What time it was, for everything that time changes.
    pub as_of: Instant,
    /// The tenant's zone.
    pub zone: Zone,
    /// Name of the taxonomy.
    pub taxonomy_name: String,
    /// Its version.
    pub taxonomy_version: String,
    /// sha256 over its meaning, in hexadecimal digits.
    pub taxonomy_sha256: String,
    /// sha256 of the cut's manifest, in hexadecimal digits.
    pub manifest_sha256: String,
    /// Version of the program.
    pub version: String,
    /// Weeks that were published before with other figures, oldest first.
    pub restated: Vec<Restated>,
    /// How the company's contacts were counted otherwise within the weeks that are compared, oldest first.
    pub taxonomy_changes: Vec<TaxonomyChange>,
    /// Days after which a contact's follow-ups are complete.
    pub maturity_days: u64,
    /// Longest gap inside a chain, in days.
    pub chain_window_days: u64,
    /// How long after a session of self-service a contact is said to follow it, in seconds.
    pub self_service_window_s: u64,
}

/// A week that was published before with other figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restated {
    /// The week.
    pub iso_week: IsoWeek,
    /// What was published.
    pub was: WeekFigures,
    /// What is known now.
    pub now: WeekFigures,
    /// It was published under another epoch: other rules may have changed it, not only later facts.
    pub other_epoch: bool,
}

/// The figures that a week is closed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekFigures {
    /// Contacts.
    pub contacts: u64,
    /// Of them avoidable.
    pub dumb: u64,
    /// Units.
    pub units: Option<u64>,
    /// Cost in micro-units.
    pub cost_micros: Option<u64>,
}

/// Another epoch was served from some moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxonomyChange {
    /// When.
    pub at: Instant,
    /// Name and version of the taxonomy since then; empty where there is none.
    pub to: String,
    /// Name and version of the taxonomy before; empty where nobody knows.
    pub from: String,
    /// What SQL calls the epoch that has the other reading; none where it was dropped.
    pub other_epoch: Option<String>,
}

impl Provenance {
    /// The restatement of this week, where it is one.
    pub fn restated_week(&self, week: IsoWeek) -> Option<&Restated> {
        self.restated.iter().find(|restated| restated.iso_week == week)
    }

    /// Other weeks than this that were restated, oldest first.
    pub fn restated_besides(&self, week: IsoWeek) -> impl Iterator<Item = &Restated> {
        self.restated.iter().filter(move |restated| restated.iso_week != week)
    }
}

impl From<&TrendWeek> for WeekFigures {
    fn from(week: &TrendWeek) -> Self {
        Self { contacts: week.contacts, dumb: week.dumb, units: week.units, cost_micros: week.cost_micros }
    }
}
