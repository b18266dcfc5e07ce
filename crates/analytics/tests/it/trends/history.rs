//! A history of commits, kept twice: in a lake, and as the books that the recount counts.

use super::recount::{Books, Seen};
use crate::world::{World, at, contact, gone, is, verdict};
use domain::contact::ContactChange;
use domain::fact::UnitsCounted;
use domain::governance::CostRow;
use domain::*;
use lake::SegmentKind;
use std::collections::{BTreeMap, BTreeSet};
use tables::{OwnerRow, ReasonRow};

/// What is said of one contact, besides its number.
#[derive(Debug, Clone)]
pub struct Saying {
    pub at: Instant,
    pub channel: Channel,
    pub reason: &'static str,
    pub basis: ReasonBasis,
    /// The agent's own code.
    pub code: Option<&'static str>,
    pub customer: Option<u8>,
    /// Contacts of one group are one chain.
    pub group: Option<u8>,
    pub proofs: Vec<Proven>,
    /// Rules by which `preventable_by_notice` was cleared.
    pub cleared: Vec<&'static str>,
    pub handle_ms: Option<i64>,
    pub abandoned: Option<bool>,
    pub transfers: Option<i32>,
    /// How long after it its resolution is final, in hours.
    pub matures: i64,
}

/// What proves a mechanism, as far as trends go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    pub mechanism: Mechanism,
    pub rule: &'static str,
    pub seconds: Option<i64>,
}

/// What is said of one session of self-service, besides its number.
#[derive(Debug, Clone)]
pub struct Ended {
    pub at: Instant,
    pub path: &'static str,
    pub step: Option<&'static str>,
    pub outcome: SelfServiceOutcome,
    pub customer: Option<u8>,
    /// The contact that followed it.
    pub contact: Option<u8>,
    /// The contact that its failure led to.
    pub leak: Option<u8>,
}

/// Worlds of equal commits, with what they hold.
pub struct History {
    /// One may publish step by step, the other from nothing.
    pub worlds: [World; 2],
    zone: Zone,
    sayings: BTreeMap<u8, (Saying, u64)>,
    judged: BTreeMap<u8, Verdict>,
    pub books: Books,
}

impl History {
    pub fn new(zone: &str) -> Self {
        let zone = Zone::named(zone).expect(zone);
        let worlds = [World::in_zone(&zone), World::in_zone(&zone)];
        let (sayings, judged) = (BTreeMap::new(), BTreeMap::new());
        Self { worlds, zone, sayings, judged, books: Books::default() }
    }

    /// Commits contacts: said anew, or with `None` gone. Every chain that changes is judged anew as a whole.
    pub fn commit(&mut self, said: &BTreeMap<u8, Option<Saying>>) {
        let next = self.worlds[0].next();
        let mut changes: Vec<ContactChange> = Vec::new();
        for (c, saying) in said {
            match saying {
                Some(saying) => {
                    changes.push(is(&self.row(*c, saying, next)));
                    self.sayings.insert(*c, (saying.clone(), next));
                }
                None => {
                    if let Some((saying, _)) = self.sayings.remove(c) {
                        changes.push(gone(&self.row(*c, &saying, next), next));
                        self.judged.remove(c);
                    }
                }
            }
        }
        let verdicts = self.judge(next);
        for world in &mut self.worlds {
            world.commit(&changes, &verdicts);
        }
        self.books.contacts = self.sayings.keys().map(|c| self.seen(*c)).collect();
    }

    /// The verdicts that differ from what was said last.
    fn judge(&mut self, next: u64) -> Vec<Verdict> {
        let mut fresh = Vec::new();
        for (c, (saying, sequence)) in &self.sayings {
            let found = self.verdict(*c, saying, *sequence, 0);
            let known = self.judged.get(c).map(|v| Verdict { judged: Sequence(0), ..v.clone() });
            if known != Some(found.clone()) {
                fresh.push((*c, Verdict { judged: Sequence(next), ..found }));
            }
        }
        self.judged.extend(fresh.iter().cloned());
        fresh.into_iter().map(|(_, verdict)| verdict).collect()
    }

