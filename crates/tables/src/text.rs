//! Ids as text: sixteen bytes become the usual hyphenated form wherever they occur inside an array.

use crate::column::ID_BYTES;
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, ListArray, StringArray, StructArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use std::sync::Arc;

/// Length of the hyphenated form.
const TEXT_BYTES: usize = 36;
/// Bytes of an id before which a hyphen stands.
const HYPHENS: [usize; 4] = [4, 6, 8, 10];
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The same array as the type `to`, which differs only in that ids are text.
pub(crate) fn ids_as_text(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), to) {
        (from, to) if from == to => Ok(Arc::clone(array)),
        (DataType::FixedSizeBinary(ID_BYTES), DataType::Utf8) => hyphenated(array.as_fixed_size_binary()),
        (DataType::List(_), DataType::List(item)) => {
            let list = array.as_list::<i32>();
            let values = ids_as_text(list.values(), item.data_type())?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, nulls)?))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let parts = array.as_struct();
            let parts_as =
                parts.columns().iter().zip(fields).map(|(part, f)| ids_as_text(part, f.data_type()));
            let nulls = parts.nulls().cloned();
            Ok(Arc::new(StructArray::try_new(fields.clone(), parts_as.collect::<Result<_, _>>()?, nulls)?))
        }
        (from, to) => Err(ArrowError::SchemaError(format!("expected {to}, found {from}"))),
    }
}

fn hyphenated(ids: &FixedSizeBinaryArray) -> Result<ArrayRef, ArrowError> {
    let mut text = Vec::with_capacity(ids.len() * TEXT_BYTES);
    for row in 0..ids.len() {
        if ids.is_valid(row) {
            push_hyphenated(&mut text, ids.value(row));
        }
    }
    let lengths = (0..ids.len()).map(|row| if ids.is_valid(row) { TEXT_BYTES } else { 0 });
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(StringArray::try_new(offsets, Buffer::from_vec(text), ids.nulls().cloned())?))
}

fn push_hyphenated(text: &mut Vec<u8>, id: &[u8]) {
    for (place, byte) in id.iter().enumerate() {
        if HYPHENS.contains(&place) {
            text.push(b'-');
        }
        text.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}
