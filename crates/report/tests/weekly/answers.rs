//! A model turned back into the answers of its queries, column by column as `tables::weekly` defines them.

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Field, Schema};
use report::weekly::*;
use std::sync::Arc;
use tables::{Kind, Place};

/// One cell of an answer.
#[derive(Debug, Clone)]
pub enum Cell {
    Text(Option<String>),
    Int(Option<i64>),
    Ratio(Option<f64>),
    Bool(bool),
    Day(i32),
}

use Cell::{Bool, Int, Ratio};

fn text(value: &str) -> Cell {
    Cell::Text(Some(value.to_owned()))
}

fn maybe_text(value: &Option<String>) -> Cell {
    Cell::Text(value.clone())
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).expect("a count of a test")
}

fn count(n: u64) -> Cell {
    Int(Some(signed(n)))
}

fn maybe(n: Option<u64>) -> Cell {
    Int(n.map(signed))
}

fn day(day: domain::Day) -> Cell {
    Cell::Day(day.epoch_days())
}

fn before(figure: &Compared<u64>) -> [Cell; 2] {
    [maybe(figure.before), maybe(figure.mean4_sum)]
}

fn before_maybe(figure: &Compared<Option<u64>>) -> [Cell; 2] {
    [maybe(figure.before), maybe(figure.mean4_sum)]
}

fn headline(h: &Headline) -> Vec<Cell> {
    let mut row = vec![
        text(&h.iso_week.to_string()),
        day(h.monday),
        Bool(h.complete),
        count(h.contacts.week),
        count(h.dumb.week),
        count(h.repeats.week),
        count(h.customers),
        count(h.provisional),
        count(h.unclassified),
        count(h.handled),
        maybe(h.handle_ms),
        count(h.costed.week),
        maybe(h.cost_micros.week),
        maybe(h.dumb_cost_micros),
        maybe_text(&h.currency),
        maybe_text(&h.unit),
        maybe(h.units.week),
        count(h.unit_days),
    ];
    row.extend(before(&h.contacts));
    row.extend(before(&h.dumb));
    row.extend(before(&h.repeats));
    row.extend(before_maybe(&h.units));
    row.extend(before(&h.costed));
    row.extend(before_maybe(&h.cost_micros));
    row.extend([h.mean4_weeks, h.mean4_unit_weeks, h.mean4_cost_weeks].map(count));
    row
}

fn trend(w: &TrendWeek) -> Vec<Cell> {
    vec![
        text(&w.iso_week.to_string()),
        day(w.monday),
        Bool(w.complete),
        count(w.contacts),
        count(w.dumb),
        maybe(w.units),
        maybe(w.cost_micros),
    ]
}

fn labels(named: &Named) -> [Cell; 2] {
    [maybe_text(&named.es), maybe_text(&named.en)]
}

fn named(named: &Named) -> Vec<Cell> {
    [text(&named.id)].into_iter().chain(labels(named)).collect()
}

fn mover(m: &Mover) -> Vec<Cell> {
    let mut row = named(&m.reason);
    row.extend(labels(&m.owner));
    row.extend([
        maybe_text(&m.unit),
        count(m.contacts),
        count(m.contacts_before),
        Int(Some(m.change)),
        Int(m.growth_effect),
        Int(m.rate_effect),
    ]);
    row
}

fn reason(r: &ParetoReason) -> Vec<Cell> {
    let mut row = named(&r.reason);
    row.extend(named(&r.owner));
    row.extend([
        maybe_text(&r.disposition.map(|d| d.word().to_owned())),
        count(r.contacts),
        count(r.cumulative),
        count(r.total),
        Bool(r.vital),
        count(r.dumb),
        count(r.repeats),
        maybe_text(&r.unit),
        Ratio(r.cpx),
        maybe(r.cost_micros),
        count(r.contacts_before),
    ]);
    row
}

fn snowball_reason(r: &SnowballReason) -> Vec<Cell> {
    let mut row = named(&r.reason);
    row.extend([count(r.repeats), count(r.chains), maybe(r.cost_micros)]);
    row
}

fn snowball_chain(c: &SnowballChain) -> Vec<Cell> {
    let mut row = vec![text(&c.chain_root)];
    row.extend(named(&c.reason));
    row.extend([
        count(c.contacts),
        count(c.channels),
        day(c.started_on),
        day(c.last_on),
        Bool(c.melted),
        maybe(c.cost_micros),
    ]);
    row
}

fn owner(o: &OwnerStatement) -> Vec<Cell> {
    let mut row = named(&o.owner);
    row.extend([o.reasons, o.contacts, o.contacts_before, o.dumb, o.repeats, o.costed].map(count));
    row.extend([maybe(o.cost_micros), maybe(o.cost_micros_before)]);
    row
}

fn mechanism(m: &MechanismCount) -> Vec<Cell> {
    vec![text(m.mechanism.word()), count(m.contacts), count(m.contacts_before), maybe(m.cost_micros)]
}

fn known_first(k: &KnownFirst) -> Vec<Cell> {
    vec![count(k.contacts), count(k.known), count(k.noticed), maybe(k.lead_p50_s), maybe(k.lead_max_s)]
}

