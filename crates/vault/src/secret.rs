//! Where secrets come from: the operating system, or (seeded) an HMAC of the seed and the thing named.
//!
//! Seeded values never come from a stream, so that they do not depend on the order of calls: two runs that
//! meet the same customers in another order come to the same bytes.

use crate::VaultError;
use domain::{CustomerKey, Identifier, KeyId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a data key (AES-256) and of the instance's secret.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of a nonce (AES-GCM).
pub(crate) const NONCE_BYTES: usize = 12;

/// Where the vault's surrogates, keys and nonces come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// From the operating system: the only mode for real customers.
    Random,
    /// Derived from this seed and the identifier, so that bytes can be compared between runs. Whoever knows
    /// the seed can derive every key again, even a destroyed one: for simulator, demo and tests only.
    Seeded(u64),
}

impl Mode {
    /// What a vault's instance is marked with.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Seeded(_) => "seeded",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random => f.write_str("random"),
            Self::Seeded(seed) => write!(f, "seeded with {seed}"),
        }
    }
}

/// HMAC of an identifier: what the vault stores in place of it.
pub(crate) type Tag = [u8; 32];

/// A data key in memory: wiped when the last user lets go of it, and never moved while it lives.
pub(crate) struct DataKey([u8; KEY_BYTES]);

impl DataKey {
    /// Copies the key from where it lies; `None` when that is not a key's length.
    pub(crate) fn copied(bytes: &[u8]) -> Option<Arc<Self>> {
        let mut key = Arc::new(Self([0; KEY_BYTES]));
        let place = &mut Arc::get_mut(&mut key).expect("nobody else has this key yet").0;
        (bytes.len() == place.len()).then(|| place.copy_from_slice(bytes))?;
        Some(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl Drop for DataKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The secret of an instance before it is put to use: what the vault's file keeps.
pub(crate) fn new_instance_secret(mode: Mode) -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
    match mode {
        Mode::Random => random(),
        Mode::Seeded(seed) => {
            Ok(Zeroizing::new(derive(&keyed(b"quell seeded vault"), &[b"instance", &seed.to_be_bytes()])))
        }
    }
}

/// Everything derived from the instance's secret, ready for use.
pub(crate) struct Secrets {
    lookup: Hmac<Sha256>,
    content: Hmac<Sha256>,
    /// Root of the derived values, in a seeded vault.
    seeded: Option<Hmac<Sha256>>,
}

impl Secrets {
    pub(crate) fn new(mode: Mode, instance_secret: &[u8; KEY_BYTES]) -> Self {
        let root = keyed(instance_secret);
        let part = |name: &[u8]| keyed(&*Zeroizing::new(derive(&root, &[name])));
        Self {
            lookup: part(b"lookup"),
            content: part(b"content"),
            seeded: matches!(mode, Mode::Seeded(_)).then(|| part(b"seeded")),
        }
    }

    /// HMAC of strength kind, namespace and value, each preceded by its length so that no two identifiers
    /// give the same bytes.
    pub(crate) fn tag(&self, identifier: &Identifier) -> Tag {
        let parts = [identifier.strength.word(), &identifier.namespace, &identifier.value];
        derive(&self.lookup, &parts.map(str::as_bytes))
    }

    pub(crate) fn content_hash(&self, bytes: &[u8]) -> [u8; 32] {
        derive(&self.content, &[bytes])
    }

    /// The surrogate for a customer met for the first time.
    pub(crate) fn new_customer(&self, tag: &Tag) -> Result<CustomerKey, VaultError> {
        let mut surrogate = [0; 16];
        match &self.seeded {
            Some(root) => surrogate.copy_from_slice(&derive(root, &[b"customer", tag])[..16]),
            None => getrandom::fill(&mut surrogate)?,
        }
        Ok(CustomerKey::from_bytes(surrogate))
    }

    /// The bytes of a key that is issued now.
    pub(crate) fn new_key(&self, id: KeyId) -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
        match &self.seeded {
            Some(root) => Ok(Zeroizing::new(derive(root, &[b"key", id.as_bytes()]))),
            None => random(),
        }
    }

    /// The nonce for one sealing. A seeded one repeats only for the same key, fact and text, where the whole
    /// box repeats too.
    pub(crate) fn nonce(
        &self,
        id: KeyId,
        bind: &[u8],
        plain: &[u8],
    ) -> Result<[u8; NONCE_BYTES], VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        match &self.seeded {
            Some(root) => {
                let hash = derive(root, &[b"nonce", id.as_bytes(), bind, plain]);
                nonce.copy_from_slice(&hash[..NONCE_BYTES]);
            }
            None => getrandom::fill(&mut nonce)?,
        }
        Ok(nonce)
    }
}

fn random() -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut bytes[..])?;
    Ok(bytes)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn derive(root: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = root.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
