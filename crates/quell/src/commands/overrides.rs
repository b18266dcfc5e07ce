//! `quell override`: a person corrects what was found of a contact. The override is kept with who said it and why, and
//! always wins.

use super::Shell;
use super::explain;
use crate::cli::{Override, YesNo};
use crate::explained;
use crate::failure::{Exit, Failure};
use crate::pipeline::{self, Overruled, Ruling, Signature};
use crate::text::nearest;
use anyhow::{Result, anyhow, bail};
use classify::Taxonomy;
use domain::{Proof, ReasonId};
use report::OverrideSummary;
use report::explained::Stands;
use report::proven::{self, Proven};
use serde_json::Value;

pub(super) fn run(shell: &mut Shell, args: &Override) -> Result<Exit, Failure> {
    let contact = explain::contact_id(&args.contact)?;
    let signature = Signature::new(&args.by, &args.why).map_err(Failure::Usage)?;
    shell.ensure_imported()?;
    let instance = shell.instance()?;
    let taxonomy = pipeline::taxonomy(&instance)?.map(|in_force| in_force.taxonomy);
    let ruling = ruling(args, taxonomy.as_ref())?;
    let overruled = pipeline::overrule(&instance, contact, ruling, signature)?;
    let stands = stands(&overruled, &taxonomy.unwrap_or_else(Taxonomy::empty), shell.lang().tag());
    let mut json = explained::stands_json(&stands);
    json.insert("recorded".to_owned(), overruled.recorded.into());
    let summary = OverrideSummary { recorded: overruled.recorded, stands };
    shell.summary(&summary.render(shell.lang()), &Value::Object(json))?;
    Ok(Exit::Done)
}

fn ruling(args: &Override, taxonomy: Option<&Taxonomy>) -> Result<Ruling> {
    if args.as_found {
        return Ok(Ruling::AsFound);
    }
    let reason = args.reason.as_deref().map(|id| reason(taxonomy, id)).transpose()?;
    Ok(Ruling::Says { reason, dumb: args.avoidable.map(|word| word == YesNo::Yes) })
}

/// A reason of the taxonomy in force; `unclassified` is one: no reason fits.
fn reason(taxonomy: Option<&Taxonomy>, id: &str) -> Result<ReasonId> {
    let Some(taxonomy) = taxonomy else {
        bail!("no taxonomy is in force, so there are no reasons: see `quell taxonomy publish`")
    };
    let leaf = taxonomy.leaf(id).ok_or_else(|| {
        let near = nearest(id, taxonomy.leaves().map(|leaf| leaf.id.as_str()));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let (name, version) = (taxonomy.name(), taxonomy.version());
        anyhow!(
            "`{id}` is no reason of the taxonomy {name} {version}, which `quell taxonomy show` lists{hint}"
        )
    })?;
    Ok(leaf.id.clone())
}

fn stands(overruled: &Overruled, taxonomy: &Taxonomy, lang: &str) -> Stands {
    let verdict = &overruled.verdict;
    let shown = |proof: &Proof| Proven {
        mechanism: proof.mechanism,
        rule: proof.rule.to_string(),
        confidence_ppm: proof.confidence_ppm.into(),
        seconds: proof.seconds,
        facts: proof.facts.iter().map(|fact| proven::Fact::bare(fact.to_string())).collect(),
    };
    Stands {
        contact: verdict.contact.to_string(),
        occurred_at: overruled.occurred_at.to_string(),
        reason: verdict.reason.to_string(),
        label: explained::label(taxonomy, verdict.reason.as_str(), lang),
        basis: verdict.basis,
        confidence_ppm: i64::from(verdict.confidence_ppm),
        rule: verdict.evidence.as_ref().map(|evidence| evidence.rule.to_string()),
        dumb: verdict.dumb,
        mechanisms: verdict.proofs.iter().map(shown).collect(),
        cleared: verdict.cleared.iter().map(shown).collect(),
        on_reason: explained::shown_said(overruled.history.on_reason()),
        on_dumb: explained::shown_said(overruled.history.on_dumb()),
    }
}
