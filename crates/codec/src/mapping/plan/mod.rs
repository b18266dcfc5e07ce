//! What a mapping makes of a record: which fact, and where each of its fields comes from. One file a plan; facts
//! that belong together share one.

mod case;
mod contact;
mod notification;
mod order;
mod promise;
mod recovery;
mod self_service;
mod upstream;

use super::build::Build;
use super::fields::{FlagField, ListField, NumberField, TextField, WordField};
use super::time::TimeField;
use crate::records::{Record, Refusal};
use case::{ReopenedPlan, ResolvedPlan};
use contact::ContactPlan;
use domain::{Body, Identifier, Instant};
use notification::NotificationPlan;
use order::OrderPlan;
use promise::{PromisePlan, SettledPlan};
use recovery::RecoveryPlan;
use self_service::SelfServicePlan;
use upstream::UpstreamPlan;

/// A fact that a mapping can make.
#[derive(Clone, Copy)]
pub(super) struct FactKind {
    pub name: &'static str,
    /// Builds the fact's plan. Fields that are missing are noted as mistakes.
    pub build: fn(&mut Build<'_>) -> Plan,
}

/// The facts that a mapping can make. The first one is meant where a file names none.
pub(super) const FACTS: &[FactKind] = &[
    FactKind { name: "ContactRecorded", build: |b| Plan::Contact(Box::new(ContactPlan::build(b))) },
    FactKind { name: "ContactResolved", build: |b| Plan::Resolved(ResolvedPlan::build(b)) },
    FactKind { name: "ContactReopened", build: |b| Plan::Reopened(ReopenedPlan::build(b)) },
    FactKind { name: "OrderPlaced", build: |b| Plan::Order(Box::new(OrderPlan::build(b))) },
    FactKind { name: "UpstreamEvent", build: |b| Plan::Upstream(Box::new(UpstreamPlan::build(b))) },
    FactKind { name: "SelfServiceEnded", build: |b| Plan::SelfService(Box::new(SelfServicePlan::build(b))) },
    FactKind {
        name: "NotificationSent",
        build: |b| Plan::Notification(Box::new(NotificationPlan::build(b))),
    },
    FactKind { name: "PromiseMade", build: |b| Plan::Promise(Box::new(PromisePlan::build(b))) },
    FactKind { name: "PromiseSettled", build: |b| Plan::Settled(Box::new(SettledPlan::build(b))) },
    FactKind { name: "RecoveryOffered", build: |b| Plan::Recovery(Box::new(RecoveryPlan::build(b))) },
];

/// Where each field of a fact comes from.
pub(super) enum Plan {
    Contact(Box<ContactPlan>),
    Resolved(ResolvedPlan),
    Reopened(ReopenedPlan),
    Order(Box<OrderPlan>),
    Upstream(Box<UpstreamPlan>),
    SelfService(Box<SelfServicePlan>),
    Notification(Box<NotificationPlan>),
    Promise(Box<PromisePlan>),
    Settled(Box<SettledPlan>),
    Recovery(Box<RecoveryPlan>),
}

/// The fact of a record, which names nobody yet, with its customer in clear beside it.
pub(super) type Mapped = (Body, Option<Identifier>);

/// A duration longer than ten years is an error of the unit.
pub(super) const DURATION_MS_MAX: i64 = 10 * 366 * 86_400_000;

impl Plan {
    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        match self {
            Self::Contact(plan) => plan.map(r),
            Self::Resolved(plan) => plan.map(r),
            Self::Reopened(plan) => plan.map(r),
            Self::Order(plan) => plan.map(r),
            Self::Upstream(plan) => plan.map(r),
            Self::SelfService(plan) => plan.map(r),
            Self::Notification(plan) => plan.map(r),
            Self::Promise(plan) => plan.map(r),
            Self::Settled(plan) => plan.map(r),
            Self::Recovery(plan) => plan.map(r),
        }
    }
}

// A field that the mapping does not name is empty in every record.

pub(super) fn text(field: &Option<TextField>, r: &Record<'_>) -> Result<Option<String>, Refusal> {
    field.as_ref().map_or(Ok(None), |field| field.get(r))
}

pub(super) fn number(field: &Option<NumberField>, r: &Record<'_>) -> Result<Option<i64>, Refusal> {
    field.as_ref().map_or(Ok(None), |field| field.get(r))
}

fn flag(field: &Option<FlagField>, r: &Record<'_>) -> Result<Option<bool>, Refusal> {
    field.as_ref().map_or(Ok(None), |field| field.get(r))
}

pub(super) fn word<E: Copy>(field: &Option<WordField<E>>, r: &Record<'_>) -> Result<Option<E>, Refusal> {
    field.as_ref().map_or(Ok(None), |field| field.get(r))
}

fn list(field: &Option<ListField>, r: &Record<'_>) -> Result<Vec<String>, Refusal> {
    field.as_ref().map_or(Ok(Vec::new()), |field| field.get(r))
}

fn time(field: &Option<TimeField>, r: &Record<'_>) -> Result<Option<Instant>, Refusal> {
    let stamp = field.as_ref().map_or(Ok(None), |field| field.get(r))?;
    Ok(stamp.map(|stamp| stamp.at))
}

/// The value of a field that every record has.
pub(super) fn needed<T>(value: Option<T>) -> T {
    value.expect("invariant: a field that is always needed is mapped, and refuses when empty")
}
