//! What only the numbers of contacts tell: L08, a reason without any; L09, one with too many; L10, too many
//! without a reason.

use super::say::said;
use super::{About, Check, Review, exceeds, percent};
use domain::{ReasonId, UNCLASSIFIED};
use std::collections::BTreeMap;

/// How many contacts each reason had of late.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volumes {
    /// Whole weeks that were counted, the last ones there are.
    pub weeks: u32,
    /// Contacts by reason, of every reason that could have had some: of one that is missing nothing is known.
    pub contacts: BTreeMap<String, u64>,
}

impl Volumes {
    /// Contacts of all reasons, `unclassified` among them.
    pub(super) fn total(&self) -> u64 {
        self.contacts.values().sum()
    }

    /// Contacts of one reason.
    pub(super) fn of(&self, reason: &str) -> u64 {
        self.contacts.get(reason).copied().unwrap_or(0)
    }
}

pub(super) fn check(review: &mut Review<'_>) {
    let why = said(
        "by the examples only: published contacts say one reason each",
        "solo por los ejemplos: los contactos publicados llevan un motivo cada uno",
    );
    review.skip(&[Check::L07], why);
    let Some(volumes) = review.volumes.filter(|volumes| volumes.total() > 0) else {
        let why = said(
            "not checked: no contacts of whole weeks are published here (L03 goes by the share of reasons)",
            "sin comprobar: aquí no hay publicados contactos de semanas completas (L03 mira la parte de los motivos)",
        );
        review.skip(&[Check::L08, Check::L09, Check::L10], why);
        return;
    };
    dead(review, volumes);
    heavy(review, volumes);
    unclassified(review, volumes);
}

fn dead(review: &mut Review<'_>, volumes: &Volumes) {
    let (weeks, needed) = (volumes.weeks, review.settings.dead_weeks);
    if weeks < needed {
        let why = said(
            format!("not checked: {weeks} whole weeks are published, {needed} are needed"),
            format!("sin comprobar: hay {weeks} semanas completas publicadas y hacen falta {needed}"),
        );
        review.skip(&[Check::L08], why);
        return;
    }
    for leaf in review.leaves() {
        if volumes.contacts.get(leaf.id.as_str()) != Some(&0) {
            continue;
        }
        let message = said(
            format!("`{}` had no contact in {weeks} weeks", leaf.id),
            format!("`{}` no tuvo ningún contacto en {weeks} semanas", leaf.id),
        );
        let fix = said(
            "if the cause is gone, take the reason out; if not, its rules miss what customers say now",
            "si la causa ya no existe, quite el motivo; si existe, sus reglas no ven lo que hoy dicen los clientes",
        );
        let (about, at) = (About::Reason(leaf.id.clone()), review.id_of(leaf));
        review.add(Check::L08, super::Severity::Note, about, at, message, fix);
    }
}

fn heavy(review: &mut Review<'_>, volumes: &Volumes) {
    let (all, most) = (volumes.total(), review.settings.reason_percent_max);
    for leaf in review.leaves() {
        let part = volumes.of(leaf.id.as_str());
        if !exceeds(part, all, most) {
            continue;
        }
        let share = percent(part, all);
        let message = said(
            format!("`{}` has {share} % of all contacts, expected at most {most} %", leaf.id),
            format!(
                "`{}` tiene el {share} % de todos los contactos; se espera como mucho el {most} %",
                leaf.id
            ),
        );
        let fix = said(
            "split it by step, place or defect: so much has more than one cause",
            "divídalo por paso, lugar o defecto: tanto volumen tiene más de una causa",
        );
        review.warn(Check::L09, About::Reason(leaf.id.clone()), review.id_of(leaf), message, fix);
    }
}

fn unclassified(review: &mut Review<'_>, volumes: &Volumes) {
    let (part, all) = (volumes.of(UNCLASSIFIED), volumes.total());
    let most = review.settings.unclassified_percent_max;
    if !exceeds(part, all, most) {
        return;
    }
    let share = percent(part, all);
    let message = said(
        format!("{share} % of all contacts are unclassified, expected at most {most} %"),
        format!("el {share} % de todos los contactos está sin clasificar; se espera como mucho el {most} %"),
    );
    let fix = said(
        "read some of them, and add phrases to the reasons they belong to, or the reason that is missing",
        "lea unos cuantos y añada frases a los motivos a los que pertenecen, o el motivo que falta",
    );
    let at = review.draft.places.name.clone();
    review.warn(Check::L10, About::Reason(ReasonId::new(UNCLASSIFIED)), at, message, fix);
}
