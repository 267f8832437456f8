//! Keys of callers. Only a key's SHA-256 is stored, and timing reveals nothing of a key.

use super::caller::Caller;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The prefix of every key. People and secret scanners recognize keys by it.
const PREFIX: &str = "sk-argo-";
/// The number of random bytes in a key.
const RANDOM: usize = 32;

/// The SHA-256 of a key.
#[derive(Clone, Copy, PartialEq, Eq, std::hash::Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Returns the hash of a key as clients send it.
    pub fn of(key: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, key).as_ref());
        Hash(hash)
    }

    /// Returns true if this is the hash of a key. The time tells nothing.
    pub fn is_of(&self, key: &[u8]) -> bool {
        let Hash(asked) = Hash::of(key);
        self.0.ct_eq(&asked).into()
    }

    /// Reads 64 hexadecimal digits of either case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        if text.len() != 2 * hash.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        Some(Hash(hash))
    }
}

/// Writes 64 hexadecimal digits.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Hides the value, because debug output can end up in logs.
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

/// A new key. No other copy of it exists.
pub struct Key(String);

impl Key {
    /// Makes a key: `sk-argo-` and 43 characters that encode 32 random bytes.
    ///
    /// # Errors
    /// The system provides no random bytes.
    pub fn make() -> Result<Self, String> {
        let mut random = [0; RANDOM];
        SystemRandom::new().fill(&mut random).map_err(|_| "the system gives no random bytes".to_owned())?;
        Ok(Key(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random))))
    }

    /// Returns the key's text, for its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns the key's hash, the only part that is stored.
    pub fn hash(&self) -> Hash {
        Hash::of(self.0.as_bytes())
    }
}

/// Callers, and each one's place by the hash of its key.
#[derive(Debug, Default)]
pub struct Keys {
    callers: Vec<Arc<Caller>>,
    places: HashMap<Hash, usize>,
}

impl Keys {
    /// Takes the callers. No two may have the same hash.
    pub fn new(list: Vec<(Hash, Arc<Caller>)>) -> Self {
        let places = list.iter().enumerate().map(|(place, (hash, _))| (*hash, place)).collect();
        Keys { callers: list.into_iter().map(|(_, caller)| caller).collect(), places }
    }

    /// Returns all callers.
    pub fn callers(&self) -> impl Iterator<Item = &Arc<Caller>> {
        self.callers.iter()
    }

    /// Returns the owner of a key, in the same time however many callers there are. Which hashes are compared depends on random numbers
    /// of the process (the map's) and on the SHA-256 of what was sent. So the time tells nothing about a key that somebody could use.
    pub fn caller(&self, key: &[u8]) -> Option<Arc<Caller>> {
        let place = self.places.get(&Hash::of(key))?;
        self.callers.get(*place).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_sha256_and_reads_as_it_is_written() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Hash::of(b"abc").to_string(), abc);
        assert_eq!(Hash::parse(&abc.to_uppercase()), Some(Hash::of(b"abc")));
        for text in ["", "ba78", &abc[1..], &format!("{abc}0"), &abc.replace('b', "g"), &"é".repeat(32)] {
            assert_eq!(Hash::parse(text), None, "{text}");
        }
        assert!(!format!("{:?}", Hash::of(b"abc")).contains("ba78"));
    }

    #[test]
    fn keys_are_long_and_never_the_same() {
        let (one, other) = (Key::make().unwrap(), Key::make().unwrap());
        assert_ne!(one.reveal(), other.reveal());
        let random = one.reveal().strip_prefix("sk-argo-").unwrap();
        assert!(random.len() == 43 && random.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        assert_eq!(one.hash(), Hash::of(one.reveal().as_bytes()));
    }

    #[test]
    fn everyone_is_found_by_their_own_key_only() {
        let caller = |name: &str| Arc::new(Caller { name: Some(name.into()), ..Caller::nameless("u") });
        let keys = Keys::new(["a", "b", "c"].map(|name| (Hash::of(name.as_bytes()), caller(name))).into());
        for name in ["a", "b", "c"] {
            assert_eq!(keys.caller(name.as_bytes()).unwrap().name.as_deref(), Some(name));
            assert!(Hash::of(name.as_bytes()).is_of(name.as_bytes()) && !Hash::of(name.as_bytes()).is_of(b"d"));
        }
        assert!(keys.caller(b"d").is_none() && Keys::default().caller(b"a").is_none());
    }
}
