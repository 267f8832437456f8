//! The counts of recent short words. A word and its count are one number, so that threads share them without a lock or a version.

use std::sync::atomic::{AtomicU64, Ordering};

/// The longest word, in bytes. A key is the bytes of a word and its length above them, which leaves 5 bits for the count.
const LONGEST: usize = 7;
const LENGTH_AT: usize = 8 * LONGEST;
const COUNT: u32 = 5;
/// The number of counts: 256 KiB.
const PLACES: usize = 1 << PLACES_BITS;
const PLACES_BITS: u32 = 15;

/// A word as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortWord(u64);

impl ShortWord {
    /// Returns the word `text[start..end]`, or `None` if it is too long.
    #[inline]
    pub(crate) fn of(text: &[u8], start: usize, end: usize) -> Option<Self> {
        let length = end.checked_sub(start).filter(|length| (1..=LONGEST).contains(length))?;
        let bytes = u64::from_le_bytes(bytes_of(text, start, end)?) & ((1 << (8 * length)) - 1);
        Some(ShortWord(bytes | (length as u64) << LENGTH_AT))
    }

    /// Returns the only place where the word may stand: the upper bits of a product, which depend on all bits of the key.
    #[inline]
    fn place(self) -> usize {
        (self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - PLACES_BITS)) as usize
    }
}

/// The counts of words of up to seven bytes. A word takes the place of the one that stood there.
pub(crate) struct ShortWords {
    places: [AtomicU64; PLACES],
}

impl ShortWords {
    pub(crate) const fn new() -> Self {
        ShortWords { places: [const { AtomicU64::new(0) }; PLACES] }
    }

    /// Returns the count of a word.
    #[inline]
    pub(crate) fn get(&self, word: ShortWord) -> Option<usize> {
        // Equal keys cancel out; what is left is the count in the upper bits. A free place has no length, as no word has.
        let count = self.places.get(word.place())?.load(Ordering::Relaxed) ^ word.0;
        (count << COUNT == 0).then_some((count >> (u64::BITS - COUNT)) as usize)
    }

    /// Stores the count of a word. It is at most the word's length, since no token is shorter than a byte.
    pub(crate) fn put(&self, word: ShortWord, count: usize) {
        if let Some(place) = self.places.get(word.place()).filter(|_| count <= LONGEST) {
            place.store(word.0 | (count as u64) << (u64::BITS - COUNT), Ordering::Relaxed);
        }
    }
}

/// Returns the bytes of the word `text[start..end]`, of which there are at most `N`, and behind them what follows it or zeros.
#[inline]
pub(crate) fn bytes_of<const N: usize>(text: &[u8], start: usize, end: usize) -> Option<[u8; N]> {
    // One load, except at the end of the text.
    if let Some(bytes) = text.get(start..).and_then(<[u8]>::first_chunk) {
        return Some(*bytes);
    }
    let word = text.get(start..end)?;
    let mut bytes = [0; N];
    bytes.get_mut(..word.len())?.copy_from_slice(word);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> ShortWord {
        ShortWord::of(text.as_bytes(), 0, text.len()).unwrap()
    }

    #[test]
    fn words_of_other_bytes_or_another_length_are_others() {
        let texts = [
            "a",
            "b",
            "ab",
            "a\0",
            "\0a",
            "\0",
            "\0\0",
            " word",
            "wordé",
            "seven b",
            "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}",
        ];
        for (at, one) in texts.iter().enumerate() {
            assert!(texts[..at].iter().all(|other| word(other) != word(one)), "{one:?}");
            // The same, in the middle of a text and at its end.
            let text = format!("before{one}and what follows");
            assert_eq!(ShortWord::of(text.as_bytes(), 6, 6 + one.len()), Some(word(one)));
        }
        assert_eq!(
            (ShortWord::of(b"eight by", 0, 8), ShortWord::of(b"a", 1, 1), ShortWord::of(b"a", 0, 2)),
            (None, None, None)
        );
    }

    #[test]
    fn a_word_is_found_until_another_takes_its_place() {
        static WORDS: ShortWords = ShortWords::new();
        let words = &WORDS;
        for count in 1..=LONGEST {
            assert_eq!(words.get(word("a word")), (count > 1).then_some(count - 1));
            words.put(word("a word"), count);
            assert_eq!(words.get(word("a word")), Some(count));
        }
        let place = word("a word").place();
        let other =
            (0..).map(|number| ShortWord(1 << LENGTH_AT | number)).find(|other| other.place() == place).unwrap();
        assert_eq!(words.get(other), None);
        words.put(other, 1);
        assert_eq!((words.get(other), words.get(word("a word"))), (Some(1), None));
    }
}
