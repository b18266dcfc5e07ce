//! P3, P4 and P5 of the engine by itself: whatever the order, the batches, the partitions and shards, and
//! wherever a snapshot is saved and restored, the same facts give the same contacts and verdicts.

mod common;

use common::{Act, Touch, acts, at, fact, placed, rules};
use domain::contact::{ContactChange, Provenance};
use domain::invariant::{Counts, Promise};
use domain::*;
use engine::{Assemble, Judge, JudgeInput, Ruleset, messages, shard_of};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How a run is cut up.
#[derive(Debug, Clone)]
struct Plan {
    partitions: usize,
    shards: usize,
    batch: usize,
    /// Snapshot and restore after every so many batches.
    restart: usize,
}

/// The last thing said of every contact.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    contacts: BTreeMap<ContactId, Contact>,
    verdicts: BTreeMap<ContactId, Verdict>,
    sessions: BTreeMap<FactId, Session>,
    stated: BTreeSet<(FactId, Option<String>)>,
    counts: (u64, u64),
}

struct Run {
    rules: Arc<Ruleset>,
    assemble: Vec<Assemble>,
    judge: Vec<Judge>,
    said_contacts: BTreeMap<ContactId, (Sequence, Option<Contact>)>,
    said_verdicts: BTreeMap<ContactId, Verdict>,
    said_sessions: BTreeMap<FactId, Session>,
    stated: BTreeSet<(FactId, Option<String>)>,
    published: BTreeMap<ContactId, (Day, Verdict)>,
    counts: Counts,
}

