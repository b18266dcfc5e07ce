//! The sieve: one pass over a folded text with one automaton says which rules may match it, and where the
//! words of their phrases and chains stand. A rule whose words are not all there is never looked at.

use crate::chain::{Branch, Gap, Needle};
use crate::limits;
use aho_corasick::automaton::Automaton;
use aho_corasick::{Anchored, MatchKind, StartKind, dfa, nfa::contiguous};
use std::collections::BTreeMap;
use std::ops::Range;

/// One thing a rule looks for: its phrases, a branch of its expression, words near each other, or the same of
/// its exclusion. A clause is met when a needle of each of its parts is in the text.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    /// The rule that is worth a look when this is met; `None`: an exclusion makes no rule match.
    rule: Option<usize>,
    /// Its parts, one bit each.
    full: u8,
    /// Between its parts, where it is a chain.
    gaps: Vec<Gap>,
    /// Its needles in [`Sieve::sought`].
    sought: Range<usize>,
}

/// A needle that a clause looks for.
#[derive(Debug, Clone, Copy)]
struct Sought {
    needle: u32,
    part: u8,
    /// Its place among the needles of the part, the preferred first.
    rank: u16,
}

/// A needle found counts for a part of a clause.
#[derive(Debug, Clone, Copy)]
struct Hit {
    clause: u32,
    part: u8,
    rank: u16,
}

/// Clauses being entered.
#[derive(Default)]
pub(crate) struct Builder {
    clauses: Vec<Clause>,
    needles: BTreeMap<Needle, Vec<Hit>>,
    /// Clauses of which nothing is known beforehand.
    always: Vec<u32>,
}

impl Builder {
    /// Words of a chain.
    pub(crate) fn branch(&mut self, rule: Option<usize>, branch: &Branch) -> usize {
        let parts = branch.parts.iter().map(|part| part.needles.clone()).collect();
        self.enter(rule, parts, branch.gaps.clone())
    }

    /// Literals of which one of each part must be there.
    pub(crate) fn literals(&mut self, rule: Option<usize>, parts: Vec<Vec<Vec<u8>>>) -> usize {
        let plain = |part: Vec<Vec<u8>>| part.into_iter().map(Needle::plain).collect();
        self.enter(rule, parts.into_iter().map(plain).collect(), Vec::new())
    }

    /// Nothing that must be there is known.
    pub(crate) fn unknown(&mut self, rule: Option<usize>) -> usize {
        let clause = self.clauses.len();
        self.clauses.push(Clause { rule, full: 1, gaps: Vec::new(), sought: 0..0 });
        self.always.push(small(clause));
        clause
    }

    fn enter(&mut self, rule: Option<usize>, parts: Vec<Vec<Needle>>, gaps: Vec<Gap>) -> usize {
        let clause = self.clauses.len();
        let full = u8::MAX >> (8 - parts.len());
        self.clauses.push(Clause { rule, full, gaps, sought: 0..0 });
        for (part, needles) in (0u8..).zip(parts) {
            for (rank, needle) in (0u16..).zip(needles) {
                self.needles.entry(needle).or_default().push(Hit { clause: small(clause), part, rank });
            }
        }
        clause
    }

    /// The sieve of all that was entered.
    pub(crate) fn build(self) -> Sieve {
        let mut sieve = Sieve {
            automaton: automaton(self.needles.keys()),
            needles: Vec::with_capacity(self.needles.len()),
            hits: Vec::new(),
            sought: Vec::new(),
            clauses: self.clauses,
            always: self.always,
        };
        let mut sought = vec![Vec::new(); sieve.clauses.len()];
        for (number, (needle, hits)) in (0u32..).zip(self.needles) {
            for &Hit { clause, part, rank } in &hits {
                sought[clause as usize].push(Sought { needle: number, part, rank });
            }
            let from = sieve.hits.len();
            sieve.hits.extend(hits);
            sieve.needles.push((needle, from..sieve.hits.len()));
        }
        for (clause, sought) in sieve.clauses.iter_mut().zip(sought) {
            let from = sieve.sought.len();
            sieve.sought.extend(sought);
            clause.sought = from..sieve.sought.len();
        }
        sieve
    }
}

