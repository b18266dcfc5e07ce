//! JSON files that carry their own checksum: the last member of the object is the sha256 of everything before
//! it. Still plain JSON for anybody with `jq`. A file that was changed in any byte is never read.

use crate::LakeError;
use crate::wire::FORMAT;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// What stands between the body and the checksum.
const BEFORE: &[u8] = b",\"sha256\":\"";
/// What stands after it.
const AFTER: &[u8] = b"\"}\n";
/// Length of the checksum in hexadecimal digits.
const HEX_LEN: usize = 64;

/// How every form begins.
const FORMAT_FIRST: &str = "{\"format\":";

/// A sha256.
pub(crate) type Hash = [u8; 32];

/// A value as a sealed JSON object, and the checksum it carries. The value must be a struct whose
/// first member is its format.
pub(crate) fn seal<T: Serialize>(value: &T) -> (Vec<u8>, Hash) {
    let mut bytes =
        serde_json::to_vec(value).expect("the lake's own values have only string keys and finite numbers");
    let hash = sha256(&bytes);
    let last = bytes.pop();
    assert!(
        last == Some(b'}') && bytes.starts_with(FORMAT_FIRST.as_bytes()),
        "a form begins with its format"
    );
    bytes.extend_from_slice(BEFORE);
    bytes.extend_from_slice(hex(&hash).as_bytes());
    bytes.extend_from_slice(AFTER);
    (bytes, hash)
}

/// Why the bytes are no sealed object of this version.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// What is wrong with them.
    Damaged(String),
    /// They are whole, but of this later format.
    Newer(u32),
}

impl Unreadable {
    pub(crate) fn into_error(self, path: &str) -> LakeError {
        let path = path.to_owned();
        match self {
            Self::Damaged(why) => LakeError::Damaged { path, why },
            Self::Newer(format) => LakeError::NewerFormat { path, format, known: FORMAT },
        }
    }
}

#[derive(Deserialize)]
struct OnlyFormat {
    format: u32,
}

/// The value of a sealed object and its checksum.
pub(crate) fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, Hash), Unreadable> {
    let (body, hash) = checked_body(bytes).map_err(|why| Unreadable::Damaged(why.to_owned()))?;
    // Every form begins with its format, which spares the ten thousand commits of an opening a second parse.
    if !body.starts_with(known_format().as_bytes()) {
        let OnlyFormat { format } = parse(&body)?;
        return Err(Unreadable::Newer(format));
    }
    Ok((parse(&body)?, hash))
}

fn known_format() -> String {
    format!("{FORMAT_FIRST}{FORMAT},")
}

/// The object without its checksum, when that is right, and the checksum.
fn checked_body(bytes: &[u8]) -> Result<(Vec<u8>, Hash), &'static str> {
    let tail_len = BEFORE.len() + HEX_LEN + AFTER.len();
    let split = bytes.len().checked_sub(tail_len).ok_or("it is too short to carry a checksum")?;
    let (head, tail) = bytes.split_at(split);
    let body = [head, b"}"].concat();
    let hash = sha256(&body);
    let expected = [BEFORE, hex(&hash).as_bytes(), AFTER].concat();
    if tail == expected { Ok((body, hash)) } else { Err("its checksum does not match its content") }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    // Serde's message may quote the content; the place is enough to find it.
    serde_json::from_slice(body).map_err(|e| {
        Unreadable::Damaged(format!(
            "it is not what this version writes (line {}, column {})",
            e.line(),
            e.column()
        ))
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(hash: &Hash) -> String {
    hash.iter().fold(String::with_capacity(HEX_LEN), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
        out
    })
}

/// A sha256 from exactly 64 lower-case digits.
pub(crate) fn unhex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != HEX_LEN || !text.is_ascii() {
        return None;
    }
    for (i, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    (hex(&hash) == text).then_some(hash)
}