impl Run {
    fn new(plan: &Plan) -> Self {
        let rules = rules();
        Self {
            assemble: (0..plan.partitions).map(|_| Assemble::new(Arc::clone(&rules))).collect(),
            judge: (0..plan.shards).map(|_| Judge::new(Arc::clone(&rules))).collect(),
            rules,
            said_contacts: BTreeMap::new(),
            said_verdicts: BTreeMap::new(),
            said_sessions: BTreeMap::new(),
            stated: BTreeSet::new(),
            published: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    fn batch(&mut self, facts: &[Fact], sequence: Sequence) {
        let mut split: Vec<Vec<Placed<Fact>>> = vec![vec![]; self.assemble.len()];
        let mut company = vec![];
        for fact in facts {
            let placed = placed(fact.clone());
            if fact.topic() == Topic::Company {
                company.push(placed);
            } else {
                let sum: usize = fact.key().bytes().map(usize::from).sum();
                split[sum % self.assemble.len()].push(placed);
            }
        }
        let mut inputs: Vec<Vec<JudgeInput>> = vec![vec![]; self.judge.len()];
        let mut touched = BTreeSet::new();
        for (assemble, facts) in self.assemble.iter_mut().zip(split) {
            let out = assemble.apply(facts, &company, sequence);
            assert!(out.counts.balanced(), "{:?}: {:?}", Promise::P2, out.counts);
            self.counts = self.counts.plus(out.counts);
            touched.extend(out.touched);
            for session in out.sessions {
                self.said_sessions.insert(session.fact, session);
            }
            for stated in out.stated {
                assert!(self.stated.insert((stated.fact, stated.about)), "{:?}: said twice", Promise::P3);
            }
            self.stated.extend(out.company_stated.into_iter().map(|s| (s.fact, s.about)));
            for change in out.contacts {
                match change {
                    ContactChange::Is(c) => self.said_contacts.insert(c.id, (c.sequence, Some(*c))),
                    ContactChange::Gone { id, sequence, .. } => {
                        self.said_contacts.insert(id, (sequence, None))
                    }
                };
            }
            let heard = messages::decode(&messages::encode(&out.judge)).expect("own messages");
            assert_eq!(heard, out.judge, "what goes from process to process arrives as it was sent");
            for input in heard {
                match shard_of(&input, self.judge.len()) {
                    Some(shard) => inputs[shard].push(input),
                    None => inputs.iter_mut().for_each(|inputs| inputs.push(input.clone())),
                }
            }
        }
        for (judge, inputs) in self.judge.iter_mut().zip(inputs) {
            let out = judge.apply(inputs, sequence);
            touched.extend(out.touched);
            for session in out.sessions {
                assert!(touched.contains(&session.day), "{:?}: a session's day", Promise::P11);
                let older = self.said_sessions.get(&session.fact).map(|s| s.judged);
                assert!(older < Some(session.judged), "two words on one session in one batch");
                self.said_sessions.insert(session.fact, session);
            }
            for v in out.verdicts {
                let newer = self
                    .said_verdicts
                    .get(&v.contact)
                    .is_none_or(|o| (o.sequence, o.judged) <= (v.sequence, v.judged));
                if newer {
                    self.said_verdicts.insert(v.contact, v);
                }
            }
        }
        self.check_touched(&touched);
    }

    /// A row that changed lies on touched days only, before and after: incremental publishing rests on it (P11).
    fn check_touched(&mut self, touched: &BTreeSet<Day>) {
        let now = self.live();
        for id in now.keys().chain(self.published.keys()) {
            let (old, new) = (self.published.get(id), now.get(id));
            if old != new {
                for (day, _) in old.iter().chain(new.iter()) {
                    assert!(
                        touched.contains(day),
                        "{:?}: {id} changed on {day}, which was not touched",
                        Promise::P11
                    );
                }
            }
        }
        self.published = now;
    }

    fn live(&self) -> BTreeMap<ContactId, (Day, Verdict)> {
        let live = self.said_contacts.iter().filter_map(|(id, (_, c))| Some((*id, c.as_ref()?)));
        live.map(|(id, c)| (id, (c.day, plain(&self.said_verdicts[&id])))).collect()
    }

    fn restart(&mut self) {
        for assemble in &mut self.assemble {
            let bytes = assemble.snapshot();
            *assemble = Assemble::restore(Arc::clone(&self.rules), &bytes).expect("own snapshot");
            assert_eq!(assemble.snapshot(), bytes, "a restored state saves to the same bytes");
        }
        for judge in &mut self.judge {
            let bytes = judge.snapshot();
            let assemble = &self.assemble;
            let known = |id| assemble.iter().find_map(|a| a.contact(id));
            *judge = Judge::restore(Arc::clone(&self.rules), &bytes, known).expect("own snapshot");
            assert_eq!(judge.snapshot(), bytes, "a restored state saves to the same bytes");
        }
    }

    fn outcome(self) -> Outcome {
        let sessions = self.said_sessions.into_iter();
        let mut out = Outcome {
            counts: (self.counts.accepted, self.counts.duplicate),
            sessions: sessions.map(|(id, s)| (id, Session { judged: Sequence(0), ..s })).collect(),
            stated: self.stated,
            ..Outcome::default()
        };
        for (id, (_, contact)) in self.said_contacts {
            if let Some(mut contact) = contact {
                contact.sequence = Sequence(0);
                contact.provenance =
                    Provenance { partition: Partition(0), offset: Offset(0), recorded_at: at(0) };
                out.verdicts.insert(id, plain(&self.said_verdicts[&id]));
                out.contacts.insert(id, contact);
            }
        }
        out
    }
}

fn plain(verdict: &Verdict) -> Verdict {
    Verdict { sequence: Sequence(0), judged: Sequence(0), ..verdict.clone() }
}

fn run(facts: &[Fact], plan: &Plan) -> Outcome {
    let mut run = Run::new(plan);
    for (n, batch) in facts.chunks(plan.batch).enumerate() {
        run.batch(batch, Sequence(n as u64 + 1));
        if (n + 1) % plan.restart == 0 {
            run.restart();
        }
    }
    run.outcome()
}

const PLAIN: Plan = Plan { partitions: 1, shards: 1, batch: 1_000, restart: 1_000 };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_outcome_is_a_function_of_the_set_of_facts(
        (acts, shuffled) in acts(40).prop_flat_map(|a| (Just(a.clone()), Just(a).prop_shuffle())),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        plan in (1usize..5, 1usize..4, 1usize..9, 1usize..5).prop_map(|(partitions, shards, batch, restart)| Plan { partitions, shards, batch, restart }),
    ) {
        let facts: Vec<Fact> = acts.iter().map(fact).collect();
        let mut other: Vec<Fact> = shuffled.iter().map(fact).collect();
        for index in again {
            let repeated = index.get(&facts).clone();
            other.push(repeated);
        }
        let (expect, mut found) = (run(&facts, &PLAIN), run(&other, &plan));
        // Redelivered facts are counted as such, and the company's are not counted here.
        found.counts = expect.counts;
        prop_assert_eq!(expect, found);
    }
}

/// Of a contact of nobody known that says nothing understood, the order alone tells what concerns it.
#[test]
fn what_concerns_everybody_finds_a_contact_by_its_order_whichever_came_first() {
    // No reason has these words.
    let contact = Act::Contact(Touch { order: Some(1), words: u8::MAX, ..touch(0) });
    let refund = Act::Upstream {
        customer: None,
        order: Some(1),
        subject: 0,
        kind: common::REFUND,
        planned: false,
        hour: 2,
    };
    let mut facts = [fact(&contact), fact(&refund)];
    let one_by_one = Plan { batch: 1, ..PLAIN };
    let first = run(&facts, &one_by_one);
    facts.reverse();
    assert_eq!(first, run(&facts, &one_by_one));
    let mechanisms = first.verdicts.values().flat_map(Verdict::mechanisms).collect::<Vec<_>>();
    assert_eq!(mechanisms, [Mechanism::CompanyError]);
}

/// A contact of nobody known, in its record's hour.
fn touch(record: u8) -> Touch {
    Touch {
        record,
        revision: 0,
        customer: None,
        weak: false,
        hour: i64::from(record),
        order: None,
        words: 0,
        transcript: 0,
        phone: false,
        lamp: false,
        handed_on: false,
        resolved: false,
        spam: false,
    }
}

#[test]
fn damaged_snapshots_are_refused_and_never_panic() {
    let touch = |record: u8| Touch {
        customer: Some(record % 3),
        words: record % 4,
        transcript: record % 4,
        phone: record.is_multiple_of(2),
        lamp: record == 3,
        handed_on: record == 4,
        ..touch(record)
    };
    let session = Act::Session { customer: Some(1), path: 1, outcome: 0, hour: 1 };
    let acts: Vec<Act> =
        (0..common::RECORDS).map(|record| Act::Contact(touch(record))).chain([session]).collect();
    let mut run = Run::new(&PLAIN);
    run.batch(&acts.iter().map(fact).collect::<Vec<_>>(), Sequence(1));
    let bytes = run.assemble[0].snapshot();
    for cut in 0..bytes.len() {
        assert!(Assemble::restore(Arc::clone(&run.rules), &bytes[..cut]).is_err(), "cut at {cut}");
        let mut flipped = bytes.clone();
        flipped[cut] ^= 0x41;
        let _ = Assemble::restore(Arc::clone(&run.rules), &flipped);
    }
}
