//! Which of the means decides a contact's reason. In this order: a rule of the taxonomy, by its words or by the source's
//! code, whichever comes first by priority; the learned model, where the text is familiar and in a language that it
//! learned; else `unclassified`, which is an honest answer. A person's override goes before all of them and is applied
//! by the engine.

use crate::model::{Model, Prediction, Scratch};
use crate::{Classified, Classifier, Input, Taxonomy, language};
use domain::{Evidence, ReasonBasis, ReasonId};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// From this share of the best probability on, the runner-up is a further reason.
const AS_GOOD: f32 = 0.8;

/// A model that a taxonomy's contacts are classified with.
#[derive(Clone)]
pub struct Learned {
    model: Arc<Model>,
    sha256: [u8; 32],
    accepted_loss_ppm: u32,
    /// Less familiar texts stay unclassified.
    least: f32,
    reasons: Vec<ReasonId>,
}

impl fmt::Debug for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Learned({:?}, {} ppm)", self.model, self.accepted_loss_ppm)
    }
}

impl Learned {
    /// A model's file, and the share of in-scope contacts, in millionths, that may stay unclassified so that those
    /// out of scope do.
    pub fn new(model: Arc<Model>, file: &[u8], accepted_loss_ppm: u32) -> Self {
        Self {
            sha256: Model::sha256(file),
            accepted_loss_ppm,
            least: model.least_familiarity(f64::from(accepted_loss_ppm) / 1e6),
            reasons: model.labels().iter().map(|label| ReasonId::new(label)).collect(),
            model,
        }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Below this familiarity a text stays unclassified; −∞ where no loss is accepted.
    pub const fn least_familiarity(&self) -> f32 {
        self.least
    }

    /// What the model decides by: its bytes and the accepted loss. Part of the epoch.
    pub fn identity(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(b"quell model\0");
        hash.update(self.sha256);
        hash.update(self.accepted_loss_ppm.to_be_bytes());
        hash.finalize().into()
    }

    /// Labels that are no reasons of the taxonomy, sorted.
    pub fn unknown_labels<'m>(&'m self, taxonomy: &Taxonomy) -> Vec<&'m str> {
        let labels = self.model.labels().iter().map(String::as_str);
        labels.filter(|label| taxonomy.leaf(label).is_none()).collect()
    }

    /// Whether it learned the language of a text; one that is not told and not certain is taken to be.
    fn speaks(&self, input: &Input<'_>) -> bool {
        let languages = &self.model.header().languages;
        let is_known = |language: &str| languages.iter().any(|l| l == language);
        languages.is_empty()
            || match input.language {
                Some(tag) => is_known(&language::primary(tag)),
                None => language::detect(input.text).is_none_or(is_known),
            }
    }

    /// The runner-up, where it is as good as the best.
    fn further(&self, prediction: &Prediction) -> Vec<ReasonId> {
        let near = prediction.runner_up_probability >= AS_GOOD * prediction.probability;
        if near { vec![self.reasons[prediction.runner_up].clone()] } else { Vec::new() }
    }

    fn classify(&self, input: &Input<'_>) -> Option<Classified> {
        let prediction = SCRATCH.with_borrow_mut(|scratch| self.model.predict(input.text, &mut scratch.1));
        if !(prediction.is_known && prediction.familiarity >= self.least && self.speaks(input)) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and a million")]
        let confidence_ppm = (f64::from(prediction.probability) * 1e6).round() as i32;
        Some(Classified {
            reason: self.reasons[prediction.class].clone(),
            basis: ReasonBasis::Model,
            confidence_ppm,
            evidence: None,
            further: self.further(&prediction),
        })
    }
}

thread_local! {
    /// Room to work in; nothing in it outlives a text.
    static SCRATCH: RefCell<(crate::Scratch, Scratch)> = RefCell::default();
}

/// Rules first, then the model. Shared by threads without locks.
#[derive(Debug)]
pub struct Decider {
    rules: Classifier,
    learned: Option<Learned>,
}

impl Decider {
    /// Compiles the taxonomy's rules and puts the model behind them.
    pub fn new(taxonomy: &Taxonomy, learned: Option<Learned>) -> Self {
        Self { rules: Classifier::new(taxonomy), learned }
    }

    /// The reason of a contact, and further ones.
    pub fn classify(&self, input: &Input<'_>) -> Classified {
        let by_rule =
            SCRATCH.with_borrow_mut(|scratch| self.rules.classify_fully_with(&mut scratch.0, input));
        match &self.learned {
            Some(learned) if by_rule.basis == ReasonBasis::Unclassified => {
                learned.classify(input).unwrap_or(by_rule)
            }
            _ => by_rule,
        }
    }

    /// Further reasons by rules, each with the rule and the place of its words.
    pub fn further(&self, input: &Input<'_>) -> Vec<(ReasonId, Evidence)> {
        self.rules.further(input)
    }

    /// The model.
    pub const fn learned(&self) -> Option<&Learned> {
        self.learned.as_ref()
    }
}