/// What [`Builder`] was given, ready to run.
pub(crate) struct Sieve {
    automaton: Option<Scanner>,
    /// Needles and their hits.
    needles: Vec<(Needle, Range<usize>)>,
    hits: Vec<Hit>,
    sought: Vec<Sought>,
    clauses: Vec<Clause>,
    always: Vec<u32>,
}

enum Scanner {
    Dense(dfa::DFA),
    Compact(contiguous::NFA),
}

/// What was found in one text. Its memory is used again for the next text.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Needles found, by where they end; of a crowded text, where each was first.
    events: Vec<Event>,
    /// Needles found, one bit each.
    heard: Vec<u64>,
    /// Number of the last event of each needle that was found; of others it says nothing.
    latest: Vec<u32>,
    /// Parts found of each clause.
    parts: Vec<u8>,
    /// Clauses of which a part was found.
    touched: Vec<u32>,
    /// Rules that may match, one bit each.
    rules: Vec<u64>,
    /// There were too many needles to keep where each of them is.
    is_crowded: bool,
    /// Steps taken besides those from byte to byte.
    steps: usize,
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Event {
    end: u32,
    /// Number of the event before it of the same needle; its own if it is the first.
    before: u32,
}

/// A needle of a clause that stands in the text. In the order in which matches are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    part: u8,
    start: u32,
    rank: u16,
    end: u32,
}

impl Found {
    /// Whether a needle of each part of the clause is there.
    pub(crate) fn is_met(&self, sieve: &Sieve, clause: usize) -> bool {
        self.parts[clause] == sieve.clauses[clause].full
    }

    /// Whether [`Sieve::find`] can say where chains are. It cannot of a text in which needles within needles
    /// are found all over, since to keep where would take more than linear time.
    pub(crate) const fn has_chains(&self) -> bool {
        !self.is_crowded
    }

    /// The rules that may match, by ascending number, from this one on.
    pub(crate) fn next_rule(&self, from: usize) -> Option<usize> {
        let first = from / 64;
        let words = self.rules.iter().enumerate().skip(first);
        words.into_iter().find_map(|(at, &word)| {
            let word = if at == first { word & (u64::MAX << (from % 64)) } else { word };
            (word != 0).then(|| at * 64 + word.trailing_zeros() as usize)
        })
    }

    /// A rule that is worth a look whatever the words.
    pub(crate) fn add_rule(&mut self, rule: usize) {
        self.rules[rule / 64] |= 1 << (rule % 64);
    }

    /// Work done on the text besides one step a byte: needles found, clauses told and places looked at.
    pub(crate) const fn steps(&self) -> usize {
        self.steps
    }

    fn clear(&mut self, sieve: &Sieve, rules: usize) {
        for &clause in &self.touched {
            self.parts[clause as usize] = 0;
        }
        self.touched.clear();
        self.events.clear();
        self.heard.clear();
        self.heard.resize(sieve.needles.len().div_ceil(64), 0);
        self.latest.resize(sieve.needles.len(), 0);
        self.rules.clear();
        self.rules.resize(rules.div_ceil(64), 0);
        self.parts.resize(sieve.clauses.len(), 0);
        self.is_crowded = false;
        self.steps = 0;
    }

    /// Keeps where a needle ends.
    fn keep(&mut self, needle: usize, end: usize, is_first: bool) {
        let event = small(self.events.len());
        let before = if is_first { event } else { self.latest[needle] };
        self.events.push(Event { end: u32::try_from(end).unwrap_or(u32::MAX), before });
        self.latest[needle] = event;
    }

    fn has_heard(&self, needle: usize) -> bool {
        self.heard[needle / 64] >> (needle % 64) & 1 == 1
    }

