//! Token counts: exact with the tokenizers of OpenAI's models, or estimated by character class.
//!
//! Tables are laid out when the crate is built, and read where they lie in the program: nothing is loaded. Only words that no cache
//! has are encoded: usual text costs about 2 ns a byte, and a long text that was counted before a tenth of that.
//!
//! ```text
//! tokenizer        the tokenizers and their tables
//! ├ table          the tables, as build.rs lays them out    hashed: numbers by key
//! └ encode         the tokens of a word
//! count            a text, word by word
//! ├ split          the words of a text               classes, kinds: the kinds of characters
//! └ words          the count of a word               short_words, count_cache: counts by key, without a lock
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
mod encode;
mod estimate;
mod hashed;
mod kinds;
mod short_words;
mod split;
mod table;
mod text_cache;
mod tokenizer;
mod words;

pub use estimate::{Estimate, estimated};
pub use text_cache::{TextCache, TextForm};
pub use tokenizer::Tokenizer;
