//! Publishing a taxonomy: a governance fact that holds the whole reviewed file.

use super::state;
use crate::instance::Instance;
use crate::pipeline;
use crate::text::hex;
use anyhow::{Result, anyhow};
use classify::Taxonomy;
use domain::fact::TaxonomyPublished;
use domain::{Body, Origin};

/// What publishing a taxonomy did.
pub struct Publication {
    /// The taxonomy.
    pub taxonomy: Taxonomy,
    /// sha256 over its meaning, lower-case hexadecimal.
    pub meaning: String,
    /// It was not in force before.
    pub new: bool,
}

/// Publishes the text of a taxonomy file, unless it is in force already; `file` is its name in messages, `by` a
/// pseudonym of whoever does it.
pub fn publish_taxonomy(
    instance: &Instance,
    toml: String,
    file: &str,
    by: Option<String>,
) -> Result<Publication> {
    let taxonomy = parse_taxonomy(&toml, file)?;
    let now = (instance.clock)();
    let meaning = hex(&taxonomy.meaning());
    let (name, version) = (taxonomy.name().to_owned(), taxonomy.version().to_owned());
    // A later publication of the same name replaces an earlier one, also when it goes back to an older text.
    let record = format!("taxonomy/{name}");
    let origin =
        Origin { system: "quell".to_owned(), instance: String::new(), record, revision: now.micros() };
    let new = pipeline::taxonomy(instance)?.is_none_or(|published| published.toml != toml);
    if new {
        let body = TaxonomyPublished { name, version, meaning_sha256: meaning.clone(), toml, by };
        state(instance, Body::TaxonomyPublished(Box::new(body)), now, origin)?;
    }
    Ok(Publication { taxonomy, meaning, new })
}

/// The taxonomy that a text is; every mistake at once.
pub fn parse_taxonomy(toml: &str, file: &str) -> Result<Taxonomy> {
    Taxonomy::parse(toml, file).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow!("the taxonomy {file} is not valid\n{}", mistakes.join("\n"))
    })
}
