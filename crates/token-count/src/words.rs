//! Counts words one by one. The counts of recent short words are cached: most words of a text are among them.

use crate::count_cache::{CountCache, CountKey};
use crate::table::Table;
use crate::tokenizer::Tokenizer;
use once_cell::sync::Lazy;

/// The longest word that the cache takes, in bytes. The key of a word is its bytes and its length above them, which leaves
/// 4 bits for the count. That is enough: no token is shorter than a byte.
const LONGEST: usize = 15;
const LENGTH_AT: usize = 8 * LONGEST;
const COUNT: u32 = 4;

/// Counts the words of one tokenizer.
pub(crate) struct Words {
    cache: &'static CountCache<COUNT>,
    table: &'static Table,
}

impl Words {
    /// Returns the counter of a tokenizer, over the cache that all threads share.
    pub(crate) fn of(tokenizer: Tokenizer) -> Self {
        static O200K: Lazy<CountCache<COUNT>> = Lazy::new(CountCache::new);
        static CL100K: Lazy<CountCache<COUNT>> = Lazy::new(CountCache::new);
        let cache = match tokenizer {
            Tokenizer::O200k => &O200K,
            Tokenizer::Cl100k => &CL100K,
        };
        Words { cache, table: tokenizer.table() }
    }

    /// Returns the count of the word `text[start..end]`, or `None` if it is above `most`. A word that is too long for the
    /// cache is read only until its count exceeds `most`.
    #[inline]
    pub(crate) fn count(&self, text: &[u8], start: usize, end: usize, most: usize) -> Option<usize> {
        match key_of(text, start, end) {
            Some(key) => {
                let count = self.cache.get(set_of(key), key).map(|count| count as usize);
                let count = count.unwrap_or_else(|| self.count_anew(key, text.get(start..end).unwrap_or_default()));
                (count <= most).then_some(count)
            }
            None => self.table.count(text.get(start..end)?, most),
        }
    }

    #[cold]
    fn count_anew(&self, key: CountKey, word: &[u8]) -> usize {
        // A word in the cache has fewer tokens than any limit of its length.
        let count = self.table.count(word, word.len()).unwrap_or(word.len());
        self.cache.put(set_of(key), key, count as u64);
        count
    }
}

/// Returns the key of a word, or `None` if the word is too long for the cache.
#[inline]
fn key_of(text: &[u8], start: usize, end: usize) -> Option<CountKey> {
    let length = end.checked_sub(start).filter(|length| (1..=LONGEST).contains(length))?;
    // One load of 16 bytes, except at the end of the text.
    let bytes = match text.get(start..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => CountKey::from_le_bytes(*chunk) & ((1 << (8 * length)) - 1),
        None => text.get(start..end)?.iter().rev().fold(0, |key, byte| key << 8 | CountKey::from(*byte)),
    };
    Some(bytes | (length as CountKey) << LENGTH_AT)
}

/// Returns the number of the set for a key: the upper bits of a product, which depend on all bits of the key.
#[inline]
fn set_of(key: CountKey) -> u64 {
    let (low, high) = (key as u64, (key >> 64) as u64);
    let mixed = (low ^ high.rotate_left(29).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed >> 40
}
