//! Refused inputs in the log's topic `rejects`. What was refused is known in clear (where it stood, why, what
//! was expected), its bytes only to whoever has the vault: they are sealed under the key of their day.
//!
//! The id of a reject is a keyed hash of source, file, line and bytes, so that a second import of the same file
//! gives the same ids; listings show the newest of each id.

mod listing;
mod wire;

pub use listing::{Listing, OpenedReject};
pub use wire::{Damage, RejectId, StoredReject};

use anyhow::{Context as _, Result};
use domain::{Day, KeyId, Partition, RejectKind, RejectStage};
use log::Outgoing;
use vault::Vault;
use wire::Notes;

/// Most bytes of one input that are kept. It leaves room for its notes within a record of the log.
pub const KEPT_BYTES_MAX: usize = 4 << 20;

/// A refused input, before it is kept.
#[derive(Debug, Clone, Copy)]
pub struct RefusedInput<'a> {
    /// Name of the source system.
    pub source: &'a str,
    /// File without its folder; `facts/2` for a record of the log.
    pub file: &'a str,
    /// Line in it; the offset of a record of the log.
    pub line: u64,
    /// Where in the flow.
    pub stage: RejectStage,
    /// Why.
    pub kind: RejectKind,
    /// The field at fault, where one is.
    pub field: Option<&'a str>,
    /// What was expected.
    pub expected: &'a str,
    /// The original bytes, or their beginning.
    pub raw: &'a [u8],
    /// Whether `raw` is all of them.
    pub whole: bool,
}

/// Seals refused inputs under the key of the day on which they were refused; ready to be appended to the topic
/// `rejects`, each with its id. The day's key is durable when this returns.
pub fn seal_rejects(
    vault: &Vault,
    day: Day,
    inputs: &[RefusedInput<'_>],
) -> Result<Vec<(RejectId, Outgoing)>> {
    if inputs.is_empty() {
        return Ok(Vec::new());
    }
    let key = KeyId::of_rejects_day(day);
    vault.ensure_keys(&[key]).context("cannot make the key that seals refused inputs")?;
    inputs.iter().map(|input| seal(vault, day, key, input)).collect()
}

fn seal(vault: &Vault, day: Day, key: KeyId, input: &RefusedInput<'_>) -> Result<(RejectId, Outgoing)> {
    let kept = &input.raw[..input.raw.len().min(KEPT_BYTES_MAX)];
    let id = RejectId::of(vault, input);
    let notes = Notes {
        day: day.to_string(),
        source: input.source.to_owned(),
        file: input.file.to_owned(),
        line: input.line,
        stage: input.stage.word().to_owned(),
        kind: input.kind.word().to_owned(),
        field: input.field.map(str::to_owned),
        expected: input.expected.to_owned(),
        whole: input.whole && kept.len() == input.raw.len(),
        key: key.to_string(),
    };
    let sealed = vault.seal(key, kept, id.as_bytes()).context("cannot seal a refused input")?;
    let value = wire::encode(&notes, &sealed.bytes);
    Ok((id, Outgoing { partition: Partition(0), key: id.as_bytes().to_vec(), value }))
}

#[cfg(test)]
mod tests;
