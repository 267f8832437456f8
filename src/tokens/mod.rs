//! Token counts: exact with the tokenizers of OpenAI's models, or estimated by character class.
//!
//! Tables are built into the binary and loaded at first use (about 40 ms). Texts are cut into words here. The library encodes
//! only words that no cache has: usual text costs about 2 ns a byte, a long text that was counted before a tenth of that,
//! and unknown text without spaces as much as in the library.

mod classes;
mod count;
mod count_cache;
#[cfg(test)]
mod differential;
mod estimate;
mod ledger;
mod meter;
mod prompt;
mod split;
#[cfg(test)]
mod tests;
mod text_cache;
mod words;

pub use estimate::Estimate;
pub use ledger::{Asked, Ledger};
pub use meter::Meter;
pub use prompt::Prompt;

use std::sync::atomic::{AtomicBool, Ordering};

/// A table of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenizer {
    /// GPT-4o and later.
    O200k,
    /// GPT-3.5, GPT-4 and the embedding models.
    Cl100k,
}

/// How a route counts tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// Exact, with the tokenizer.
    #[default]
    Exact,
    /// Estimated by character class: cheap, linear, and never a reason for `finish_reason: length`.
    Estimate,
    /// Not at all: replies carry no usage.
    None,
}

impl Tokenizer {
    /// Returns the name in routes.yaml.
    pub fn name(self) -> &'static str {
        match self {
            Tokenizer::O200k => "o200k",
            Tokenizer::Cl100k => "cl100k",
        }
    }

    /// Returns the number of tokens of `text`. Special-token text such as `<|endoftext|>` counts as the text that it is.
    pub fn count(self, text: &str) -> u64 {
        // No text has so many tokens.
        count::count(self, text, usize::MAX).map_or(u64::MAX, |tokens| tokens as u64)
    }

    /// Returns true if `text` has more than `most` tokens. It is read only until that is certain.
    pub fn exceeds(self, text: &str, most: usize) -> bool {
        // No token is shorter than a byte.
        text.len() > most && count::count(self, text, most).is_none()
    }

    /// Returns true if an id stands for a piece of text.
    pub fn knows(self, id: u32) -> bool {
        usize::try_from(id).is_ok_and(|id| id < self.table().bpe.num_tokens())
    }

    /// Returns the text of token ids; `None` for an id outside the table, or for bytes that are no text.
    pub fn decode(self, ids: &[u32]) -> Option<String> {
        ids.iter().all(|&id| self.knows(id)).then(|| self.table().decode(ids))?
    }

    /// Returns true once the table is loaded.
    pub fn is_loaded(self) -> bool {
        self.loaded().load(Ordering::Relaxed)
    }

    fn loaded(self) -> &'static AtomicBool {
        static O200K: AtomicBool = AtomicBool::new(false);
        static CL100K: AtomicBool = AtomicBool::new(false);
        match self {
            Tokenizer::O200k => &O200K,
            Tokenizer::Cl100k => &CL100K,
        }
    }

    fn table(self) -> &'static bpe_openai::Tokenizer {
        let table = match self {
            Tokenizer::O200k => bpe_openai::o200k_base(),
            Tokenizer::Cl100k => bpe_openai::cl100k_base(),
        };
        if !self.is_loaded() {
            self.loaded().store(true, Ordering::Relaxed);
        }
        table
    }
}
