//! Files of a sealed line and bytes behind it that the line holds the checksum of.

use crate::LakeError;
use crate::sealed::{hex, sha256, unseal};
use crate::store::{Store, StoreError, objects};
use crate::wire::{Fields, WirePayload};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};

/// How many are kept of one kind: the newest, and one before it in case that one is damaged.
const KEPT: usize = 2;
/// Ending of their names.
const END: &str = ".snap";

/// Writes the bytes, the same whenever it is called.
pub type Writes<'w> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'w;

/// What the line says of the bytes.
pub(crate) fn payload(path: &str, write: &mut Writes<'_>) -> Result<WirePayload, LakeError> {
    let mut sum = Sum { bytes: 0, sha256: Sha256::new() };
    write(&mut sum).map_err(|source| failed(path, source))?;
    Ok(WirePayload { bytes: sum.bytes, payload_sha256: hex(&sum.sha256.finalize().into()) })
}

/// Length and checksum of what is written into it.
struct Sum {
    bytes: u64,
    sha256: Sha256,
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        self.sha256.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed(path: &str, source: io::Error) -> StoreError {
    StoreError::Io { action: "write", path: path.to_owned(), source }
}

/// Writes one durably and drops all older ones but one.
pub(crate) fn put(
    store: &dyn Store,
    folder: &str,
    ordinal: u64,
    header: &[u8],
    write: &mut Writes<'_>,
) -> Result<(), LakeError> {
    let path = path(folder, ordinal);
    let mut file = store.create(&path)?;
    file.write_all(header).and_then(|()| write(&mut file)).map_err(|source| failed(&path, source))?;
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
