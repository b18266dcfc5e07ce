//! The rules of an epoch, kept beside it: whoever folds it on, compares or explains it needs the very taxonomy, model
//! and settings that it began with, whatever is in force by then. Names of epochs are kept here as well.
//!
//! What a taxonomy or a model says is not this crate's business: a text and bytes.

use crate::LakeError;
use crate::epochs::{end_drop, epochs as list};
use crate::sealed::{Hash, hex, seal, sha256, unseal};
use crate::store::{Store, StoreError, objects};
use crate::wire::{FORMAT, Fields, WireModel, WireName, WireRules, WireSettings};
use domain::{EngineSettings, EpochId, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Where the names lie.
const NAMES: &str = "lake/names";
/// Where models lie, each once, by the sha256 of its bytes.
const MODELS: &str = "lake/models";
/// Longest name of an epoch, in bytes.
const NAME_LEN_MAX: usize = 40;
/// What SQL and the command line mean something else by.
const RESERVED: [&str; 4] = ["live", "public", "information_schema", "datafusion"];

/// What an epoch is folded by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochRules {
    /// The taxonomy's text; `None`: every contact is unclassified.
    pub taxonomy: Option<String>,
    /// The model behind its rules.
    pub model: Option<ModelUse>,
    /// The engine's settings.
    pub settings: EngineSettings,
    /// IANA name of the tenant's zone.
    pub zone: String,
}

/// A model and how it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelUse {
    /// sha256 of its file.
    pub sha256: [u8; 32],
    /// Share of in-scope contacts, in millionths, that may stay unclassified.
    pub accepted_loss_ppm: u32,
}

/// Keeps the rules of an epoch; what was kept of it before stays. The model's bytes are kept first, so that no rules
/// name a model that is not there.
///
/// # Errors
/// The store failed.
///
/// # Panics
/// When `model` are other bytes than those that the rules name.
pub fn keep_rules(
    store: &dyn Store,
    epoch: EpochId,
    rules: &EpochRules,
    model: Option<&[u8]>,
) -> Result<(), LakeError> {
    end_drop(store, epoch)?;
    if let (Some(used), Some(bytes)) = (&rules.model, model) {
        assert!(used.sha256 == sha256(bytes), "a model is kept under its own checksum");
        put_once(store, &model_path(&used.sha256), bytes)?;
    }
    put_once(store, &rules_path(epoch), &seal(&write(epoch, rules)).0)
}

