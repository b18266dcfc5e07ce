//! How a cell gets its value: each column of a segment has one function that reads it from a row, and the
//! kind of column follows from the kind of function. Rows are taken in short runs, column by column, so that
//! the rows of a run stay in the processor's cache while all their columns are read.

use crate::column::{Column, ID_BYTES, Kind, Place, UTC, proof_fields};
use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, FixedSizeBinaryBuilder, Int64Builder, ListBuilder, MapBuilder,
    MapFieldNames, StringBuilder, StructBuilder, TimestampMicrosecondBuilder, make_builder,
};
use domain::{Day, FactId, Instant, Proof, ReasonId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Rows of a run: a contact with what hangs on it is about a kilobyte, and a run has to fit the second-level cache.
const RUN: usize = 256;

/// Writes the text of one column of a row.
type Write<R> = fn(&R, &mut dyn fmt::Write) -> fmt::Result;

/// Reads one column of a row.
pub(crate) enum Get<R> {
    Text(for<'a> fn(&'a R) -> Option<&'a str>),
    Written(Write<R>),
    Texts(for<'a> fn(&'a R) -> &'a [String]),
    Reasons(for<'a> fn(&'a R) -> &'a [ReasonId]),
    Id(for<'a> fn(&'a R) -> Option<&'a [u8; 16]>),
    Ids(for<'a> fn(&'a R) -> &'a [FactId]),
    Bool(fn(&R) -> Option<bool>),
    Int(fn(&R) -> Option<i64>),
    Instant(fn(&R) -> Option<Instant>),
    Day(fn(&R) -> Day),
    Attributes(for<'a> fn(&'a R) -> &'a BTreeMap<String, String>),
    Mechanisms(for<'a> fn(&'a R) -> &'a [Proof]),
    Proofs(for<'a> fn(&'a R) -> &'a [Proof]),
}

impl<R> Get<R> {
    const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) | Self::Written(_) => Kind::Text,
            Self::Texts(_) | Self::Reasons(_) | Self::Mechanisms(_) => Kind::Texts,
            Self::Id(_) => Kind::Id,
            Self::Ids(_) => Kind::Ids,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Instant(_) => Kind::Instant,
            Self::Day(_) => Kind::Day,
            Self::Attributes(_) => Kind::Attributes,
            Self::Proofs(_) => Kind::Proofs,
        }
    }
}

/// A column and the function that reads it.
pub(crate) struct Cell<R> {
    pub column: Column,
    get: Get<R>,
}

/// A column that is never null.
pub(crate) const fn always<R>(name: &'static str, get: Get<R>, doc: &'static str) -> Cell<R> {
    Cell { column: Column { name, kind: get.kind(), nullable: false, doc }, get }
}

/// A column that may be null.
pub(crate) const fn maybe<R>(name: &'static str, get: Get<R>, doc: &'static str) -> Cell<R> {
    Cell { column: Column { name, kind: get.kind(), nullable: true, doc }, get }
}

/// A count or place of the log as a whole number of the tables.
pub(crate) fn whole(value: u64) -> i64 {
    i64::try_from(value).expect("no log or lake counts to 2^63")
}

/// The arrays of all cells over all rows. A missing row is null in every column.
pub(crate) fn arrays<R>(cells: &[Cell<R>], rows: &[Option<&R>]) -> Vec<ArrayRef> {
    let mut builders: Vec<Builder> = cells.iter().map(|c| Builder::new(c.column.kind, rows.len())).collect();
    for run in rows.chunks(RUN) {
        for (cell, builder) in cells.iter().zip(&mut builders) {
            builder.append(&cell.get, run);
        }
    }
    builders.into_iter().map(Builder::finish).collect()
}

/// The array under construction of one column.
enum Builder {
    Text(StringBuilder),
    Texts(ListBuilder<StringBuilder>),
    Id(FixedSizeBinaryBuilder),
    Ids(ListBuilder<FixedSizeBinaryBuilder>),
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Instant(TimestampMicrosecondBuilder),
    Day(Date32Builder),
    Attributes(MapBuilder<StringBuilder, StringBuilder>),
    Proofs(ListBuilder<StructBuilder>),
}

/// Bytes of text to make room for in a row: words and ids of sources are about this long.
const TEXT_BYTES: usize = 12;

impl Builder {
    fn new(kind: Kind, rows: usize) -> Self {
        let text = || StringBuilder::with_capacity(rows, rows * TEXT_BYTES);
        let id = || FixedSizeBinaryBuilder::with_capacity(rows, ID_BYTES);
        match kind {
            Kind::Text => Self::Text(text()),
            Kind::Texts => Self::Texts(ListBuilder::with_capacity(text(), rows)),
            Kind::Id => Self::Id(id()),
            Kind::Ids => Self::Ids(ListBuilder::with_capacity(id(), rows)),
            Kind::Bool => Self::Bool(BooleanBuilder::with_capacity(rows)),
            Kind::Int => Self::Int(Int64Builder::with_capacity(rows)),
            Kind::Instant => {
                Self::Instant(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone(UTC))
            }
            Kind::Day => Self::Day(Date32Builder::with_capacity(rows)),
            Kind::Attributes => {
                let names =
                    MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
                Self::Attributes(MapBuilder::with_capacity(Some(names), text(), text(), rows))
            }
            Kind::Proofs => Self::Proofs(ListBuilder::with_capacity(proof_builder(), rows)),
            Kind::Ratio => unreachable!("no cell reads a quotient: they are made from published counts"),
        }
    }

