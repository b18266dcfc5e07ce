//! What the fold is told besides facts: taxonomy, settings, zone. Equal rulesets have equal epoch ids.

use classify::{Classified, Classifier, Input, Leaf, Taxonomy};
use domain::closed::Mechanism;
use domain::{Disposition, EngineSettings, EpochId, EpochParts, ReasonId, Zone};

/// Everything that decides the fold besides the facts.
pub struct Ruleset {
    taxonomy: Taxonomy,
    classifier: Classifier,
    settings: EngineSettings,
    zone: Zone,
}

impl Ruleset {
    /// Compiles the taxonomy's rules.
    pub fn new(taxonomy: Taxonomy, settings: EngineSettings, zone: Zone) -> Self {
        let classifier = Classifier::new(&taxonomy);
        Self { taxonomy, classifier, settings, zone }
    }

    /// Identity of the epoch that these rules fold.
    pub fn epoch(&self) -> EpochId {
        EpochParts {
            taxonomy: self.taxonomy.meaning(),
            model: None,
            settings: self.settings,
            zone: self.zone.name().to_owned(),
        }
        .id()
    }

    /// The engine's settings.
    pub const fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    /// The tenant's zone.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The taxonomy.
    pub const fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }

    pub(crate) fn classify(&self, input: &Input<'_>) -> Classified {
        self.classifier.classify(input)
    }

    fn leaf(&self, reason: &ReasonId) -> Option<&Leaf> {
        self.taxonomy.leaf(reason.as_str())
    }

    /// The mechanism that contacts of this reason are candidates for. Reasons of value to both sides
    /// (leverage) have none: they are protected.
    pub(crate) fn candidate(&self, reason: &ReasonId) -> Option<Mechanism> {
        let leaf = self.leaf(reason)?;
        if self.is_protected(reason) { None } else { leaf.mechanism }
    }

    /// Whether the reason is of value to both sides and so never proposed for elimination.
    pub(crate) fn is_protected(&self, reason: &ReasonId) -> bool {
        self.leaf(reason).is_some_and(|l| l.disposition == Some(Disposition::Leverage))
    }
}
