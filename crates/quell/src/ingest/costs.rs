//! Cost rates to a governance fact.

use super::{append_facts, fact};
use crate::instance::Instance;
use crate::pipeline;
use anyhow::Result;
use domain::fact::CostRatePublished;
use domain::{Body, Origin, Span};
use report::CostsSummary;

/// Publishes rates, unless those that count from the same day are the same.
pub fn set_costs(instance: &Instance, rates: CostRatePublished) -> Result<CostsSummary> {
    let mut known = pipeline::dimensions(instance)?;
    let (from, before) = (rates.from, known.published(rates.from));
    let changed = before.is_none_or(|(published, _)| *published != rates);
    if changed {
        // The latest publication counts, also where the clock has gone back since.
        let next = before.map(|(_, at)| at.plus(Span::from_micros(1)));
        let now = (instance.clock)().max(next.unwrap_or(domain::Instant::MIN));
        let record = format!("costs/{from}");
        let origin =
            Origin { system: "quell".to_owned(), instance: String::new(), record, revision: now.micros() };
        let fact = fact(&instance.vault, origin, now, Body::CostRatePublished(Box::new(rates)));
        known.learn(&fact);
        append_facts(instance, vec![fact])?;
    }
    Ok(CostsSummary { changed, from, rates: known.costs().collect() })
}
