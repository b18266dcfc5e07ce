//! Reading and writing small text files, with one clear message for each way in which that can fail.

use anyhow::{Context as _, Result, anyhow, bail};
use std::io::ErrorKind;
use std::path::Path;

/// Reads a file; `what` is what it is to the person who named it, such as `the mapping`.
pub fn read(path: &Path, what: &str) -> Result<String> {
    let name = path.display();
    if path.is_dir() {
        bail!("cannot read {what} {name}: it is a folder; expected a TOML file");
    }
    std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("cannot read {what} {name}: no such file"),
        ErrorKind::PermissionDenied => anyhow!("cannot read {what} {name}: permission denied"),
        ErrorKind::InvalidData => anyhow!("cannot read {what} {name}: expected TOML in UTF-8"),
        _ => anyhow!("cannot read {what} {name}: {error}"),
    })
}

/// Reads a file of bytes; `what` is what it is to the person who named it.
pub fn read_bytes(path: &Path, what: &str) -> Result<Vec<u8>> {
    let name = path.display();
    if path.is_dir() {
        bail!("cannot read {what} {name}: it is a folder; expected a file");
    }
    std::fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("cannot read {what} {name}: no such file"),
        ErrorKind::PermissionDenied => anyhow!("cannot read {what} {name}: permission denied"),
        _ => anyhow!("cannot read {what} {name}: {error}"),
    })
}

/// Writes a file in one step: whoever looks sees the earlier file or the whole new one.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    replace_bytes(path, text.as_bytes())
}

/// The same with bytes.
pub fn replace_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, bytes).with_context(failed)?;
    std::fs::rename(&beside, path).with_context(failed)
}
