//! What is made of the matrix: its margins, what each reason gains and loses, which moves are the largest. All of
//! it in whole numbers; a sum of money of nothing is unknown, never 0.

use super::model::*;
use domain::UNCLASSIFIED;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The margins of the matrix, all reasons together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Contacts of each epoch.
    pub contacts: Pair<u64>,
    /// Contacts of both.
    pub both: u64,
    /// Of them those with another reason.
    pub moved: u64,
    /// Contacts without a reason.
    pub unclassified: Pair<u64>,
    /// Of contacts of both: without a reason in A, with one in B.
    pub classified_now: u64,
    /// Of contacts of both: with a reason in A, without one in B.
    pub unclassified_now: u64,
    /// Avoidable contacts.
    pub dumb: Pair<u64>,
    /// Of contacts of both: avoidable in B alone.
    pub dumb_gained: u64,
    /// Of contacts of both: avoidable in A alone.
    pub dumb_lost: u64,
    /// Contacts with a cost.
    pub costed: Pair<u64>,
    /// Their cost in micro-units.
    pub cost_micros: Pair<Option<u64>>,
    /// Cost of the contacts that have another reason, as B has it.
    pub moved_cost_micros: Option<u64>,
    /// Cost of the avoidable ones.
    pub dumb_cost_micros: Pair<Option<u64>>,
    /// Contacts of both whose chain is another one.
    pub chains_changed: u64,
    /// Contacts whose words are gone.
    pub erased: u64,
    /// Contacts with a reason in B that its taxonomy does not have: carried forward from before.
    pub unknown_to_b: u64,
}

/// What became of a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonChange<'a> {
    /// Its id.
    pub reason: &'a str,
    /// Its contacts.
    pub contacts: Pair<u64>,
    /// Contacts that have it in both.
    pub kept: u64,
    /// Avoidable ones.
    pub dumb: Pair<u64>,
    /// Its cost in micro-units.
    pub cost_micros: Pair<Option<u64>>,
    /// Cost of its avoidable contacts.
    pub dumb_cost_micros: Pair<Option<u64>>,
}

impl ReasonChange<'_> {
    /// Contacts that B has under it and A does not.
    pub const fn gained(&self) -> u64 {
        self.contacts.b - self.kept
    }

    /// Contacts that A has under it and B does not.
    pub const fn lost(&self) -> u64 {
        self.contacts.a - self.kept
    }
}

/// A reason that is another's by a new id: all contacts of the one became all contacts of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Renamed<'a> {
    /// The id in A's taxonomy, which B's does not have.
    pub from: &'a str,
    /// The id in B's taxonomy, which A's does not have.
    pub to: &'a str,
}

/// A cell off the diagonal: contacts with another reason, or of one epoch alone.
pub type Moved<'a> = &'a Cell;

impl Cell {
    /// Both epochs say the same.
    pub fn is_kept(&self) -> bool {
        self.from == self.to
    }

    /// Both epochs have these contacts.
    pub const fn is_of_both(&self) -> bool {
        self.from.is_some() && self.to.is_some()
    }

    /// What its contacts cost: as B has it, or as A does where B does not have them.
    pub const fn moved_micros(&self) -> Option<u64> {
        if self.to.is_some() { self.cost_micros.b } else { self.cost_micros.a }
    }
}

impl Diff {
    /// Everything together.
    pub fn totals(&self) -> Totals {
        let mut t = Totals::default();
        let known_to_b: BTreeSet<&str> =
            self.reasons.iter().filter(|r| r.b.is_some()).map(|r| r.id.as_str()).collect();
        for cell in &self.cells {
            add_contacts(&mut t, cell);
            add_money(&mut t, cell);
            if cell.to.as_deref().is_some_and(|to| to != UNCLASSIFIED && !known_to_b.contains(to)) {
                t.unknown_to_b += cell.contacts;
            }
        }
        t
    }

