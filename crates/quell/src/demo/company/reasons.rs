//! Why customers of the company contact it: the leaves of the retail taxonomy, how often each occurs, and what
//! customers say. Everything but the shares is read from the files of `deploy/`.

use super::dice::Dice;
use super::mix::{MIX, RARE};
use super::phrases::{PHRASES, Phrases};
use super::plants::Plants;
use classify::{Leaf, Taxonomy};
use domain::UNCLASSIFIED;
use domain::closed::Mechanism;

/// The taxonomy that the demo publishes. One of its reasons belongs to nobody.
pub(super) const TAXONOMY: &str = include_str!("../../../../../deploy/taxonomies/retail.toml");

/// Every reason with what customers say, and after them what no rule knows.
pub(super) struct Reasons(Vec<Reason>);

struct Reason {
    id: String,
    weight: u32,
    is_owned: bool,
    mechanism: Option<Mechanism>,
    topics: Vec<String>,
    spanish: Phrases,
    english: Phrases,
}

impl Reasons {
    /// The leaves of the taxonomy, in order of their ids; without plants nobody contacts about those that belong
    /// to nobody.
    pub fn read(plants: bool) -> Self {
        let taxonomy = Taxonomy::parse(TAXONOMY, "retail.toml").expect("our own taxonomy is valid");
        let book: toml::Table = PHRASES.parse().expect("our own phrasebook is TOML");
        let known = taxonomy.leaves().filter(|leaf| leaf.id.as_str() != UNCLASSIFIED);
        let vague = taxonomy.leaves().filter(|leaf| leaf.id.as_str() == UNCLASSIFIED);
        let mut all: Vec<Reason> = known.chain(vague).map(|leaf| Reason::of(leaf, &book)).collect();
        for reason in all.iter_mut().filter(|reason| !plants && !reason.is_owned) {
            reason.weight = 0;
        }
        Self(all)
    }

    /// The reason that belongs to nobody.
    pub fn unowned(&self) -> Option<&str> {
        self.0.iter().find(|reason| !reason.is_owned).map(|reason| reason.id.as_str())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn id(&self, place: usize) -> &str {
        &self.0[place].id
    }

    /// The place of a reason that the company has.
    pub fn place(&self, id: &str) -> usize {
        self.0.iter().position(|reason| reason.id == id).expect("a leaf of the retail taxonomy")
    }

    pub fn weight(&self, place: usize) -> u32 {
        self.0[place].weight
    }

    pub fn weights(&self) -> u32 {
        self.0.iter().map(|reason| reason.weight).sum()
    }

    /// What contacts of a reason are about.
    pub fn topics(&self, place: usize) -> &[String] {
        &self.0[place].topics
    }

    /// What customers say, in Spanish or in English.
    pub fn phrases(&self, place: usize, spanish: bool) -> &Phrases {
        if spanish { &self.0[place].spanish } else { &self.0[place].english }
    }

    /// The place of what no rule knows.
    pub fn unclassified(&self) -> usize {
        self.0.len() - 1
    }

    /// Of a thousand customers, those who come back about it.
    pub fn back_permille(&self, place: usize) -> u32 {
        match self.0[place].mechanism {
            _ if self.id(place) == UNCLASSIFIED => 0,
            Some(Mechanism::StatusChase) => 230,
            Some(Mechanism::SiteBlocked | Mechanism::CompanyError) => 210,
            Some(Mechanism::PublicInfo) => 30,
            Some(Mechanism::SiteHowto) => 80,
            Some(_) | None => 140,
        }
    }

    /// Of a thousand contacts, those that name an order.
    pub fn order_permille(&self, place: usize) -> u32 {
        match self.0[place].mechanism {
            Some(Mechanism::StatusChase | Mechanism::CompanyError) => 700,
            Some(Mechanism::PublicInfo | Mechanism::SiteHowto) => 0,
            Some(_) | None => 250,
        }
    }

    /// How long it takes, in percent of what is typical for the channel.
    pub fn handle_percent(&self, place: usize) -> u32 {
        match self.0[place].mechanism {
            Some(Mechanism::PublicInfo) => 55,
            Some(Mechanism::StatusChase) => 80,
            Some(Mechanism::SiteHowto) => 90,
            Some(Mechanism::SiteBlocked) => 125,
            Some(Mechanism::CompanyError) => 150,
            Some(_) | None => 110,
        }
    }

    /// A reason that carries no other plant, by its share.
    pub fn quiet(&self, plants: &Plants, dice: &mut Dice) -> usize {
        let weights: Vec<u32> =
            self.0.iter().map(|reason| if plants.concerns(&reason.id) { 0 } else { reason.weight }).collect();
        dice.weighted(&weights)
    }
}

impl Reason {
    fn of(leaf: &Leaf, book: &toml::Table) -> Self {
        let id = leaf.id.as_str();
        Self {
            id: id.to_owned(),
            weight: MIX.iter().find(|(named, _)| *named == id).map_or(RARE, |(_, weight)| *weight),
            is_owned: leaf.owner.is_some() || id == UNCLASSIFIED,
            mechanism: leaf.mechanism,
            topics: leaf.topics.clone(),
            spanish: Phrases::of(book, id, true),
            english: Phrases::of(book, id, false),
        }
    }
}
