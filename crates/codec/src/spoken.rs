//! Words: what is sealed as one piece, and the state in which a fact carries it.

use crate::error::DecodeError;
use crate::wire::{Datum, Malformed, Out, Purpose, Wire, record};
use crate::{evolve, frame};
use domain::{KeyId, SealedBox, Spoken, Turn, Words};

/// Id of the newest schema of `Spoken`.
const SCHEMA_ID: u32 = 26;

record! {
    Spoken { subject, text, turns }
    Turn { speaker, at_ms, text }
}

/// The record of words in clear, to be sealed as one piece. Never written anywhere as it is.
pub fn encode_spoken(spoken: &Spoken) -> Vec<u8> {
    let room = 16 + spoken.text.as_ref().map_or(0, String::len) + spoken.turns.len() * 64;
    let mut out = Out::after(frame::head(SCHEMA_ID, room), Purpose::Log);
    spoken.write(&mut out);
    out.into_bytes()
}

/// The words of an opened record.
pub fn decode_spoken(bytes: &[u8]) -> Result<Spoken, DecodeError> {
    let (id, datum) = frame::split(bytes)?;
    if id == SCHEMA_ID {
        return read(datum).map_err(|m| DecodeError::malformed(id, m));
    }
    match evolve::to_newest(id, datum)? {
        (SCHEMA_ID, datum) => read(&datum).map_err(|m| DecodeError::malformed(SCHEMA_ID, m)),
        _ => Err(DecodeError::OtherKind { schema_id: id, expected: "words" }),
    }
}

fn read(datum: &[u8]) -> Result<Spoken, Malformed> {
    let mut from = Datum::new(datum);
    let spoken = Spoken::read(&mut from)?;
    from.end()?;
    Ok(spoken)
}

/// Symbols of `WordsState`.
const NONE: usize = 0;
const SEALED: usize = 1;
const GONE: usize = 2;

/// The record `Words {state, key, sealed}`.
impl Wire for Words {
    fn write(&self, out: &mut Out) {
        let content = out.is_content();
        match self {
            Self::None => write_parts(out, NONE, None, None),
            Self::Gone => {
                assert!(!content, "a fact's content is taken before its words are sealed");
                write_parts(out, GONE, None, None);
            }
            Self::Sealed(sealed) => {
                assert!(!content, "a fact's content is taken before its words are sealed");
                write_parts(out, SEALED, Some(sealed.key), Some(&sealed.bytes));
            }
            Self::Open(spoken) => {
                assert!(content, "words are sealed before their fact is encoded");
                let mut clear = Out::after(Vec::new(), Purpose::Content);
                spoken.write(&mut clear);
                write_parts(out, SEALED, None, Some(&clear.into_bytes()));
            }
        }
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        const EXPECTED: &str = "words of state none, sealed with key and bytes, or gone";
        let state = from.index(EXPECTED)?;
        let key = Option::<KeyId>::read(from)?;
        let sealed = match from.index(EXPECTED)? {
            0 => None,
            1 => Some(from.sized()?.to_vec()),
            _ => return Err(from.malformed(EXPECTED)),
        };
        match (state, key, sealed) {
            (NONE, None, None) => Ok(Self::None),
            (GONE, None, None) => Ok(Self::Gone),
            (SEALED, Some(key), Some(bytes)) => Ok(Self::Sealed(SealedBox { key, bytes })),
            _ => Err(from.malformed(EXPECTED)),
        }
    }
}

fn write_parts(out: &mut Out, state: usize, key: Option<KeyId>, sealed: Option<&[u8]>) {
    out.length(state);
    key.write(out);
    match sealed {
        Some(bytes) => {
            out.long(1);
            out.sized(bytes);
        }
        None => out.long(0),
    }
}