fn known_first_reason(r: &KnownFirstReason) -> Vec<Cell> {
    let mut row = named(&r.reason);
    row.extend([r.contacts, r.known].map(count));
    row
}

fn self_service(s: &SelfService) -> Vec<Cell> {
    [s.sessions, s.known, s.contacted, s.leaked].map(count).to_vec()
}

fn self_service_step(s: &SelfServiceStep) -> Vec<Cell> {
    let mut row = vec![text(&s.path), maybe_text(&s.step)];
    row.extend(self_service(&s.ended));
    row
}

fn channel(c: &ChannelCount) -> Vec<Cell> {
    vec![
        text(c.channel.word()),
        count(c.contacts),
        count(c.contacts_before),
        count(c.dumb),
        maybe(c.cost_micros),
    ]
}

fn quality(q: &Quality) -> Vec<Cell> {
    [q.contacts, q.unclassified, q.anonymous, q.not_costed, q.late, q.unowned].map(count).to_vec()
}

fn refused(r: &RefusedCount) -> Vec<Cell> {
    vec![text(r.kind.word()), count(r.inputs)]
}

/// What the queries would have answered.
pub fn of(weekly: &Weekly) -> Answers {
    let rows = |name: &str| -> Vec<Vec<Cell>> {
        match name {
            "headline" => vec![headline(&weekly.headline)],
            "trend" => weekly.trend.iter().map(trend).collect(),
            "movers" => weekly.movers.iter().map(mover).collect(),
            "pareto" => weekly.pareto.iter().map(reason).collect(),
            "snowball_reasons" => weekly.snowball_reasons.iter().map(snowball_reason).collect(),
            "snowball_chains" => weekly.snowball_chains.iter().map(snowball_chain).collect(),
            "owners" => weekly.owners.iter().map(owner).collect(),
            "mechanisms" => weekly.mechanisms.iter().map(mechanism).collect(),
            "known_first" => vec![known_first(&weekly.known_first)],
            "known_first_reasons" => weekly.known_first_reasons.iter().map(known_first_reason).collect(),
            "self_service" => vec![self_service(&weekly.self_service)],
            "self_service_steps" => weekly.self_service_steps.iter().map(self_service_step).collect(),
            "channels" => weekly.channels.iter().map(channel).collect(),
            "quality" => vec![quality(&weekly.quality)],
            "refused" => weekly.refused.iter().map(refused).collect(),
            other => panic!("{other} is read by nobody"),
        }
    };
    let queries = tables::weekly::QUERIES.iter();
    // Two batches, because an answer may come in several.
    let split = |query: &tables::named::Query| {
        let mut first = rows(query.name);
        let second = first.split_off(first.len() / 2);
        vec![batch(query, &first), batch(query, &second)]
    };
    queries.map(|query| (query.name, split(query))).collect()
}

fn batch(query: &tables::named::Query, rows: &[Vec<Cell>]) -> RecordBatch {
    let fields: Vec<Field> = query.columns.iter().map(|c| c.field(Place::Published)).collect();
    let columns = query.columns.iter().enumerate().map(|(at, column)| {
        let cells = rows.iter().map(|row| row.get(at).cloned().expect(column.name));
        array(column.kind, cells.collect())
    });
    let columns: Vec<ArrayRef> = columns.collect();
    rows.iter().for_each(|row| assert_eq!(row.len(), query.columns.len(), "{}", query.name));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect(query.name)
}

fn array(kind: Kind, cells: Vec<Cell>) -> ArrayRef {
    macro_rules! all {
        ($array:ty, $pattern:pat => $value:expr) => {
            Arc::new(
                cells
                    .into_iter()
                    .map(|c| match c {
                        $pattern => $value,
                        other => panic!("{other:?}"),
                    })
                    .collect::<$array>(),
            )
        };
    }
    match kind {
        Kind::Text => all!(StringArray, Cell::Text(v) => v),
        Kind::Int => all!(Int64Array, Int(v) => v),
        Kind::Ratio => all!(Float64Array, Ratio(v) => v),
        Kind::Bool => all!(BooleanArray, Bool(v) => Some(v)),
        Kind::Day => all!(Date32Array, Cell::Day(v) => Some(v)),
        other => panic!("no query of the report has {other:?}"),
    }
}

/// The same answers with one column changed by `change`, or without it.
pub fn changed(
    mut answers: Answers,
    query: &str,
    column: &str,
    change: impl Fn(&ArrayRef) -> Option<ArrayRef>,
) -> Answers {
    for (name, batches) in &mut answers {
        if *name == query {
            *batches = batches.iter().map(|batch| with_column(batch, column, &change)).collect();
        }
    }
    answers
}

fn with_column(
    batch: &RecordBatch,
    column: &str,
    change: &impl Fn(&ArrayRef) -> Option<ArrayRef>,
) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).filter_map(|(field, array)| {
        let array = if field.name() == column { change(array)? } else { Arc::clone(array) };
        Some((field.name().clone(), array))
    });
    let columns: Vec<(String, ArrayRef)> = columns.collect();
    let fields: Vec<Field> =
        columns.iter().map(|(n, a)| Field::new(n, a.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns of one length")
}
