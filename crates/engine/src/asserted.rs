//! What assemble tells judge: contacts asserted under a customer, and what else happened to that customer.

use crate::bytes::{Damaged, Reader, Writer};
use classify::Classified;
use classify::heard::Asked;
use domain::closed::{Channel, Datum, Mechanism, ReasonBasis, SelfServiceOutcome, Strength, UpstreamKind};
use domain::{CaseId, ContactId, CustomerKey, Day, Evidence, FactId, Instant, ReasonId, Sequence};
use std::sync::{Arc, LazyLock};

/// A contact, reduced to what judging needs. Shared between assemble and judge where both run in one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    /// The contact.
    pub contact: ContactId,
    /// The fact that it stands on: of its first record; of legs, the one whose words or code gave the reason.
    pub fact: FactId,
    /// Fact of the record whose words or code gave the reason; the first record's where nothing did.
    pub reason_fact: FactId,
    /// When it began.
    pub occurred_at: Instant,
    /// Its day in the tenant's zone.
    pub day: Day,
    /// The customer after merges; `None` = anonymous.
    pub customer: Option<CustomerKey>,
    /// How far joins on the customer can be trusted.
    pub strength: Strength,
    /// Canonical channel.
    pub channel: Channel,
    /// Made of legs: any of them proves that it took place.
    pub of_legs: bool,
    /// The source says that it was resolved.
    pub resolved: bool,
    /// Its case.
    pub case: Option<CaseId>,
    /// Its orders, sorted, each once.
    pub orders: Box<[Box<str>]>,
    /// The reason.
    pub reason: ReasonId,
    /// What decided it.
    pub basis: ReasonBasis,
    /// Confidence in millionths.
    pub confidence_ppm: i32,
    /// The rule and span behind it.
    pub evidence: Option<Evidence>,
    /// A person's word on whether it was avoidable, with the fact that says so.
    pub dumb: Option<(bool, FactId)>,
    /// After an erasure: the mechanisms that only the words could prove, carried forward.
    pub carried: Option<Box<[Mechanism]>>,
    /// What few contacts have.
    pub more: Option<Box<More>>,
}

/// What few contacts have: kept apart, so that the others stay small.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct More {
    /// Its products, sorted, each once.
    pub products: Box<[Box<str>]>,
    /// The step that the source gives or, else, that the customer named.
    pub step: Option<Box<str>>,
    /// Whether the step was found in the words.
    pub step_heard: bool,
    /// Further reasons besides the one that counts, in their order, each once.
    pub further: Box<[ReasonId]>,
    /// The data that the company asked for, in order.
    pub asked: Box<[Question]>,
    /// The facts that prove as many hand-offs as the settings ask for; empty where there were fewer.
    pub handed_on: Box<[FactId]>,
    /// When its case was resolved and opened again, in order.
    pub case_changes: Box<[CaseChange]>,
    /// The merges that lead from the key its records name to `customer`.
    pub merged: Box<[FactId]>,
    /// The records of a contact that has several, in order.
    pub sources: Box<[Source]>,
    /// What a person's word on the reason took the place of.
    pub replaced: Option<Replaced>,
}

/// The reason that a contact would have without a person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The reason.
    pub reason: ReasonId,
    /// The fact that gave it.
    pub fact: FactId,
    /// The mechanisms carried forward with it, after an erasure.
    pub carried: Option<Box<[Mechanism]>>,
}

/// One of several records of a contact, and what it gives of what proofs rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The record's fact.
    pub fact: FactId,
    /// It names the contact's customer.
    pub customer: bool,
    /// It names the contact's case.
    pub case: bool,
    /// Its words or code give the contact's reason.
    pub reason: bool,
    /// It gives the step that the source names.
    pub step: bool,
    /// The orders that it names, by their places among the contact's.
    pub orders: Box<[u32]>,
    /// The same of products.
    pub products: Box<[u32]>,
}

/// The company asked for a datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Fact of the record in which it did.
    pub fact: FactId,
    /// What was asked for, whether it was given, whether asking was right.
    pub asked: Asked,
    /// When, where the transcript says.
    pub at: Option<Instant>,
}

/// A case was resolved, or opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseChange {
    /// When.
    pub at: Instant,
    /// The fact that says so.
    pub fact: FactId,
    /// It is open from then on.
    pub open: bool,
}

/// A person's correction of one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// When it was said; the latest counts, equal times by fact id.
    pub at: Instant,
    /// The fact.
    pub fact: FactId,
    /// The right reason.
    pub reason: Option<ReasonId>,
    /// Whether it was avoidable.
    pub dumb: Option<bool>,
}

