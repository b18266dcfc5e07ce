//! Files of a sealed line and bytes behind it that the line holds the checksum of.

use crate::LakeError;
use crate::sealed::{hex, sha256, unseal};
use crate::store::{Store, StoreError, objects};
use crate::wire::{Fields, WirePayload};
use serde::de::DeserializeOwned;
use std::io::{self, Write};

/// How many are kept of one kind: the newest, and one before it in case that one is damaged.
const KEPT: usize = 2;
/// Ending of their names.
const END: &str = ".snap";

/// What the line says of the bytes.
pub(crate) fn payload(bytes: &[u8]) -> WirePayload {
    WirePayload { bytes: bytes.len() as u64, payload_sha256: hex(&sha256(bytes)) }
}

/// Writes one durably and drops all older ones but one.
pub(crate) fn put(
    store: &dyn Store,
    folder: &str,
    ordinal: u64,
    header: &[u8],
    bytes: &[u8],
) -> Result<(), LakeError> {
    let path = path(folder, ordinal);
    let failed = |source: io::Error| StoreError::Io { action: "write", path: path.clone(), source };
    let mut file = store.create(&path)?;
    file.write_all(header).and_then(|()| file.write_all(bytes)).map_err(failed)?;
    file.finish()?;
    store.settle(folder)?;
    drop_older(store, folder, ordinal);
    Ok(())
}

/// Reads one; `payload_of` gives what its line says of its bytes.
pub(crate) fn get<T: DeserializeOwned>(
    store: &dyn Store,
    path: &str,
    payload_of: impl Fn(&T) -> &WirePayload,
) -> Result<(T, Vec<u8>), LakeError> {
    let fields = Fields { path };
    let mut bytes = store.get(path)?;
    let header_len =
        bytes.iter().position(|b| *b == b'\n').ok_or_else(|| fields.damaged("it has no header"))? + 1;
    let (header, _) = unseal::<T>(&bytes[..header_len]).map_err(|e| e.into_error(path))?;
    bytes.drain(..header_len);
    let said = payload_of(&header);
    if said.bytes != bytes.len() as u64 || fields.hash(&said.payload_sha256)? != sha256(&bytes) {
        return Err(fields.damaged("its checksum does not match its content"));
    }
    Ok((header, bytes))
}

/// The ordinals of those in a folder, growing.
pub(crate) fn ordinals(store: &dyn Store, folder: &str) -> Result<Vec<u64>, LakeError> {
    let ordinal = |name: String| name.strip_suffix(END)?.parse().ok();
    Ok(objects(store, folder)?.into_iter().filter_map(ordinal).collect())
}

pub(crate) fn path(folder: &str, ordinal: u64) -> String {
    format!("{folder}/{ordinal:012}{END}")
}

/// Room is all that an old one costs, so a failure here fails nothing.
fn drop_older(store: &dyn Store, folder: &str, newest: u64) {
    let dropped = ordinals(store, folder).and_then(|ordinals| {
        for ordinal in ordinals.into_iter().filter(|o| *o <= newest).rev().skip(KEPT) {
            store.delete(&path(folder, ordinal))?;
        }
        Ok(())
    });
    if let Err(error) = dropped {
        tracing::warn!(folder, %error, "old snapshots stay");
    }
}
