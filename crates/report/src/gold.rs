//! How often an epoch gives contacts the reason that a person gave them. The labelled contacts are a sample, so that
//! shares come with the bound that the true one is hardly below.

use crate::Lang;
use domain::measure::wilson_lower;
use domain::{CutId, EpochId, UNCLASSIFIED};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Rows that are shown of each list; JSON has all.
const SHOWN: usize = 10;

/// What labelled contacts say of an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gold {
    /// What the person called the epoch.
    pub name: String,
    /// The epoch.
    pub epoch: EpochId,
    /// The cut that was looked at.
    pub cut: CutId,
    /// Contacts by the right reason and the one that the epoch gives; `unclassified` is one.
    pub pairs: BTreeMap<(String, String), u64>,
    /// What could not be judged.
    pub left_out: Vec<LeftOut>,
}

/// A line that says nothing of the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its place in the file, from 1.
    pub line: u64,
    /// Why.
    pub why: Why,
}

/// Why a line says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The cut has no such contact: a contact's id, or source and record.
    NoContact(String),
    /// The epoch's taxonomy has no such reason.
    NoReason(String),
    /// The contact has a label already, on an earlier line.
    Again(u64),
}

impl LeftOut {
    /// In words, for people.
    pub fn render(&self, lang: Lang) -> String {
        match (&self.why, lang) {
            (Why::NoContact(contact), Lang::En) => format!("the epoch has no contact {contact}"),
            (Why::NoContact(contact), Lang::Es) => format!("la época no tiene el contacto {contact}"),
            (Why::NoReason(label), Lang::En) => {
                format!("label `{label}`: expected a reason of the epoch's taxonomy, or `oos`")
            }
            (Why::NoReason(label), Lang::Es) => {
                format!("label `{label}`: se esperaba un motivo de la taxonomía de la época, u `oos`")
            }
            (Why::Again(line), Lang::En) => format!("the contact of line {line} once more"),
            (Why::Again(line), Lang::Es) => format!("otra vez el contacto de la línea {line}"),
        }
    }

    fn json(&self) -> Value {
        let (what, value) = match &self.why {
            Why::NoContact(contact) => ("no_contact", json!(contact)),
            Why::NoReason(label) => ("no_reason", json!(label)),
            Why::Again(line) => ("again", json!(line)),
        };
        json!({ "line": self.line, "why": what, "value": value })
    }
}

/// One reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerReason {
    /// Contacts with this label.
    pub support: u64,
    /// Contacts to which the epoch gives it.
    pub predicted: u64,
    /// Both.
    pub right: u64,
}

impl PerReason {
    /// Share of the contacts given this reason that have it as their label; `None` where none was given it.
    pub fn precision(self) -> Option<f64> {
        share(self.right, self.predicted)
    }

    /// Share of the contacts with this label that are given it; `None` where none has it.
    pub fn recall(self) -> Option<f64> {
        share(self.right, self.support)
    }

