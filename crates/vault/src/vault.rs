//! The vault as its users see it: cached answers where they can be trusted, the store where they cannot.

use crate::cache::Cache;
use crate::postgres::PostgresStore;
use crate::secret::{DataKey, Secrets, Tag};
use crate::sqlite::SqliteStore;
use crate::store::{KeyState, Known, Store};
use crate::{Integrity, Mode, PostgresConfig, VaultError, sealing};
use domain::{CustomerKey, Identifier, KeyId, SealedBox};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Bounds of an open vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Identifiers whose customer is kept in memory; each costs about 110 bytes.
    pub cached_customers: usize,
    /// Data keys kept in memory; each costs about 120 bytes.
    pub cached_keys: usize,
    /// How long to wait for another process that writes.
    pub wait: Duration,
}

impl Default for Options {
    /// About 120 MB when full: half a million customers are active between two looks at the same one.
    fn default() -> Self {
        Self { cached_customers: 1 << 19, cached_keys: 1 << 19, wait: Duration::from_secs(10) }
    }
}

/// What an identifier stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// This customer, whose data key exists and is durable.
    Customer(CustomerKey),
    /// An erased customer: no surrogate and no key are ever issued again.
    Suppressed,
}

/// What became of a sealed box.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// Its content.
    Plain(Vec<u8>),
    /// Its key was destroyed: nobody can read it again.
    KeyDestroyed,
}

impl fmt::Debug for Opened {
    /// Never shows the content (P9).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(bytes) => write!(f, "plain({} bytes)", bytes.len()),
            Self::KeyDestroyed => f.write_str("key destroyed"),
        }
    }
}

/// What an erasure did. A second one finds nothing left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// The customer had a key, and it is destroyed now.
    pub key_destroyed: bool,
    /// Identifiers that led to the customer and are suppressed now.
    pub lookups_removed: usize,
}

/// The keys of one instance. Any number of handles, threads and processes may use the same file at once, and
/// those of any number of machines the same server.
///
/// Known customers and keys are answered from memory after a look at the erasure counter (beside the file) or
/// at this handle's lease (see [`PostgresConfig::lease`]), so that a handle never uses what another one erased
/// before the call began. A call that runs at the same time as the erasure counts as having come before it.
///
/// Calls block. With a server they must not be made on a thread that drives an asynchronous runtime.
pub struct Vault {
    secrets: Secrets,
    store: Box<dyn Store>,
    customers: Cache<Resolution, 32>,
    keys: Cache<KeyState, 16>,
}

