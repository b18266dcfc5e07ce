//! The forms in which the lake's own files are written. Private to this crate: nobody else reads them.

use crate::LakeError;
use crate::sealed::{Hash, unhex};
use domain::invariant::Counts;
use domain::{Day, EpochId, Instant, Offset, Partition, Positions, Topic};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Format of commits, manifests, snapshots and pointers. Raised when an older reader would misread a file.
pub(crate) const FORMAT: u32 = 1;

/// Positions by `topic/partition`.
pub(crate) type WirePositions = BTreeMap<String, u64>;

#[derive(Serialize, Deserialize)]
pub(crate) struct WireCommit {
    pub format: u32,
    pub epoch: String,
    pub ordinal: u64,
    /// Checksum of the commit before; none for the first.
    pub previous: Option<String>,
    pub from: WirePositions,
    pub to: WirePositions,
    pub segments: Vec<WireSegment>,
    pub counts: WireCounts,
    pub touched: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireSegment {
    pub kind: String,
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireCounts {
    pub accepted: u64,
    pub stored: u64,
    pub duplicate: u64,
    pub rejected: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireSnapshot {
    pub format: u32,
    pub epoch: String,
    pub ordinal: u64,
    pub up_to: WirePositions,
    /// Checksum of the commit it covers, which stands for the whole history before it.
    pub commit: String,
    #[serde(flatten)]
    pub payload: WirePayload,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WirePart {
    pub format: u32,
    pub epoch: String,
    pub part: String,
    /// The step that comes next.
    pub next: u64,
    #[serde(flatten)]
    pub payload: WirePayload,
}

/// What a sealed line says of the bytes behind it.
#[derive(Serialize, Deserialize)]
pub(crate) struct WirePayload {
    pub bytes: u64,
    pub payload_sha256: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireLive {
    pub format: u32,
    pub epoch: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
}

/// The head of a piece of the archive.
#[derive(Serialize, Deserialize)]
pub(crate) struct WirePiece {
    pub format: u32,
    pub topic: String,
    pub partition: u32,
    pub from: u64,
    pub to: u64,
    /// Checksum of the head of the piece before; none for the first.
    pub previous: Option<String>,
    pub bytes: u64,
    pub payload_sha256: String,
}

/// The rules of an epoch. Lengths of time are microseconds.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireRules {
    pub format: u32,
    pub epoch: String,
    pub taxonomy: Option<String>,
    pub model: Option<WireModel>,
    pub settings: WireSettings,
    pub zone: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireModel {
    pub sha256: String,
    pub accepted_loss_ppm: u32,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireSettings {
    pub chain_window_us: i64,
    pub maturity_us: i64,
    pub sitting_gap_us: i64,
    pub email_sitting_gap_us: i64,
    pub correction_window_us: i64,
    pub document_window_us: i64,
    pub notice_lead_us: i64,
    pub notice_window_us: i64,
    pub promise_window_us: i64,
    pub self_service_window_us: i64,
    pub transfers: u32,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireName {
    pub format: u32,
    pub name: String,
    pub epoch: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireManifest {
    pub format: u32,
    pub cut: String,
    pub epoch: String,
    pub positions: WirePositions,
    pub as_of: String,
    pub counts: WireCounts,
    pub rows: BTreeMap<String, u64>,
    pub extra: BTreeMap<String, String>,
    pub files: Vec<WireFile>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WireFile {
    pub table: String,
    pub day: Option<String>,
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
}

impl From<Counts> for WireCounts {
    fn from(c: Counts) -> Self {
        Self { accepted: c.accepted, stored: c.stored, duplicate: c.duplicate, rejected: c.rejected }
    }
}

impl From<&WireCounts> for Counts {
    fn from(c: &WireCounts) -> Self {
        Self { accepted: c.accepted, stored: c.stored, duplicate: c.duplicate, rejected: c.rejected }
    }
}

pub(crate) fn write_positions(positions: &Positions) -> WirePositions {
    positions.iter().map(|(t, p, next)| (format!("{}/{}", t.name(), p.0), next.0)).collect()
}

/// Reads one field after another of a whole file; a value that this version does not know is damage.
pub(crate) struct Fields<'a> {
    pub path: &'a str,
}

impl Fields<'_> {
    pub(crate) fn damaged(&self, why: impl Into<String>) -> LakeError {
        LakeError::Damaged { path: self.path.to_owned(), why: why.into() }
    }

    pub(crate) fn epoch(&self, text: &str) -> Result<EpochId, LakeError> {
        EpochId::parse(text).ok_or_else(|| self.damaged("its epoch is no id"))
    }

    pub(crate) fn hash(&self, text: &str) -> Result<Hash, LakeError> {
        unhex(text).ok_or_else(|| self.damaged("a checksum is not 64 hexadecimal digits"))
    }

    pub(crate) fn day(&self, text: &str) -> Result<Day, LakeError> {
        Day::parse(text).ok_or_else(|| self.damaged("a day is not a date"))
    }

    pub(crate) fn days(&self, texts: &[String]) -> Result<BTreeSet<Day>, LakeError> {
        texts.iter().map(|t| self.day(t)).collect()
    }

    pub(crate) fn instant(&self, text: &str) -> Result<Instant, LakeError> {
        Instant::parse_rfc3339(text).ok_or_else(|| self.damaged("a time is not RFC 3339"))
    }

    pub(crate) fn positions(&self, wire: &WirePositions) -> Result<Positions, LakeError> {
        wire.iter().map(|(place, next)| self.place(place, *next)).collect()
    }

    fn place(&self, place: &str, next: u64) -> Result<(Topic, Partition, Offset), LakeError> {
        let parsed = place.split_once('/').and_then(|(topic, partition)| {
            Some((Topic::from_name(topic)?, Partition(partition.parse().ok()?), Offset(next)))
        });
        parsed.ok_or_else(|| self.damaged("a position is not topic/partition of this version"))
    }
}
