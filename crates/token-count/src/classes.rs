//! The kind of each character, as in the patterns that cut texts into words.

use once_cell::sync::Lazy;
use regex_syntax::hir::{Class, HirKind};
use std::collections::HashMap;

/// A set of the kinds below. A character is of exactly one kind.
pub(crate) type Kinds = u8;

/// `\p{Lu}\p{Lt}`
pub(crate) const UPPER: Kinds = 1;
/// `\p{Ll}`
pub(crate) const LOWER: Kinds = 1 << 1;
/// `\p{Lm}\p{Lo}`: letters without case.
pub(crate) const CASELESS: Kinds = 1 << 2;
/// `\p{M}`
pub(crate) const MARK: Kinds = 1 << 3;
/// `\p{N}`
pub(crate) const NUMBER: Kinds = 1 << 4;
/// `\s` that does not end a line.
pub(crate) const SPACE: Kinds = 1 << 5;
/// `[\r\n]`
pub(crate) const LINE_END: Kinds = 1 << 6;
/// All other characters: punctuation, symbols, code points without a meaning.
pub(crate) const OTHER: Kinds = 1 << 7;

/// The kinds as regular expressions, which are evaluated with the Unicode tables of the library.
const CLASSES: [(&str, Kinds); 6] = [
    (r"[\p{Lu}\p{Lt}]", UPPER),
    (r"\p{Ll}", LOWER),
    (r"[\p{Lm}\p{Lo}]", CASELESS),
    (r"\p{M}", MARK),
    (r"\p{N}", NUMBER),
    (r"\s", SPACE),
];

/// The kinds of the ASCII characters. A byte of a longer character has no kind.
pub(crate) const ASCII: [Kinds; 256] = ascii();

/// The number of characters in a block.
const BLOCK: usize = 256;

/// The kinds of all characters.
pub(crate) static ALL: Lazy<Classes> = Lazy::new(Classes::new);

/// The kinds of all characters, in blocks. Equal blocks are stored once.
pub(crate) struct Classes {
    /// The number of the block for each 256 characters.
    block_of: Vec<u16>,
    blocks: Vec<[Kinds; BLOCK]>,
}

impl Classes {
    fn new() -> Self {
        let mut all = vec![OTHER; char::MAX as usize + 1];
        for (pattern, kind) in CLASSES {
            for (first, last) in ranges(pattern) {
                all.get_mut(first as usize..=last as usize).unwrap_or_default().fill(kind);
            }
        }
        for (kind, byte) in all.iter_mut().zip(ASCII).take(128) {
            *kind = byte;
        }
        let mut known = HashMap::new();
        let mut classes = Classes { block_of: Vec::new(), blocks: Vec::new() };
        for block in all.as_chunks::<BLOCK>().0 {
            let at = *known.entry(block).or_insert_with(|| {
                classes.blocks.push(*block);
                classes.blocks.len() - 1
            });
            // There are 4,352 blocks.
            classes.block_of.push(at as u16);
        }
        classes.blocks.shrink_to_fit();
        classes
    }

    /// Returns the kind of a character.
    pub(crate) fn of(&self, character: char) -> Kinds {
        let at = character as usize;
        let block = self.block_of.get(at / BLOCK).and_then(|block| self.blocks.get(usize::from(*block)));
        block.map_or(OTHER, |block| block[at % BLOCK])
    }
}

/// Returns the characters that a pattern matches.
fn ranges(pattern: &str) -> Vec<(char, char)> {
    let parsed = regex_syntax::parse(pattern).map(|hir| hir.into_kind());
    match parsed {
        Ok(HirKind::Class(Class::Unicode(class))) => class.iter().map(|range| (range.start(), range.end())).collect(),
        _ => Vec::new(),
    }
}

const fn ascii() -> [Kinds; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'0'..=b'9' => NUMBER,
            b'\r' | b'\n' => LINE_END,
            b' ' | b'\t' | 0x0B | 0x0C => SPACE,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_the_kind_that_its_pattern_says() {
        let mut seen = vec![0; char::MAX as usize + 1];
        for (pattern, kind) in CLASSES {
            let ranges = ranges(pattern);
            assert!(!ranges.is_empty(), "{pattern}");
            for character in ranges.into_iter().flat_map(|(first, last)| first..=last) {
                seen[character as usize] |= kind;
            }
        }
        for character in '\0'..=char::MAX {
            let kind = match (character, seen[character as usize]) {
                ('\r' | '\n', SPACE) => LINE_END,
                (_, 0) => OTHER,
                (_, kind) => kind,
            };
            assert_eq!(ALL.of(character), kind, "{character:?}");
            assert!(!character.is_ascii() || ASCII[character as usize] == kind, "{character:?}");
        }
        assert!(ALL.blocks.len() < 256, "{}", ALL.blocks.len());
    }
}
