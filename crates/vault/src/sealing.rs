//! AES-256-GCM over one piece of text. A box is nonce, ciphertext, tag; what it belongs to (the fact id) is
//! authenticated with it but not stored in it, so that a box moved to another fact does not open.

use crate::BoxDamage;
use crate::secret::{DataKey, NONCE_BYTES};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce, Tag};

/// Bytes of the authentication tag.
const TAG_BYTES: usize = 16;

pub(crate) fn seal(key: &DataKey, nonce: [u8; NONCE_BYTES], plain: &[u8], bind: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(NONCE_BYTES + plain.len() + TAG_BYTES);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let text = (&mut sealed[NONCE_BYTES..]).into();
    let tag = cipher(key)
        .encrypt_inout_detached(&Nonce::from(nonce), bind, text)
        .expect("a text is shorter than the 64 GiB that AES-GCM can seal");
    sealed.extend_from_slice(&tag);
    sealed
}

pub(crate) fn open(key: &DataKey, sealed: &[u8], bind: &[u8]) -> Result<Vec<u8>, BoxDamage> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(BoxDamage::Truncated)?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(BoxDamage::Truncated)?;
    let mut plain = text.to_vec();
    cipher(key)
        .decrypt_inout_detached(&Nonce::from(*nonce), bind, plain.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| BoxDamage::NotAuthentic)?;
    Ok(plain)
}

/// Made for each box: expanding a key costs less than keeping a thousand bytes of expanded key per customer.
fn cipher(key: &DataKey) -> Aes256Gcm {
    Aes256Gcm::new(key.bytes().into())
}
