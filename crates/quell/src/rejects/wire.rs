//! How a refused input lies in the log: a version byte, the length of its notes, the notes as JSON, and the
//! sealed bytes to the end. Reading never panics, whatever the bytes are.

use super::RefusedInput;
use domain::{Day, Instant, KeyId, RejectKind, RejectStage, SealedBox};
use serde::{Deserialize, Serialize};
use std::fmt;
use vault::Vault;

/// First byte of a record. Another form would have another one.
const VERSION: u8 = 1;

/// Identity of a refused input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RejectId([u8; 16]);

impl RejectId {
    /// The first sixteen bytes of the keyed hash of source, file, line and bytes. Keyed, so that nobody can
    /// test from a listing whether some guessed text was refused.
    pub(super) fn of(vault: &Vault, input: &RefusedInput<'_>) -> Self {
        let line = input.line.to_be_bytes();
        let mut name = b"reject".to_vec();
        for part in [input.source.as_bytes(), input.file.as_bytes(), &line, input.raw] {
            name.extend_from_slice(&(part.len() as u64).to_be_bytes());
            name.extend_from_slice(part);
        }
        let hash = vault.content_hash(&name);
        Self(std::array::from_fn(|i| hash[i]))
    }

    /// From its bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for RejectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for RejectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The part in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notes {
    pub day: String,
    pub source: String,
    pub file: String,
    pub line: u64,
    pub stage: String,
    pub kind: String,
    pub field: Option<String>,
    pub expected: String,
    pub whole: bool,
    pub key: String,
}

/// A refused input as it lies in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReject {
    /// Its id.
    pub id: RejectId,
    /// When the log took it.
    pub recorded_at: Instant,
    /// Day on which it was refused, which is the day of its key.
    pub day: Day,
    /// Name of the source system.
    pub source: String,
    /// File without its folder, or topic and partition.
    pub file: String,
    /// Line in it, or offset.
    pub line: u64,
    /// Where in the flow.
    pub stage: RejectStage,
    /// Why.
    pub kind: RejectKind,
    /// The field at fault, where one is.
    pub field: Option<String>,
    /// What was expected.
    pub expected: String,
    /// Whether all of its bytes were kept.
    pub whole: bool,
    /// Its bytes.
    pub sealed: SealedBox,
}

/// A record of the topic `rejects` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a record of the topic rejects cannot be read: expected {expected}")]
pub struct Damage {
    expected: &'static str,
}

pub(super) fn encode(notes: &Notes, sealed: &[u8]) -> Vec<u8> {
    let notes = serde_json::to_vec(notes).expect("notes have only text keys");
    let length = u32::try_from(notes.len()).expect("notes are shorter than a record of the log");
    let mut out = Vec::with_capacity(5 + notes.len() + sealed.len());
    out.push(VERSION);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&notes);
    out.extend_from_slice(sealed);
    out
}

impl StoredReject {
    /// Reads a record of the topic `rejects`.
    pub fn decode(record: &log::Record) -> Result<Self, Damage> {
        let damage = |expected| Damage { expected };
        let id = record.key.as_slice().try_into().map_err(|_| damage("an id of 16 bytes"))?;
        let (version, rest) = record.value.split_first().ok_or(damage("a version byte"))?;
        if *version != VERSION {
            return Err(damage("the version byte 1"));
        }
        let (length, rest) = rest.split_first_chunk().ok_or(damage("the length of the notes"))?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (notes, sealed) = rest.split_at_checked(length).ok_or(damage("notes of the stated length"))?;
        let notes: Notes = serde_json::from_slice(notes).map_err(|_| damage("notes in JSON"))?;
        Self::from_notes(RejectId(id), record.recorded_at, notes, sealed)
    }

    fn from_notes(id: RejectId, recorded_at: Instant, notes: Notes, sealed: &[u8]) -> Result<Self, Damage> {
        let damage = |expected| Damage { expected };
        Ok(Self {
            id,
            recorded_at,
            day: Day::parse(&notes.day).ok_or(damage("a day"))?,
            source: notes.source,
            file: notes.file,
            line: notes.line,
            stage: RejectStage::from_word(&notes.stage).ok_or(damage("a known stage"))?,
            kind: RejectKind::from_word(&notes.kind).ok_or(damage("a known kind"))?,
            field: notes.field,
            expected: notes.expected,
            whole: notes.whole,
            sealed: SealedBox {
                key: KeyId::parse(&notes.key).ok_or(damage("a key id"))?,
                bytes: sealed.to_vec(),
            },
        })
    }

    /// Where it stood, in one text.
    pub fn position(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}
