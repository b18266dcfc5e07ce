//! Facts: immutable events that a source or a person stated. `codec` gives each of them its Avro form.

use crate::closed::*;
use crate::{
    CaseId, ContactId, CustomerKey, Day, FactId, Instant, IsoWeek, Positions, ReasonId, Topic, Words,
};
use std::collections::BTreeMap;

/// Where a fact comes from. System, instance and record name the thing in its source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Name of the source system, such as `zendesk` or the name of a mapping.
    pub system: String,
    /// Account or site of the source; empty where there is one only.
    pub instance: String,
    /// The source's id of the record.
    pub record: String,
    /// Version of the record in its source; higher replaces lower. 0 where the source has none.
    pub revision: i64,
}

/// An immutable event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// UUIDv5 of dedupe key and content hash ([`FactId::derive`]).
    pub id: FactId,
    /// Provenance.
    pub origin: Origin,
    /// When it happened at the source.
    pub occurred_at: Instant,
    /// How exact `occurred_at` is.
    pub precision: Precision,
    /// What happened.
    pub body: Body,
}

/// Declares [`Body`] with the name of each kind of fact.
macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident($body:ident),)+) => {
        /// What a fact states.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Body { $($(#[$doc])* $name(Box<$body>),)+ }

        impl Body {
            /// Name of every kind of fact, in the order of their schemas.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)+];

            /// Name of this kind of fact, which is its schema's name.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name),)+ }
            }
        }
    };
}

bodies!(
    /// A customer's touch, or a message or leg of one, as the source recorded it.
    ContactRecorded(ContactRecorded),
    /// The source says that a case is done.
    ContactResolved(ContactResolved),
    /// A solved case opened again.
    ContactReopened(ContactReopened),
    /// A customer's judgement.
    SurveyAnswered(SurveyAnswered),
    /// An audit of one contact.
    EvaluationRecorded(EvaluationRecorded),
    /// A self-service session ended.
    SelfServiceEnded(SelfServiceEnded),
    /// Something upstream that causes or explains contacts.
    UpstreamEvent(UpstreamEvent),
    /// An order was placed.
    OrderPlaced(OrderPlaced),
    /// Units that contacts are divided by.
    UnitsCounted(UnitsCounted),
    /// Customers were told something.
    NotificationSent(NotificationSent),
    /// Something was promised to a customer.
    PromiseMade(PromiseMade),
    /// A promise was kept or broken.
    PromiseSettled(PromiseSettled),
    /// A failure was made good.
    RecoveryOffered(RecoveryOffered),
    /// Two customers turned out to be one.
    CustomerMerged(CustomerMerged),
    /// A contact's words were erased.
    TextErased(TextErased),
    /// A person corrected a verdict.
    VerdictOverridden(VerdictOverridden),
    /// What contacts cost, from a day on.
    CostRatePublished(CostRatePublished),
    /// A taxonomy.
    TaxonomyPublished(TaxonomyPublished),
    /// A service cycle with its moments of truth.
    CycleDefined(CycleDefined),
    /// An anomaly moved to its next state.
    AnomalyAdvanced(AnomalyAdvanced),
    /// An elimination measure was opened.
    ActionOpened(ActionOpened),
    /// An elimination measure reached the customers.
    ActionShipped(ActionShipped),
    /// An elimination measure ended.
    ActionClosed(ActionClosed),
    /// A cut was taken.
    CutTaken(CutTaken),
    /// A week's report was closed.
    WeekClosed(WeekClosed),
    /// Another epoch is served from now on.
    EpochServed(EpochServed),
);

