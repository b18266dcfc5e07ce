//! `reasked_data`: the company asks again for a datum that the customer has given (S-11), in the same transcript or in a
//! later contact of the same chain. How it is heard that a datum is asked for and given: `classify::heard`.
//!
//! Cleared within the hearing itself: no answer came in between, or the company said that the answer did not serve.

use super::context::CERTAIN;
use super::set::Set;
use super::{Context, way};
use crate::asserted::{Asserted, Question};
use domain::closed::{Datum, Mechanism};
use domain::{ContactId, Proof};

pub(super) fn prove<'c>(context: &Context<'c>, i: usize) -> Option<Proof> {
    carried(context, i).or_else(|| in_transcript(context.asserted(i))).or_else(|| in_chain(context, i))
}

/// It was proven before the words were erased.
fn carried<'c>(context: &Context<'c>, i: usize) -> Option<Proof> {
    let a = context.asserted(i);
    let carried = a.carried.as_ref().is_some_and(|carried| carried.contains(&Mechanism::ReaskedData));
    carried.then(|| Proof {
        mechanism: Mechanism::ReaskedData,
        rule: "reasked_data/carried".into(),
        confidence_ppm: 0,
        seconds: None,
        facts: Set::default().contact(a, &[super::set::Of::Reason]).into_facts(a.contact),
    })
}

/// A question for a datum that had been given in the same contact, with the question it was given to: of all such pairs
/// the one that needs the fewest records, of equals the first.
pub(super) fn within(a: &Asserted) -> Option<(&Question, &Question)> {
    let asked = &a.more().asked;
    let again = asked.iter().enumerate().filter(|(_, again)| !again.asked.excused);
    let pairs = again.flat_map(|(at, again)| {
        let given = |q: &&Question| q.asked.datum == again.asked.datum && q.asked.given;
        asked[..at].iter().rev().filter(given).map(move |first| (first, again))
    });
    pairs.min_by_key(|(first, again)| records(a, first, again).len(a.contact))
}

/// The records that the pair rests on.
fn records<'a>(a: &'a Asserted, first: &Question, again: &Question) -> Set<'a> {
    let set = Set::default().fact(first.fact).fact(again.fact);
    set.contact(a, &[])
}

fn in_transcript(a: &Asserted) -> Option<Proof> {
    let (first, again) = within(a)?;
    Some(proof(a.contact, "reasked_data/transcript", first, again, records(a, first, again)))
}

/// A question for a datum that had been given in an earlier contact of the chain, the fewest contacts back: of all such
/// pairs the one that needs the fewest records.
fn in_chain<'c>(context: &Context<'c>, i: usize) -> Option<Proof> {
    let proven = context.asserted(i).contact;
    let asked = &context.asserted(i).more().asked;
    let again: Vec<&Question> = asked.iter().filter(|again| !again.asked.excused).collect();
    let mut data: Vec<Datum> = again.iter().map(|q| q.asked.datum).collect();
    data.sort_unstable();
    data.dedup();
    let pairs = data.into_iter().filter_map(|datum| {
        let gave = |at: usize| at < i && given(context.asserted(at), datum).next().is_some();
        (0..i).any(|at| same_chain(context, at, i) && gave(at)).then_some(())?;
        let way = way::shortest(context, i, gave)?;
        let firsts = given(context.asserted(*way.first()?), datum);
        let again = || again.iter().filter(|q| q.asked.datum == datum).copied();
        let pairs: Vec<_> = firsts.flat_map(|first| again().map(move |again| (first, again))).collect();
        let sets = pairs.into_iter().map(|(first, again)| {
            let asked = Set::default().fact(first.fact).fact(again.fact);
            (first, again, way::with_way(context, &way, asked, proven))
        });
        sets.min_by_key(|(.., set)| set.len(proven))
    });
    let (first, again, set) = pairs.min_by_key(|(.., set)| set.len(proven))?;
    Some(proof(context.asserted(i).contact, "reasked_data/chain", first, again, set))
}

fn same_chain<'c>(context: &Context<'c>, one: usize, other: usize) -> bool {
    context.chains.links[one].root == context.chains.links[other].root
}

/// The questions of a contact for a datum that was given, the last first.
fn given(a: &Asserted, datum: Datum) -> impl Iterator<Item = &Question> {
    a.more().asked.iter().rev().filter(move |q| q.asked.datum == datum && q.asked.given)
}

fn proof(proven: ContactId, rule: &'static str, first: &Question, again: &Question, facts: Set<'_>) -> Proof {
    Proof {
        mechanism: Mechanism::ReaskedData,
        rule: rule.into(),
        confidence_ppm: CERTAIN,
        seconds: first.at.zip(again.at).map(|(first, again)| again.since(first).seconds()),
        facts: facts.into_facts(proven),
    }
}
