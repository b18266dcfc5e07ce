//! Two epochs side by side: the answers against their definitions in `tables`, against a case made by hand, and against
//! a count of random pairs that shares nothing with the SQL.

use crate::world::{World, as_json, contact, is, verdict};
use analytics::{DiffAnswers, Resources, diff, diff_in_slices};
use domain::governance::CostRow;
use domain::*;
use lake::{Cut, Lake, SegmentKind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tables::Place;
use tables::diff::{QUERIES, SAMPLES_MOST};

/// Monday, 2026-05-11, in seconds.
const MONDAY: i64 = 1_778_457_600;
const DAY: i64 = 86_400;

/// A contact as one epoch has it.
#[derive(Debug, Clone)]
struct Seen {
    number: u64,
    reason: u64,
    dumb: bool,
    erased: bool,
    /// The number of its chain's root.
    root: u64,
}

/// On the first and the fifth day of three weeks.
fn seconds(number: u64) -> i64 {
    let day = number % 3 * 7 + number / 3 % 2 * 4;
    MONDAY - 7 * DAY + i64::try_from(day * 86_400 + number * 7_919 % 86_400).expect("three weeks")
}

fn name(reason: u64) -> String {
    if reason == 0 { UNCLASSIFIED.to_owned() } else { format!("reason_{reason}") }
}

/// Writes the contacts as one commit into the world's lake, with prices for the phone alone.
fn commit(world: &mut World, seen: &[Seen]) {
    let mut contacts = Vec::new();
    let mut verdicts = Vec::new();
    for one in seen {
        let at = Instant::from_micros(seconds(one.number) * 1_000_000).expect("an instant");
        let mut of = contact(&one.number.to_string(), 0, at);
        of.channel = if one.number.is_multiple_of(3) { Channel::Email } else { Channel::Phone };
        of.handle_ms = (!one.number.is_multiple_of(4))
            .then_some(1_000 * i64::try_from(one.number % 600).expect("small"));
        let root = ContactId::of_record("desk", "", &one.root.to_string());
        let basis = match (one.erased, one.reason) {
            (true, _) => ReasonBasis::Erased,
            (false, 0) => ReasonBasis::Unclassified,
            (false, _) => ReasonBasis::Rule,
        };
        verdicts.push(Verdict {
            reason: ReasonId::new(&name(one.reason)),
            basis,
            dumb: one.dumb,
            chain_root: root,
            repeat: root != of.id,
            ..verdict(&of, 0)
        });
        contacts.push(is(&of));
    }
    world.commit(&contacts, &verdicts);
    let rate = CostRow {
        valid_from: Day::new(2026, 5, 12).expect("a day"),
        channel: Channel::Phone,
        currency: "EUR".to_owned(),
        per_contact_micros: 1_200_000,
        per_second_micros: 8_333,
    };
    world.commit_segments(vec![(SegmentKind::Costs, vec![tables::cost_rows(&[rate])])]);
}

/// Both epochs published at one place of one store.
fn world(a: &[Seen], b: &[Seen]) -> (World, [Cut; 2]) {
    let mut world = World::new();
    commit(&mut world, a);
    let cut_a = world.publish(MONDAY, None).cut;
    let other = Lake::open(Arc::clone(world.lake.store()), EpochId::from_bytes([8; 8])).expect("a lake");
    world.lake = other;
    commit(&mut world, b);
    let cut_b = world.publish(MONDAY, None).cut;
    (world, [cut_a, cut_b])
}

fn answers(world: &World, cuts: &[Cut; 2], week: Option<&str>) -> DiffAnswers {
    let week = week.and_then(IsoWeek::parse);
    diff(world.store(), [&cuts[0], &cuts[1]], week, &Resources::with_threads(2)).expect("a diff")
}

/// What a contact costs, by the definition and not by the SQL.
fn cost(number: u64) -> Option<i64> {
    let is_priced = !number.is_multiple_of(3) && seconds(number) >= MONDAY + DAY;
    let handle_ms =
        (!number.is_multiple_of(4)).then_some(1_000 * i64::try_from(number % 600).expect("small"));
    is_priced.then(|| measure::contact_cost(1_200_000, 8_333, handle_ms).expect("small"))
}

fn random(seed: u64, contacts: u64) -> [Vec<Seen>; 2] {
    let mut state = seed;
    let mut draw = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut both = [Vec::new(), Vec::new()];
    for number in 0..contacts {
        let (erased, reason) = (draw(40) == 0, draw(6));
        for side in &mut both {
            if draw(30) == 0 {
                continue;
            }
            let reason = if erased || draw(3) > 0 { reason } else { draw(6) };
            // Some belong to the chain of the contact before, where that is there and its own root.
            let last: Option<&Seen> = side.last().filter(|last: &&Seen| last.root == last.number);
            let root = last.filter(|_| draw(4) == 0).map_or(number, |last| last.number);
            side.push(Seen { number, reason, dumb: draw(3) == 0, erased, root });
        }
    }
    both
}

/// One cell, counted here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    contacts: i64,
    dumb: [i64; 2],
    turned: [i64; 2],
    costed: [i64; 2],
    cost: [Option<i64>; 2],
    dumb_cost: [Option<i64>; 2],
    chains: i64,
    erased: i64,
    ids: BTreeSet<String>,
}

