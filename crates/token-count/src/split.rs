//! Cuts a text into the words that a tokenizer encodes one by one: the two patterns of OpenAI's tokenizers, by hand.
//!
//! The patterns are those of `bpe_openai`. `differential.rs` tests that the words here are exactly their matches.

use crate::classes::kind_of;
use crate::kinds::{ASCII, CASELESS, Kinds, LINE_END, LOWER, MARK, NUMBER, OTHER, SPACE, UPPER};
use crate::tokenizer::Tokenizer;

/// `\p{L}`
const LETTER: Kinds = UPPER | LOWER | CASELESS;
/// The characters before the small letters of a word, and the characters among them. Some are both.
const HEAD: Kinds = UPPER | CASELESS | MARK;
const TAIL: Kinds = LOWER | CASELESS | MARK;
/// `[^\r\n\p{L}\p{N}]`: a character that may precede the letters of a word.
const PREFIX: Kinds = MARK | SPACE | OTHER;
/// `[^\s\p{L}\p{N}]`
const SYMBOL: Kinds = MARK | OTHER;
/// `\s`
const WHITE: Kinds = SPACE | LINE_END;

/// A bit that tells upper from small letters, and the highest one, in each of eight bytes.
const BLANKS: u64 = u64::from_ne_bytes([b' '; 8]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);

/// An iterator over the ends of the words of a text.
pub(crate) struct Split<'a> {
    text: &'a str,
    at: usize,
    tokenizer: Tokenizer,
}

impl Iterator for Split<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if let Some(end) = self.plain_word() {
            self.at = end;
            return Some(end);
        }
        let (kind, width) = self.kind(self.at);
        if width == 0 {
            return None;
        }
        let word = match self.tokenizer {
            Tokenizer::O200k => self.cased_word(kind, self.at + width),
            Tokenizer::Cl100k => self.contraction(self.at).or_else(|| self.word(kind, self.at + width)),
        };
        self.at = word.unwrap_or_else(|| self.no_word(kind, self.at + width));
        Some(self.at)
    }
}

impl<'a> Split<'a> {
    /// Returns the words of a text.
    pub(crate) fn new(tokenizer: Tokenizer, text: &'a str) -> Self {
        Split { text, at: 0, tokenizer }
    }

    /// Returns the end of the word at `self.at` if it is one of the commonest. One is letters of ASCII, all but the first of them small,
    /// after a character that is no letter or after none. The other is a sign or a line end alone. Eight bytes are looked at together;
    /// what ends with the text, and all other words, are for the patterns below.
    #[inline]
    fn plain_word(&self) -> Option<usize> {
        let eight = self.eight(self.at)?;
        let kind_at = |at: usize| ASCII[usize::from((eight >> (8 * at)) as u8)];
        let (first, second) = (kind_at(0), kind_at(1));
        let is_alone = first == OTHER && second & (SPACE | NUMBER) != 0
            || first == LINE_END && second & (UPPER | LOWER | NUMBER | OTHER) != 0;
        if is_alone {
            return Some(self.at + 1);
        }
        let prefix = usize::from(first & PREFIX != 0);
        let letter = if prefix > 0 { second } else { first };
        // A contraction may begin here.
        if letter & (UPPER | LOWER) == 0 || eight as u8 == b'\'' {
            return None;
        }
        let end = match self.others(eight) & (u64::MAX << 8 << (8 * prefix)) {
            0 => self.end_of_small_letters(self.at + 8)?,
            others => self.at + others.trailing_zeros() as usize / 8,
        };
        let after = *self.text.as_bytes().get(end)?;
        let has_tail = letter & LOWER != 0 || self.has_both_cases() || end > self.at + prefix + 1;
        // A contraction may follow, and a wide character may be a letter, too.
        (after != b'\'' && after.is_ascii() && has_tail).then_some(end)
    }

    #[inline]
    fn end_of_small_letters(&self, mut at: usize) -> Option<usize> {
        loop {
            match self.others(self.eight(at)?) {
                0 => at += 8,
                others => return Some(at + others.trailing_zeros() as usize / 8),
            }
        }
    }

    /// Returns the highest bit of each byte that is no small letter. No sum carries into the next byte.
    #[inline]
    fn others(&self, eight: u64) -> u64 {
        let bytes = if self.has_both_cases() { eight | BLANKS } else { eight };
        let low = bytes & !HIGHS;
        let from_a = low + u64::from_ne_bytes([0x80 - b'a'; 8]);
        let beyond_z = low + u64::from_ne_bytes([0x80 - b'z' - 1; 8]);
        (!from_a | beyond_z | bytes) & HIGHS
    }

    /// Returns true for the older tokenizer: there, letters of both cases make a word, and count as small here.
    #[inline]
    fn has_both_cases(&self) -> bool {
        self.tokenizer == Tokenizer::Cl100k
    }

