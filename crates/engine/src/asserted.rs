//! What assemble tells judge: contacts asserted under a customer, and what else happened to that customer.

use crate::bytes::{Damaged, Reader, Writer};
use classify::Classified;
use domain::closed::{Mechanism, ReasonBasis, Strength};
use domain::{CaseId, ContactId, CustomerKey, Day, Evidence, FactId, Instant, ReasonId, Sequence};
use std::sync::Arc;

/// A contact, reduced to what judging needs. Shared between assemble and judge where both run in one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    /// The contact.
    pub contact: ContactId,
    /// Fact of its first record: proves that the contact took place.
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

/// Something that happened to a customer besides contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerFact {
    /// The fact.
    pub id: FactId,
    /// When it happened.
    pub at: Instant,
    /// What.
    pub what: Happened,
}

/// What happened, as far as mechanisms need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An order is no longer open: delivered or cancelled.
    OrderClosed {
        /// The order.
        order: Box<str>,
    },
    /// The company put its own error right.
    ErrorCorrected {
        /// The order it concerns.
        order: Box<str>,
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
        /// When it is due.
        due_at: Instant,
    },
    /// A promise was kept or broken.
    Settled {
        /// The promise.
        promise: Box<str>,
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
        /// The customer it is taken from.
        customer: CustomerKey,
        /// The contact.
        contact: ContactId,
    },
    /// Something happened to a customer. Idempotent by fact id.
    Fact {
        /// The customer after merges.
        customer: CustomerKey,
        /// What.
        fact: Arc<CustomerFact>,
    },
}

impl JudgeInput {
    /// The id that decides the shard: the customer, else the contact.
    pub fn shard_id(&self) -> &[u8; 16] {
        match self {
            Self::Assert { asserted, .. } => match &asserted.customer {
                Some(customer) => customer.as_bytes(),
                None => asserted.contact.as_bytes(),
            },
            Self::Retract { customer, .. } | Self::Fact { customer, .. } => customer.as_bytes(),
        }
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
        w.option(self.case, |w, c| w.raw(c.as_bytes()));
        w.list(self.orders.iter(), |w, o| w.str(o));
        write_reason(w, &self.reason, self.basis, self.confidence_ppm, self.evidence.as_ref());
        w.option(self.dumb, |w, (dumb, fact)| {
            w.bool(dumb);
            w.raw(fact.as_bytes());
        });
        w.option(self.carried.as_deref(), |w, ms| w.list(ms.iter(), |w, m| w.len(m.index())));
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let contact = ContactId::from_bytes(r.id()?);
        let fact = FactId::from_bytes(r.id()?);
        let reason_fact = FactId::from_bytes(r.id()?);
        let occurred_at = r.instant()?;
        let day = r.day()?;
        let customer = r.option(|r| r.id().map(CustomerKey::from_bytes))?;
        let strength = r.one_of(Strength::ALL)?;
        let case = r.option(|r| r.id().map(CaseId::from_bytes))?;
        let orders = r.list(|r| r.str().map(Box::from))?.into();
        let Classified { reason, basis, confidence_ppm, evidence, .. } = read_reason(r)?;
        let dumb = r.option(|r| Ok((r.bool()?, FactId::from_bytes(r.id()?))))?;
        let carried = r.option(|r| r.list(|r| r.one_of(Mechanism::ALL)))?.map(Vec::into_boxed_slice);
        Ok(Self {
            contact,
            fact,
            reason_fact,
            occurred_at,
            day,
            customer,
            strength,
            case,
            orders,
            reason,
            basis,
            confidence_ppm,
            evidence,
            dumb,
            carried,
        })
    }
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
        match &self.what {
            Happened::OrderClosed { order } => {
                w.u64(0);
                w.str(order);
            }
            Happened::ErrorCorrected { order } => {
                w.u64(1);
                w.str(order);
            }
            Happened::Recovered { contact } => {
                w.u64(2);
                w.raw(contact.as_bytes());
            }
            Happened::Promised { promise, due_at } => {
                w.u64(3);
                w.str(promise);
                w.instant(*due_at);
            }
            Happened::Settled { promise } => {
                w.u64(4);
                w.str(promise);
            }
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let (id, at) = (FactId::from_bytes(r.id()?), r.instant()?);
        let what = match r.u64()? {
            0 => Happened::OrderClosed { order: r.str()?.into() },
            1 => Happened::ErrorCorrected { order: r.str()?.into() },
            2 => Happened::Recovered { contact: ContactId::from_bytes(r.id()?) },
            3 => Happened::Promised { promise: r.str()?.into(), due_at: r.instant()? },
            4 => Happened::Settled { promise: r.str()?.into() },
            _ => return Err(Damaged),
        };
        Ok(Self { id, at, what })
    }
}
