//! The kind of each character, as in the patterns that cut texts into words. `build.rs` evaluates them.

use crate::kinds::{BLOCK, Kinds, OTHER};

/// For each 256 characters the number of their block.
const BLOCK_OF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/classes.block_of"));
/// The kinds of all characters, in blocks. Equal blocks are there once.
const BLOCKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/classes.blocks"));

/// Returns the kind of a character.
pub(crate) fn kind_of(character: char) -> Kinds {
    let at = character as usize;
    let block = BLOCK_OF.get(at / BLOCK).map(|block| usize::from(*block) * BLOCK);
    block.and_then(|block| BLOCKS.get(block + at % BLOCK)).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{ASCII, CLASSES, LINE_END, SPACE};
    use regex_syntax::hir::{Class, HirKind};

    #[test]
    fn every_character_has_the_kind_that_its_pattern_says() {
        let mut seen = vec![0; char::MAX as usize + 1];
        for (pattern, kind) in CLASSES {
            let HirKind::Class(Class::Unicode(class)) = regex_syntax::parse(pattern).unwrap().into_kind() else {
                panic!("{pattern}")
            };
            for character in class.iter().flat_map(|range| range.start()..=range.end()) {
                seen[character as usize] |= kind;
            }
        }
        for character in '\0'..=char::MAX {
            let kind = match (character, seen[character as usize]) {
                ('\r' | '\n', SPACE) => LINE_END,
                (_, 0) => OTHER,
                (_, kind) => kind,
            };
            assert_eq!(kind_of(character), kind, "{character:?}");
            assert!(!character.is_ascii() || ASCII[character as usize] == kind, "{character:?}");
        }
    }
}
