//! The seam between the vault and where its rows lie: one SQLite file, or a PostgreSQL server.

use crate::secret::{DataKey, KEY_BYTES, Secrets, Tag, new_instance_secret};
use crate::{Erasure, Location, Mode, Resolution, VaultError};
use domain::{CustomerKey, KeyId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a store knows of a key.
#[derive(Clone)]
pub(crate) enum KeyState {
    /// It seals and opens.
    Live(Arc<DataKey>),
    /// Its bytes are gone for ever.
    Destroyed,
}

/// What a store knows of an identifier, with the key of its customer.
pub(crate) type Known = (Resolution, Option<Arc<DataKey>>);

/// Where customers, keys and suppressions lie. Every answer is durable when it is given, and every call sees
/// what any call of any handle had done before it began.
pub(crate) trait Store: Send + Sync {
    /// What messages call this vault.
    fn location(&self) -> &Location;

    /// The generation of all that any erasure left, to tag cached answers with; `None` while nothing may be
    /// answered from memory. Every erasure that returned before this call began has changed it.
    fn settled(&self) -> Result<Option<u64>, VaultError>;

    /// The resolution of each tag; customers met for the first time are issued.
    fn resolve(&self, tags: BTreeSet<Tag>, secrets: &Secrets) -> Result<BTreeMap<Tag, Known>, VaultError>;

    /// What is known of one identifier, issuing nothing.
    fn find(&self, tag: &Tag) -> Result<Option<Known>, VaultError>;

    /// The states of the keys that were ever issued.
    fn keys(&self, ids: &[KeyId]) -> Result<Vec<(KeyId, KeyState)>, VaultError>;

    /// Issues the keys that were never issued. The state of each, in the order asked.
    fn ensure_keys(&self, ids: &[KeyId], secrets: &Secrets) -> Result<Vec<KeyState>, VaultError>;

    /// Destroys the customer's key and lookups, suppresses their identifiers, and changes the generation.
    fn erase(&self, customer: CustomerKey) -> Result<Erasure, VaultError>;

    /// Suppresses an identifier that names nobody, so that it never will. One that names a customer is left:
    /// erasing the customer suppresses it.
    fn suppress(&self, tag: &Tag) -> Result<(), VaultError>;

    /// Destroys one key and changes the generation; false where it was never issued or is gone already.
    fn destroy_key(&self, id: KeyId) -> Result<bool, VaultError>;

    /// Takes the bytes of all that was destroyed out of the store, and waits until no handle answers from what
    /// it read before.
    fn wipe(&self) -> Result<(), VaultError>;

    /// Checks the store and counts what it holds.
    fn integrity(&self) -> Result<Integrity, VaultError>;
}

/// Refuses a vault that was made in another mode or with another seed.
pub(crate) fn check_mode(
    asked: Mode,
    found: &str,
    secret: &[u8; KEY_BYTES],
    vault: &Location,
) -> Result<Secrets, VaultError> {
    let vault = || vault.clone();
    match asked {
        _ if found != asked.word() => {
            let found = if found == Mode::Random.word() { "random" } else { "seeded" };
            Err(VaultError::OtherMode { vault: vault(), found, asked })
        }
        Mode::Seeded(seed) if *new_instance_secret(asked)? != *secret => {
            Err(VaultError::OtherSeed { vault: vault(), seed })
        }
        _ => Ok(Secrets::new(asked, secret)),
    }
}

/// State of a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity {
    /// What the store's own check found wrong, in its words; empty where nothing is.
    pub problems: Vec<String>,
    /// Customers that can be looked up.
    pub customers: u64,
    /// Keys that seal and open, customers' and others'.
    pub keys: u64,
    /// Keys destroyed for ever.
    pub keys_destroyed: u64,
    /// Identifiers that are never issued again.
    pub suppressions: u64,
    /// Customers whose key is missing or destroyed: always 0 in a sound vault.
    pub customers_without_key: u64,
}

impl Integrity {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.customers_without_key == 0
    }
}