    /// Harmonic mean of both; 0 where nothing is right.
    pub fn f1(self) -> f64 {
        share(2 * self.right, self.support + self.predicted).unwrap_or(0.0)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of contacts stay below 2^53")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Gold {
    fn sum(&self, of: impl Fn(&str, &str) -> bool) -> u64 {
        self.pairs.iter().filter(|((label, found), _)| of(label, found)).map(|(_, n)| n).sum()
    }

    /// Contacts whose label is a reason.
    pub fn in_scope(&self) -> u64 {
        self.sum(|label, _| label != UNCLASSIFIED)
    }

    /// Contacts that no reason fits.
    pub fn out_of_scope(&self) -> u64 {
        self.sum(|label, _| label == UNCLASSIFIED)
    }

    /// Contacts of [`Self::in_scope`] with the right reason.
    pub fn right(&self) -> u64 {
        self.sum(|label, found| label != UNCLASSIFIED && label == found)
    }

    /// Contacts of [`Self::in_scope`] without a reason.
    pub fn unclassified(&self) -> u64 {
        self.sum(|label, found| label != UNCLASSIFIED && found == UNCLASSIFIED)
    }

    /// Contacts of [`Self::out_of_scope`] without a reason.
    pub fn rightly_unclassified(&self) -> u64 {
        self.sum(|label, found| label == UNCLASSIFIED && found == UNCLASSIFIED)
    }

    /// Every reason that is a label or was given.
    pub fn per_reason(&self) -> BTreeMap<&str, PerReason> {
        let mut out: BTreeMap<&str, PerReason> = BTreeMap::new();
        for ((label, found), n) in &self.pairs {
            out.entry(label).or_default().support += n;
            out.entry(found).or_default().predicted += n;
            if label == found {
                out.entry(label).or_default().right += n;
            }
        }
        out.remove(UNCLASSIFIED);
        out
    }

    /// Mean F1 of the reasons that are labels; `None` where none is.
    pub fn macro_f1(&self) -> Option<f64> {
        let per_reason = self.per_reason();
        let labels: Vec<f64> = per_reason.values().filter(|r| r.support > 0).map(|r| r.f1()).collect();
        #[expect(clippy::cast_precision_loss, reason = "a taxonomy has few reasons")]
        (!labels.is_empty()).then(|| labels.iter().sum::<f64>() / labels.len() as f64)
    }

    /// What is taken for what: the right reason, the one given, and how often; most often first.
    pub fn confusion(&self) -> Vec<(&str, &str, u64)> {
        let wrong = self.pairs.iter().filter(|((label, found), _)| label != found);
        let mut out: Vec<_> = wrong.map(|((label, found), n)| (label.as_str(), found.as_str(), *n)).collect();
        // Stable: of equal ones by label and reason.
        out.sort_by_key(|(.., n)| Reverse(*n));
        out
    }

    /// Lines that were left out because of their label, by label.
    fn unknown_labels(&self) -> BTreeSet<&str> {
        let labels = self.left_out.iter().filter_map(|left| match &left.why {
            Why::NoReason(label) => Some(label.as_str()),
            Why::NoContact(_) | Why::Again(_) => None,
        });
        labels.collect()
    }

    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let mut out = self.opening(lang);
        let (in_scope, right) = (self.in_scope(), self.right());
        let rejected = self.unclassified() + self.rightly_unclassified();
        let lines = [
            (lang.pick("accuracy", "acierto"), share(right, in_scope), wilson_lower(right, in_scope)),
            (lang.pick("macro F1", "F1 macro"), self.macro_f1(), None),
            (
                lang.pick("in scope, without a reason", "con motivo posible, sin motivo"),
                share(self.unclassified(), in_scope),
                None,
            ),
            (
                lang.pick(
                    "out of scope, without a reason (recall)",
                    "fuera de alcance, sin motivo (cobertura)",
                ),
                share(self.rightly_unclassified(), self.out_of_scope()),
                wilson_lower(self.rightly_unclassified(), self.out_of_scope()),
            ),
            (
                lang.pick(
                    "without a reason, out of scope (precision)",
                    "sin motivo, fuera de alcance (precisión)",
                ),
                share(self.rightly_unclassified(), rejected),
                wilson_lower(self.rightly_unclassified(), rejected),
            ),
        ];
        for (name, share, lower) in lines {
            let _ = writeln!(out, "{name:44}{:>8}{}", number(share), bound(lang, lower));
        }
        self.reasons(lang, &mut out);
        self.confusions(lang, &mut out);
        out
    }

    fn opening(&self, lang: Lang) -> String {
        let Self { name, epoch, cut, .. } = self;
        let counts =
            [self.in_scope(), self.out_of_scope(), self.left_out.len() as u64].map(|n| lang.number(n));
        let [in_scope, out_of_scope, left_out] = counts;
        match lang {
            Lang::En => format!(
                "Epoch {name} ({epoch}), cut {cut}: {in_scope} contacts in scope, {out_of_scope} out of scope, \
                 {left_out} lines left out\n\n"
            ),
            Lang::Es => format!(
                "Época {name} ({epoch}), corte {cut}: {in_scope} contactos con motivo posible, {out_of_scope} fuera \
                 de alcance, {left_out} líneas sin usar\n\n"
            ),
        }
    }

