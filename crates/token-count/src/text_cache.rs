//! The counts of recent long texts: a conversation sends its history again with every request.
//!
//! The key of a text is 114 bits of SipHash. Each process draws the secret of the hash anew, so that nobody can make two
//! texts with one key.

use crate::count_cache::{CountCache, CountKey};
use crate::tokenizer::Tokenizer;
use once_cell::sync::Lazy;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// The shortest text that is cached, in bytes. Counting a shorter text is as fast as finding it.
const SHORTEST: usize = 256;
/// The bits of a count. Of the hash, 100 bits are the rest of the entry, and 14 more choose the set.
const COUNT: u32 = 28;

/// How the bytes of a text are written.
#[derive(Debug, Clone, Copy)]
pub enum TextForm {
    /// The text itself.
    Plain,
    /// A JSON value.
    Json,
}

/// The counts of texts, by hash.
pub struct TextCache {
    secret: (u64, u64),
    counts: CountCache<COUNT>,
}

impl TextCache {
    /// Returns the count of a text from the cache that all threads share, or else from `count_anew`.
    pub fn count(tokenizer: Tokenizer, form: TextForm, text: &[u8], count_anew: impl FnOnce() -> u64) -> u64 {
        static SHARED: Lazy<TextCache> = Lazy::new(TextCache::new);
        if text.len() < SHORTEST {
            return count_anew();
        }
        let (set, key) = SHARED.key(tokenizer, form, text);
        SHARED.counts.get(set, key).unwrap_or_else(|| {
            let count = count_anew();
            SHARED.counts.put(set, key, count);
            count
        })
    }

    fn new() -> Self {
        TextCache { secret: (random(), random()), counts: CountCache::new() }
    }

    /// Returns the set and the key of a text.
    fn key(&self, tokenizer: Tokenizer, form: TextForm, text: &[u8]) -> (u64, CountKey) {
        let mut hasher = SipHasher13::new_with_keys(self.secret.0, self.secret.1);
        hasher.write_u64(tokenizer as u64 * 2 + form as u64);
        hasher.write(text);
        let hash = hasher.finish128().as_u128();
        // The shift makes room for the count. The bits that it drops choose the set.
        (hash as u64, hash >> COUNT)
    }
}

/// Returns a number from the randomness of the system, by way of the standard library's maps.
fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(tokenizer: Tokenizer, form: TextForm, text: &str, count: u64) -> u64 {
        TextCache::count(tokenizer, form, text.as_bytes(), || count)
    }

    #[test]
    fn a_long_text_is_counted_once_for_each_tokenizer_and_form() {
        let text = "remembered ".repeat(100);
        assert_eq!(count(Tokenizer::O200k, TextForm::Plain, &text, 1), 1);
        assert_eq!(count(Tokenizer::O200k, TextForm::Plain, &text, 2), 1);
        assert_eq!(count(Tokenizer::Cl100k, TextForm::Plain, &text, 3), 3);
        assert_eq!(count(Tokenizer::O200k, TextForm::Json, &text, 4), 4);
        assert_eq!(count(Tokenizer::O200k, TextForm::Plain, &text[1..], 5), 5);
        assert_eq!(count(Tokenizer::O200k, TextForm::Plain, &text, 6), 1);
    }

    #[test]
    fn a_short_text_is_counted_each_time() {
        let text = "x".repeat(SHORTEST - 1);
        assert_eq!(count(Tokenizer::O200k, TextForm::Plain, &text, 1), 1);
        assert_eq!(count(Tokenizer::O200k, TextForm::Plain, &text, 2), 2);
    }
}