/// A customer's touch, or a message or leg of one. Full state at its revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRecorded {
    /// Whole contact, message, or leg.
    pub kind: RecordKind,
    /// For a leg: the source's id of the first leg's record.
    pub root_record: Option<String>,
    /// The source's id of the case.
    pub case: Option<String>,
    /// Canonical channel.
    pub channel: Channel,
    /// The source's own word for the channel.
    pub channel_raw: String,
    /// Who started it.
    pub direction: Direction,
    /// Surrogate of the customer; `None` = anonymous.
    pub customer: Option<CustomerKey>,
    /// How far joins on the customer can be trusted.
    pub strength: Strength,
    /// Outside or inside the company.
    pub customer_kind: CustomerKind,
    /// What was said.
    pub words: Words,
    /// BCP 47 tag, where the source gives one.
    pub language: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Products, as the source has them.
    pub products: Vec<String>,
    /// Orders, shipments or invoices, as the source has them.
    pub orders: Vec<String>,
    /// Step or page, such as `checkout/3`.
    pub step: Option<String>,
    /// Queue, group or inbox.
    pub queue: Option<String>,
    /// Pseudonym of the agent.
    pub agent: Option<String>,
    /// Milliseconds from the first attempt to the first human answer.
    pub wait_ms: Option<i64>,
    /// Milliseconds of handling: talk, hold and wrap-up.
    pub handle_ms: Option<i64>,
    /// Where the handle time comes from.
    pub handle_basis: HandleBasis,
    /// The customer left before an answer.
    pub abandoned: Option<bool>,
    /// Hand-offs to another agent or queue.
    pub transfers: Option<i32>,
    /// The source says that it is resolved.
    pub resolved: Option<bool>,
    /// State of the source's record.
    pub state: SourceState,
    /// The agent's own code.
    pub source_reason: Option<String>,
    /// All the agent's codes, where a record carries several; in the source's order.
    pub source_reasons: Vec<String>,
    /// Allow-listed attributes of the source.
    pub attributes: BTreeMap<String, String>,
    /// Data-quality flags, such as `truncated_text`.
    pub flags: Vec<String>,
}

/// The source says that a case is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactResolved {
    /// The source's id of the case.
    pub case: String,
    /// How.
    pub resolution: Resolution,
}

/// A solved case opened again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactReopened {
    /// The source's id of the case.
    pub case: String,
}

/// A customer's judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyAnswered {
    /// The customer.
    pub customer: Option<CustomerKey>,
    /// The contact it is about: its source record.
    pub record: Option<String>,
    /// The instrument.
    pub instrument: Instrument,
    /// Scaled to millionths of the instrument's range, 0..=1,000,000; null = not answered.
    pub score_ppm: Option<i64>,
    /// What the customer wrote.
    pub comment: Words,
}

/// An audit of one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationRecorded {
    /// The contact it is about: its source record.
    pub record: String,
    /// Name and version of the form.
    pub form: String,
    /// Scaled to millionths of the form's range, 0..=1,000,000.
    pub score_ppm: Option<i64>,
}

/// A self-service session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfServiceEnded {
    /// The customer.
    pub customer: Option<CustomerKey>,
    /// Journey or article, such as `checkout`.
    pub path: String,
    /// Step at which it ended, such as `3`.
    pub step: Option<String>,
    /// How it ended.
    pub outcome: SelfServiceOutcome,
    /// Error code of site or app.
    pub error_code: Option<String>,
    /// Length in milliseconds.
    pub duration_ms: Option<i64>,
}

/// Something upstream that causes or explains contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamEvent {
    /// What.
    pub kind: UpstreamKind,
    /// The customer; `None` = it concerns everybody, and the fact goes to the topic `company`.
    pub customer: Option<CustomerKey>,
    /// The order.
    pub order: Option<String>,
    /// Service, product or place concerned.
    pub subject: Option<String>,
    /// Customers affected, where known.
    pub affected: Option<i64>,
    /// For a foreseeable event: when it was planned for.
    pub planned_at: Option<Instant>,
}

/// An order was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPlaced {
    /// The customer.
    pub customer: Option<CustomerKey>,
    /// The order.
    pub order: String,
    /// Products.
    pub products: Vec<String>,
    /// Total in micro-units of the currency.
    pub total_micros: Option<i64>,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// Units that contacts are divided by, of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsCounted {
    /// Which unit, such as `orders`.
    pub unit: String,
    /// The day in the tenant's zone.
    pub day: Day,
    /// How many.
    pub count: i64,
}

/// Customers were told something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationSent {
    /// What about: a reason or an upstream subject.
    pub topic: String,
    /// The customer; `None` = sent to many, and the fact goes to the topic `company`.
    pub customer: Option<CustomerKey>,
    /// How many.
    pub recipients: i64,
    /// By which channel.
    pub channel: Channel,
}

/// Something was promised to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseMade {
    /// The customer.
    pub customer: Option<CustomerKey>,
    /// The source's id of the promise.
    pub promise: String,
    /// What kind.
    pub kind: PromiseKind,
    /// When it is due.
    pub due_at: Instant,
}

