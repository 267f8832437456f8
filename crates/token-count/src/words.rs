//! Counts words one by one. The counts of recent words are cached: most words of a text are among them.

use crate::count_cache::{CountCache, CountKey};
use crate::short_words::{ShortWord, ShortWords, bytes_of};
use crate::table::Table;
use crate::tokenizer::Tokenizer;
use once_cell::sync::Lazy;

/// The longest word that a cache takes, in bytes. The key of a word is its bytes and its length above them, which leaves
/// 4 bits for the count. That is enough: no token is shorter than a byte.
const LONGEST: usize = 15;
const LENGTH_AT: usize = 8 * LONGEST;
const COUNT: u32 = 4;

/// Counts the words of one tokenizer.
pub(crate) struct Words {
    short: &'static ShortWords,
    longer: &'static CountCache<COUNT>,
    table: &'static Table,
}

impl Words {
    /// Returns the counter of a tokenizer, over caches that all threads share.
    pub(crate) fn of(tokenizer: Tokenizer) -> Self {
        static O200K: (ShortWords, Lazy<CountCache<COUNT>>) = (ShortWords::new(), Lazy::new(CountCache::new));
        static CL100K: (ShortWords, Lazy<CountCache<COUNT>>) = (ShortWords::new(), Lazy::new(CountCache::new));
        let (short, longer) = match tokenizer {
            Tokenizer::O200k => &O200K,
            Tokenizer::Cl100k => &CL100K,
        };
        Words { short, longer, table: tokenizer.table() }
    }

    /// Returns the count of the word `text[start..end]`, or `None` if it is above `most`. A word that is too long for the
    /// caches is read only until its count exceeds `most`.
    #[inline]
    pub(crate) fn count(&self, text: &[u8], start: usize, end: usize, most: usize) -> Option<usize> {
        match ShortWord::of(text, start, end) {
            Some(word) => {
                let count = self.short.get(word);
                let count = count.unwrap_or_else(|| self.count_short(word, text.get(start..end).unwrap_or_default()));
                (count <= most).then_some(count)
            }
            None => self.count_longer(text, start, end, most),
        }
    }

    #[cold]
    fn count_short(&self, word: ShortWord, text: &[u8]) -> usize {
        let count = self.count_anew(text);
        self.short.put(word, count);
        count
    }

    fn count_longer(&self, text: &[u8], start: usize, end: usize, most: usize) -> Option<usize> {
        let Some(key) = key_of(text, start, end) else { return self.table.count(text.get(start..end)?, most) };
        let count = match self.longer.get(set_of(key), key) {
            Some(count) => count as usize,
            None => {
                let count = self.count_anew(text.get(start..end)?);
                self.longer.put(set_of(key), key, count as u64);
                count
            }
        };
        (count <= most).then_some(count)
    }

    /// A word in a cache has fewer tokens than any limit of its length.
    #[cold]
    fn count_anew(&self, word: &[u8]) -> usize {
        self.table.count(word, word.len()).unwrap_or(word.len())
    }
}

/// Returns the key of a word, or `None` if the word is too long for the cache.
#[inline]
fn key_of(text: &[u8], start: usize, end: usize) -> Option<CountKey> {
    let length = end.checked_sub(start).filter(|length| (1..=LONGEST).contains(length))?;
    let bytes = CountKey::from_le_bytes(bytes_of(text, start, end)?) & ((1 << (8 * length)) - 1);
    Some(bytes | (length as CountKey) << LENGTH_AT)
}

/// Returns the number of the set for a key: the upper bits of a product, which depend on all bits of the key.
#[inline]
fn set_of(key: CountKey) -> u64 {
    let (low, high) = (key as u64, (key >> 64) as u64);
    let mixed = (low ^ high.rotate_left(29).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed >> 40
}
