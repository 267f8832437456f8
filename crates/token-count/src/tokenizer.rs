//! The tokenizers of OpenAI's models, and their tables.

use std::sync::atomic::{AtomicBool, Ordering};

/// A table of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenizer {
    /// GPT-4o and later.
    O200k,
    /// GPT-3.5, GPT-4 and the embedding models.
    Cl100k,
}

impl Tokenizer {
    /// Returns the name that people write.
    pub fn name(self) -> &'static str {
        match self {
            Tokenizer::O200k => "o200k",
            Tokenizer::Cl100k => "cl100k",
        }
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

    /// Returns the table of the library, which loads it at the first call.
    pub(crate) fn table(self) -> &'static bpe_openai::Tokenizer {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_ids_become_text_again() {
        assert_eq!(Tokenizer::Cl100k.decode(&[83, 1609, 5963, 374, 2294, 0]).as_deref(), Some("tiktoken is great!"));
        for unknown in [100_256, u32::MAX] {
            assert!(!Tokenizer::Cl100k.knows(unknown));
            assert_eq!(Tokenizer::Cl100k.decode(&[83, unknown]), None);
        }
        // The first byte of a longer character.
        assert_eq!(Tokenizer::Cl100k.decode(&[159]), None);
    }
}
