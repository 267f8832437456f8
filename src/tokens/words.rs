//! The counts of short words that were met lately: most words of a text are among them.

use super::Tokenizer;
use super::shelf::{Name, Shelf};
use bpe_openai::byte_pair_encoding::BytePairEncoding;
use once_cell::sync::Lazy;

/// The longest word that is kept, in bytes. A word's name is its bytes, its length above them, and 4 bits for the count: no
/// token is shorter than a byte.
const LONGEST: usize = 15;
const LENGTH_AT: usize = 8 * LONGEST;
const COUNT: u32 = 4;

/// The words of one tokenizer.
pub(super) struct Words {
    kept: &'static Shelf<COUNT>,
    bpe: &'static BytePairEncoding,
}

impl Words {
    /// What is known of a tokenizer's words, by all threads.
    pub(super) fn of(tokenizer: Tokenizer) -> Self {
        static O200K: Lazy<Shelf<COUNT>> = Lazy::new(Shelf::new);
        static CL100K: Lazy<Shelf<COUNT>> = Lazy::new(Shelf::new);
        let kept = match tokenizer {
            Tokenizer::O200k => &O200K,
            Tokenizer::Cl100k => &CL100K,
        };
        Words { kept, bpe: &tokenizer.table().bpe }
    }

    /// The count of the word `text[start..end]`, or `None` where it is above `most`; a longer word is not read further then.
    #[inline]
    pub(super) fn count(&self, text: &[u8], start: usize, end: usize, most: usize) -> Option<usize> {
        match packed(text, start, end) {
            Some(name) => {
                let count = self.kept.get(set_of(name), name).map(|count| count as usize);
                let count = count.unwrap_or_else(|| self.count_anew(name, text.get(start..end).unwrap_or_default()));
                (count <= most).then_some(count)
            }
            None => self.bpe.count_till_limit(text.get(start..end)?, most),
        }
    }

    #[cold]
    fn count_anew(&self, name: Name, word: &[u8]) -> usize {
        let count = self.bpe.count(word);
        self.kept.put(set_of(name), name, count as u64);
        count
    }
}

/// A word's name; `None` where it is too long.
#[inline]
fn packed(text: &[u8], start: usize, end: usize) -> Option<Name> {
    let length = end.checked_sub(start).filter(|length| (1..=LONGEST).contains(length))?;
    let bytes = match text.get(start..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => Name::from_le_bytes(*chunk) & ((1 << (8 * length)) - 1),
        None => text.get(start..end)?.iter().rev().fold(0, |name, byte| name << 8 | Name::from(*byte)),
    };
    Some(bytes | (length as Name) << LENGTH_AT)
}

/// The set that a word is kept in: upper bits of a product, which all of its bits reach.
#[inline]
fn set_of(name: Name) -> u64 {
    let (low, high) = (name as u64, (name >> 64) as u64);
    let mixed = (low ^ high.rotate_left(29).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed >> 40
}
