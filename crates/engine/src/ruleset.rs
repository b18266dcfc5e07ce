//! What the fold is told besides facts: taxonomy, model, settings, zone. Equal rulesets have equal epoch ids.

use crate::mechanisms::Reason;
use classify::{Classified, Decider, Input, Leaf, Learned, Taxonomy};
use domain::closed::Mechanism;
use domain::{Disposition, EngineSettings, EpochId, EpochParts, ReasonId, Zone};

/// Everything that decides the fold besides the facts.
pub struct Ruleset {
    taxonomy: Taxonomy,
    decider: Decider,
    settings: EngineSettings,
    zone: Zone,
}

impl Ruleset {
    /// Compiles the taxonomy's rules, and puts the learned model behind them.
    pub fn new(taxonomy: Taxonomy, learned: Option<Learned>, settings: EngineSettings, zone: Zone) -> Self {
        let decider = Decider::new(&taxonomy, learned);
        Self { taxonomy, decider, settings, zone }
    }

    /// Identity of the epoch that these rules fold.
    pub fn epoch(&self) -> EpochId {
        EpochParts {
            taxonomy: self.taxonomy.meaning(),
            model: self.decider.learned().map(Learned::identity),
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

    /// What decides the reasons.
    pub const fn decider(&self) -> &Decider {
        &self.decider
    }

    pub(crate) fn classify(&self, input: &Input<'_>) -> Classified {
        self.decider.classify(input)
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

    /// Everything that mechanisms ask of a reason.
    pub(crate) fn reason(&self, reason: &ReasonId) -> Reason<'_> {
        let leaf = self.leaf(reason);
        let is_protected = leaf.is_some_and(|leaf| leaf.disposition == Some(Disposition::Leverage));
        let candidate = leaf.and_then(|leaf| leaf.mechanism).filter(|_| !is_protected);
        Reason { is_protected, candidate, topics: leaf.map_or(&[], |leaf| &leaf.topics) }
    }

    /// The mechanism that the taxonomy names for the reason, protected or not.
    pub(crate) fn named_mechanism(&self, reason: &ReasonId) -> Option<Mechanism> {
        self.leaf(reason)?.mechanism
    }

    /// What contacts of the reason are about, besides its own id.
    pub(crate) fn topics(&self, reason: &ReasonId) -> &[String] {
        self.leaf(reason).map_or(&[], |leaf| &leaf.topics)
    }

    /// Whether a step that the customer names says where contacts of this reason got stuck.
    pub(crate) fn asks_for_step(&self, reason: &ReasonId) -> bool {
        matches!(
            self.named_mechanism(reason),
            Some(Mechanism::SiteBlocked | Mechanism::SiteHowto | Mechanism::SelfServiceFailed)
        )
    }

    /// Whether the reason is of value to both sides and so never proposed for elimination.
    pub(crate) fn is_protected(&self, reason: &ReasonId) -> bool {
        self.leaf(reason).is_some_and(|l| l.disposition == Some(Disposition::Leverage))
    }
}
