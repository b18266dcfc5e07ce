//! What a reviewer says of a taxonomy file: the design rules of contact reasons (after *The Best Service Is No
//! Service*) as checks with a number, a place, and what to do. One file per family of checks. Nothing here
//! changes a taxonomy, and nothing that is found keeps a file from being read.
//!
//! Checks of wording are heuristics for Spanish and English: they look at single words, know no grammar, and
//! leave labels in other languages alone.

mod action;
mod change;
mod count;
mod examples;
mod finding;
mod overlap;
mod owners;
mod say;
mod volumes;
mod wording;
mod words;

pub use finding::{About, Check, Finding, Severity};
pub use say::Said;
pub use volumes::Volumes;

use crate::place::Lines;
use crate::{Draft, Leaf, Taxonomy, limits};
use domain::UNCLASSIFIED;
use std::ops::{Range, RangeInclusive};

/// From where on something is too much or too little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintSettings {
    /// L01: how many reasons a taxonomy has, `unclassified` not counted.
    pub reasons: RangeInclusive<usize>,
    /// L03: the share of contacts, in percent, that service teams may own.
    pub service_percent_max: u64,
    /// L07: of the examples that either of two reasons matches, the share that both may, in percent.
    pub shared_percent_max: u64,
    /// L08: weeks without a contact after which a reason is dead.
    pub dead_weeks: u32,
    /// L09: the share of contacts that one reason may have, in percent.
    pub reason_percent_max: u64,
    /// L10: the share of contacts that may be unclassified, in percent.
    pub unclassified_percent_max: u64,
}

impl Default for LintSettings {
    /// Numbers that practitioners name, where there are any; a tenth for service teams and a third for shared
    /// examples are ours.
    fn default() -> Self {
        Self {
            reasons: 10..=60,
            service_percent_max: 10,
            shared_percent_max: 30,
            dead_weeks: 8,
            reason_percent_max: 20,
            unclassified_percent_max: 5,
        }
    }
}

/// What lint has to say of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linted {
    /// What was found, in the order of the file; at most [`limits::FINDINGS`].
    pub findings: Vec<Finding>,
    /// Findings beyond that limit.
    pub untold: usize,
    /// What could not be checked, or not fully, and why.
    pub skipped: Vec<Skipped>,
}

/// Checks that need what is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The checks.
    pub checks: &'static [Check],
    /// Why.
    pub why: Said,
}

impl Linted {
    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// Reviews a file. `volumes`: how many contacts each reason had of late. `in_force`: the taxonomy that the
/// file would replace.
pub fn lint(
    draft: &Draft,
    settings: &LintSettings,
    volumes: Option<&Volumes>,
    in_force: Option<&Taxonomy>,
) -> Linted {
    let mut review = Review {
        draft,
        taxonomy: &draft.taxonomy,
        lines: Lines::of(&draft.text),
        settings,
        volumes,
        in_force,
        made: Linted::default(),
    };
    let families = [
        action::check,
        change::check,
        owners::check,
        wording::check,
        count::check,
        examples::check,
        overlap::check,
        volumes::check,
    ];
    families.iter().for_each(|check| check(&mut review));
    let mut made = review.made;
    made.findings.sort_by(|a, b| (&a.place, a.check).cmp(&(&b.place, b.check)));
    made
}

/// A review under way.
struct Review<'a> {
    draft: &'a Draft,
    taxonomy: &'a Taxonomy,
    lines: Lines<'a>,
    settings: &'a LintSettings,
    volumes: Option<&'a Volumes>,
    in_force: Option<&'a Taxonomy>,
    made: Linted,
}

impl<'a> Review<'a> {
    /// The reasons of the file: all but `unclassified`, which is in no file.
    fn leaves(&self) -> impl Iterator<Item = &'a Leaf> + use<'a> {
        self.taxonomy.leaves().filter(|leaf| leaf.id.as_str() != UNCLASSIFIED)
    }

    /// The place of a reason's id.
    fn id_of(&self, leaf: &Leaf) -> Range<usize> {
        self.draft.places.leaves.get(leaf.id.as_str()).map_or(0..0, |at| at.id.clone())
    }

    /// The place of a reason's label.
    fn label_of(&self, leaf: &Leaf, language: &str) -> Range<usize> {
        self.draft.places.leaves.get(leaf.id.as_str()).map_or(0..0, |at| at.label(language))
    }

    fn warn(&mut self, check: Check, about: About, at: Range<usize>, message: Said, fix: Said) {
        self.add(check, Severity::Warning, about, at, message, fix);
    }

    fn error(&mut self, check: Check, about: About, at: Range<usize>, message: Said, fix: Said) {
        self.add(check, Severity::Error, about, at, message, fix);
    }

    fn add(
        &mut self,
        check: Check,
        severity: Severity,
        about: About,
        at: Range<usize>,
        message: Said,
        fix: Said,
    ) {
        let place = self.lines.place(at);
        let finding = Finding { check, severity, about, place, message, fix };
        let told = &mut self.made.findings;
        if told.len() < limits::FINDINGS {
            told.push(finding);
            return;
        }
        // Of too many, errors are told first: they decide how the command ends.
        self.made.untold += 1;
        if severity == Severity::Error
            && let Some(advice) = told.iter_mut().rfind(|told| told.severity != Severity::Error)
        {
            *advice = finding;
        }
    }

    fn skip(&mut self, checks: &'static [Check], why: Said) {
        self.made.skipped.push(Skipped { checks, why });
    }
}

/// Whether `part` of `whole` is more than so many percent.
const fn exceeds(part: u64, whole: u64, percent: u64) -> bool {
    // Products of counts and percents: 128 bits hold any.
    part as u128 * 100 > whole as u128 * percent as u128
}

/// `part` of `whole` in percent, rounded down; 0 of nothing.
fn percent(part: u64, whole: u64) -> u128 {
    (u128::from(part) * 100).checked_div(u128::from(whole)).unwrap_or(0)
}
