//! A person says what shall count of a contact: who and why are checked, what is said is recorded, and folded.

use super::fold::Fold;
use super::keyed::facts_keys;
use super::overrides::{History, Said, history_of};
use super::{is_fenced, with_fold};
use crate::ingest;
use crate::instance::Instance;
use crate::progress::Meter;
use anyhow::{Context as _, Result};
use codec::redact::redact;
use domain::fact::VerdictOverridden;
use domain::{Body, ContactId, Fact, Instant, Offset, Origin, Partition, ReasonId, Span, Verdict};
use std::collections::BTreeSet;

/// Who says something of a contact, and why: texts that name and reach nobody.
pub struct Signature {
    by: String,
    why: String,
}

/// What shall count of a contact.
pub enum Ruling {
    /// What was found: everything that persons said of it is taken back.
    AsFound,
    /// This. Where it says nothing, what a person said before stays.
    Says {
        /// The right reason.
        reason: Option<ReasonId>,
        /// Whether it was avoidable.
        dumb: Option<bool>,
    },
}

/// A contact after a person's word.
pub struct Overruled {
    /// Something was recorded; false where the same stood already.
    pub recorded: bool,
    /// All that persons said of it.
    pub history: History,
    /// When the contact began.
    pub occurred_at: Instant,
    /// What the engine says of it now.
    pub verdict: Verdict,
}

impl Signature {
    /// Takes down a pseudonym and why. The log keeps both in clear and for ever, so what would be redacted in them is
    /// refused: whoever says it can still say it otherwise.
    pub fn new(by: &str, why: &str) -> Result<Self, String> {
        Ok(Self { by: signature_line("by", by)?, why: signature_line("why", why)? })
    }
}

/// One line without personal data. The message never repeats the text.
pub fn signature_line(name: &str, text: &str) -> Result<String, String> {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let words: Vec<&str> = text.split(is_gap).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if line.is_empty() {
        return Err(format!("--{name} is empty: what a person decides is kept with who said it and why"));
    }
    if redact(&line) != line {
        return Err(format!(
            "--{name} names or reaches a person (an e-mail address, a phone, card or account number), and it is \
             kept in clear: say it without"
        ));
    }
    Ok(line)
}

/// Records what a person says of a contact and folds it.
pub fn overrule(
    instance: &Instance,
    contact: ContactId,
    ruling: Ruling,
    signature: Signature,
) -> Result<Overruled> {
    let (fold, _) = with_fold(instance, &Meter::silent())?;
    let partition = partition_of(&fold, contact)?;
    let keys = facts_keys(instance, [partition], &BTreeSet::from([contact]))?;
    let facts_key = keys.get(&contact).context("the log no longer holds the records of this contact")?;
    let mut history = history_of(instance, partition, facts_key, contact, Offset(u64::MAX))?;
    let Signature { by, why } = signature;
    let (reason, dumb) = ruling.after(history.newest());
    let said = VerdictOverridden { contact, facts_key: facts_key.clone(), reason, dumb, by, why };
    if stands_already(&said, history.newest()) {
        return overruled(fold, contact, history, false);
    }
    let fact = fact(instance, said, history.newest());
    history.learn(&fact);
    ingest::append_facts(instance, vec![fact])?;
    overruled(folded(instance, fold)?, contact, history, true)
}

fn partition_of(fold: &Fold<'_>, contact: ContactId) -> Result<Partition> {
    let mut partitions = (0..).map(Partition).zip(fold.assemble());
    let found = partitions.find(|(_, assemble)| assemble.contact(contact).is_some());
    found.map(|(partition, _)| partition).with_context(|| format!("no contact {contact} in the log"))
}

impl Ruling {
    /// Reason and avoidability that stand after it. The newest override counts as a whole, so it repeats what stays.
    fn after(self, before: Option<&Said>) -> (Option<ReasonId>, Option<bool>) {
        match self {
            Self::AsFound => (None, None),
            Self::Says { reason, dumb } => {
                let (reason_before, dumb_before) =
                    before.map(|b| (b.said.reason.clone(), b.said.dumb)).unwrap_or_default();
                (reason.or(reason_before), dumb.or(dumb_before))
            }
        }
    }
}

/// Nothing is recorded twice, and nothing is taken back that nobody said.
fn stands_already(said: &VerdictOverridden, before: Option<&Said>) -> bool {
    let is_as_found = |said: &VerdictOverridden| said.reason.is_none() && said.dumb.is_none();
    match before {
        Some(before) if !is_as_found(&before.said) => before.said == *said,
        _ => is_as_found(said),
    }
}

fn fact(instance: &Instance, said: VerdictOverridden, before: Option<&Said>) -> Fact {
    // The latest counts, also where the clock has gone back since.
    let next = before.map_or(Instant::MIN, |before| before.at.plus(Span::from_micros(1)));
    let now = (instance.clock)().max(next);
    let record = said.contact.to_string();
    let origin =
        Origin { system: "quell".to_owned(), instance: String::new(), record, revision: now.micros() };
    ingest::fact(&instance.vault, origin, now, Body::VerdictOverridden(Box::new(said)))
}

/// The fold with what was just recorded. One record is not worth a snapshot: whoever folds next repeats it silently.
fn folded<'i>(instance: &'i Instance, mut fold: Fold<'i>) -> Result<Fold<'i>> {
    match fold.advance(&Meter::silent()) {
        Ok(_) => Ok(fold),
        Err(error) if is_fenced(&error) => {
            // Two states need not be in memory at once.
            drop(fold);
            Ok(with_fold(instance, &Meter::silent())?.0)
        }
        Err(error) => Err(error),
    }
}

fn overruled(fold: Fold<'_>, contact: ContactId, history: History, recorded: bool) -> Result<Overruled> {
    let verdict = fold.into_verdict(contact);
    let (occurred_at, verdict) = verdict.with_context(|| format!("no contact {contact} in the log"))?;
    Ok(Overruled { recorded, history, occurred_at, verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_and_why_are_one_line_that_reaches_nobody() {
        for (text, expected) in [
            ("qa-7", Some("qa-7")),
            ("  asked\n\tfor it\u{1b} twice ", Some("asked for it twice")),
            ("order 12345678 had come", Some("order 12345678 had come")),
            ("", None),
            (" \n\u{1b}", None),
            ("ana@example.org said so", None),
            ("call +34 612 345 678", None),
            ("card 4111 1111 1111 1111", None),
            ("ES91 2100 0418 4502 0005 1332", None),
        ] {
            assert_eq!(signature_line("why", text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_refusal_never_repeats_the_text() {
        let refused = signature_line("why", "ana@example.org said so").expect_err("an address");
        assert!(!refused.contains("ana") && !refused.contains("said"), "{refused}");
    }
}
