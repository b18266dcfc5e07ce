//! Rows of Arrow columns as records. Times that name a zone are instants; times and dates that name none stay
//! text, because only the mapping knows their zone.

use crate::output::{Cell, plain, write_json_value};
use anyhow::Result;
use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::*;
use codec::records::{Columns, Record, Value};
use domain::{Day, Instant};
use std::borrow::Cow;
use std::sync::Arc;

/// Where a wanted column is: the place of a column of the file, then of a field in it, and so on.
pub(super) type Path = Vec<usize>;

/// Rows of one batch.
#[derive(Debug)]
pub(super) struct Rows {
    batch: RecordBatch,
    wanted: Arc<Columns>,
    /// For each wanted column the columns that lead to it, from the outermost inwards.
    found: Vec<Vec<ArrayRef>>,
    /// Row number of the first row, from 1.
    first: u64,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl Rows {
    /// The rows of a batch in which the wanted columns are at these places.
    pub(super) fn new(batch: RecordBatch, wanted: Arc<Columns>, paths: &[Path], first: u64) -> Result<Self> {
        let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>>>()?;
        let found = paths.iter().map(|path| lead(&columns, path)).collect::<Result<_>>()?;
        Ok(Self { batch, wanted, found, first })
    }

    pub(super) fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Row number in the file, from 1.
    pub(super) fn line(&self, row: usize) -> u64 {
        self.first + row as u64
    }

    pub(super) fn row(&self, row: usize) -> Row<'_> {
        Row { batch: &self.batch, row }
    }

    pub(super) fn record(&self, row: usize) -> Record<'_> {
        let mut record = Record::empty(&self.wanted);
        for (slot, lead) in self.found.iter().enumerate() {
            let known = lead.iter().all(|column| !column.is_null(row));
            let value = match lead.last() {
                Some(column) if known => value(column.as_ref(), row),
                Some(_) | None => Value::Null,
            };
            record.set(slot, value);
        }
        record
    }
}

impl Row<'_> {
    /// The whole row as a JSON object: what stands for its original bytes.
    pub(super) fn to_json(self) -> String {
        let mut out = String::from("{");
        for (i, (field, column)) in
            self.batch.schema_ref().fields().iter().zip(self.batch.columns()).enumerate()
        {
            out.push_str(if i == 0 { "" } else { ", " });
            out.push_str(&serde_json::to_string(field.name()).expect("any text is a JSON string"));
            out.push_str(": ");
            // A column that nothing can print was refused when the file was opened, if it is a wanted one.
            write_json_value(&mut out, &Cell::of(column.as_ref(), self.row).unwrap_or(Cell::Null));
        }
        out.push('}');
        out
    }
}

fn lead(columns: &[ArrayRef], path: &Path) -> Result<Vec<ArrayRef>> {
    let mut lead = Vec::with_capacity(path.len());
    let mut level = columns.to_vec();
    for at in path {
        let column = plain(&level[*at])?;
        level = column.as_struct_opt().map_or_else(Vec::new, |s| s.columns().to_vec());
        lead.push(column);
    }
    Ok(lead)
}

/// Whether [`value`] understands a type.
pub(super) fn understands(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null | DataType::Boolean | DataType::Float32 | DataType::Float64 => true,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Date32 | DataType::Timestamp(..) | DataType::Decimal128(..) => true,
        DataType::List(item) | DataType::LargeList(item) => understands(item.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| understands(field.data_type())),
        DataType::Dictionary(_, values) => understands(values),
        other => other.is_integer(),
    }
}