    fn reasons(&self, lang: Lang, out: &mut String) {
        out.push_str(lang.pick(
            "\nreasons with the lowest F1 (precision and recall, each with its lower bound; contacts)\n",
            "\nmotivos con menor F1 (precisión y cobertura, cada una con su cota inferior; contactos)\n",
        ));
        let per_reason = self.per_reason();
        let mut worst: Vec<(&&str, &PerReason)> = per_reason.iter().filter(|(_, r)| r.support > 0).collect();
        worst.sort_by(|a, b| a.1.f1().total_cmp(&b.1.f1()).then(a.0.cmp(b.0)));
        for (label, r) in worst.into_iter().take(SHOWN) {
            let (precision, recall) = (number(r.precision()), number(r.recall()));
            let lower =
                [(r.right, r.predicted), (r.right, r.support)].map(|(p, w)| number(wilson_lower(p, w)));
            let [precision_lower, recall_lower] = lower;
            let _ = writeln!(
                out,
                "{label:32}{:>8.4}  {precision} ≥{precision_lower}  {recall} ≥{recall_lower}  {}",
                r.f1(),
                r.support
            );
        }
    }

    fn confusions(&self, lang: Lang, out: &mut String) {
        let confusion = self.confusion();
        if confusion.is_empty() {
            return;
        }
        out.push_str(lang.pick("\nright reason → reason given\n", "\nmotivo correcto → motivo dado\n"));
        for (label, found, n) in confusion.into_iter().take(SHOWN) {
            let _ = writeln!(out, "{n:>6}  {label} → {found}");
        }
    }

    /// As JSON. What `quell eval --model` says as well has the same name there.
    pub fn json(&self) -> Value {
        let reason = |(label, r): (&&str, &PerReason)| {
            let value = json!({
                "support": r.support,
                "predicted": r.predicted,
                "right": r.right,
                "precision": r.precision(),
                "precision_lower": wilson_lower(r.right, r.predicted),
                "recall": r.recall(),
                "recall_lower": wilson_lower(r.right, r.support),
                "f1": r.f1(),
            });
            ((*label).to_owned(), value)
        };
        let (in_scope, right) = (self.in_scope(), self.right());
        let rejected = self.unclassified() + self.rightly_unclassified();
        let confusion = self.confusion();
        let pair =
            |(label, found, n): &(&str, &str, u64)| json!({ "label": label, "found": found, "contacts": n });
        json!({
            "name": self.name,
            "epoch": self.epoch.to_string(),
            "cut": self.cut.to_string(),
            "in_scope": in_scope,
            "out_of_scope": self.out_of_scope(),
            "right": right,
            "accuracy": share(right, in_scope),
            "accuracy_lower": wilson_lower(right, in_scope),
            "macro_f1": self.macro_f1(),
            "unclassified": self.unclassified(),
            "in_scope_rejected": share(self.unclassified(), in_scope),
            "oos_recall": share(self.rightly_unclassified(), self.out_of_scope()),
            "oos_precision": share(self.rightly_unclassified(), rejected),
            "per_reason": self.per_reason().iter().map(reason).collect::<serde_json::Map<_, _>>(),
            "confusion": confusion.iter().map(pair).collect::<Value>(),
            "unknown_labels": self.unknown_labels(),
            "left_out": self.left_out.iter().map(LeftOut::json).collect::<Value>(),
        })
    }
}

fn number(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{share:.4}"))
}

fn bound(lang: Lang, lower: Option<f64>) -> String {
    let at_least = lang.pick("at least", "al menos");
    lower.map_or_else(String::new, |lower| format!("   ({at_least} {lower:.4})"))
}
