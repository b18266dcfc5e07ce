//! Which epoch is served. Two words can be said of it: what is written in the configuration and published as a taxonomy,
//! and whom a person promoted. The newer one counts: a promotion stands until something else is written, and what is
//! written then counts until the next promotion.

use super::epochs::{Epoch, names_of, tables_of};
use super::taxonomy::{last_published, written_taxonomy};
use super::{PublishedTaxonomy, at};
use crate::ingest;
use crate::instance::Instance;
use crate::rules::{self, Rules};
use anyhow::{Context as _, Result, ensure};
use domain::fact::EpochServed;
use domain::{Body, EpochId, Origin, ServedBy};
use lake::{Cut, Live, current_cut, make_current, serve, served};
use sha2::{Digest as _, Sha256};

/// Who promotes, and why, where they say so.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// A pseudonym.
    pub by: Option<String>,
    /// One line that names nobody.
    pub why: Option<String>,
}

/// What promoting or rolling back did.
pub struct Promoted {
    /// What is served now.
    pub epoch: Epoch,
    /// What was served before.
    pub before: Option<EpochId>,
    /// Its tables, which are shown now; `None` where it was served already.
    pub cut: Option<Cut>,
}

/// The rules of the epoch that is to be served: those in force.
pub fn rules_in_force(instance: &Instance) -> Result<Rules> {
    match chosen(instance)? {
        Some(epoch) => rules::of_epoch(instance, epoch),
        None => Rules::written(instance),
    }
}

/// The taxonomy in force. `None`: every contact is unclassified.
pub fn taxonomy(instance: &Instance) -> Result<Option<PublishedTaxonomy>> {
    match chosen(instance)? {
        Some(epoch) => Ok(rules::of_epoch(instance, epoch)?.taxonomy),
        None => written_taxonomy(instance),
    }
}

/// The epoch that a person chose, as long as the choice stands.
fn chosen(instance: &Instance) -> Result<Option<EpochId>> {
    let Some(Live { epoch, over: Some(over), .. }) = read_served(instance)? else { return Ok(None) };
    Ok((over == written(instance)?).then_some(epoch))
}

pub(super) fn read_served(instance: &Instance) -> Result<Option<Live>> {
    served(&*instance.store).context("cannot read which epoch is live")
}

/// Stands for everything that is written: a publication of the same text again is another one.
fn written(instance: &Instance) -> Result<String> {
    let config = &instance.config;
    let mut hash = Sha256::new_with_prefix(b"quell written\0");
    match &config.taxonomy {
        Some(path) => hash.update(crate::text::read_bytes(path, "the taxonomy")?),
        None => {
            let published = last_published(instance)?.map(|(id, _)| id);
            hash.update(published.map_or([0; 16], |id| *id.as_bytes()));
        }
    }
    hash.update([0]);
    if let Some(path) = &config.model {
        hash.update(Sha256::digest(crate::text::read_bytes(path, "the model")?));
    }
    hash.update(format!("{} {:?} {}", config.accepted_loss_ppm, config.engine, config.zone.name()));
    Ok(crate::text::hex(&hash.finalize()))
}

/// Serves the epoch that is in force and has been folded to the log's end, where another one is served.
pub fn show_epoch(instance: &Instance, epoch: EpochId) -> Result<()> {
    let Some(now) = read_served(instance)? else {
        return serve(&*instance.store, &Live::first(epoch)).context("cannot set the live epoch");
    };
    if now.epoch == epoch {
        return Ok(());
    }
    let rules = rules::of_epoch(instance, epoch)?;
    let epoch = Epoch { id: epoch, names: names_of(&*instance.store, epoch)?, rules };
    let live = Live { epoch: epoch.id, before: Some(now.epoch), over: None };
    change(instance, &live, &epoch, ServedBy::Rules, Said::default())
}