/// Something that happened to a customer, or to everybody, besides contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerFact {
    /// The fact.
    pub id: FactId,
    /// When it happened.
    pub at: Instant,
    /// It names no customer, and so concerns everybody.
    pub everybody: bool,
    /// The merges that lead from the key it names to the customer.
    pub merged: Box<[FactId]>,
    /// What.
    pub what: Happened,
}

/// What happened, as far as mechanisms need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An order was placed.
    Ordered {
        /// The order.
        order: Box<str>,
    },
    /// Something upstream.
    Upstream {
        /// What.
        kind: UpstreamKind,
        /// The order it concerns.
        order: Option<Box<str>>,
        /// Service, product or place concerned.
        subject: Option<Box<str>>,
        /// For a foreseeable event: when it was planned for.
        planned_at: Option<Instant>,
    },
    /// Customers were told something.
    Noticed {
        /// What about.
        topic: Box<str>,
    },
    /// A failure was made good.
    Recovered {
        /// The contact it answers.
        contact: ContactId,
    },
    /// Something was promised.
    Promised {
        /// The promise.
        promise: Box<str>,
        /// The case of the same source that has the promise's name.
        case: CaseId,
        /// When it is due.
        due_at: Instant,
    },
    /// A promise was kept or broken.
    Settled {
        /// The promise.
        promise: Box<str>,
        /// Which of both.
        kept: bool,
    },
    /// A session of self-service ended.
    Session {
        /// Journey or article.
        path: Box<str>,
        /// Step at which it ended.
        step: Option<Box<str>>,
        /// How.
        outcome: SelfServiceOutcome,
    },
}

/// One message from assemble to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JudgeInput {
    /// This is the contact now, under its customer.
    Assert {
        /// Order among what is said of this contact; the highest counts.
        sequence: Sequence,
        /// The contact.
        asserted: Arc<Asserted>,
    },
    /// The contact no longer belongs to this customer, or is no contact any more.
    Retract {
        /// Order among what is said of this contact.
        sequence: Sequence,
        /// The customer it is taken from; `None` where nobody was known.
        customer: Option<CustomerKey>,
        /// The contact.
        contact: ContactId,
    },
    /// Something happened to a customer. Of one fact what is said last counts.
    Fact {
        /// The customer after merges.
        customer: CustomerKey,
        /// What.
        fact: Arc<CustomerFact>,
    },
    /// It happened to another customer than was said: of two keys that were merged since.
    FactGone {
        /// The customer it is taken from.
        customer: CustomerKey,
        /// The fact.
        fact: FactId,
    },
    /// Something happened that concerns everybody: every shard hears it. Idempotent by fact id.
    Company {
        /// What.
        fact: Arc<CustomerFact>,
    },
}

impl JudgeInput {
    /// The id that decides the shard: the customer, else the contact. `None`: it goes to every shard.
    pub fn shard_id(&self) -> Option<&[u8; 16]> {
        match self {
            Self::Assert { asserted, .. } => Some(match &asserted.customer {
                Some(customer) => customer.as_bytes(),
                None => asserted.contact.as_bytes(),
            }),
            Self::Retract { customer, contact, .. } => {
                Some(customer.as_ref().map_or(contact.as_bytes(), CustomerKey::as_bytes))
            }
            Self::Fact { customer, .. } | Self::FactGone { customer, .. } => Some(customer.as_bytes()),
            Self::Company { .. } => None,
        }
    }
}

/// What a contact has that has nothing of [`More`].
static NOTHING_MORE: LazyLock<More> = LazyLock::new(More::default);

impl Asserted {
    /// What few contacts have; empty for the others.
    pub fn more(&self) -> &More {
        self.more.as_deref().unwrap_or_else(|| &NOTHING_MORE)
    }

    /// Changes what few contacts have. What then has nothing of it keeps no room for it.
    pub(crate) fn with_more(&mut self, change: impl FnOnce(&mut More)) {
        let mut more = self.more.take().map_or_else(More::default, |more| *more);
        change(&mut more);
        self.more = (more != *NOTHING_MORE).then(|| Box::new(more));
    }

    /// It names this order.
    pub(crate) fn names(&self, order: &str) -> bool {
        self.orders.iter().any(|o| o.as_ref() == order)
    }

    /// The last time before an instant, or at it, that its case was resolved or opened again.
    pub(crate) fn case_change_before(&self, at: Instant) -> Option<&CaseChange> {
        self.more().case_changes.iter().rev().find(|change| change.at <= at)
    }
}