fn put_once(store: &dyn Store, path: &str, bytes: &[u8]) -> Result<(), LakeError> {
    match store.put_new(path, bytes) {
        Ok(()) | Err(StoreError::Exists { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The rules of an epoch; `None` where none were kept: it was begun by a program that kept none.
///
/// # Errors
/// The store failed, or the file is damaged.
pub fn epoch_rules(store: &dyn Store, epoch: EpochId) -> Result<Option<EpochRules>, LakeError> {
    let path = rules_path(epoch);
    let bytes = match store.get(&path) {
        Err(StoreError::Missing { .. }) => return Ok(None),
        got => got?,
    };
    let (wire, _) = unseal::<WireRules>(&bytes).map_err(|e| e.into_error(&path))?;
    let fields = Fields { path: &path };
    if wire.epoch != epoch.to_string() {
        return Err(fields.damaged("it is of another epoch"));
    }
    read(&fields, wire).map(Some)
}

/// The bytes of a model.
///
/// # Errors
/// The store failed, or the file is missing or not what was kept.
pub fn model(store: &dyn Store, hash: &[u8; 32]) -> Result<Vec<u8>, LakeError> {
    let path = model_path(hash);
    let bytes = store.get(&path)?;
    if sha256(&bytes) == *hash {
        return Ok(bytes);
    }
    Err(LakeError::Damaged { path, why: "its checksum does not match its name".to_owned() })
}

/// Whether a text can name an epoch: lower-case letters, digits, `_` and `-`, a letter first, and nothing that the
/// command line or SQL means otherwise.
pub fn good_epoch_name(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= NAME_LEN_MAX
        && name.bytes().all(good)
        && !RESERVED.contains(&name)
}

/// Gives an epoch a name; it may have several. A name stays with its epoch until that is dropped.
///
/// # Errors
/// The store failed, or the name stands for another epoch.
///
/// # Panics
/// When the name is none ([`good_epoch_name`]).
pub fn name_epoch(store: &dyn Store, name: &str, epoch: EpochId) -> Result<(), LakeError> {
    assert!(good_epoch_name(name), "{name:?} is no name of an epoch");
    let wire = WireName { format: FORMAT, name: name.to_owned(), epoch: epoch.to_string() };
    let path = name_path(name);
    match store.put_new(&path, &seal(&wire).0) {
        Err(StoreError::Exists { .. }) => {}
        done => return Ok(done?),
    }
    let named = read_name(store, name)?;
    if named == epoch { Ok(()) } else { Err(LakeError::NameTaken { name: name.to_owned(), epoch: named }) }
}

/// Every name and what it stands for, by name.
///
/// # Errors
/// The store failed, or a file is damaged.
pub fn epoch_names(store: &dyn Store) -> Result<BTreeMap<String, EpochId>, LakeError> {
    let names = objects(store, NAMES)?;
    let names =
        names.iter().filter_map(|file| file.strip_suffix(".json")).filter(|name| good_epoch_name(name));
    names.map(|name| Ok((name.to_owned(), read_name(store, name)?))).collect()
}

fn read_name(store: &dyn Store, name: &str) -> Result<EpochId, LakeError> {
    let path = name_path(name);
    let (wire, _) = unseal::<WireName>(&store.get(&path)?).map_err(|e| e.into_error(&path))?;
    let fields = Fields { path: &path };
    if wire.name != name {
        return Err(fields.damaged("it is of another name"));
    }
    fields.epoch(&wire.epoch)
}

/// Forgets the names of an epoch that is about to go.
pub(crate) fn forget_names(store: &dyn Store, epoch: EpochId) -> Result<(), LakeError> {
    for (name, _) in epoch_names(store)?.into_iter().filter(|(_, named)| *named == epoch) {
        store.delete(&name_path(&name))?;
    }
    Ok(())
}

/// Removes the models that no epoch uses.
pub(crate) fn sweep_models(store: &dyn Store) -> Result<(), LakeError> {
    let mut used = BTreeSet::new();
    for epoch in list(store)? {
        used.extend(epoch_rules(store, epoch)?.and_then(|rules| rules.model).map(|m| model_path(&m.sha256)));
    }
    let kept = objects(store, MODELS)?.into_iter().map(|file| format!("{MODELS}/{file}"));
    kept.filter(|path| !used.contains(path)).try_for_each(|path| Ok(store.delete(&path)?))
}

fn rules_path(epoch: EpochId) -> String {
    format!("lake/{epoch}/rules.json")
}

fn model_path(hash: &Hash) -> String {
    format!("{MODELS}/{}.model", hex(hash))
}

fn name_path(name: &str) -> String {
    format!("{NAMES}/{name}.json")
}

fn write(epoch: EpochId, rules: &EpochRules) -> WireRules {
    let EpochRules { taxonomy, model, settings, zone } = rules;
    let model = model.map(|m| WireModel { sha256: hex(&m.sha256), accepted_loss_ppm: m.accepted_loss_ppm });
    WireRules {
        format: FORMAT,
        epoch: epoch.to_string(),
        taxonomy: taxonomy.clone(),
        model,
        settings: write_settings(settings),
        zone: zone.clone(),
    }
}

fn read(fields: &Fields<'_>, wire: WireRules) -> Result<EpochRules, LakeError> {
    let model = wire.model.map(|m| {
        let sha256 = fields.hash(&m.sha256)?;
        Ok::<_, LakeError>(ModelUse { sha256, accepted_loss_ppm: m.accepted_loss_ppm })
    });
    Ok(EpochRules {
        taxonomy: wire.taxonomy,
        model: model.transpose()?,
        settings: read_settings(&wire.settings),
        zone: wire.zone,
    })
}

const fn write_settings(s: &EngineSettings) -> WireSettings {
    WireSettings {
        chain_window_us: s.chain_window.micros(),
        maturity_us: s.maturity.micros(),
        sitting_gap_us: s.sitting_gap.micros(),
        email_sitting_gap_us: s.email_sitting_gap.micros(),
        correction_window_us: s.correction_window.micros(),
        document_window_us: s.document_window.micros(),
        notice_lead_us: s.notice_lead.micros(),
        notice_window_us: s.notice_window.micros(),
        promise_window_us: s.promise_window.micros(),
        self_service_window_us: s.self_service_window.micros(),
        transfers: s.transfers,
    }
}

const fn read_settings(w: &WireSettings) -> EngineSettings {
    EngineSettings {
        chain_window: Span::from_micros(w.chain_window_us),
        maturity: Span::from_micros(w.maturity_us),
        sitting_gap: Span::from_micros(w.sitting_gap_us),
        email_sitting_gap: Span::from_micros(w.email_sitting_gap_us),
        correction_window: Span::from_micros(w.correction_window_us),
        document_window: Span::from_micros(w.document_window_us),
        notice_lead: Span::from_micros(w.notice_lead_us),
        notice_window: Span::from_micros(w.notice_window_us),
        promise_window: Span::from_micros(w.promise_window_us),
        self_service_window: Span::from_micros(w.self_service_window_us),
        transfers: w.transfers,
    }
}
