//! The counts of long texts that were counted before: a conversation sends its history again with every request.
//!
//! Texts are known by 114 bits of SipHash, under a key that each process draws anew, so that nobody can make two texts that
//! are taken for one.

use super::Tokenizer;
use super::count_cache::{CountCache, CountKey};
use once_cell::sync::Lazy;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// The shortest text that is remembered, in bytes: a shorter one is counted as fast as it is found.
const SHORTEST: usize = 256;
/// The bits of a count; the other 100, and 14 that choose the set, are the hash's.
const COUNT: u32 = 28;

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// A JSON value.
    Json,
}

/// The counts of texts, and the key of their names.
struct Remembered {
    key: (u64, u64),
    counts: CountCache<COUNT>,
}

/// The count of a text: the one that it had before, or `anew`.
pub(super) fn count(tokenizer: Tokenizer, form: Form, text: &[u8], anew: impl FnOnce() -> u64) -> u64 {
    static REMEMBERED: Lazy<Remembered> = Lazy::new(|| Remembered { key: (random(), random()), counts: CountCache::new() });
    if text.len() < SHORTEST {
        return anew();
    }
    let (set, name) = REMEMBERED.name(tokenizer, form, text);
    REMEMBERED.counts.get(set, name).unwrap_or_else(|| {
        let count = anew();
        REMEMBERED.counts.put(set, name, count);
        count
    })
}

impl Remembered {
    /// The set and the name of a text.
    fn name(&self, tokenizer: Tokenizer, form: Form, text: &[u8]) -> (u64, CountKey) {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        hasher.write_u64(tokenizer as u64 * 2 + form as u64);
        hasher.write(text);
        let hash = hasher.finish128().as_u128();
        // What the count takes of the name chooses the set.
        (hash as u64, hash >> COUNT)
    }
}

/// A number from the system's own randomness, which the standard library's maps draw on.
fn random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(tokenizer: Tokenizer, form: Form, text: &str, count: u64) -> u64 {
        super::count(tokenizer, form, text.as_bytes(), || count)
    }

    #[test]
    fn a_long_text_is_counted_once_for_each_tokenizer_and_form() {
        let text = "remembered ".repeat(100);
        assert_eq!(once(Tokenizer::O200k, Form::Plain, &text, 1), 1);
        assert_eq!(once(Tokenizer::O200k, Form::Plain, &text, 2), 1);
        assert_eq!(once(Tokenizer::Cl100k, Form::Plain, &text, 3), 3);
        assert_eq!(once(Tokenizer::O200k, Form::Json, &text, 4), 4);
        assert_eq!(once(Tokenizer::O200k, Form::Plain, &text[1..], 5), 5);
        assert_eq!(once(Tokenizer::O200k, Form::Plain, &text, 6), 1);
    }

    #[test]
    fn a_short_text_is_counted_each_time() {
        let text = "x".repeat(SHORTEST - 1);
        assert_eq!(once(Tokenizer::O200k, Form::Plain, &text, 1), 1);
        assert_eq!(once(Tokenizer::O200k, Form::Plain, &text, 2), 2);
    }
}