/// Serves another epoch. It is folded to where the one served now is, its tables are made at that very cut, and only
/// then it takes its place: a reader sees the one or the other, whole.
pub fn promote(instance: &Instance, name: &str, said: Said) -> Result<Promoted> {
    let epoch = Epoch::open(instance, name)?;
    swap(instance, epoch, ServedBy::Promotion, said)
}

/// Serves again what was served before.
pub fn rollback(instance: &Instance, said: Said) -> Result<Promoted> {
    let now = read_served(instance)?.context("no epoch is live: there is nothing to go back from")?;
    let before = now.before.context("no other epoch was served before: there is nothing to go back to")?;
    let held = lake::epochs(&*instance.store).context("cannot list the epochs")?;
    ensure!(
        held.contains(&before),
        "the epoch {before}, which was served before, was dropped: promote another one, see `quell epochs list`"
    );
    swap(instance, Epoch::open(instance, &before.to_string())?, ServedBy::Rollback, said)
}

fn swap(instance: &Instance, epoch: Epoch, way: ServedBy, said: Said) -> Result<Promoted> {
    let before = read_served(instance)?.map(|live| live.epoch);
    let over = Some(written(instance)?);
    if before == Some(epoch.id) {
        show_served(instance, &epoch)?;
        return Ok(Promoted { epoch, before: None, cut: None });
    }
    let cut = at::publish_now(instance, &epoch.rules, None)?;
    let live = Live { epoch: epoch.id, before, over };
    change(instance, &live, &epoch, way, said)?;
    show(instance, &cut)?;
    Ok(Promoted { epoch, before, cut: Some(cut) })
}

/// Shows tables of the epoch that is served where those of another one are shown: whoever promoted it was stopped between
/// the two pointers.
fn show_served(instance: &Instance, epoch: &Epoch) -> Result<()> {
    let shown = current_cut(&*instance.store).context("cannot read the current cut")?;
    if shown.is_some_and(|cut| cut.manifest.parts.epoch != epoch.id) {
        let cut = at::publish_now(instance, &epoch.rules, None)?;
        show(instance, &cut)?;
    }
    Ok(())
}

/// The fact first: a crash in between leaves a promotion that did not happen, never one that nobody knows of.
fn change(instance: &Instance, live: &Live, epoch: &Epoch, way: ServedBy, said: Said) -> Result<()> {
    let now = (instance.clock)();
    let taxonomy = epoch.rules.taxonomy.as_ref();
    let body = EpochServed {
        epoch: live.epoch.to_string(),
        name: epoch.names.first().cloned(),
        before: live.before.map(|before| before.to_string()),
        way,
        taxonomy: taxonomy.map(|t| t.name.clone()).unwrap_or_default(),
        version: taxonomy.map(|t| t.version.clone()).unwrap_or_default(),
        by: said.by,
        why: said.why,
    };
    let origin = Origin {
        system: "quell".to_owned(),
        record: "epoch".to_owned(),
        revision: now.micros(),
        ..Origin::default()
    };
    let fact = ingest::fact(&instance.vault, origin, now, Body::EpochServed(Box::new(body)));
    ingest::append_facts(instance, vec![fact])?;
    serve(&*instance.store, live).context("cannot set the live epoch")
}

/// Shows a cut of the epoch that is served. Whoever publishes may have begun before somebody promoted another one, so
/// it is looked again after showing: then the newest tables of that one are shown, and both pointers end as one.
pub(super) fn show(instance: &Instance, cut: &Cut) -> Result<()> {
    let (store, of) = (&*instance.store, cut.manifest.parts.epoch);
    let other =
        || Ok::<_, anyhow::Error>(read_served(instance)?.map(|live| live.epoch).filter(|now| *now != of));
    if other()?.is_some() {
        return Ok(());
    }
    make_current(store, cut).context("cannot show the new cut")?;
    let Some(promoted) = other()? else { return Ok(()) };
    match tables_of(store, promoted)? {
        Some(theirs) => make_current(store, &theirs).context("cannot show the cut of a promoted epoch"),
        None => Ok(()),
    }
}
