//! Seals texts that clients keep and send back: nobody else can read or change them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use once_cell::sync::Lazy;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::sync::Arc;

/// What every sealed text begins with.
const MARK: &str = "sealed.1.";

/// A key that seals. ChaCha20-Poly1305 with a random nonce for each text.
pub struct Seal {
    key: Option<LessSafeKey>,
    random: SystemRandom,
}

/// The seal of this process.
static INSTANCE: Lazy<Arc<Seal>> = Lazy::new(|| Arc::new(Seal::random()));

impl Seal {
    /// Returns the seal of this process, the same whenever it is asked for.
    pub fn of_instance() -> Arc<Self> {
        INSTANCE.clone()
    }

    /// Returns a seal that no other process has. What it seals is unreadable after this process.
    pub fn random() -> Self {
        let random = SystemRandom::new();
        let mut secret = [0; 32];
        // Without randomness nothing is sealed.
        let key = random.fill(&mut secret).ok().and_then(|()| key(&secret));
        Seal { key, random }
    }

    /// Returns the seal of a secret, the same in every process that has it.
    pub fn of(secret: &[u8]) -> Self {
        Seal { key: key(digest(&SHA256, secret).as_ref()), random: SystemRandom::new() }
    }

    /// Returns a text that only this seal opens, and only for this owner.
    pub fn seal(&self, text: &[u8], owner: &str) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut sealed = text.to_vec();
        let aad = Aad::from(owner.as_bytes());
        self.key.as_ref()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        Some(format!("{MARK}{}", URL_SAFE_NO_PAD.encode([&nonce, sealed.as_slice()].concat())))
    }

    /// Returns the text that was sealed for this owner; `None` for everything else.
    pub fn open(&self, sealed: &str, owner: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(MARK)?).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let aad = Aad::from(owner.as_bytes());
        let text = self.key.as_ref()?.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut sealed).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }

    /// Returns true if a text has one that was sealed by this proxy, whoever's it is.
    pub fn may_be_in(text: &str) -> bool {
        text.contains(MARK)
    }
}

fn key(secret: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, secret).ok().map(LessSafeKey::new)
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_seal_opens_and_only_for_the_same_owner() {
        let seal = Seal::of(b"a secret");
        let sealed = seal.seal("thé".as_bytes(), "ann").unwrap();
        assert!(!sealed.contains("thé") && Seal::may_be_in(&sealed));
        assert_ne!(sealed, seal.seal("thé".as_bytes(), "ann").unwrap());
        assert_eq!(Seal::of(b"a secret").open(&sealed, "ann").as_deref(), Some("thé"));
        assert_eq!(seal.open(&sealed, "eve"), None);
        assert_eq!(Seal::of(b"another").open(&sealed, "ann"), None);
        assert_eq!(Seal::random().open(&sealed, "ann"), None);
    }

    #[test]
    fn what_was_changed_or_is_no_sealed_text_is_not_opened() {
        let seal = Seal::random();
        let sealed = seal.seal(b"text", "ann").unwrap();
        for at in MARK.len()..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(changed == sealed || seal.open(&changed, "ann").is_none(), "{at}");
        }
        for text in ["", MARK, "gAAAAA==", "sealed.1.AA", "sealed.1.é"] {
            assert_eq!(seal.open(text, "ann"), None, "{text}");
        }
    }
}