impl Vault {
    /// Opens the vault at this path, making it where there is none. A vault of another mode or seed is refused.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, VaultError> {
        Self::open_with(path, mode, &Options::default())
    }

    /// As [`Vault::open`], with other bounds.
    pub fn open_with(path: &Path, mode: Mode, options: &Options) -> Result<Self, VaultError> {
        let (store, secrets) = SqliteStore::open(path, mode, options)?;
        Ok(Self::on(Box::new(store), secrets, options))
    }

    /// Opens the vault in this schema of a PostgreSQL server, making it where there is none. A vault of another
    /// mode or seed is refused, and so is a server that could lose or show a key
    /// ([`VaultError::UnsafeServer`]). An unreachable server is [`VaultError::Unreachable`], now and in
    /// every later call; a later call connects again by itself.
    pub fn connect(config: &PostgresConfig, mode: Mode) -> Result<Self, VaultError> {
        Self::connect_with(config, mode, &Options::default())
    }

    /// As [`Vault::connect`], with other bounds.
    pub fn connect_with(config: &PostgresConfig, mode: Mode, options: &Options) -> Result<Self, VaultError> {
        let (store, secrets) = PostgresStore::connect(config, mode, options)?;
        Ok(Self::on(Box::new(store), secrets, options))
    }

    fn on(store: Box<dyn Store>, secrets: Secrets, options: &Options) -> Self {
        let customers = Cache::new(options.cached_customers);
        Self { secrets, store, customers, keys: Cache::new(options.cached_keys) }
    }

    /// Keyed hash of a fact's content, an input of its id: without the instance's secret nobody can test
    /// whether a guessed text was said.
    pub fn content_hash(&self, bytes: &[u8]) -> [u8; 32] {
        self.secrets.content_hash(bytes)
    }

    /// The customer of each identifier, in their order. Customers met for the first time are issued, with
    /// their keys, and are durable when this returns. The larger the batch, the fewer syncs.
    pub fn resolve(&self, identifiers: &[Identifier]) -> Result<Vec<Resolution>, VaultError> {
        let generation = self.store.settled()?;
        let tags: Vec<Tag> = identifiers.iter().map(|i| self.secrets.tag(i)).collect();
        let cached: Vec<Option<Resolution>> =
            tags.iter().map(|tag| self.customers.get(generation?, tag)).collect();
        let missing: BTreeSet<Tag> =
            tags.iter().zip(&cached).filter(|(_, known)| known.is_none()).map(|(tag, _)| *tag).collect();
        let mut found = BTreeMap::new();
        if !missing.is_empty() {
            found = self.store.resolve(missing, &self.secrets)?;
            self.remember(generation, &found);
        }
        let answer = |(known, tag): (Option<Resolution>, &Tag)| {
            known.unwrap_or_else(|| found.get(tag).expect("what was not cached is resolved by the store").0)
        };
        Ok(cached.into_iter().zip(&tags).map(answer).collect())
    }

    /// The customer of an identifier, issuing nothing; `None` for a stranger and for an erased customer.
    pub fn lookup(&self, identifier: &Identifier) -> Result<Option<CustomerKey>, VaultError> {
        Ok(match self.find(identifier)? {
            Some(Resolution::Customer(customer)) => Some(customer),
            Some(Resolution::Suppressed) | None => None,
        })
    }

    /// Whether this identifier was erased, so that it is never issued again.
    pub fn is_suppressed(&self, identifier: &Identifier) -> Result<bool, VaultError> {
        Ok(self.find(identifier)? == Some(Resolution::Suppressed))
    }

    /// Issues the keys among these that do not exist yet (day keys: a customer's key comes with the
    /// customer); durable when this returns. A destroyed key is never issued again: an error.
    pub fn ensure_keys(&self, ids: &[KeyId]) -> Result<(), VaultError> {
        let generation = self.store.settled()?;
        let is_live = |id: &KeyId| {
            generation.is_some_and(|g| matches!(self.keys.get(g, id.as_bytes()), Some(KeyState::Live(_))))
        };
        if ids.iter().all(is_live) {
            return Ok(());
        }
        let states = self.store.ensure_keys(ids, &self.secrets)?;
        for (id, state) in ids.iter().zip(states) {
            if matches!(state, KeyState::Destroyed) {
                return Err(VaultError::KeyDestroyed { key: *id });
            }
            self.remember_key(generation, *id, state);
        }
        Ok(())
    }

    /// Reads many keys at once, so that opening the boxes of a batch afterwards needs no look at the store.
    /// Keys that were never issued are passed over. Worth it for at most [`Options::cached_keys`] keys.
    pub fn load_keys(&self, ids: &[KeyId]) -> Result<(), VaultError> {
        let Some(generation) = self.store.settled()? else { return Ok(()) };
        let mut missing: Vec<KeyId> =
            ids.iter().filter(|id| self.keys.get(generation, id.as_bytes()).is_none()).copied().collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        for (id, state) in self.store.keys(&missing)? {
            self.remember_key(Some(generation), id, state);
        }
        Ok(())
    }

    /// Seals a text under a key. `bind` is what it belongs to (the fact id): only with it does the box open.
    /// [`VaultError::KeyDestroyed`] tells that the customer was erased since `resolve`.
    pub fn seal(&self, key: KeyId, plain: &[u8], bind: &[u8]) -> Result<SealedBox, VaultError> {
        let KeyState::Live(bytes) = self.key(key)? else { return Err(VaultError::KeyDestroyed { key }) };
        let nonce = self.secrets.nonce(key, bind, plain)?;
        Ok(SealedBox { key, bytes: sealing::seal(&bytes, nonce, plain, bind) })
    }

    /// Opens a box sealed with the same `bind`.
    pub fn open_box(&self, sealed: &SealedBox, bind: &[u8]) -> Result<Opened, VaultError> {
        let KeyState::Live(bytes) = self.key(sealed.key)? else { return Ok(Opened::KeyDestroyed) };
        sealing::open(&bytes, &sealed.bytes, bind).map(Opened::Plain).map_err(|damage| VaultError::BadBox {
            key: sealed.key,
            bytes: sealed.bytes.len(),
            damage,
        })
    }

    /// Destroys the customer's key and lookups for ever and suppresses their identifiers. When this returns,
    /// no handle answers from memory, and no file of the vault holds a byte of them. On a server: no table or
    /// index of the vault; of the server's journal, replicas and backups see [`PostgresConfig`].
    pub fn erase_customer(&self, customer: CustomerKey) -> Result<Erasure, VaultError> {
        self.destroy(|store| store.erase(customer))
    }

    /// Suppresses an identifier that names nobody yet, so that no surrogate is ever issued for it.
    pub fn suppress(&self, identifier: &Identifier) -> Result<(), VaultError> {
        let tag = self.secrets.tag(identifier);
        self.destroy(|store| store.suppress(&tag))
    }

    /// Destroys one key for ever, such as a day key whose time is over; false where there was none to destroy.
    pub fn destroy_key(&self, id: KeyId) -> Result<bool, VaultError> {
        self.destroy(|store| store.destroy_key(id))
    }

    /// Checks the store and counts what it holds.
    pub fn integrity(&self) -> Result<Integrity, VaultError> {
        self.store.integrity()
    }

    fn destroy<T>(&self, work: impl FnOnce(&dyn Store) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let done = work(&*self.store);
        if let Some(generation) = self.store.settled()? {
            self.customers.forget(generation);
            self.keys.forget(generation);
        }
        let done = done?;
        self.store.wipe()?;
        Ok(done)
    }

    fn find(&self, identifier: &Identifier) -> Result<Option<Resolution>, VaultError> {
        let generation = self.store.settled()?;
        let tag = self.secrets.tag(identifier);
        if let Some(known) = generation.and_then(|g| self.customers.get(g, &tag)) {
            return Ok(Some(known));
        }
        Ok(self.store.find(&tag)?.map(|(resolution, _)| resolution))
    }

    fn key(&self, id: KeyId) -> Result<KeyState, VaultError> {
        let generation = self.store.settled()?;
        if let Some(state) = generation.and_then(|g| self.keys.get(g, id.as_bytes())) {
            return Ok(state);
        }
        let read = self.store.keys(&[id])?.pop();
        let (_, state) =
            read.ok_or_else(|| VaultError::UnknownKey { key: id, vault: self.store.location().clone() })?;
        self.remember_key(generation, id, state.clone());
        Ok(state)
    }

    fn remember(&self, generation: Option<u64>, found: &BTreeMap<Tag, Known>) {
        let Some(generation) = generation else { return };
        for (tag, (resolution, key)) in found {
            self.customers.put(generation, *tag, *resolution);
            if let (Resolution::Customer(customer), Some(key)) = (resolution, key) {
                self.remember_live(generation, KeyId::of_customer(*customer), key);
            }
        }
    }

    fn remember_live(&self, generation: u64, id: KeyId, key: &Arc<DataKey>) {
        self.keys.put(generation, *id.as_bytes(), KeyState::Live(Arc::clone(key)));
    }

    fn remember_key(&self, generation: Option<u64>, id: KeyId, state: KeyState) {
        if let Some(generation) = generation {
            self.keys.put(generation, *id.as_bytes(), state);
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vault({})", self.store.location())
    }
}