/// A promise was kept or broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseSettled {
    /// The customer.
    pub customer: Option<CustomerKey>,
    /// The source's id of the promise.
    pub promise: String,
    /// Kept in time?
    pub kept: bool,
}

/// A failure was made good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryOffered {
    /// The customer.
    pub customer: Option<CustomerKey>,
    /// The contact it answers: its source record.
    pub record: Option<String>,
    /// What was offered.
    pub option: RecoveryOption,
    /// What it cost, in micro-units of the currency.
    pub cost_micros: Option<i64>,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// Two customers turned out to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerMerged {
    /// The one that stays.
    pub surviving: CustomerKey,
    /// The one that goes.
    pub absorbed: CustomerKey,
}

/// A contact's words were erased; what they had been found to mean is carried forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextErased {
    /// The contact.
    pub contact: ContactId,
    /// Facts key of the contact's own facts, so that both lie in one partition.
    pub facts_key: String,
    /// The reason at the time.
    pub reason: ReasonId,
    /// The mechanisms at the time that only the words could prove again.
    pub mechanisms: Vec<Mechanism>,
    /// The epoch whose verdict this was, in hexadecimal.
    pub epoch: String,
}

/// A person corrected a verdict. Always wins over what the engine finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictOverridden {
    /// The contact.
    pub contact: ContactId,
    /// Facts key of the contact's own facts.
    pub facts_key: String,
    /// The right reason; null = as found.
    pub reason: Option<ReasonId>,
    /// Whether the contact was avoidable; null = as found.
    pub dumb: Option<bool>,
    /// Pseudonym of who said so.
    pub by: String,
    /// Why, without personal data.
    pub why: String,
}

/// Cost of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRate {
    /// The channel.
    pub channel: Channel,
    /// Micro-units of the currency per contact.
    pub per_contact_micros: i64,
    /// Micro-units of the currency per second of handling.
    pub per_second_micros: i64,
}

/// What contacts cost, from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRatePublished {
    /// First day in the tenant's zone.
    pub from: Day,
    /// ISO 4217.
    pub currency: String,
    /// One rate a channel.
    pub rates: Vec<CostRate>,
}

/// A taxonomy, whole: replay needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxonomyPublished {
    /// Name of the taxonomy.
    pub name: String,
    /// Its version.
    pub version: String,
    /// sha256 over its meaning, lower-case hexadecimal.
    pub meaning_sha256: String,
    /// The reviewed file, as it was.
    pub toml: String,
    /// Pseudonym of whoever published it, where they said.
    pub by: Option<String>,
}

/// A moment of a service cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleMoment {
    /// Name of the moment.
    pub name: String,
    /// Reasons that belong to it.
    pub reasons: Vec<String>,
    /// Weight in millionths.
    pub weight_ppm: i64,
}

/// A service cycle with its moments of truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleDefined {
    /// Name of the cycle.
    pub cycle: String,
    /// Its moments, in order.
    pub moments: Vec<CycleMoment>,
}

/// An anomaly moved to its next state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnomalyAdvanced {
    /// The anomaly.
    pub anomaly: String,
    /// The new state.
    pub state: AnomalyState,
    /// The indicator that shows it.
    pub indicator: String,
    /// What it implies or what caused it, without personal data.
    pub note: String,
}

/// An elimination measure was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionOpened {
    /// The action.
    pub action: String,
    /// Short title.
    pub title: String,
    /// Area that carries it.
    pub owner: String,
    /// Reasons it is to reduce.
    pub reasons: Vec<String>,
    /// What is to be done with them.
    pub disposition: Disposition,
    /// When it is to be shipped.
    pub due: Option<Day>,
    /// Expected change in millionths: −400,000 = 40 % fewer.
    pub expected_change_ppm: Option<i64>,
}

/// An elimination measure reached the customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionShipped {
    /// The action.
    pub action: String,
    /// Share of customers that have it, in millionths.
    pub rollout_ppm: i64,
    /// Release or policy that carries it.
    pub change: Option<String>,
}

/// An elimination measure ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionClosed {
    /// The action.
    pub action: String,
    /// How.
    pub outcome: ActionOutcome,
}

/// A cut was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutTaken {
    /// The cut, 16 hexadecimal digits.
    pub cut: String,
    /// The epoch, 16 hexadecimal digits.
    pub epoch: String,
    /// The positions it covers.
    pub positions: Positions,
    /// What time it was.
    pub as_of: Instant,
}

