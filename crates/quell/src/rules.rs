//! What an epoch is folded by: a taxonomy, perhaps a model, the engine's settings and the zone. They are read from what
//! is configured and published, from files of a draft, or from what is kept beside an epoch.

use crate::instance::Instance;
use crate::learned;
use crate::pipeline::{self, PublishedTaxonomy};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use classify::model::Model;
use classify::{Learned, Taxonomy};
use domain::epoch::ENGINE_VERSION;
use domain::{EpochId, Zone};
use engine::Ruleset;
use lake::{EpochRules, ModelUse, Store};
use std::path::Path;
use std::sync::Arc;

/// What an epoch is folded by.
pub struct Rules {
    /// The taxonomy; `None`: every contact is unclassified.
    pub taxonomy: Option<PublishedTaxonomy>,
    /// The same, compiled, with the model behind it.
    pub ruleset: Arc<Ruleset>,
    /// The form that is kept beside the epoch.
    kept: EpochRules,
    /// The model's file, until it is kept.
    model: Option<Vec<u8>>,
}

impl Rules {
    /// By what is configured and published.
    pub fn written(instance: &Instance) -> Result<Self> {
        let taxonomy = pipeline::written_taxonomy(instance)?;
        let model = instance.config.model.as_deref().map(learned::read_model).transpose()?;
        let origin = instance.config.model.as_ref().map(|path| path.display().to_string());
        Self::of(instance, taxonomy, model, origin)
    }

    /// By the files of a draft. Without a model's file by rules only.
    pub fn draft(instance: &Instance, taxonomy: PublishedTaxonomy, model: Option<&Path>) -> Result<Self> {
        let origin = model.map(|path| path.display().to_string());
        Self::of(instance, Some(taxonomy), model.map(learned::read_model).transpose()?, origin)
    }

    /// By what an epoch is folded by, whatever is in force now; `None` where nothing was kept beside it.
    pub fn kept(instance: &Instance, epoch: EpochId) -> Result<Option<Self>> {
        let store = &*instance.store;
        let kept = lake::epoch_rules(store, epoch).context("cannot read the rules of an epoch")?;
        let Some(kept) = kept else { return Ok(None) };
        let origin = format!("epoch {epoch}");
        let taxonomy =
            kept.taxonomy.clone().map(|toml| pipeline::parse_taxonomy(toml, origin)).transpose()?;
        let learned = kept.model.map(|used| learned_of(store, &used)).transpose()?;
        let zone = Zone::named(&kept.zone).with_context(|| format!("the zone {} is unknown", kept.zone))?;
        let meant = taxonomy.as_ref().map_or_else(Taxonomy::empty, |t| t.taxonomy.clone());
        let ruleset = Arc::new(Ruleset::new(meant, learned, kept.settings, zone));
        ensure!(
            ruleset.epoch() == epoch,
            "the epoch {epoch} was folded by another version of the engine than {ENGINE_VERSION}: its tables stay, but it cannot be folded on; replay its taxonomy under another name"
        );
        Ok(Some(Self { taxonomy, ruleset, kept, model: None }))
    }

    fn of(
        instance: &Instance,
        taxonomy: Option<PublishedTaxonomy>,
        model: Option<(Model, Vec<u8>)>,
        model_origin: Option<String>,
    ) -> Result<Self> {
        let config = &instance.config;
        let (model, file) = model.unzip();
        let used = file.as_deref().map(|file| ModelUse {
            sha256: Model::sha256(file),
            accepted_loss_ppm: config.accepted_loss_ppm,
        });
        let meant = taxonomy.as_ref().map_or_else(Taxonomy::empty, |t| t.taxonomy.clone());
        let learned = model
            .zip(file.as_deref())
            .map(|(model, file)| Learned::new(Arc::new(model), file, config.accepted_loss_ppm));
        if let Some(learned) = &learned {
            learned::ensure_reasons(learned, &meant, &model_origin.unwrap_or_default())?;
        }
        let kept = EpochRules {
            taxonomy: taxonomy.as_ref().map(|t| t.toml.clone()),
            model: used,
            settings: config.engine,
            zone: config.zone.name().to_owned(),
        };
        let ruleset = Arc::new(Ruleset::new(meant, learned, config.engine, config.zone.clone()));
        Ok(Self { taxonomy, ruleset, kept, model: file })
    }

    /// The epoch that they fold.
    pub fn epoch(&self) -> EpochId {
        self.ruleset.epoch()
    }

    /// The taxonomy, an empty one where there is none.
    pub fn taxonomy(&self) -> &Taxonomy {
        self.ruleset.taxonomy()
    }

    /// Keeps them beside their epoch: before its first commit, so that no epoch is ever without.
    pub fn keep(&self, store: &dyn Store) -> Result<()> {
        lake::keep_rules(store, self.epoch(), &self.kept, self.model.as_deref())
            .context("cannot keep the rules of an epoch")
    }
}

fn learned_of(store: &dyn Store, used: &ModelUse) -> Result<Learned> {
    let file = lake::model(store, &used.sha256).context("cannot read the model of an epoch")?;
    let model = Model::from_bytes(&file).map_err(|e| anyhow!("cannot read the model of an epoch: {e}"))?;
    Ok(Learned::new(Arc::new(model), &file, used.accepted_loss_ppm))
}

/// The rules of an epoch, which must be known: those kept beside it, else those in force, if it is theirs.
pub fn of_epoch(instance: &Instance, epoch: EpochId) -> Result<Rules> {
    if let Some(kept) = Rules::kept(instance, epoch)? {
        return Ok(kept);
    }
    let written = Rules::written(instance)?;
    if written.epoch() == epoch {
        return Ok(written);
    }
    bail!(
        "nobody kept by which taxonomy, model and settings the epoch {epoch} was folded, and it is not by those in force: run `quell rollup` first"
    )
}