impl Asserted {
    pub(crate) fn write(&self, w: &mut Writer) {
        for id in [self.contact.as_bytes(), self.fact.as_bytes(), self.reason_fact.as_bytes()] {
            w.raw(id);
        }
        w.instant(self.occurred_at);
        w.day(self.day);
        w.option(self.customer, |w, k| w.raw(k.as_bytes()));
        w.len(self.strength.index());
        w.len(self.channel.index());
        w.bool(self.of_legs);
        w.bool(self.resolved);
        w.option(self.case, |w, c| w.raw(c.as_bytes()));
        w.list(self.orders.iter(), |w, o| w.str(o));
        write_reason(w, &self.reason, self.basis, self.confidence_ppm, self.evidence.as_ref());
        w.option(self.dumb, |w, (dumb, fact)| {
            w.bool(dumb);
            w.raw(fact.as_bytes());
        });
        write_carried(w, self.carried.as_deref());
        w.option(self.more.as_deref(), |w, more| more.write(w));
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let contact = ContactId::from_bytes(r.id()?);
        let (fact, reason_fact) = (r.fact()?, r.fact()?);
        let occurred_at = r.instant()?;
        let day = r.day()?;
        let customer = r.option(|r| r.id().map(CustomerKey::from_bytes))?;
        let (strength, channel) = (r.one_of(Strength::ALL)?, r.one_of(Channel::ALL)?);
        let (of_legs, resolved) = (r.bool()?, r.bool()?);
        let case = r.option(|r| r.id().map(CaseId::from_bytes))?;
        let orders = r.list(|r| r.str().map(Box::from))?.into();
        let Classified { reason, basis, confidence_ppm, evidence, .. } = read_reason(r)?;
        let dumb = r.option(|r| Ok((r.bool()?, r.fact()?)))?;
        let carried = read_carried(r)?;
        let more = r.option(More::read)?.map(Box::new);
        Ok(Self {
            contact,
            fact,
            reason_fact,
            occurred_at,
            day,
            customer,
            strength,
            channel,
            of_legs,
            resolved,
            case,
            orders,
            reason,
            basis,
            confidence_ppm,
            evidence,
            dumb,
            carried,
            more,
        })
    }
}

impl More {
    fn write(&self, w: &mut Writer) {
        w.list(self.products.iter(), |w, p| w.str(p));
        w.option(self.step.as_deref(), Writer::str);
        w.bool(self.step_heard);
        w.list(self.further.iter(), |w, reason| w.str(reason.as_str()));
        w.list(self.asked.iter(), |w, question| question.write(w));
        w.facts(&self.handed_on);
        w.list(self.case_changes.iter(), |w, change| change.write(w));
        w.facts(&self.merged);
        w.list(self.sources.iter(), |w, source| {
            w.raw(source.fact.as_bytes());
            for gives in [source.customer, source.case, source.reason, source.step] {
                w.bool(gives);
            }
            for places in [&source.orders, &source.products] {
                w.list(places.iter(), |w, place| w.u64(u64::from(*place)));
            }
        });
        w.option(self.replaced.as_ref(), |w, replaced| {
            w.str(replaced.reason.as_str());
            w.raw(replaced.fact.as_bytes());
            write_carried(w, replaced.carried.as_deref());
        });
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            products: r.list(|r| r.str().map(Box::from))?.into(),
            step: r.option(|r| r.str().map(Box::from))?,
            step_heard: r.bool()?,
            further: r.list(Reader::reason)?.into(),
            asked: r.list(Question::read)?.into(),
            handed_on: r.facts()?,
            case_changes: r.list(CaseChange::read)?.into(),
            merged: r.facts()?,
            sources: r.list(Source::read)?.into(),
            replaced: r.option(|r| {
                Ok(Replaced { reason: r.reason()?, fact: r.fact()?, carried: read_carried(r)? })
            })?,
        })
    }
}

impl Source {
    fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let narrow = |n: u64| u32::try_from(n).map_err(|_| Damaged);
        Ok(Self {
            fact: r.fact()?,
            customer: r.bool()?,
            case: r.bool()?,
            reason: r.bool()?,
            step: r.bool()?,
            orders: r.list(|r| narrow(r.u64()?))?.into(),
            products: r.list(|r| narrow(r.u64()?))?.into(),
        })
    }
}

impl Question {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.raw(self.fact.as_bytes());
        write_asked(w, &self.asked);
        w.option(self.at, Writer::instant);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self { fact: r.fact()?, asked: read_asked(r)?, at: r.option(Reader::instant)? })
    }
}

impl CaseChange {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.instant(self.at);
        w.raw(self.fact.as_bytes());
        w.bool(self.open);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self { at: r.instant()?, fact: r.fact()?, open: r.bool()? })
    }
}

fn write_carried(w: &mut Writer, carried: Option<&[Mechanism]>) {
    w.option(carried, |w, mechanisms| w.list(mechanisms.iter(), |w, m| w.len(m.index())));
}