/// One value.
fn value(array: &dyn Array, row: usize) -> Value<'_> {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Utf8 => Value::Text(Cow::Borrowed(array.as_string::<i32>().value(row))),
        DataType::LargeUtf8 => Value::Text(Cow::Borrowed(array.as_string::<i64>().value(row))),
        DataType::Utf8View => Value::Text(Cow::Borrowed(array.as_string_view().value(row))),
        DataType::Float32 => Value::Float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        // The digits are exact and a float would not be; a cell may spell a number.
        DataType::Decimal128(..) => {
            Value::Cell(Cow::Owned(array.as_primitive::<Decimal128Type>().value_as_string(row)))
        }
        DataType::Date32 => day(array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(unit, zone) => time(array, row, *unit, zone.is_some()),
        DataType::List(_) => list(array.as_list::<i32>().value(row).as_ref()),
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row).as_ref()),
        DataType::Struct(_) => object(array, row),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            value(dictionary.values().as_ref(), dictionary.normalized_keys()[row])
        }
        _ => integer(array, row),
    }
}

fn integer(array: &dyn Array, row: usize) -> Value<'_> {
    match array.data_type() {
        DataType::Int8 => Value::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Value::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Value::Int(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Value::Int(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Value::Int(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => {
            let n = array.as_primitive::<UInt64Type>().value(row);
            // Beyond i64 it is kept as digits: an account number, rather than a quantity.
            i64::try_from(n).map_or_else(|_| Value::Cell(Cow::Owned(n.to_string())), Value::Int)
        }
        _ => Value::Null,
    }
}

fn day<'a>(days: i32) -> Value<'a> {
    let text = Day::from_epoch_days(days).map_or_else(|| format!("day {days}"), |day| day.to_string());
    Value::Text(Cow::Owned(text))
}

/// What lies outside the accepted range becomes a text that no mapping takes for a time.
fn time<'a>(array: &dyn Array, row: usize, unit: TimeUnit, zoned: bool) -> Value<'a> {
    let (count, micros) = match unit {
        TimeUnit::Second => scaled(array.as_primitive::<TimestampSecondType>().value(row), 1_000_000),
        TimeUnit::Millisecond => scaled(array.as_primitive::<TimestampMillisecondType>().value(row), 1_000),
        TimeUnit::Microsecond => scaled(array.as_primitive::<TimestampMicrosecondType>().value(row), 1),
        TimeUnit::Nanosecond => {
            let nanos = array.as_primitive::<TimestampNanosecondType>().value(row);
            (nanos, Some(nanos.div_euclid(1_000)))
        }
    };
    match micros.and_then(Instant::from_micros) {
        Some(instant) if zoned => Value::Time(instant),
        Some(instant) => Value::Text(Cow::Owned(instant.to_string().trim_end_matches('Z').to_owned())),
        None => Value::Text(Cow::Owned(format!("{count} {unit:?}s since 1970"))),
    }
}

fn scaled(count: i64, micros: i64) -> (i64, Option<i64>) {
    (count, count.checked_mul(micros))
}

fn list<'a>(items: &dyn Array) -> Value<'a> {
    Value::List((0..items.len()).map(|i| owned(value(items, i))).collect())
}

fn object(array: &dyn Array, row: usize) -> Value<'_> {
    let array = array.as_struct();
    let names = array.fields().iter().map(|field| Cow::Borrowed(field.name().as_str()));
    Value::Map(names.zip(array.columns()).map(|(name, column)| (name, value(column.as_ref(), row))).collect())
}

/// The same value, free of the array it came from.
fn owned<'a>(value: Value<'_>) -> Value<'a> {
    match value {
        Value::Missing => Value::Missing,
        Value::Null => Value::Null,
        Value::Bool(on) => Value::Bool(on),
        Value::Int(n) => Value::Int(n),
        Value::Float(x) => Value::Float(x),
        Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        Value::Cell(text) => Value::Cell(Cow::Owned(text.into_owned())),
        Value::Time(instant) => Value::Time(instant),
        Value::List(items) => Value::List(items.into_iter().map(owned).collect()),
        Value::Map(fields) => Value::Map(
            fields.into_iter().map(|(name, v)| (Cow::Owned(name.into_owned()), owned(v))).collect(),
        ),
    }
}
