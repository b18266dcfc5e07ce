//! Model and token-table files, and the rules that a fold decides by.

use crate::instance::Instance;
use crate::pipeline::{self, PublishedTaxonomy};
use anyhow::{Result, anyhow, bail};
use classify::model::{Model, Table};
use classify::{Learned, Taxonomy};
use engine::Ruleset;
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
    let unknown = taxonomy.map(|taxonomy| learned.unknown_labels(taxonomy)).unwrap_or_default();
    if !unknown.is_empty() {
        let more = unknown.len().saturating_sub(NAMED_LABELS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = unknown[..unknown.len().min(NAMED_LABELS)].join(", ");
        bail!("the model {} has labels that are no reasons of the taxonomy: {named}{more}", path.display());
    }
    Ok(learned)
}

/// What an instance folds with, and the taxonomy's file where there is one.
pub fn rules(instance: &Instance) -> Result<(Option<PublishedTaxonomy>, Ruleset)> {
    let published = pipeline::taxonomy(instance)?;
    let taxonomy = published.as_ref().map_or_else(Taxonomy::empty, |p| p.taxonomy.clone());
    let config = &instance.config;
    let model = config.model.as_deref();
    let learned = model.map(|path| learned(path, config.accepted_loss_ppm, Some(&taxonomy))).transpose()?;
    let rules = Ruleset::new(taxonomy, learned, config.engine, config.zone.clone());
    Ok((published, rules))
}