    /// Marks a needle; whether it was new.
    fn hear(&mut self, needle: usize) -> bool {
        let (word, bit) = (&mut self.heard[needle / 64], 1 << (needle % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

impl Sieve {
    /// Reads a folded text; what was found in the one before is forgotten. Takes time linear in the text, and
    /// in the hits of the needles that are there.
    pub(crate) fn read(&self, text: &[u8], rules: usize, found: &mut Found) {
        found.clear(self, rules);
        for &clause in &self.always {
            self.count(Hit { clause, part: 0, rank: 0 }, found);
        }
        match &self.automaton {
            Some(Scanner::Dense(automaton)) => self.scan(automaton, text, found),
            Some(Scanner::Compact(automaton)) => self.scan(automaton, text, found),
            None => {}
        }
    }

    /// Where a clause is first found: the leftmost, of those at one place the preferred. Of a crowded text it
    /// knows phrases only.
    pub(crate) fn find(&self, clause: usize, text: &[u8], found: &mut Found) -> Option<Range<usize>> {
        found.places.clear();
        let sought = &self.sought[self.clauses[clause].sought.clone()];
        found.steps += sought.len();
        for &Sought { needle, part, rank } in sought {
            let (needle, bytes) = (needle as usize, small(self.needles[needle as usize].0.bytes.len()));
            let mut next = found.has_heard(needle).then(|| found.latest[needle]);
            while let Some(at) = next {
                let Event { end, before } = found.events[at as usize];
                found.places.push(Place { part, start: end.saturating_sub(bytes), rank, end });
                next = (before != at).then_some(before);
            }
        }
        found.steps += found.places.len();
        found.places.sort_unstable();
        chained(&self.clauses[clause].gaps, text, &mut found.places)
    }

    fn scan(&self, automaton: &impl Automaton, text: &[u8], found: &mut Found) {
        let is_whole = u32::try_from(text.len()).is_ok() && self.listen(automaton, text, found);
        if !is_whole {
            found.is_crowded = true;
            found.events.clear();
            self.listen_only(automaton, text, found);
        }
    }

    /// Keeps every needle that stands in the text; `false`, and not done, where there are too many.
    fn listen(&self, automaton: &impl Automaton, text: &[u8], found: &mut Found) -> bool {
        let mut left = limits::NEEDLES_FOUND + text.len();
        let mut state = start(automaton);
        for (at, &byte) in text.iter().enumerate() {
            state = automaton.next_state(Anchored::No, state, byte);
            if !automaton.is_special(state) || !automaton.is_match(state) {
                continue;
            }
            let matches = automaton.match_len(state);
            let Some(less) = left.checked_sub(matches) else { return false };
            left = less;
            found.steps += matches;
            for index in 0..matches {
                let needle = automaton.match_pattern(state, index).as_usize();
                if self.needles[needle].0.stands(text, at + 1) {
                    let is_first = self.hear(needle, found);
                    found.keep(needle, at + 1, is_first);
                }
            }
        }
        true
    }

    /// Only which needles are there, at boundaries or not, and where first. What was heard before need not be
    /// told again, nor what it ends in: that was heard with it.
    fn listen_only(&self, automaton: &impl Automaton, text: &[u8], found: &mut Found) {
        found.heard.fill(0);
        let mut state = start(automaton);
        for (at, &byte) in text.iter().enumerate() {
            state = automaton.next_state(Anchored::No, state, byte);
            if !automaton.is_special(state) || !automaton.is_match(state) {
                continue;
            }
            for index in 0..automaton.match_len(state) {
                found.steps += 1;
                let needle = automaton.match_pattern(state, index).as_usize();
                if !self.hear(needle, found) {
                    break;
                }
                found.keep(needle, at + 1, true);
            }
        }
    }

    /// Whether the needle is new.
    fn hear(&self, needle: usize, found: &mut Found) -> bool {
        let is_new = found.hear(needle);
        if is_new {
            let hits = &self.hits[self.needles[needle].1.clone()];
            found.steps += hits.len();
            hits.iter().for_each(|&hit| self.count(hit, found));
        }
        is_new
    }

    fn count(&self, hit: Hit, found: &mut Found) {
        let parts = &mut found.parts[hit.clause as usize];
        if *parts == 0 {
            found.touched.push(hit.clause);
        }
        *parts |= 1 << hit.part;
        let clause = &self.clauses[hit.clause as usize];
        if *parts == clause.full
            && let Some(rule) = clause.rule
        {
            found.add_rule(rule);
        }
    }
}

/// The first chain of these places, which are sorted. They are looked at from the last part to the first, to
/// see which lead to an end, and then forward along the first that does.
fn chained(gaps: &[Gap], text: &[u8], places: &mut Vec<Place>) -> Option<Range<usize>> {
    for part in (0..gaps.len()).rev() {
        keep_leading_on(part, &gaps[part], text, places);
    }
    let first = *places.first().filter(|place| place.part == 0)?;
    let mut last = first;
    for (part, gap) in gaps.iter().enumerate() {
        last = *widest(last, gap, text, &places[of_part(places, part + 1)])?;
    }
    Some(first.start as usize..last.end as usize)
}

/// Keeps of the places of a part those from which the next part is within reach. A gap may be empty, so that the
/// nearest place tells.
fn keep_leading_on(part: usize, gap: &Gap, text: &[u8], places: &mut Vec<Place>) {
    let (mine, next) = (of_part(places, part), of_part(places, part + 1));
    let mut kept = mine.start;
    for at in mine.clone() {
        let place = places[at];
        let next = &places[next.clone()];
        let nearest = next.get(next.partition_point(|p| p.start < place.end));
        if nearest.is_some_and(|nearest| gap.spans(between(&place, nearest, text))) {
            places[kept] = place;
            kept += 1;
        }
    }
    places.drain(kept..mine.end);
}

/// The place behind the widest gap, and of those at one place the preferred.
fn widest<'p>(from: Place, gap: &Gap, text: &[u8], next: &'p [Place]) -> Option<&'p Place> {
    let next = &next[next.partition_point(|p| p.start < from.end)..];
    let reached = next.partition_point(|p| gap.spans(between(&from, p, text)));
    let last = next[..reached].last()?;
    next.get(next.partition_point(|p| p.start < last.start))
}

fn between<'t>(from: &Place, to: &Place, text: &'t [u8]) -> &'t [u8] {
    &text[from.end as usize..to.start as usize]
}

