//! The taxonomy as it is written down: the file that the configuration names, else the one published last, else none.
//! Whether it is in force is the business of `serving`.

use crate::instance::{Instance, topic_name};
use anyhow::{Context as _, Result, anyhow};
use classify::Taxonomy;
use domain::fact::TaxonomyPublished;
use domain::{Body, Fact, FactId, Instant, Offset, Partition, Topic};
use log::Limits;

/// A taxonomy with where it comes from.
pub struct PublishedTaxonomy {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The file it was read from, or `log`.
    pub origin: String,
    /// The reviewed text.
    pub toml: String,
    /// What the text says.
    pub taxonomy: Taxonomy,
}

/// The taxonomy that is written down. `None`: every contact is unclassified.
pub fn written_taxonomy(instance: &Instance) -> Result<Option<PublishedTaxonomy>> {
    if let Some(path) = &instance.config.taxonomy {
        let origin = path.display().to_string();
        let toml =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the taxonomy {origin}"))?;
        return parse_taxonomy(toml, origin).map(Some);
    }
    last_published(instance)?
        .map(|(_, published)| parse_taxonomy(published.toml, "log".to_owned()))
        .transpose()
}

/// A taxonomy's text with what it says; every mistake at once.
pub fn parse_taxonomy(toml: String, origin: String) -> Result<PublishedTaxonomy> {
    let taxonomy = Taxonomy::parse(&toml, &origin).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow!("the taxonomy {origin} is not valid\n{}", lines.join("\n"))
    })?;
    let (name, version) = (taxonomy.name().to_owned(), taxonomy.version().to_owned());
    Ok(PublishedTaxonomy { name, version, origin, toml, taxonomy })
}

/// Of all publications the latest by (time, fact id), whatever their order in the log.
pub(super) fn last_published(instance: &Instance) -> Result<Option<(FactId, TaxonomyPublished)>> {
    let mut last: Option<((Instant, FactId), TaxonomyPublished)> = None;
    each_fact(instance, Topic::Governance, Partition(0), |fact| {
        let at = (fact.occurred_at, fact.id);
        if let Body::TaxonomyPublished(published) = fact.body
            && last.as_ref().is_none_or(|(before, _)| *before < at)
        {
            last = Some((at, *published));
        }
    })?;
    Ok(last.map(|((_, id), published)| (id, published)))
}

/// Looks for taxonomies that are published and epochs that are promoted while a process runs.
#[derive(Debug, Clone, Copy)]
pub struct RulesNews {
    /// Up to where the topic `governance` was searched.
    searched: Offset,
}

impl Default for RulesNews {
    fn default() -> Self {
        Self { searched: Offset(0) }
    }
}

impl RulesNews {
    /// Whether there was any since the last look: other rules may be in force.
    pub fn any(&mut self, instance: &Instance) -> Result<bool> {
        let (topic, mut any) = (topic_name(Topic::Governance), false);
        loop {
            let batch = instance.log.read(&topic, Partition(0), self.searched, Limits::default());
            let batch = batch.context("cannot read the topic governance")?;
            let mut facts = batch.records.iter().filter_map(|r| codec::decode_fact(&r.value).ok());
            any |= facts.any(|fact| matches!(fact.body, Body::TaxonomyPublished(_) | Body::EpochServed(_)));
            self.searched = batch.next;
            if batch.is_empty() {
                return Ok(any);
            }
        }
    }
}

/// A step in the life of the company's taxonomies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// `published`, or how another epoch came to be served: a word of [`domain::ServedBy`].
    pub what: &'static str,
    /// Name and version of the taxonomy.
    pub taxonomy: String,
    /// The epoch that is served since then, by its name or id; none of a publication.
    pub epoch: Option<String>,
    /// A pseudonym of whoever did it, where they said.
    pub by: Option<String>,
    /// Why.
    pub why: Option<String>,
}

/// What was published and served so far, in the order of the log.
pub fn taxonomy_history(instance: &Instance) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    each_fact(instance, Topic::Governance, Partition(0), |fact| steps.extend(step(fact)))?;
    Ok(steps)
}

fn step(fact: Fact) -> Option<Step> {
    let at = fact.occurred_at;
    let named = |name: String, version: String| format!("{name} {version}").trim().to_owned();
    match fact.body {
        Body::TaxonomyPublished(p) => {
            let taxonomy = named(p.name, p.version);
            Some(Step { at, what: "published", taxonomy, epoch: None, by: p.by, why: None })
        }
        Body::EpochServed(s) => Some(Step {
            at,
            what: s.way.word(),
            taxonomy: named(s.taxonomy, s.version),
            epoch: Some(s.name.unwrap_or(s.epoch)),
            by: s.by,
            why: s.why,
        }),
        _ => None,
    }
}

/// Every fact of one partition, in order; records that are no facts are left out.
pub(crate) fn each_fact(
    instance: &Instance,
    topic: Topic,
    partition: Partition,
    mut see: impl FnMut(Fact),
) -> Result<()> {
    let mut from = Offset(0);
    loop {
        let batch = instance
            .log
            .read(&topic_name(topic), partition, from, Limits::default())
            .with_context(|| format!("cannot read the topic {}", topic.name()))?;
        if batch.is_empty() {
            return Ok(());
        }
        from = batch.next;
        batch.records.iter().filter_map(|r| codec::decode_fact(&r.value).ok()).for_each(&mut see);
    }
}
