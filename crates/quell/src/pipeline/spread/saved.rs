//! The snapshot of a part: where it reads on, then its state.

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where a part reads on, as a line of JSON, and behind it the state.
pub(super) fn encode(at: &impl Serialize, state: &[u8]) -> Result<Vec<u8>> {
    let mut out = serde_json::to_vec(at).context("cannot encode a snapshot")?;
    out.push(b'\n');
    out.extend_from_slice(state);
    Ok(out)
}

pub(super) fn decode<A: DeserializeOwned>(bytes: &[u8]) -> Result<(A, &[u8])> {
    let line = bytes.iter().position(|b| *b == b'\n').context("a snapshot without a head")?;
    let at = serde_json::from_slice(&bytes[..line]).context("a snapshot with a strange head")?;
    Ok((at, &bytes[line + 1..]))
}