fn of_part(places: &[Place], part: usize) -> Range<usize> {
    let from = |part| places.partition_point(|place| usize::from(place.part) < part);
    from(part)..from(part + 1)
}

fn start(automaton: &impl Automaton) -> aho_corasick::automaton::StateID {
    automaton.start_state(Anchored::No).expect("invariant: built for unanchored searches")
}

fn automaton<'a>(needles: impl ExactSizeIterator<Item = &'a Needle> + Clone) -> Option<Scanner> {
    const INVARIANT: &str = "invariant: the limits on file and needles keep the automaton within 2^31 states";
    if needles.len() == 0 {
        return None;
    }
    let bytes = needles.clone().map(|needle| needle.bytes.len()).sum::<usize>();
    let needles = needles.map(|needle| &needle.bytes);
    Some(if bytes <= limits::DENSE_NEEDLE_BYTES {
        let mut builder = dfa::DFA::builder();
        builder.match_kind(MatchKind::Standard).start_kind(StartKind::Unanchored).prefilter(false);
        Scanner::Dense(builder.build(needles).expect(INVARIANT))
    } else {
        let mut builder = contiguous::NFA::builder();
        Scanner::Compact(
            builder.match_kind(MatchKind::Standard).prefilter(false).build(needles).expect(INVARIANT),
        )
    })
}

/// Counts of needles and clauses and places in a text, all far below 2^32.
fn small(n: usize) -> u32 {
    u32::try_from(n).expect("invariant: limits keep counts within 32 bits")
}