    /// The moves, largest first; of equal ones by their reasons.
    pub fn moves(&self) -> Vec<Moved<'_>> {
        let mut moves: Vec<&Cell> = self.cells.iter().filter(|c| !c.is_kept()).collect();
        moves.sort_by_key(|c| (Reverse(c.contacts), place(&c.from), place(&c.to)));
        moves
    }

    /// Cells in which contacts became avoidable or ceased to be, most of them first.
    pub fn turned(&self) -> Vec<&Cell> {
        let turned = |c: &Cell| c.dumb_gained + c.dumb_lost;
        let mut cells: Vec<&Cell> = self.cells.iter().filter(|c| turned(c) > 0).collect();
        cells.sort_by_key(|c| (Reverse(turned(c)), place(&c.from), place(&c.to)));
        cells
    }

    /// Every reason of either taxonomy or of any contact, those with most moved contacts first.
    pub fn reason_changes(&self) -> Vec<ReasonChange<'_>> {
        let mut of: BTreeMap<&str, ReasonChange<'_>> = BTreeMap::new();
        for reason in &self.reasons {
            of.insert(&reason.id, nothing(&reason.id));
        }
        for cell in &self.cells {
            if let Some(from) = cell.from.as_deref() {
                let change = of.entry(from).or_insert_with(|| nothing(from));
                change.contacts.a += cell.contacts;
                change.kept += if cell.is_kept() { cell.contacts } else { 0 };
                change.dumb.a += cell.dumb.a;
                add(&mut change.cost_micros.a, cell.cost_micros.a);
                add(&mut change.dumb_cost_micros.a, cell.dumb_cost_micros.a);
            }
            if let Some(to) = cell.to.as_deref() {
                let change = of.entry(to).or_insert_with(|| nothing(to));
                change.contacts.b += cell.contacts;
                change.dumb.b += cell.dumb.b;
                add(&mut change.cost_micros.b, cell.cost_micros.b);
                add(&mut change.dumb_cost_micros.b, cell.dumb_cost_micros.b);
            }
        }
        let mut out: Vec<ReasonChange<'_>> = of.into_values().collect();
        // Stable: of equal ones by id.
        out.sort_by_key(|c| Reverse(c.lost() + c.gained()));
        out
    }

    /// Reasons that only have another id now, by the old one. Contacts that carry their reason from before are left
    /// out: they keep the old id whatever the taxonomy says.
    pub fn renamed(&self) -> Vec<Renamed<'_>> {
        let ended: BTreeSet<&str> = self.ended().map(|r| r.id.as_str()).collect();
        let begun: BTreeSet<&str> = self.begun().map(|r| r.id.as_str()).collect();
        let plain: Vec<&Cell> = self.cells.iter().filter(|c| c.erased < c.contacts).collect();
        let mut out = Vec::new();
        for cell in &plain {
            let (Some(from), Some(to)) = (cell.from.as_deref(), cell.to.as_deref()) else { continue };
            let is_alone = plain.iter().filter(|c| c.from == cell.from || c.to == cell.to).count() == 1;
            if is_alone && ended.contains(from) && begun.contains(to) {
                out.push(Renamed { from, to });
            }
        }
        out.sort_unstable();
        out
    }

    /// Reasons of A's taxonomy that B's does not have.
    pub fn ended(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|r| r.b.is_none())
    }

    /// Reasons of B's taxonomy that A's does not have.
    pub fn begun(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|r| r.a.is_none())
    }
}

/// What is absent comes last.
fn place(reason: &Option<String>) -> (bool, Option<&str>) {
    (reason.is_none(), reason.as_deref())
}

fn nothing(reason: &str) -> ReasonChange<'_> {
    ReasonChange {
        reason,
        contacts: Pair::default(),
        kept: 0,
        dumb: Pair::default(),
        cost_micros: Pair::default(),
        dumb_cost_micros: Pair::default(),
    }
}

fn add_contacts(t: &mut Totals, cell: &Cell) {
    let n = cell.contacts;
    let is_without = |reason: &Option<String>| reason.as_deref() == Some(UNCLASSIFIED);
    let (before, after) = (is_without(&cell.from), is_without(&cell.to));
    let count = |yes: bool| if yes { n } else { 0 };
    t.contacts.a += count(cell.from.is_some());
    t.contacts.b += count(cell.to.is_some());
    t.both += count(cell.is_of_both());
    t.moved += count(cell.is_of_both() && !cell.is_kept());
    t.unclassified.a += count(before);
    t.unclassified.b += count(after);
    t.classified_now += count(cell.is_of_both() && before && !after);
    t.unclassified_now += count(cell.is_of_both() && !before && after);
    t.dumb.a += cell.dumb.a;
    t.dumb.b += cell.dumb.b;
    t.dumb_gained += cell.dumb_gained;
    t.dumb_lost += cell.dumb_lost;
    t.chains_changed += cell.chains_changed;
    t.erased += cell.erased;
}

fn add_money(t: &mut Totals, cell: &Cell) {
    t.costed.a += cell.costed.a;
    t.costed.b += cell.costed.b;
    add(&mut t.cost_micros.a, cell.cost_micros.a);
    add(&mut t.cost_micros.b, cell.cost_micros.b);
    add(&mut t.dumb_cost_micros.a, cell.dumb_cost_micros.a);
    add(&mut t.dumb_cost_micros.b, cell.dumb_cost_micros.b);
    if cell.is_of_both() && !cell.is_kept() {
        add(&mut t.moved_cost_micros, cell.cost_micros.b);
    }
}

/// Adds what is known; of nothing known there is no sum.
fn add(sum: &mut Option<u64>, part: Option<u64>) {
    if let Some(part) = part {
        *sum = Some(sum.unwrap_or(0).saturating_add(part));
    }
}