    fn row(&self, c: u8, saying: &Saying, sequence: u64) -> Contact {
        let day = saying.at.day(&self.zone);
        let (channel, handle_ms) = (saying.channel, saying.handle_ms);
        let (abandoned, transfers) = (saying.abandoned, saying.transfers);
        let source_reason = saying.code.map(str::to_owned);
        let plain = Contact { source_reason, ..contact(&c.to_string(), sequence, saying.at) };
        Contact { day, week: day.week(), channel, handle_ms, abandoned, transfers, ..plain }
    }

    fn verdict(&self, c: u8, saying: &Saying, sequence: u64, judged: u64) -> Verdict {
        let row = self.row(c, saying, sequence);
        let mut chain: Vec<(Instant, ContactId)> = self
            .sayings
            .iter()
            .filter(|(other, (s, _))| **other == c || (s.group.is_some() && s.group == saying.group))
            .map(|(other, (s, _))| (s.at, ContactId::of_record("desk", "", &other.to_string())))
            .collect();
        chain.sort();
        let place = chain.iter().position(|(_, id)| *id == row.id).expect("a member of its chain");
        let last = chain.last().expect("a member").0;
        let proof = |proven: &Proven| Proof {
            mechanism: proven.mechanism,
            rule: proven.rule.into(),
            confidence_ppm: 0,
            seconds: proven.seconds,
            facts: vec![],
        };
        let cleared = |rule: &&'static str| {
            proof(&Proven { mechanism: Mechanism::PreventableByNotice, rule, seconds: Some(1) })
        };
        Verdict {
            customer: saying.customer.map(customer),
            reason: ReasonId::new(saying.reason),
            basis: saying.basis,
            proofs: saying.proofs.iter().map(proof).collect(),
            cleared: saying.cleared.iter().map(cleared).collect(),
            dumb: !saying.proofs.is_empty(),
            repeat: place > 0,
            chain_root: chain[0].1,
            chain_position: u32::try_from(place).expect("small") + 1,
            melts_at: last.plus(Span::from_days(3)),
            mature_at: saying.at.plus(Span::from_hours(saying.matures)),
            ..verdict(&row, judged)
        }
    }

    fn seen(&self, c: u8) -> Seen {
        let (saying, sequence) = &self.sayings[&c];
        let verdict = self.verdict(c, saying, *sequence, 0);
        Seen {
            id: verdict.contact,
            at: saying.at,
            day: madrid_day(saying.at, &self.zone),
            channel: saying.channel,
            reason: saying.reason.to_owned(),
            basis: saying.basis,
            code: saying.code,
            customer: verdict.customer,
            dumb: verdict.dumb,
            proofs: saying.proofs.clone(),
            cleared: saying.cleared.clone(),
            handle_ms: saying.handle_ms,
            abandoned: saying.abandoned,
            transfers: saying.transfers,
            root: verdict.chain_root,
            melts_at: verdict.melts_at,
            mature_at: verdict.mature_at,
        }
    }

    /// Commits sessions: said for the first time, or anew.
    pub fn commit_sessions(&mut self, ended: &BTreeMap<u8, Ended>) {
        let judged = Sequence(self.worlds[0].next());
        let contact = |c: Option<u8>| c.map(|c| ContactId::of_record("desk", "", &c.to_string()));
        let session = |(fact, ended): (&u8, &Ended)| Session {
            fact: FactId::from_bytes([*fact; 16]),
            judged,
            occurred_at: ended.at,
            day: ended.at.day(&self.zone),
            customer: ended.customer.map(customer),
            path: ended.path.into(),
            step: ended.step.map(Into::into),
            outcome: ended.outcome,
            contact: contact(ended.contact),
            leak: contact(ended.leak),
        };
        let rows: Vec<Session> = ended.iter().map(session).collect();
        self.commit_segments(&[(SegmentKind::Sessions, tables::session_rows(&rows))]);
        let zone = self.zone.clone();
        let known = ended.iter().map(|(fact, ended)| (*fact, (madrid_day(ended.at, &zone), ended.clone())));
        self.books.sessions.extend(known);
    }

    /// Commits reasons with owner and unit, whole.
    pub fn commit_reasons(&mut self, reasons: &[(&str, Option<&str>, Option<&str>)]) {
        let own = |text: &Option<&str>| text.map(str::to_owned);
        self.books.reasons =
            reasons.iter().map(|(r, owner, unit)| ((*r).to_owned(), (own(owner), own(unit)))).collect();
        let rows: Vec<ReasonRow> =
            reasons.iter().map(|(r, owner, unit)| reason_row(r, *owner, *unit)).collect();
        let owners: BTreeSet<String> = rows.iter().map(|r| r.owner.clone()).collect();
        let label = |owner: String| OwnerRow { label_es: owner.clone(), label_en: owner.clone(), owner };
        let owners: Vec<OwnerRow> = owners.into_iter().map(label).collect();
        self.commit_segments(&[
            (SegmentKind::Reasons, tables::reason_rows(&rows)),
            (SegmentKind::Owners, tables::owner_rows(&owners)),
        ]);
    }

    /// Sets counts of units and commits the whole dimension.
    pub fn commit_units(&mut self, counts: &[(Day, &str, i64)]) {
        for (day, unit, count) in counts {
            self.books.units.insert((*day, (*unit).to_owned()), *count);
        }
        let row = |((day, unit), count): (&(Day, String), &i64)| UnitsCounted {
            unit: unit.clone(),
            day: *day,
            count: *count,
        };
        let rows: Vec<UnitsCounted> = self.books.units.iter().map(row).collect();
        self.commit_segments(&[(SegmentKind::Units, tables::unit_rows(&rows))]);
    }

    /// Sets rates and commits the whole dimension.
    pub fn commit_costs(&mut self, rates: &[(Day, Channel, i64, i64)]) {
        for (from, channel, per_contact, per_second) in rates {
            self.books.costs.insert((*from, *channel), (*per_contact, *per_second));
        }
        let row = |((from, channel), (per_contact, per_second)): (&(Day, Channel), &(i64, i64))| CostRow {
            valid_from: *from,
            channel: *channel,
            currency: "EUR".to_owned(),
            per_contact_micros: *per_contact,
            per_second_micros: *per_second,
        };
        let rows: Vec<CostRow> = self.books.costs.iter().map(row).collect();
        self.commit_segments(&[(SegmentKind::Costs, tables::cost_rows(&rows))]);
    }

    fn commit_segments(&mut self, segments: &[(SegmentKind, arrow::array::RecordBatch)]) {
        for world in &mut self.worlds {
            world.commit_segments(segments.iter().map(|(kind, rows)| (*kind, vec![rows.clone()])).collect());
        }
    }

    /// What day it is at an instant.
    pub fn today(&self, as_of: Instant) -> Day {
        madrid_day(as_of, &self.zone)
    }
}

pub fn customer(number: u8) -> CustomerKey {
    CustomerKey::from_bytes([number; 16])
}

fn reason_row(reason: &str, owner: Option<&str>, unit: Option<&str>) -> ReasonRow {
    ReasonRow {
        reason: reason.to_owned(),
        label_es: reason.to_owned(),
        label_en: reason.to_owned(),
        owner: owner.unwrap_or(UNOWNED).to_owned(),
        grouping: None,
        customer_vote: None,
        company_vote: None,
        disposition: None,
        mechanism: None,
        unit: unit.map(str::to_owned),
    }
}

/// The local day by the rule of 2026 and 2027 as it is written in the law, not by the zone database.
fn madrid_day(instant: Instant, zone: &Zone) -> Day {
    let summer = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"].map(at);
    let hours = match zone.name() {
        "UTC" => 0,
        _ if summer[0] <= instant && instant < summer[1] => 2,
        _ => 1,
    };
    instant.plus(Span::from_hours(hours)).day(&Zone::utc())
}