/// A week's report was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekClosed {
    /// The week.
    pub week: IsoWeek,
    /// The cut it was made from.
    pub cut: String,
}

/// Another epoch is served from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochServed {
    /// The epoch, 16 hexadecimal digits.
    pub epoch: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The epoch that was served before.
    pub before: Option<String>,
    /// How it came to that.
    pub way: ServedBy,
    /// Name of the taxonomy it was folded by; empty where there was none.
    pub taxonomy: String,
    /// Version of that taxonomy.
    pub version: String,
    /// Pseudonym of whoever did it, where they said.
    pub by: Option<String>,
    /// Why, without personal data.
    pub why: Option<String>,
}

impl Fact {
    /// The topic this fact belongs to.
    pub fn topic(&self) -> Topic {
        match &self.body {
            Body::ContactRecorded(_)
            | Body::ContactResolved(_)
            | Body::ContactReopened(_)
            | Body::SurveyAnswered(_)
            | Body::EvaluationRecorded(_)
            | Body::SelfServiceEnded(_)
            | Body::OrderPlaced(_)
            | Body::PromiseMade(_)
            | Body::PromiseSettled(_)
            | Body::RecoveryOffered(_)
            | Body::TextErased(_)
            | Body::VerdictOverridden(_) => Topic::Facts,
            Body::UpstreamEvent(e) if e.customer.is_some() => Topic::Facts,
            Body::NotificationSent(n) if n.customer.is_some() => Topic::Facts,
            Body::UpstreamEvent(_) | Body::NotificationSent(_) | Body::CustomerMerged(_) => Topic::Company,
            Body::UnitsCounted(_)
            | Body::CostRatePublished(_)
            | Body::TaxonomyPublished(_)
            | Body::CycleDefined(_)
            | Body::AnomalyAdvanced(_)
            | Body::ActionOpened(_)
            | Body::ActionShipped(_)
            | Body::ActionClosed(_)
            | Body::CutTaken(_)
            | Body::WeekClosed(_)
            | Body::EpochServed(_) => Topic::Governance,
        }
    }

    /// The key that decides the partition: the case, else the root record of legs, else the record itself;
    /// facts about a contact carry the contact's own key. Facts with equal keys stay in order.
    pub fn key(&self) -> String {
        let o = &self.origin;
        match &self.body {
            Body::ContactRecorded(c) => match (&c.case, &c.root_record) {
                (Some(case), _) => case_key(&o.system, &o.instance, case),
                (None, Some(root)) => record_key(&o.system, &o.instance, root),
                (None, None) => record_key(&o.system, &o.instance, &o.record),
            },
            Body::ContactResolved(c) => case_key(&o.system, &o.instance, &c.case),
            Body::ContactReopened(c) => case_key(&o.system, &o.instance, &c.case),
            Body::TextErased(e) => e.facts_key.clone(),
            Body::VerdictOverridden(v) => v.facts_key.clone(),
            _ => record_key(&o.system, &o.instance, &o.record),
        }
    }

    /// The contact that this record is, before legs and messages are folded.
    pub fn contact_id(&self) -> ContactId {
        ContactId::of_record(&self.origin.system, &self.origin.instance, &self.origin.record)
    }

    /// The contact that this record belongs to once legs are folded: of a leg that of its root, else
    /// [`Self::contact_id`].
    pub fn root_contact_id(&self) -> ContactId {
        match &self.body {
            Body::ContactRecorded(recorded) if recorded.kind == RecordKind::Leg => {
                let root = recorded.root_record.as_deref().unwrap_or(&self.origin.record);
                ContactId::of_record(&self.origin.system, &self.origin.instance, root)
            }
            _ => self.contact_id(),
        }
    }

    /// The identity of a case named by this fact.
    pub fn case_id(&self, case: &str) -> CaseId {
        CaseId::of_case(&self.origin.system, &self.origin.instance, case)
    }
}

/// Facts key of a case.
pub fn case_key(system: &str, instance: &str, case: &str) -> String {
    format!("case/{system}/{instance}/{case}")
}

/// Facts key of a source record without a case.
pub fn record_key(system: &str, instance: &str, record: &str) -> String {
    format!("record/{system}/{instance}/{record}")
}
