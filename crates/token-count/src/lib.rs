//! Token counts: exact with the tokenizers of OpenAI's models, or estimated by character class.
//!
//! Tables are built into the binary and loaded at first use (about 40 ms). Texts are cut into words here. The library encodes
//! only words that no cache has: usual text costs about 2 ns a byte, a long text that was counted before a tenth of that,
//! and unknown text without spaces as much as in the library.
//!
//! ```text
//! tokenizer        the tokenizers and their tables
//! count            a text, word by word
//! ├ split          the words of a text               classes: the kinds of characters
//! └ words          the count of a word               count_cache: counts by key, without a lock
//! text_cache       the counts of recent long texts   count_cache
//! estimate         the count by character class
//! differential     tests that words and counts are those of the library
//! ```
//!
//! ```
//! use token_count::Tokenizer;
//! assert_eq!(Tokenizer::O200k.count("hello world"), 2);
//! ```

mod classes;
mod count;
mod count_cache;
#[cfg(test)]
mod differential;
mod estimate;
mod split;
mod text_cache;
mod tokenizer;
mod words;

pub use estimate::{Estimate, estimated};
pub use text_cache::{TextCache, TextForm};
pub use tokenizer::Tokenizer;
