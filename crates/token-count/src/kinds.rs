//! The kinds of characters that the patterns of tokenizers tell apart.

// The build script has the one half of this file, and the program the other.
#![allow(dead_code)]

/// A set of the kinds below. A character is of exactly one kind.
pub type Kinds = u8;

/// `\p{Lu}\p{Lt}`
pub const UPPER: Kinds = 1;
/// `\p{Ll}`
pub const LOWER: Kinds = 1 << 1;
/// `\p{Lm}\p{Lo}`: letters without case.
pub const CASELESS: Kinds = 1 << 2;
/// `\p{M}`
pub const MARK: Kinds = 1 << 3;
/// `\p{N}`
pub const NUMBER: Kinds = 1 << 4;
/// `\s` that does not end a line.
pub const SPACE: Kinds = 1 << 5;
/// `[\r\n]`
pub const LINE_END: Kinds = 1 << 6;
/// All other characters: punctuation, symbols, code points without a meaning.
pub const OTHER: Kinds = 1 << 7;

/// The kinds as regular expressions, which `build.rs` evaluates with the Unicode tables of the library.
pub const CLASSES: [(&str, Kinds); 6] = [
    (r"[\p{Lu}\p{Lt}]", UPPER),
    (r"\p{Ll}", LOWER),
    (r"[\p{Lm}\p{Lo}]", CASELESS),
    (r"\p{M}", MARK),
    (r"\p{N}", NUMBER),
    (r"\s", SPACE),
];

/// The kinds of the ASCII characters. A byte of a longer character has no kind.
pub const ASCII: [Kinds; 256] = ascii();

/// The number of characters in a block: the characters of a block have their kinds beside each other.
pub const BLOCK: usize = 256;

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