fn read_carried(r: &mut Reader<'_>) -> Result<Option<Box<[Mechanism]>>, Damaged> {
    Ok(r.option(|r| r.list(|r| r.one_of(Mechanism::ALL)))?.map(Vec::into_boxed_slice))
}

pub(crate) fn write_asked(w: &mut Writer, asked: &Asked) {
    w.len(asked.datum.index());
    w.option(asked.at_ms, Writer::i64);
    w.bool(asked.given);
    w.bool(asked.excused);
}

pub(crate) fn read_asked(r: &mut Reader<'_>) -> Result<Asked, Damaged> {
    Ok(Asked {
        datum: r.one_of(Datum::ALL)?,
        at_ms: r.option(Reader::i64)?,
        given: r.bool()?,
        excused: r.bool()?,
    })
}

pub(crate) fn write_classified(w: &mut Writer, c: &Classified) {
    write_reason(w, &c.reason, c.basis, c.confidence_ppm, c.evidence.as_ref());
    w.list(c.further.iter(), |w, reason| w.str(reason.as_str()));
}

fn write_reason(
    w: &mut Writer,
    reason: &ReasonId,
    basis: ReasonBasis,
    confidence_ppm: i32,
    evidence: Option<&Evidence>,
) {
    w.str(reason.as_str());
    w.len(basis.index());
    w.i64(i64::from(confidence_ppm));
    w.option(evidence, |w, e| {
        w.str(e.rule.as_str());
        w.u64(u64::from(e.from));
        w.u64(u64::from(e.to));
    });
}

pub(crate) fn read_classified(r: &mut Reader<'_>) -> Result<Classified, Damaged> {
    let reason = read_reason(r)?;
    Ok(Classified { further: r.list(Reader::reason)?, ..reason })
}

fn read_reason(r: &mut Reader<'_>) -> Result<Classified, Damaged> {
    let narrow = |n: u64| u32::try_from(n).map_err(|_| Damaged);
    Ok(Classified {
        reason: r.reason()?,
        basis: r.one_of(ReasonBasis::ALL)?,
        confidence_ppm: i32::try_from(r.i64()?).map_err(|_| Damaged)?,
        evidence: r
            .option(|r| Ok(Evidence { rule: r.rule()?, from: narrow(r.u64()?)?, to: narrow(r.u64()?)? }))?,
        further: Vec::new(),
    })
}

impl CustomerFact {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.raw(self.id.as_bytes());
        w.instant(self.at);
        w.bool(self.everybody);
        w.facts(&self.merged);
        match &self.what {
            Happened::Ordered { order } => {
                w.u64(0);
                w.str(order);
            }
            Happened::Upstream { kind, order, subject, planned_at } => {
                w.u64(1);
                w.len(kind.index());
                w.option(order.as_deref(), Writer::str);
                w.option(subject.as_deref(), Writer::str);
                w.option(*planned_at, Writer::instant);
            }
            Happened::Recovered { contact } => {
                w.u64(2);
                w.raw(contact.as_bytes());
            }
            Happened::Promised { promise, case, due_at } => {
                w.u64(3);
                w.str(promise);
                w.raw(case.as_bytes());
                w.instant(*due_at);
            }
            Happened::Settled { promise, kept } => {
                w.u64(4);
                w.str(promise);
                w.bool(*kept);
            }
            Happened::Noticed { topic } => {
                w.u64(5);
                w.str(topic);
            }
            Happened::Session { path, step, outcome } => {
                w.u64(6);
                w.str(path);
                w.option(step.as_deref(), Writer::str);
                w.len(outcome.index());
            }
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let (id, at) = (r.fact()?, r.instant()?);
        let (everybody, merged) = (r.bool()?, r.facts()?);
        let text = |r: &mut Reader<'_>| r.str().map(Box::<str>::from);
        let what = match r.u64()? {
            0 => Happened::Ordered { order: text(r)? },
            1 => Happened::Upstream {
                kind: r.one_of(UpstreamKind::ALL)?,
                order: r.option(text)?,
                subject: r.option(text)?,
                planned_at: r.option(Reader::instant)?,
            },
            2 => Happened::Recovered { contact: ContactId::from_bytes(r.id()?) },
            3 => Happened::Promised {
                promise: text(r)?,
                case: CaseId::from_bytes(r.id()?),
                due_at: r.instant()?,
            },
            4 => Happened::Settled { promise: text(r)?, kept: r.bool()? },
            5 => Happened::Noticed { topic: text(r)? },
            6 => Happened::Session {
                path: text(r)?,
                step: r.option(text)?,
                outcome: r.one_of(SelfServiceOutcome::ALL)?,
            },
            _ => return Err(Damaged),
        };
        Ok(Self { id, at, everybody, merged, what })
    }
}
