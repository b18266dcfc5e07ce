//! The taxonomy as values: reasons in the customer's words, who owns their causes, what to do about them,
//! and the rules that find them. Made by [`Taxonomy::parse`], never changed afterwards.

use crate::fold::Folding;
use crate::{Rule, TaxonomyMistake, meaning, parse};
use domain::{Day, Disposition, Mechanism, OwnerId, ReasonId, UNCLASSIFIED};
use std::collections::BTreeMap;

/// A valid taxonomy.
#[derive(Debug, Clone)]
pub struct Taxonomy {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) effective: Option<Day>,
    pub(crate) languages: Vec<String>,
    pub(crate) owners: BTreeMap<OwnerId, Owner>,
    /// By id, so that they are iterated in that order; `unclassified` is always there.
    pub(crate) leaves: BTreeMap<String, Leaf>,
    pub(crate) folding: Folding,
    /// By ascending priority.
    pub(crate) rules: Vec<Rule>,
}

/// An area that can remove causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its id.
    pub id: OwnerId,
    /// Its name by language.
    pub labels: BTreeMap<String, String>,
}

/// One reason: what a row of the dimension `reasons` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Its id.
    pub id: ReasonId,
    /// The reason in the customer's words, by language.
    pub labels: BTreeMap<String, String>,
    /// The area where the cause lies; `None` = unowned, which is shown.
    pub owner: Option<OwnerId>,
    /// What both sides said of contacts of this reason.
    pub votes: Option<Votes>,
    /// What to do: as stated, or as the votes say.
    pub disposition: Option<Disposition>,
    /// Why a contact of this reason would be avoidable; the engine looks for proof.
    pub mechanism: Option<Mechanism>,
    /// Free label that groups reasons.
    pub group: Option<String>,
    /// What contacts of this reason are divided by (CPX): its own, else the taxonomy's; `None` = nothing.
    pub unit: Option<String>,
    /// What contacts of this reason are about, besides its own id: paths of self-service, topics of notices, subjects
    /// and kinds of upstream events. What happened there before a contact can prove why it was avoidable.
    pub topics: Vec<String>,
    /// Further texts that nothing here interprets; dimensions show them.
    pub meta: BTreeMap<String, String>,
    /// What customers said.
    pub examples: Examples,
}

/// What customers said, for review, for lint and for training. Not part of the taxonomy's meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examples {
    /// Contacts of this reason.
    pub positive: Vec<String>,
    /// Contacts that look like it and are of another.
    pub negative: Vec<String>,
}

/// Whether contacts of a reason are of value or an irritant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vote {
    /// Of value.
    Value,
    /// An irritant.
    Irritant,
}

/// The value–irritant votes of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Votes {
    /// To the customer.
    pub customer: Vote,
    /// To the company.
    pub company: Vote,
}

impl Vote {
    /// Every word of a vote.
    pub const WORDS: &'static [&'static str] = &["value", "irritant"];

    /// The vote with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "value" => Some(Self::Value),
            "irritant" => Some(Self::Irritant),
            _ => None,
        }
    }

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Irritant => "irritant",
        }
    }
}

impl Votes {
    /// What the votes say to do (Price & Jaffe).
    pub const fn disposition(self) -> Disposition {
        match (self.customer, self.company) {
            (Vote::Irritant, Vote::Irritant) => Disposition::Eliminate,
            (Vote::Value, Vote::Irritant) => Disposition::Automate,
            (Vote::Irritant, Vote::Value) => Disposition::Simplify,
            (Vote::Value, Vote::Value) => Disposition::Leverage,
        }
    }
}

impl Taxonomy {
    /// Reads a taxonomy file; `file` is the name that mistakes are reported under. Every mistake of the file
    /// is told at once, in the file's order. `tests/cases/format.toml` has every key once.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<TaxonomyMistake>> {
        parse::taxonomy(text, file)
    }

    /// The taxonomy that knows no reason: every contact is `unclassified`.
    pub fn empty() -> Self {
        Self {
            name: String::new(),
            version: String::new(),
            effective: None,
            languages: Vec::new(),
            owners: BTreeMap::new(),
            leaves: BTreeMap::from([(UNCLASSIFIED.to_owned(), Leaf::unclassified())]),
            folding: Folding::default(),
            rules: Vec::new(),
        }
    }

    /// sha256 over everything that changes a verdict or a dimension row, in an order of its own. Layout,
    /// comments, order in the file, examples, name, version and effective day do not count, and of priorities
    /// only which rule comes before which.
    pub fn meaning(&self) -> [u8; 32] {
        meaning::of(self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version, a label for people.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The day from which it is meant to hold, a note for people: what is in force is what was published last.
    pub const fn effective(&self) -> Option<Day> {
        self.effective
    }

    /// Primary language subtags that labels are given in, as the file orders them.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// What contacts are divided by, as `orders`, where a reason does not say otherwise; `None` = the file
    /// names none. It is the unit of `unclassified`.
    pub fn unit(&self) -> Option<&str> {
        self.leaf(UNCLASSIFIED)?.unit.as_deref()
    }

    /// The reasons by id, `unclassified` among them.
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.values()
    }

    /// The reason with this id.
    pub fn leaf(&self, id: &str) -> Option<&Leaf> {
        self.leaves.get(id)
    }

    /// The owners by id.
    pub fn owners(&self) -> impl Iterator<Item = &Owner> {
        self.owners.values()
    }

    /// The owner with this id.
    pub fn owner(&self, id: &OwnerId) -> Option<&Owner> {
        self.owners.get(id)
    }

    /// What its rules take for the same.
    pub const fn folding(&self) -> Folding {
        self.folding
    }

    /// All rules by ascending priority: the order in which they are tried.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

impl Leaf {
    /// The reason in this language; where the language is not there, its id.
    pub fn label(&self, language: &str) -> &str {
        self.labels.get(language).map_or(self.id.as_str(), String::as_str)
    }

    /// The reason of contacts that nothing explains. It belongs to every taxonomy and to no file.
    pub(crate) fn unclassified() -> Self {
        let labels = [("en", "Not classified"), ("es", "Sin clasificar")];
        Self {
            id: ReasonId::new(UNCLASSIFIED),
            labels: labels.map(|(language, label)| (language.to_owned(), label.to_owned())).into(),
            owner: None,
            votes: None,
            disposition: None,
            mechanism: None,
            group: None,
            unit: None,
            topics: Vec::new(),
            meta: BTreeMap::new(),
            examples: Examples::default(),
        }
    }
}

impl Owner {
    /// The owner's name in this language; where the language is not there, its id.
    pub fn label(&self, language: &str) -> &str {
        self.labels.get(language).map_or(self.id.as_str(), String::as_str)
    }
}