    fn append<R>(&mut self, get: &Get<R>, rows: &[Option<&R>]) {
        match (self, get) {
            (Self::Text(b), Get::Text(f)) => rows.iter().for_each(|r| b.append_option(r.and_then(f))),
            (Self::Text(b), Get::Written(f)) => rows.iter().for_each(|r| append_written(b, *r, *f)),
            (Self::Texts(b), Get::Texts(f)) => {
                rows.iter().for_each(|r| append_texts(b, r.map(|r| f(r).iter().map(String::as_str))));
            }
            (Self::Texts(b), Get::Reasons(f)) => {
                rows.iter().for_each(|r| append_texts(b, r.map(|r| f(r).iter().map(ReasonId::as_str))));
            }
            (Self::Texts(b), Get::Mechanisms(f)) => {
                rows.iter().for_each(|r| append_texts(b, r.map(|r| f(r).iter().map(|p| p.mechanism.word()))));
            }
            (Self::Id(b), Get::Id(f)) => rows.iter().for_each(|r| append_id(b, r.and_then(f))),
            (Self::Ids(b), Get::Ids(f)) => rows.iter().for_each(|r| append_ids(b, r.map(f))),
            (Self::Bool(b), Get::Bool(f)) => rows.iter().for_each(|r| b.append_option(r.and_then(f))),
            (Self::Int(b), Get::Int(f)) => rows.iter().for_each(|r| b.append_option(r.and_then(f))),
            (Self::Instant(b), Get::Instant(f)) => {
                rows.iter().for_each(|r| b.append_option(r.and_then(f).map(Instant::micros)));
            }
            (Self::Day(b), Get::Day(f)) => {
                rows.iter().for_each(|r| b.append_option(r.map(|r| f(r).epoch_days())))
            }
            (Self::Attributes(b), Get::Attributes(f)) => rows.iter().for_each(|r| append_map(b, r.map(f))),
            (Self::Proofs(b), Get::Proofs(f)) => rows.iter().for_each(|r| append_proofs(b, r.map(f))),
            _ => unreachable!("the builder is made for the kind of the same cell"),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut b) => Arc::new(b.finish()),
            Self::Texts(mut b) => Arc::new(b.finish()),
            Self::Id(mut b) => Arc::new(b.finish()),
            Self::Ids(mut b) => Arc::new(b.finish()),
            Self::Bool(mut b) => Arc::new(b.finish()),
            Self::Int(mut b) => Arc::new(b.finish()),
            Self::Instant(mut b) => Arc::new(b.finish()),
            Self::Day(mut b) => Arc::new(b.finish()),
            Self::Attributes(mut b) => Arc::new(b.finish()),
            Self::Proofs(mut b) => Arc::new(b.finish()),
        }
    }
}

fn proof_builder() -> StructBuilder {
    let fields = proof_fields(Kind::Id.arrow(Place::Lake));
    let builders = fields.iter().map(|f| make_builder(f.data_type(), 0)).collect();
    StructBuilder::new(fields, builders)
}

fn append_written<R>(b: &mut StringBuilder, row: Option<&R>, write: Write<R>) {
    let Some(row) = row else { return b.append_null() };
    write(row, b).expect("writing to memory cannot fail");
    b.append_value("");
}

fn append_texts<'a>(b: &mut ListBuilder<StringBuilder>, texts: Option<impl Iterator<Item = &'a str>>) {
    let is_list = texts.is_some();
    texts.into_iter().flatten().for_each(|text| b.values().append_value(text));
    b.append(is_list);
}

fn append_id(b: &mut FixedSizeBinaryBuilder, id: Option<&[u8; 16]>) {
    match id {
        Some(id) => b.append_value(id).expect("an id has sixteen bytes"),
        None => b.append_null(),
    }
}

fn append_ids(b: &mut ListBuilder<FixedSizeBinaryBuilder>, ids: Option<&[FactId]>) {
    ids.unwrap_or_default().iter().for_each(|id| append_id(b.values(), Some(id.as_bytes())));
    b.append(ids.is_some());
}

fn append_map(b: &mut MapBuilder<StringBuilder, StringBuilder>, map: Option<&BTreeMap<String, String>>) {
    for (key, value) in map.into_iter().flatten() {
        b.keys().append_value(key);
        b.values().append_value(value);
    }
    b.append(map.is_some()).expect("each key has been given one value");
}

fn append_proofs(b: &mut ListBuilder<StructBuilder>, proofs: Option<&[Proof]>) {
    for proof in proofs.unwrap_or_default() {
        let one = b.values();
        field::<StringBuilder>(one, 0).append_value(proof.mechanism.word());
        field::<StringBuilder>(one, 1).append_value(&proof.rule);
        append_ids_of(field(one, 2), &proof.facts);
        field::<Int64Builder>(one, 3).append_value(proof.confidence_ppm.into());
        field::<Int64Builder>(one, 4).append_option(proof.seconds);
        one.append(true);
    }
    b.append(proofs.is_some());
}

fn append_ids_of(b: &mut ListBuilder<Box<dyn arrow::array::ArrayBuilder>>, ids: &[FactId]) {
    let values = b.values().as_any_mut().downcast_mut::<FixedSizeBinaryBuilder>();
    let values = values.expect("the facts of a proof are ids");
    ids.iter().for_each(|id| append_id(values, Some(id.as_bytes())));
    b.append(true);
}

fn field<B: arrow::array::ArrayBuilder>(b: &mut StructBuilder, index: usize) -> &mut B {
    b.field_builder(index).expect("the builder is made from the fields of a proof")
}