    #[inline]
    fn eight(&self, at: usize) -> Option<u64> {
        self.text.as_bytes().get(at..)?.first_chunk().map(|eight| u64::from_le_bytes(*eight))
    }

    /// Returns the kind of the character at `at` and its width in bytes; no kind and no width at the end of the text.
    #[inline]
    fn kind(&self, at: usize) -> (Kinds, usize) {
        match self.text.as_bytes().get(at) {
            Some(&byte) if byte < 0x80 => (ASCII[byte as usize], 1),
            Some(_) => self.kind_of_wide(at),
            None => (0, 0),
        }
    }

    fn kind_of_wide(&self, at: usize) -> (Kinds, usize) {
        match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(character) => (kind_of(character), character.len_utf8()),
            None => (0, 0),
        }
    }

    /// Returns the end of a run of characters of some kinds.
    #[inline]
    fn run(&self, mut at: usize, kinds: Kinds) -> usize {
        loop {
            let (kind, width) = self.kind(at);
            if kind & kinds == 0 {
                return at;
            }
            at += width;
        }
    }

    /// Two patterns: `[^\r\n\p{L}\p{N}]?HEAD*TAIL+(?i:'s|…)?`, then the same with `HEAD+TAIL*`.
    #[inline]
    fn cased_word(&self, first: Kinds, second: usize) -> Option<usize> {
        let begin = if first & PREFIX != 0 { second } else { self.at };
        let mut at = begin;
        // The first pattern gives back what the head took until a character is left for the tail.
        let mut given_back = None;
        let end = loop {
            let (kind, width) = self.kind(at);
            if kind & LOWER != 0 {
                break self.run(at + width, TAIL);
            }
            if kind & HEAD == 0 {
                // A mark that is no prefix is a tail.
                let alone = (first & MARK != 0).then_some(second);
                break given_back.or(alone).or((at > begin).then_some(at))?;
            }
            at += width;
            if kind & TAIL != 0 {
                given_back = Some(at);
            }
        };
        Some(self.contraction(end).unwrap_or(end))
    }

    /// `[^\r\n\p{L}\p{N}]?\p{L}+`
    #[inline]
    fn word(&self, first: Kinds, second: usize) -> Option<usize> {
        let begin = if first & PREFIX != 0 { second } else { self.at };
        let end = self.run(begin, LETTER);
        (end > begin).then_some(end)
    }

    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
    #[inline]
    fn contraction(&self, at: usize) -> Option<usize> {
        match self.text.as_bytes().get(at..)? {
            [b'\'', after @ ..] => Some(at + contracted(after)?),
            _ => None,
        }
    }

    fn no_word(&self, first: Kinds, second: usize) -> usize {
        match first {
            // `\p{N}{1,3}`
            NUMBER => (0..2).fold(second, |at, _| match self.kind(at) {
                (NUMBER, width) => at + width,
                _ => at,
            }),
            LINE_END | SPACE => self.symbols().unwrap_or_else(|| self.white()),
            _ => self.symbols().unwrap_or(second),
        }
    }

    /// ` ?[^\s\p{L}\p{N}]+[\r\n]*`, with slashes among the line ends for o200k.
    fn symbols(&self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let begin = self.at + usize::from(bytes.get(self.at) == Some(&b' '));
        let mut end = self.run(begin, SYMBOL);
        if end == begin {
            return None;
        }
        let slashes = self.tokenizer == Tokenizer::O200k;
        while matches!(bytes.get(end), Some(b'\r' | b'\n')) || (slashes && bytes.get(end) == Some(&b'/')) {
            end += 1;
        }
        Some(end)
    }

    /// Four patterns: `\s*[\r\n]+`, `\s+$`, `\s+(?!\S)`, `\s+`.
    fn white(&self) -> usize {
        let (mut at, mut last, mut line_end) = (self.at, self.at, None);
        loop {
            let (kind, width) = self.kind(at);
            if kind & WHITE == 0 {
                break;
            }
            last = at;
            at += width;
            if kind == LINE_END {
                line_end = Some(at);
            }
        }
        match line_end {
            Some(end) => end,
            None if at < self.text.len() && last > self.at => last,
            None => at,
        }
    }
}

/// Returns the length of a contraction, with its apostrophe, from the bytes after the apostrophe.
fn contracted(after: &[u8]) -> Option<usize> {
    match after {
        [b's' | b'S' | b't' | b'T' | b'm' | b'M' | b'd' | b'D', ..] => Some(2),
        [b'r' | b'R' | b'v' | b'V', b'e' | b'E', ..] | [b'l' | b'L', b'l' | b'L', ..] => Some(3),
        // The long s, which is an S when case is ignored.
        [0xC5, 0xBF, ..] => Some(3),
        _ => None,
    }
}
