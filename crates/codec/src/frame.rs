//! Confluent's framing: a zero byte, the schema's id as four bytes big-endian, the datum.

use crate::error::DecodeError;

const MAGIC: u8 = 0;
/// Bytes before the datum.
const HEAD: usize = 5;

/// A buffer that begins with the frame's head and has room for a datum.
pub(crate) fn head(schema_id: u32, room: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + room);
    bytes.push(MAGIC);
    bytes.extend_from_slice(&schema_id.to_be_bytes());
    bytes
}

/// The schema's id and the datum.
pub(crate) fn split(bytes: &[u8]) -> Result<(u32, &[u8]), DecodeError> {
    match bytes {
        [MAGIC, a, b, c, d, datum @ ..] => Ok((u32::from_be_bytes([*a, *b, *c, *d]), datum)),
        _ => Err(DecodeError::NotFramed { len: bytes.len() }),
    }
}
