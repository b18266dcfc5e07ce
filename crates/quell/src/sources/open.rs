//! Opening a file with one clear message for each way in which that can fail.

use super::parquet_file::ParquetFile;
use super::text_file::TextFile;
use super::{Wanted, name_of};
use anyhow::{Result, anyhow, bail};
use codec::mapping::Format;
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// Opens a file, whatever is in it.
pub(super) fn open(path: &Path, format: Format) -> Result<(File, Metadata)> {
    let (name, expected) = (path.display(), name_of(format));
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("cannot read {name}: no such file; expected a {expected} file"),
        ErrorKind::PermissionDenied => anyhow!("cannot read {name}: permission denied"),
        _ => anyhow!("cannot read {name}: {error}"),
    })?;
    let metadata = file.metadata().map_err(|error| anyhow!("cannot read {name}: {error}"))?;
    if metadata.is_dir() {
        bail!("cannot read {name}: it is a folder; expected a {expected} file");
    }
    Ok((file, metadata))
}

/// Checks a file without keeping anything of it. Its size, where it has one.
pub(super) fn check(path: &Path, wanted: &Wanted) -> Result<Option<u64>> {
    let (_, metadata) = open(path, wanted.format)?;
    if !metadata.is_file() {
        return Ok(None);
    }
    match wanted.reader() {
        Some(reader) => TextFile::open(path, wanted.format, reader)?.check_start()?,
        None => drop(ParquetFile::open(path, wanted.mapping.columns())?),
    }
    Ok(Some(metadata.len()))
}

/// The name of a file without its folder: what positions and rejects name, so that the same file gives the
/// same positions wherever it lies.
pub(super) fn short_name(path: &Path) -> Arc<str> {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    Arc::from(name.as_ref())
}
