//! One value of an Arrow array as a plain value, whatever its type. The text forms of times and days are
//! decided here and nowhere else.

use anyhow::{Context as _, Result};
use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::*;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use domain::{Day, Instant};
use std::borrow::Cow;

/// A value to print.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Unknown.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, in the digits that are exact.
    Number(String),
    /// Text of the data, which may hold anything.
    Text(Cow<'a, str>),
    /// Text that we made: a time, a day, hexadecimal digits.
    Made(String),
    /// A list.
    List(Vec<Cell<'a>>),
    /// An object.
    Object(Vec<(Cow<'a, str>, Cell<'a>)>),
}

impl<'a> Cell<'a> {
    /// The value of one row.
    pub fn of(array: &'a dyn Array, row: usize) -> Result<Self> {
        if array.is_null(row) {
            return Ok(Self::Null);
        }
        if let Some(cell) = Self::integer(array, row) {
            return Ok(cell);
        }
        Ok(match array.data_type() {
            DataType::Boolean => Self::Bool(array.as_boolean().value(row)),
            DataType::Utf8 => Self::Text(Cow::Borrowed(array.as_string::<i32>().value(row))),
            DataType::LargeUtf8 => Self::Text(Cow::Borrowed(array.as_string::<i64>().value(row))),
            DataType::Utf8View => Self::Text(Cow::Borrowed(array.as_string_view().value(row))),
            DataType::Float32 => float(array.as_primitive::<Float32Type>().value(row).into()),
            DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
            DataType::Decimal128(..) => {
                Self::Number(array.as_primitive::<Decimal128Type>().value_as_string(row))
            }
            DataType::Date32 => day(array.as_primitive::<Date32Type>().value(row), array, row)?,
            DataType::Timestamp(unit, zone) => time(array, row, *unit, zone.is_some())?,
            DataType::List(_) => list(array.as_list::<i32>().value(row).as_ref())?,
            DataType::LargeList(_) => list(array.as_list::<i64>().value(row).as_ref())?,
            DataType::FixedSizeList(..) => list(array.as_fixed_size_list().value(row).as_ref())?,
            DataType::Struct(_) => object(array, row)?,
            DataType::Map(..) => map(array, row)?,
            DataType::Dictionary(..) => dictionary(array, row)?,
            DataType::Binary => hex(array.as_binary::<i32>().value(row)),
            DataType::LargeBinary => hex(array.as_binary::<i64>().value(row)),
            DataType::BinaryView => hex(array.as_binary_view().value(row)),
            DataType::FixedSizeBinary(_) => hex(array.as_fixed_size_binary().value(row)),
            _ => other(array, row)?,
        })
    }

    fn integer(array: &dyn Array, row: usize) -> Option<Self> {
        let digits = match array.data_type() {
            DataType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
            DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
            DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
            DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
            DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).to_string(),
            DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).to_string(),
            DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
            DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string(),
            _ => return None,
        };
        Some(Self::Number(digits))
    }

    /// The same value, free of the array it came from.
    fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Null => Cell::Null,
            Self::Bool(on) => Cell::Bool(on),
            Self::Number(digits) => Cell::Number(digits),
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Made(text) => Cell::Made(text),
            Self::List(items) => Cell::List(items.into_iter().map(Cell::into_owned).collect()),
            Self::Object(fields) => Cell::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                    .collect(),
            ),
        }
    }
}

/// Calls `each` with the cells of every row.
pub fn each_row(
    batches: impl Iterator<Item = Result<RecordBatch>>,
    mut each: impl FnMut(&RecordBatch, &[Cell<'_>]) -> Result<()>,
) -> Result<()> {
    for batch in batches {
        let batch = batch?;
        let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            let cells: Vec<Cell<'_>> =
                columns.iter().map(|column| Cell::of(column.as_ref(), row)).collect::<Result<_>>()?;
            each(&batch, &cells)?;
        }
    }
    Ok(())
}

/// A column without its dictionary: looking up keys row by row would take time with the square of the rows.
pub fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Dictionary(_, values) => {
            arrow::compute::cast(column, values).context("cannot read a column with a dictionary")
        }
        _ => Ok(ArrayRef::clone(column)),
    }
}

/// Not-a-number and infinity have no place in JSON, and mean nothing in a report.
fn float(x: f64) -> Cell<'static> {
    serde_json::Number::from_f64(x).map_or(Cell::Null, |n| Cell::Number(n.to_string()))
}

fn day(days: i32, array: &dyn Array, row: usize) -> Result<Cell<'static>> {
    match Day::from_epoch_days(days) {
        Some(day) => Ok(Cell::Made(day.to_string())),
        None => other(array, row),
    }
}

/// ISO 8601; with `Z` where the column says that it is a point in time, without where it is a local time.
fn time(array: &dyn Array, row: usize, unit: TimeUnit, zoned: bool) -> Result<Cell<'static>> {
    let micros = match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row).checked_mul(1_000_000),
        TimeUnit::Millisecond => {
            array.as_primitive::<TimestampMillisecondType>().value(row).checked_mul(1_000)
        }
        TimeUnit::Microsecond => Some(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        TimeUnit::Nanosecond => {
            Some(array.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1_000))
        }
    };
    match micros.and_then(Instant::from_micros) {
        Some(instant) => {
            let text = instant.to_string();
            Ok(Cell::Made(if zoned { text } else { text.trim_end_matches('Z').to_owned() }))
        }
        None => other(array, row),
    }
}

fn list(items: &dyn Array) -> Result<Cell<'static>> {
    let cells = (0..items.len()).map(|i| Ok(Cell::of(items, i)?.into_owned())).collect::<Result<_>>()?;
    Ok(Cell::List(cells))
}

fn object<'a>(array: &'a dyn Array, row: usize) -> Result<Cell<'a>> {
    let array = array.as_struct();
    let names = array.fields().iter().map(|f| Cow::Borrowed(f.name().as_str()));
    let fields = names.zip(array.columns()).map(|(name, column)| Ok((name, Cell::of(column.as_ref(), row)?)));
    Ok(Cell::Object(fields.collect::<Result<_>>()?))
}

fn map(array: &dyn Array, row: usize) -> Result<Cell<'static>> {
    let entries = array.as_map().value(row);
    let (keys, values) = (entries.column(0), entries.column(1));
    let mut fields = Vec::with_capacity(entries.len());
    for i in 0..entries.len() {
        let key = match Cell::of(keys.as_ref(), i)?.into_owned() {
            Cell::Text(text) => text,
            Cell::Number(text) | Cell::Made(text) => Cow::Owned(text),
            Cell::Null | Cell::Bool(_) | Cell::List(_) | Cell::Object(_) => Cow::Owned(i.to_string()),
        };
        fields.push((key, Cell::of(values.as_ref(), i)?.into_owned()));
    }
    Ok(Cell::Object(fields))
}

fn dictionary(array: &dyn Array, row: usize) -> Result<Cell<'_>> {
    let dictionary = array.as_any_dictionary();
    let key = dictionary.normalized_keys()[row];
    Cell::of(dictionary.values().as_ref(), key)
}

fn hex(bytes: &[u8]) -> Cell<'static> {
    Cell::Made(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// What is rare: as Arrow itself prints it.
fn other(array: &dyn Array, row: usize) -> Result<Cell<'static>> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options)
        .with_context(|| format!("cannot print a column of type {}", array.data_type()))?;
    Ok(Cell::Made(formatter.value(row).to_string()))
}
