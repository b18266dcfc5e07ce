//! Model and token-table files.

use anyhow::{Result, anyhow, bail};
use classify::model::{Model, Table};
use classify::{Learned, Taxonomy};
use std::path::Path;
use std::sync::Arc;

/// Labels that are named in a message; the rest are only counted.
const NAMED_LABELS: usize = 5;

/// Reads a model file.
pub fn read_model(path: &Path) -> Result<(Model, Vec<u8>)> {
    let file = crate::text::read_bytes(path, "the model")?;
    let model =
        Model::from_bytes(&file).map_err(|e| anyhow!("cannot read the model {}: {e}", path.display()))?;
    Ok((model, file))
}

/// Reads a token table.
pub fn read_table(path: &Path) -> Result<Table> {
    let file = crate::text::read_bytes(path, "the token table")?;
    Table::read(&file).map_err(|e| anyhow!("cannot read the token table {}: {e}", path.display()))
}

/// A model for the reasons of a taxonomy: each of its labels has to be one of them.
pub fn learned(path: &Path, accepted_loss_ppm: u32, taxonomy: Option<&Taxonomy>) -> Result<Learned> {
    let (model, file) = read_model(path)?;
    let learned = Learned::new(Arc::new(model), &file, accepted_loss_ppm);
    if let Some(taxonomy) = taxonomy {
        ensure_reasons(&learned, taxonomy, &path.display().to_string())?;
    }
    Ok(learned)
}

/// Refuses a model with labels that are no reasons of the taxonomy; `origin` is where it was read from.
pub fn ensure_reasons(learned: &Learned, taxonomy: &Taxonomy, origin: &str) -> Result<()> {
    let unknown = learned.unknown_labels(taxonomy);
    if unknown.is_empty() {
        return Ok(());
    }
    let more = unknown.len().saturating_sub(NAMED_LABELS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = unknown[..unknown.len().min(NAMED_LABELS)].join(", ");
    bail!("the model {origin} has labels that are no reasons of the taxonomy: {named}{more}")
}