type Matrix = BTreeMap<(Option<String>, Option<String>), Counted>;

/// In the week that begins `weeks` after the Monday before, or in any.
fn is_within(number: u64, week: Option<i64>) -> bool {
    week.is_none_or(|week| (seconds(number) - (MONDAY - 7 * DAY)).div_euclid(7 * DAY) == week)
}

fn count([a, b]: &[Vec<Seen>; 2], week: Option<i64>) -> Matrix {
    let by_number =
        |side: &[Seen]| side.iter().map(|s| (s.number, s.clone())).collect::<BTreeMap<u64, Seen>>();
    let sizes = |side: &[Seen]| {
        let mut sizes = BTreeMap::new();
        side.iter().for_each(|s| *sizes.entry(s.root).or_insert(0) += 1);
        sizes
    };
    let (sizes_a, sizes_b) = (sizes(a), sizes(b));
    let (a, b) = (by_number(a), by_number(b));
    let mut matrix = Matrix::new();
    let numbers: BTreeSet<u64> = a.keys().chain(b.keys()).copied().collect();
    for number in numbers.into_iter().filter(|n| is_within(*n, week)) {
        let (a, b) = (a.get(&number), b.get(&number));
        let cell = matrix.entry((a.map(|s| name(s.reason)), b.map(|s| name(s.reason)))).or_default();
        cell.contacts += 1;
        for (side, seen) in [a, b].into_iter().enumerate() {
            let Some(seen) = seen else { continue };
            cell.dumb[side] += i64::from(seen.dumb);
            if let Some(cost) = cost(number) {
                cell.costed[side] += 1;
                *cell.cost[side].get_or_insert(0) += cost;
                *cell.dumb_cost[side].get_or_insert(0) += if seen.dumb { cost } else { 0 };
            }
        }
        if let (Some(a), Some(b)) = (a, b) {
            cell.turned[0] += i64::from(!a.dumb && b.dumb);
            cell.turned[1] += i64::from(a.dumb && !b.dumb);
            cell.chains += i64::from(a.root != b.root || sizes_a[&a.root] != sizes_b[&b.root]);
        }
        cell.erased += i64::from(a.or(b).is_some_and(|s| s.erased));
        cell.ids.insert(ContactId::of_record("desk", "", &number.to_string()).to_string());
    }
    matrix
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

/// The answers as the same kind of matrix; of the ids the samples.
fn read(answers: &DiffAnswers) -> Matrix {
    let mut matrix = Matrix::new();
    for row in as_json(&answers["cells"]).as_array().expect("rows") {
        let counted = Counted {
            contacts: number(&row["contacts"]),
            dumb: [number(&row["dumb_a"]), number(&row["dumb_b"])],
            turned: [number(&row["dumb_gained"]), number(&row["dumb_lost"])],
            costed: [number(&row["costed_a"]), number(&row["costed_b"])],
            cost: [row["cost_a_micros"].as_i64(), row["cost_b_micros"].as_i64()],
            dumb_cost: [row["dumb_cost_a_micros"].as_i64(), row["dumb_cost_b_micros"].as_i64()],
            chains: number(&row["chains_changed"]),
            erased: number(&row["erased"]),
            ids: BTreeSet::new(),
        };
        matrix.insert((text(&row["reason_a"]), text(&row["reason_b"])), counted);
    }
    for row in as_json(&answers["samples"]).as_array().expect("rows") {
        let cell = matrix.get_mut(&(text(&row["reason_a"]), text(&row["reason_b"]))).expect("a cell");
        cell.ids.insert(text(&row["contact_id"]).expect("an id"));
        assert_eq!(number(&row["place"]), i64::try_from(cell.ids.len()).expect("few"));
    }
    matrix
}

fn with_samples_only(mut matrix: Matrix) -> Matrix {
    for cell in matrix.values_mut() {
        cell.ids = std::mem::take(&mut cell.ids).into_iter().take(SAMPLES_MOST as usize).collect();
    }
    matrix
}

#[test]
fn each_answer_has_the_columns_that_are_defined() {
    let (world, cuts) = world(&[], &[]);
    let answers = answers(&world, &cuts, None);
    assert_eq!(
        answers.keys().copied().collect::<Vec<_>>(),
        QUERIES.iter().map(|q| q.name).collect::<Vec<_>>()
    );
    let both = random(1, 50);
    let (world, cuts) = self::world(&both[0], &both[1]);
    for (name, batches) in self::answers(&world, &cuts, None) {
        let query = QUERIES.iter().find(|q| q.name == name).expect("a query");
        let Some(batch) = batches.first() else { continue };
        let found: Vec<_> =
            batch.schema().fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect();
        let expected: Vec<_> = query
            .columns
            .iter()
            .map(|c| c.field(Place::Published))
            .map(|f| (f.name().clone(), f.data_type().clone()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn random_epochs_are_counted_cell_by_cell() {
    for seed in 0..2 {
        let both = random(seed, 900);
        let (world, cuts) = world(&both[0], &both[1]);
        for (week, place) in [(None, None), (Some("2026-W20"), Some(1)), (Some("2026-W30"), Some(11))] {
            let expected = with_samples_only(count(&both, place));
            let found = read(&answers(&world, &cuts, week));
            assert!(found.len() > 30 || place == Some(11), "{} cells prove little", found.len());
            assert_eq!(found, expected, "seed {seed}, week {week:?}");
        }
    }
}

/// What one slice gives, many give; and one thread what several do.
#[test]
fn slices_and_threads_change_nothing() {
    let both = random(9, 700);
    let (world, [a, b]) = world(&both[0], &both[1]);
    let answers = |threads, slice_rows| {
        let resources = Resources::with_threads(threads);
        let answers = diff_in_slices(world.store(), [&a, &b], None, &resources, slice_rows);
        as_texts(&answers.expect("a diff"))
    };
    let whole = answers(1, u64::MAX);
    assert_eq!(whole, answers(3, 150));
    assert_eq!(whole, answers(2, 60));
}

fn as_texts(answers: &DiffAnswers) -> BTreeMap<&'static str, Value> {
    answers.iter().map(|(name, batches)| (*name, as_json(batches))).collect()
}

/// Chains with one contact are none; a chain counts in a week where one of its contacts is in it.
#[test]
fn chains_are_counted_of_both() {
    let seen = |number: u64, root: u64| Seen { number, reason: 1, dumb: false, erased: false, root };
    let a = [seen(1, 1), seen(2, 1), seen(3, 3)];
    let b = [seen(1, 1), seen(2, 1), seen(3, 1)];
    let (world, cuts) = world(&a, &b);
    let summary = as_json(&answers(&world, &cuts, None)["summary"]);
    let chains = ["chains_a", "chained_a", "chains_b", "chained_b"].map(|column| number(&summary[0][column]));
    assert_eq!(chains, [1, 2, 1, 3]);
    assert_eq!(summary[0]["currency"], "EUR");
    let cells = as_json(&answers(&world, &cuts, None)["cells"]);
    // The root and its follower are in a longer chain, the third has another root.
    assert_eq!(cells[0]["chains_changed"], 3);
}

#[test]
#[should_panic(expected = "compared at one cut")]
fn cuts_of_different_instants_are_not_compared() {
    let (world, [a, _]) = world(&[], &[]);
    let later = world.publish(MONDAY + 1, None).cut;
    drop(diff(world.store(), [&a, &later], None, &Resources::with_threads(1)));
}
